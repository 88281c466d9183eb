"""The baselines: the last mask repeated, and warped along the optical flow."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.synthetic import moving_shapes
from core.engine.registry import build_tracker
from core.tracking.contract import TrackerRequest
from core.types import VOID, Direction, Keyframe, Quality


def translating_shape(count=8, step=3):
    """A textured square that moves to the right before a textured ground."""
    texture = moving_shapes(width=160, height=96, frame_count=1, objects=1, seed=3)[0][0]
    patch = 255 - texture[10:50, 20:60]
    frames = np.repeat(texture[None], count, axis=0)
    label_maps = np.zeros((count, 96, 160), np.uint8)
    for index in range(count):
        left = 20 + step * index
        frames[index, 30:70, left : left + 40] = patch
        label_maps[index, 30:70, left : left + 40] = 7
    return frames, label_maps


def track(system, frames, label_maps, *, keys=(0,), order=None, quality=Quality.BALANCED):
    tracker = build_tracker(TrackerRequest(system, quality))
    for index in keys:
        tracker.add_keyframe(Keyframe(index, (7,), label_maps[index]), frames[index])
    order = range(len(frames)) if order is None else order
    tracker.start(Direction.FORWARD if order[-1] >= order[0] else Direction.BACKWARD)
    found = {}
    for i in order:
        probabilities = tracker.step(i, frames[i], (7,)).probabilities
        found[i] = tracker.render(probabilities, frames[i], (7,))
    return found


def jaccard(first, second):
    return (first & second).sum() / (first | second).sum()


def mean_jaccard(found, label_maps):
    return np.mean([jaccard(found[i] == 7, label_maps[i] == 7) for i in found])


@pytest.mark.parametrize("order", [range(8), range(7, -1, -1)], ids=["forward", "backward"])
def test_flow_beats_copy_on_a_moving_shape(order):
    frames, label_maps = translating_shape()
    keys = (order[0],)
    copied = track("copy", frames, label_maps, keys=keys, order=order)
    warped = track("flow", frames, label_maps, keys=keys, order=order)
    # Shifted by 3 px a frame, a square of 40 px shares (40 - d) / (40 + d) with its copy.
    wanted = np.mean([(40 - 3 * t) / (40 + 3 * t) for t in range(8)])
    assert mean_jaccard(copied, label_maps) == pytest.approx(wanted)
    assert mean_jaccard(warped, label_maps) > wanted + 0.1


@pytest.mark.parametrize("quality", Quality)
def test_flow_works_at_every_quality(quality):
    frames, label_maps = translating_shape(count=4)
    # Each frame costs a part of the strip of ground that appears behind the object.
    assert mean_jaccard(track("flow", frames, label_maps, quality=quality), label_maps) > 0.85


def test_flow_keeps_a_still_mask():
    frames, label_maps = translating_shape(count=4, step=0)
    assert mean_jaccard(track("flow", frames, label_maps), label_maps) == 1


def test_flow_starts_afresh_at_a_keyframe():
    frames, label_maps = translating_shape(step=5)
    wrong = label_maps.copy()
    wrong[0] = np.roll(wrong[0], 40, axis=0)
    found = track("flow", frames, wrong, keys=(0, 4))
    assert jaccard(found[3] == 7, label_maps[3] == 7) < 0.5
    overlaps = [jaccard(found[t] == 7, label_maps[t] == 7) for t in range(4, 8)]
    assert overlaps[0] == 1 and min(overlaps) > 0.6


def test_flow_bridges_frames_that_were_left_out():
    """A walk that starts two frames after the keyframe."""
    frames, label_maps = translating_shape(step=2)
    found = track("flow", frames, label_maps, order=range(2, 6))
    copied = track("copy", frames, label_maps, order=range(2, 6))
    assert mean_jaccard(found, label_maps) > mean_jaccard(copied, label_maps) + 0.1


def test_objects_that_leave_are_cut_at_the_border():
    texture = moving_shapes(width=160, height=96, frame_count=1, seed=3)[0][0]
    frames = np.stack([np.roll(texture, 8 * index, axis=1) for index in range(6)])
    label_maps = np.zeros((6, 96, 160), np.uint8)
    label_maps[0, :, 120:] = 7
    found = track("flow", frames, label_maps)
    # What the camera leaves behind at the left is new ground, not the object from the right.
    assert max((found[t][:, :100] == 7).mean() for t in found) < 0.02
    left = [(found[t] == 7).sum() / (96 * 40) for t in found]
    assert left[0] == 1 and 0.4 < left[2] < 0.8 and left[5] < 0.1


@pytest.mark.parametrize("system", ["copy", "flow"])
def test_void_is_not_carried(system):
    frames, label_maps = translating_shape(count=3, step=0)
    label_maps[0, :10] = VOID
    found = track(system, frames, label_maps)
    assert all(set(np.unique(x)) == {0, 7} for x in found.values())


def test_copy_repeats_the_keyframe_that_was_passed_last():
    frames, label_maps = translating_shape()
    forward = track("copy", frames, label_maps, keys=(2, 5))
    assert forward[0].max() == forward[1].max() == 0
    for index, wanted in ((2, 2), (4, 2), (5, 5), (7, 5)):
        np.testing.assert_array_equal(forward[index], label_maps[wanted])
    backward = track("copy", frames, label_maps, keys=(2, 5), order=range(7, -1, -1))
    assert backward[7].max() == backward[6].max() == 0
    for index, wanted in ((5, 5), (3, 5), (2, 2), (0, 2)):
        np.testing.assert_array_equal(backward[index], label_maps[wanted])
