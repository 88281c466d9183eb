"""Frames of raw footage."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.composites.footage import cut, draw_frames

SECONDS = np.array([0.0, 0.1, 0.3])


def levels(frames):
    return [round(float(x.mean()) / 20) for x in frames]


def test_frames_lie_as_far_apart_as_asked_in_both_directions(film):
    ways = set()
    for seed in range(20):
        found = levels(draw_frames(film, SECONDS, 0.3, rng=np.random.default_rng(seed)))
        gaps = np.diff(found)
        ways.add(int(np.sign(gaps[0])))
        assert np.abs(gaps).tolist() == [1, 2]
    assert ways == {-1, 1}


def test_a_film_that_is_too_short_gives_what_it_has(red):
    frames = draw_frames(red, SECONDS * 100, 30.0, rng=np.random.default_rng(0))
    assert len(frames) == 3
    assert frames[0].shape == (64, 80, 3)


def test_a_pace_of_zero_stands_still(film):
    assert len(set(levels(draw_frames(film, SECONDS * 0, 0.0, rng=np.random.default_rng(1))))) == 1


def test_images_are_seen_by_a_moving_camera(images):
    seen = set()
    for seed in range(12):
        frames = draw_frames(images, SECONDS, 0.3, rng=np.random.default_rng(seed))
        assert len(frames) == 3
        seen.add(int(frames[0].mean((0, 1)).argmax()))
    assert seen == {1, 2}, "either image"


@pytest.mark.parametrize("size", [(32, 32), (64, 64), (100, 40)])
def test_cuts_are_alike_in_all_frames_and_keep_their_shape(size):
    y, x = np.mgrid[:60, :90]
    ramp = np.stack([x * 2, y * 4, x * 0], 2).astype(np.uint8)
    flips = set()
    for seed in range(20):
        first, second = cut([ramp, ramp], size, (0.4, 0.9), rng=np.random.default_rng(seed))
        assert first.shape == (*size, 3)
        assert np.array_equal(first, second)
        slope = np.diff(first.astype(float).mean(0)[:, 0])[2:-2].mean()
        down = np.diff(first.astype(float).mean(1)[:, 1])[2:-2].mean()
        flips.add(bool(slope < 0))
        assert abs(slope) * 2 == pytest.approx(down, rel=0.15), "no side is stretched"
    assert flips == {False, True}
