"""What every tracker promises, on a small film of moving shapes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.data.synthetic import moving_shapes
from core.engine.registry import build_tracker
from core.systems.base import TrackerRequest
from core.types import VOID, Direction, Keyframe, Quality

COUNT = 8
IDS = (1, 2)


@pytest.fixture(params=["copy", "flow", "self_supervised"])
def build(request, color_tracker):
    """Build a tracker; the contract does not depend on weights, so `color_tracker` will do."""
    if request.param == "self_supervised":
        return color_tracker
    return lambda: build_tracker(TrackerRequest(request.param, Quality.FAST))


@pytest.fixture(scope="module")
def film():
    """Frames and label maps that nobody may write to, as a video source hands them out."""
    return frozen(*moving_shapes(frame_count=COUNT))


def frozen(*arrays):
    for array in arrays:
        array.flags.writeable = False
    return arrays


def keyframe(film, index, ids=IDS):
    label_map = np.where(np.isin(film[1][index], ids), film[1][index], 0)
    return Keyframe(index, ids, frozen(label_map.astype(np.uint8))[0])


def add(tracker, film, *indices):
    for index in indices:
        tracker.add_keyframe(keyframe(film, index), film[0][index])


@pytest.fixture
def walk(label):
    """Results of a walk through the given frames, in their order."""

    def run(tracker, film, indices, *, ids=IDS):
        indices = list(indices)
        forward = len(indices) < 2 or indices[1] > indices[0]
        tracker.start(Direction.FORWARD if forward else Direction.BACKWARD)
        return [label(tracker, index, film[0][index], ids) for index in indices]

    return run


def maps(results):
    return np.stack([result.label_map for result in results])


def assert_follows(result, label_map, ids=IDS):
    """Each object's share is the part of a cell that it covers; the background has the rest."""
    size = result.step.shares.shape[:0:-1]
    masks = [np.float32(label_map == object_id) for object_id in ids]
    wanted = np.stack([cv2.resize(m, size, interpolation=cv2.INTER_AREA) for m in masks])
    np.testing.assert_allclose(result.step.shares[1:], wanted, atol=1e-6)
    np.testing.assert_allclose(result.step.shares[0], 1 - wanted.sum(0), atol=1e-6)


def test_results_have_the_size_of_the_frame_and_the_ids_asked_for(build, walk, film):
    tracker = build()
    add(tracker, film, 0)
    for result in walk(tracker, film, range(COUNT)):
        assert result.label_map.shape == (64, 96)
        assert result.label_map.dtype == np.uint8
        assert set(np.unique(result.label_map)) <= {0, *IDS}
        step = result.step
        assert step.object_ids == IDS
        assert step.shares.ndim == 3 and step.shares.shape[0] == 3
        assert step.shares.dtype == np.float32
        assert step.shares.min() >= 0 and step.shares.max() <= 1 + 1e-6
        np.testing.assert_allclose(step.shares.sum(0), 1, atol=1e-5)
        assert set(step.confidence) <= set(IDS)
        assert all(0 <= value <= 1 for value in step.confidence.values())


def test_something_of_each_object_is_there_on_the_next_frame(build, walk, film):
    tracker = build()
    add(tracker, film, 0)
    got = maps(walk(tracker, film, range(2)))[1]
    for object_id in IDS:
        both = (got == object_id) & (film[1][1] == object_id)
        assert both.sum() > 0.5 * (film[1][1] == object_id).sum()


@pytest.mark.parametrize("index", [0, 3])
def test_step_on_a_keyframe_follows_it(build, walk, film, index):
    tracker = build()
    add(tracker, film, 0, index)
    results = walk(tracker, film, range(5))
    assert_follows(results[index], film[1][index])
    for object_id in IDS:
        got, wanted = (x == object_id for x in (results[index].label_map, film[1][index]))
        assert (got & wanted).sum() > 0.9 * (got | wanted).sum()


def test_step_on_a_keyframe_keeps_what_it_does_not_assert(build, walk, film):
    """Object 1 is corrected on frame 3; object 2 goes on, but not into object 1."""
    tracker = build()
    add(tracker, film, 0)
    tracker.add_keyframe(keyframe(film, 3, (1,)), film[0][3])
    result = walk(tracker, film, range(4))[3]
    shares = result.step.shares
    size = shares.shape[:0:-1]
    first, second = (
        cv2.resize(np.float32(film[1][3] == i), size, interpolation=cv2.INTER_AREA) for i in IDS
    )
    np.testing.assert_allclose(shares[1], first, atol=1e-6)
    assert (shares[2] + first).max() <= 1 + 1e-6
    assert np.minimum(shares[2], second).sum() > 0.5 * second.sum()


def test_void_never_comes_out(build, walk, film):
    label_map = film[1][0].copy()
    label_map[:10] = VOID
    tracker = build()
    tracker.add_keyframe(Keyframe(0, IDS, frozen(label_map)[0]), film[0][0])
    results = walk(tracker, film, range(4))
    assert set(np.unique(maps(results))) <= {0, *IDS}
    assert_follows(results[0], label_map)


def test_only_the_objects_asked_for_come_out(build, walk, film):
    tracker = build()
    add(tracker, film, 0)
    got = maps(walk(tracker, film, range(4), ids=(2,)))
    assert set(np.unique(got)) == {0, 2}
    assert maps(walk(tracker, film, range(3), ids=())).max() == 0


def test_ids_are_kept_and_need_not_be_dense(build, walk, film):
    other = film[0], np.where(film[1] > 0, film[1].astype(int) * 100 + 54, 0).astype(np.uint8)
    tracker, plain = build(), build()
    label_map = frozen(other[1][0].copy())[0]
    tracker.add_keyframe(Keyframe(0, (154, 254), label_map), film[0][0])
    add(plain, film, 0)
    got = maps(walk(tracker, film, range(4), ids=(154, 254)))
    wanted = maps(walk(plain, film, range(4)))
    np.testing.assert_array_equal(got, np.array([0, 154, 254], np.uint8)[wanted])


def test_equal_walks_give_equal_results(build, walk, film):
    first, second = build(), build()
    add(first, film, 0, 5)
    add(second, film, 5, 0)
    wanted = walk(first, film, range(COUNT))
    again = walk(first, film, range(COUNT))
    third = walk(second, film, range(COUNT))
    for got in (again, third):
        np.testing.assert_array_equal(maps(got), maps(wanted))
        assert [r.step.confidence for r in got] == [r.step.confidence for r in wanted]
        for one, other in zip(got, wanted, strict=True):
            np.testing.assert_array_equal(one.step.shares, other.step.shares)


def test_a_walk_does_not_remember_an_earlier_one(build, walk, film):
    fresh, used = build(), build()
    for tracker in (fresh, used):
        add(tracker, film, 4)
    walk(used, film, [3, 2, 1, 0])
    np.testing.assert_array_equal(
        maps(walk(used, film, range(4, COUNT))), maps(walk(fresh, film, range(4, COUNT)))
    )


def test_backward_is_forward_on_the_film_reversed(build, walk, film):
    last = COUNT - 1
    reverse = film[0][::-1], film[1][::-1]
    tracker, mirrored = build(), build()
    add(tracker, film, last)
    add(mirrored, reverse, 0)
    got = maps(walk(tracker, film, range(last, -1, -1)))
    wanted = maps(walk(mirrored, reverse, range(COUNT)))
    np.testing.assert_array_equal(got, wanted)


def test_walk_that_starts_beside_the_keyframe(build, walk, film):
    """Backward propagation begins at the frame before the keyframe."""
    tracker = build()
    add(tracker, film, 4)
    got = maps(walk(tracker, film, range(3, -1, -1)))
    both = (got[0] == film[1][3]) & (film[1][3] > 0)
    assert both.sum() > 0.5 * (film[1][3] > 0).sum()


def test_removed_keyframe_is_forgotten(build, walk, film):
    tracker, never = build(), build()
    add(tracker, film, 0, 4)
    add(never, film, 0)
    with_both = maps(walk(tracker, film, range(COUNT)))
    tracker.remove_keyframe(4)
    tracker.remove_keyframe(4)
    tracker.remove_keyframe(77)
    got = maps(walk(tracker, film, range(COUNT)))
    np.testing.assert_array_equal(got, maps(walk(never, film, range(COUNT))))
    assert not np.array_equal(got, with_both)


def test_keyframe_of_the_same_frame_is_replaced(build, walk, film):
    tracker = build()
    other = Keyframe(0, IDS, frozen(np.zeros((64, 96), np.uint8))[0])
    tracker.add_keyframe(other, film[0][0])
    add(tracker, film, 0)
    assert_follows(walk(tracker, film, range(1))[0], film[1][0])


def test_keyframe_added_in_the_middle_of_a_walk_counts_from_there(build, walk, label, film):
    tracker = build()
    add(tracker, film, 0)
    walk(tracker, film, range(3))
    add(tracker, film, 3)
    assert_follows(label(tracker, 3, film[0][3], IDS), film[1][3])
    assert label(tracker, 4, film[0][4], IDS).label_map.max() > 0


def test_absent_object_stays_absent(build, walk, film):
    """The keyframe says that object 2 is not there; nothing may invent it."""
    only_first = np.where(film[1][0] == 1, 1, 0).astype(np.uint8)
    tracker = build()
    tracker.add_keyframe(Keyframe(0, IDS, frozen(only_first)[0]), film[0][0])
    got = maps(walk(tracker, film, range(5)))
    assert set(np.unique(got)) == {0, 1}


def test_frames_of_odd_size(build, walk):
    film = frozen(*moving_shapes(width=97, height=61, frame_count=3))
    tracker = build()
    add(tracker, film, 0)
    assert maps(walk(tracker, film, range(3))).shape == (3, 61, 97)


def test_without_a_keyframe_everything_is_background(build, walk, film):
    tracker = build()
    assert maps(walk(tracker, film, range(2))).max() == 0
    add(tracker, film, 0)
    tracker.remove_keyframe(0)
    assert maps(walk(tracker, film, range(2))).max() == 0
