"""The parts of the `self_supervised` tracker, and how it follows objects."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from core.data.synthetic import moving_shapes
from core.engine.registry import build_tracker
from core.systems.self_supervised import tracker as module
from core.systems.self_supervised.config import STRIDE, TRACKING
from core.tracking.asserted import label_probabilities
from core.tracking.config import FeedbackConfig
from core.tracking.contract import TrackerRequest
from core.tracking.sizes import working_size
from core.types import VOID, Direction, Keyframe, Quality
from vosapp.assets import bundled_weights


def add(tracker, frames, label_maps, index, ids):
    label_map = np.where(np.isin(label_maps[index], ids), label_maps[index], 0).astype(np.uint8)
    tracker.add_keyframe(Keyframe(index, ids, label_map), frames[index])


def jaccard(first, second, object_id):
    first, second = first == object_id, second == object_id
    return (first & second).sum() / max(1, (first | second).sum())


@pytest.mark.parametrize("objects", [1, 2, 3])
def test_follows_moving_shapes(color_tracker, label, objects):
    frames, label_maps = moving_shapes(objects=objects, width=144, height=96, frame_count=10)
    ids = tuple(range(1, objects + 1))
    tracker = color_tracker()
    add(tracker, frames, label_maps, 0, ids)
    tracker.start(Direction.FORWARD)
    scores = []
    for index, frame in enumerate(frames):
        result = label(tracker, index, frame, ids)
        scores += [jaccard(result.label_map, label_maps[index], i) for i in ids]
    assert np.mean(scores) > 0.85


def test_a_still_video_keeps_its_masks(label):
    """Nearly: keys of the weights that ship are not of one length. Nothing drifts."""
    frames, label_maps = moving_shapes(objects=2, width=320, height=240, frame_count=1)
    weights = bundled_weights("self_supervised", "thin")
    tracker = build_tracker(TrackerRequest("self_supervised", Quality.FAST, "cpu", weights))
    add(tracker, frames, label_maps, 0, (1, 2))
    tracker.start(Direction.FORWARD)
    found = [label(tracker, index, frames[0], (1, 2)).label_map for index in range(1, 9)]
    scores = [[jaccard(one, label_maps[0], i) for i in (1, 2)] for one in found]
    assert np.min(scores) > 0.99
    assert np.abs(np.subtract(scores[0], scores[-1])).max() < 0.01


@pytest.mark.parametrize("name", ["color", "self_supervised"])
def test_both_number_formats_follow_alike(monkeypatch, build_system, label, name):
    """Whichever this machine takes, the other is evaluated too."""
    frames, label_maps = moving_shapes(objects=2, width=144, height=96, frame_count=6)
    probabilities = []
    for dtype in (torch.float32, torch.bfloat16):
        monkeypatch.setattr(module, "inference_dtype", lambda _, dtype=dtype: dtype)
        tracker = build_system[name]()
        add(tracker, frames, label_maps, 0, (1, 2))
        tracker.start(Direction.FORWARD)
        results = [label(tracker, i, frame, (1, 2)) for i, frame in enumerate(frames)]
        probabilities.append(np.stack([x.step.probabilities for x in results]))
        if name == "color":
            found = results[-1].label_map
            assert min(jaccard(found, label_maps[5], i) for i in (1, 2)) > 0.9
    assert all(x.dtype == np.float32 for x in probabilities)
    assert np.abs(probabilities[0] - probabilities[1]).mean() < 0.01
    assert not np.array_equal(*probabilities)


def test_object_is_found_again_after_a_jump(color_tracker, label):
    """The object is elsewhere, far out of any window: the keyframe is searched whole."""
    frames = np.full((6, 96, 192, 3), (90, 120, 70), np.uint8)
    label_maps = np.zeros((6, 96, 192), np.uint8)
    for index in range(6):
        left = 8 if index < 3 else 148
        frames[index, 30:62, left : left + 32] = (200, 60, 50)
        label_maps[index, 30:62, left : left + 32] = 1
    tracker = color_tracker(radius=2)
    add(tracker, frames, label_maps, 0, (1,))
    tracker.start(Direction.FORWARD)
    results = [label(tracker, t, frame, (1,)).label_map for t, frame in enumerate(frames)]
    assert all(jaccard(results[t], label_maps[t], 1) > 0.8 for t in range(6))


def test_of_two_alike_the_one_that_stands_there_is_taken(color_tracker, label):
    """Only the left square is an object; without a loss by distance they cannot be told apart."""
    frame = np.full((96, 192, 3), (90, 120, 70), np.uint8)
    frame[30:62, 8:40] = frame[30:62, 148:180] = (200, 60, 50)
    label_maps = np.zeros((1, 96, 192), np.uint8)
    label_maps[0, 30:62, 8:40] = 1
    scores = {}
    for handicap in (0.0, TRACKING[Quality.FAST].handicap):
        tracker = color_tracker(handicap=handicap)
        add(tracker, [frame], label_maps, 0, (1,))
        tracker.start(Direction.FORWARD)
        found = [label(tracker, t, frame, (1,)).label_map for t in range(2)][1]
        scores[handicap] = jaccard(found, label_maps[0], 1)
    without, with_loss = scores.values()
    assert without < 0.7
    assert with_loss > 0.9


@pytest.mark.parametrize("ids", [(1, 2), (2,)], ids=["both", "late one alone"])
def test_object_that_is_named_late_but_was_visible_before(color_tracker, label, ids):
    """Object 2 gets its first mask on frame 4; frames 0 to 3 know nothing of it."""
    frames, label_maps = moving_shapes(frame_count=10)
    tracker = color_tracker()
    add(tracker, frames, label_maps, 0, (1,))
    add(tracker, frames, label_maps, 4, ids)
    tracker.start(Direction.FORWARD)
    for index, frame in enumerate(frames):
        result = label(tracker, index, frame, (1,) if index < 4 else (1, 2))
        if index > 4:
            assert jaccard(result.label_map, label_maps[index], 1) > 0.75
            assert jaccard(result.label_map, label_maps[index], 2) > 0.75


def test_memory_does_not_grow_with_the_film(color_tracker):
    frames, label_maps = moving_shapes(frame_count=2, width=64, height=48)
    tracker = color_tracker(short_side=32, radius=2)
    add(tracker, frames, label_maps, 0, (1, 2))
    tracker.start(Direction.FORWARD)
    counts = set()
    for index in range(60):
        tracker.step(index, frames[index % 2], (1, 2))
        counts.add(len(tracker._bank._labeled))
    assert max(counts) <= 7


@pytest.mark.parametrize("quality", Quality)
def test_qualities_are_ordered(quality):
    order = list(Quality)
    finer = order[order.index(quality) :]
    assert all(TRACKING[q].short_side >= TRACKING[quality].short_side for q in finer)
    assert all(TRACKING[q].radius >= TRACKING[quality].radius for q in finer)


@pytest.mark.parametrize(
    ("height", "width", "short_side", "wanted"),
    [
        (480, 854, 240, (240, 424)),
        (854, 480, 240, (424, 240)),
        (1080, 1920, 360, (360, 640)),
        (240, 426, 240, (240, 424)),
        (100, 100, 240, (240, 240)),
    ],
)
def test_working_size(height, width, short_side, wanted):
    assert working_size(height, width, short_side, stride=4) == wanted


@pytest.mark.parametrize("size", [(480, 4800), (20, 2000), (3000, 11), (1, 1)])
def test_working_size_of_odd_frames_is_bounded(size):
    height, width = working_size(*size, 240, stride=4)
    assert height % (2 * STRIDE) == width % (2 * STRIDE) == 0
    assert min(height, width) >= 8 and max(height, width) <= 608


def test_label_probabilities_are_the_covered_part_of_each_cell():
    label_map = np.zeros((16, 16), np.uint8)
    label_map[:8, :8], label_map[:8, 8:12] = 3, 7
    label_map[8:, 8:] = VOID
    probabilities = label_probabilities(Keyframe(0, (3, 7), label_map), (2, 2))
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities[1], [[1, 0], [0, 0]])
    np.testing.assert_allclose(probabilities[2], [[0, 0.5], [0, 0]])
    np.testing.assert_allclose(
        probabilities[0], [[0, 0.5], [1, 0]], err_msg="void is no background"
    )


def test_what_is_thin_is_answered_sharper_at_the_same_mass(color_tracker, label):
    """A ring of a third of a cell, that no cell is mostly covered by."""
    frames = np.full((4, 128, 128, 3), (90, 120, 70), np.uint8)
    label_maps = np.zeros((4, 128, 128), np.uint8)
    for index in range(4):
        cv2.circle(label_maps[index], (50 + 2 * index, 64), 36, 1, 3)
        frames[index][label_maps[index] == 1] = (210, 60, 50)
    found, masses = [], []
    for power in (1.0, 2.0):
        tracker = color_tracker(feedback=FeedbackConfig(power=power))
        add(tracker, frames, label_maps, 0, (1,))
        tracker.start(Direction.FORWARD)
        results = [label(tracker, t, frame, (1,)) for t, frame in enumerate(frames)]
        found.append(jaccard(results[1].label_map, label_maps[1], 1))
        masses.append(results[1].step.probabilities[1].sum())
    assert masses[0] == pytest.approx(masses[1], rel=0.02)
    assert found[1] > found[0] + 0.05


def test_walks_that_disagree_do_not_both_prevail(color_tracker):
    """Half of each of two places is no object in both of them."""
    probabilities = np.zeros((2, 16, 16), np.float32)
    probabilities[1, 4:8, 2:6] = probabilities[1, 4:8, 10:14] = 0.5
    probabilities[1, 4:8, 2:6] += 0.05
    probabilities[0] = 1 - probabilities[1]
    frame = np.full((64, 64, 3), 120, np.uint8)
    seen = color_tracker().render(probabilities, frame, (1,))
    assert not seen[:, 34:].any()
