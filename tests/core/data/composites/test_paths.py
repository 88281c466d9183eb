"""Paths of silhouettes."""

from __future__ import annotations

import numpy as np

from core.data.composites.paths import GROWTH, SIZES, draw_path

SIZE = (120, 160)


def test_smooth_and_of_the_wanted_size():
    for seed in range(50):
        path = draw_path(8, SIZE, np.random.default_rng(seed))
        assert path.shape == (8, 2, 3)
        scale = np.sqrt(np.linalg.det(path[:, :, :2]))
        assert SIZES[0] * 120 <= scale[0] <= SIZES[1] * 120
        assert np.abs(np.log(scale[1:] / scale[:-1])).max() < 5 * GROWTH
        way = np.diff(path[:, :, 2], axis=0)
        assert np.abs(np.diff(way, axis=0)).max() < 12, "no jumps"


def test_same_seed_same_path():
    path, again = (draw_path(6, SIZE, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(path, again)
    assert not np.array_equal(path, draw_path(6, SIZE, np.random.default_rng(8)))
