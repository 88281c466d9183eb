"""Which objects of a clip are learned from, and what is known of its first frame."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.clips.sample import ClipConfig, ClipSample, chosen, jittered, tight_boxes
from core.errors import TrainingError


def sample(*, masked=True):
    """Three objects; the second one comes late."""
    maps = np.zeros((2, 32, 32), np.uint8)
    maps[:, 2:9, 3:8], maps[1, 20:24, 20:30], maps[:, 12:14, 12:20] = 1, 2, 3
    maps[1, 0, 0] = 255
    boxes = np.stack([tight_boxes(x, 3) for x in maps])
    frames = np.zeros((2, 32, 32, 3), np.uint8)
    if masked:
        boxes[:] = np.nan
    known = np.full(2, masked)
    return ClipSample(frames, maps if masked else np.zeros_like(maps), boxes, known)


@pytest.mark.parametrize("masked", [True, False])
def test_objects_of_the_first_frame_alone(masked):
    found = chosen(sample(masked=masked), 5, np.random.default_rng(0))
    assert found.count == 2
    np.testing.assert_array_equal(found.boxes[0], [(3, 2, 5, 7), (12, 12, 8, 2)])
    if masked:
        assert set(np.unique(found.label_maps[1])) == {0, 1, 2, 255}, "late ones are background"
        assert (found.label_maps[1] == 2).sum() == 16
        assert np.isnan(found.boxes[1]).all(), "nobody drew them"


def test_no_more_than_asked_for():
    counts = [0, 0]
    for seed in range(40):
        found = chosen(sample(), 1, np.random.default_rng(seed))
        assert found.count == 1
        counts[int(found.boxes[0, 0, 0] == 12)] += 1
    assert min(counts) > 5


def test_light_changes_alike():
    frames = np.full((3, 4, 4, 3), 100, np.uint8)
    for seed in range(20):
        colors = jittered(frames, np.random.default_rng(seed))
        assert colors.dtype == np.float32
        assert colors.min() >= 0 and colors.max() <= 1
        np.testing.assert_array_equal(colors, np.broadcast_to(colors[0], colors.shape))


@pytest.mark.parametrize("crop", [16, 40, 2048])
def test_sides_that_are_not_possible(crop):
    with pytest.raises(TrainingError, match=f"{crop} px"):
        ClipConfig(crop=crop)
