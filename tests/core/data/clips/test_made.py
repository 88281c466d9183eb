"""Composite clips as samples."""

from __future__ import annotations

import numpy as np

from core.data.clips.made import composite_sample
from core.data.clips.sample import ClipConfig


def test_exact_maps_of_what_the_first_frame_shows(pack):
    config = ClipConfig(crop=48, frames=3, objects=2)
    for seed in range(6):
        rng = np.random.default_rng(seed)
        found = composite_sample([pack], np.ones(1), config, rng)
        assert found.frames.shape == (3, 48, 48, 3)
        assert found.masked.all() and not found.crowd
        assert 1 <= found.count <= 2
        ids = set(np.unique(found.label_maps)) - {0}
        assert ids == set(range(1, found.count + 1)) == set(np.unique(found.label_maps[0])) - {0}
        again = composite_sample([pack], np.ones(1), config, np.random.default_rng(seed))
        np.testing.assert_array_equal(found.frames, again.frames)
