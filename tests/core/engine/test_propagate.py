"""Walks, and what becomes of keyframes, with a tracker that only takes notes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.engine.propagate import PropagationRequest, Walk, plan, propagate
from core.engine.registry import build_tracker
from core.errors import UsageError, VideoDecodeError
from core.jobs import Cancelled, CancelToken
from core.ops.label_maps import merge_keyframe
from core.systems.base import StepResult, TrackerRequest
from core.types import VOID, Direction, Keyframe, Quality, VideoInfo

SHAPE = (40, 56)
FORWARD, BACKWARD = Direction.FORWARD, Direction.BACKWARD


class Film:
    """Frames whose pixels are their number; one of them may be damaged."""

    def __init__(self, count=8, damaged=None):
        self.info = VideoInfo(Path("film"), count, SHAPE[1], SHAPE[0], Fraction(25))
        self.damaged = damaged

    def frame(self, index):
        if index == self.damaged:
            raise VideoDecodeError(f"Frame {index} is damaged.")
        return np.full((*SHAPE, 3), index, np.uint8)

    def frames(self, start, stop, step=1):
        for index in range(start, stop, step):
            yield self.frame(index)


class Notebook:
    """A tracker that labels everything as its first object and notes what it is asked."""

    def __init__(self):
        self.keyframes, self.steps, self.starts = [], [], []

    def add_keyframe(self, keyframe, frame):
        self.keyframes.append((keyframe.frame_index, int(frame[0, 0, 0])))

    def remove_keyframe(self, frame_index):
        raise AssertionError

    def start(self, direction):
        self.starts.append(direction)

    def step(self, frame_index, frame, object_ids):
        assert frame[0, 0, 0] == frame_index
        self.steps.append((frame_index, object_ids))
        return StepResult(np.full(SHAPE, object_ids[0], np.uint8), object_ids, {object_ids[0]: 0.5})


def box(*ids, width=14):
    """Label map with a box for each id, side by side."""
    label_map = np.zeros(SHAPE, np.uint8)
    for index, object_id in enumerate(ids):
        label_map[10:30, index * width + 2 : (index + 1) * width] = object_id
    return label_map


def keyframe(index, ids, label_map=None):
    return Keyframe(index, ids, box(*ids) if label_map is None else label_map)


def request(*keyframes, start=0, stop=8):
    return PropagationRequest(keyframes, start, stop)


@pytest.mark.parametrize(
    ("origin", "start", "stop", "walks"),
    [
        (0, 0, 8, [Walk(0, 7, FORWARD)]),
        (7, 0, 8, [Walk(7, 7, FORWARD), Walk(6, 0, BACKWARD)]),
        (3, 0, 8, [Walk(3, 7, FORWARD), Walk(2, 0, BACKWARD)]),
        (3, 5, 6, [Walk(3, 5, FORWARD)]),
        (3, 1, 2, [Walk(2, 1, BACKWARD)]),
        (3, 0, 3, [Walk(2, 0, BACKWARD)]),
        (3, 3, 4, [Walk(3, 3, FORWARD)]),
    ],
)
def test_plan(origin, start, stop, walks):
    asked = request(keyframe(origin, (1,)), start=start, stop=stop)
    assert list(plan(asked)) == walks
    results = list(propagate(Film(), Notebook(), asked, CancelToken()))
    assert len(results) == sum(len(walk) for walk in walks)
    assert set(range(start, stop)) <= {result.frame_index for result in results}


def test_plan_refuses_what_makes_no_sense():
    with pytest.raises(UsageError, match="no keyframe"):
        plan(request())
    with pytest.raises(UsageError, match="4:4"):
        plan(request(keyframe(0, (1,)), start=4, stop=4))


def test_tracker_is_asked_for_what_is_known_so_far():
    tracker = Notebook()
    keyframes = keyframe(3, (2,)), keyframe(5, (1, 2))
    results = list(propagate(Film(), tracker, request(*keyframes), CancelToken()))
    assert tracker.keyframes == [(3, 3), (5, 5)]
    assert tracker.starts == [FORWARD, BACKWARD]
    late = [(index, (1, 2)) for index in (5, 6, 7)]
    early = [(index, (2,)) for index in (3, 4)]
    before = [(index, (2,)) for index in (2, 1, 0)]
    assert tracker.steps == [*early, *late, *before]
    assert [r.frame_index for r in results if r.is_keyframe] == [3, 5]
    assert all(r.object_ids == ids for r, (_, ids) in zip(results, tracker.steps, strict=True))
    assert all(r.seconds > 0 for r in results)


def test_keyframe_comes_out_as_it_is():
    given = keyframe(2, (1, 2))
    results = list(propagate(Film(), Notebook(), request(given), CancelToken()))
    assert (results[0].label_map == given.label_map).all()
    assert results[0].confidence == {1: 1.0, 2: 1.0}
    assert results[1].confidence == {1: 0.5}


def test_merge_leaves_what_is_not_asserted():
    label_map = np.array([[1, 2, 3, 3, 0]], np.uint8)
    given = Keyframe(0, (2, 4), np.array([[0, 0, 4, VOID, 2]], np.uint8))
    assert merge_keyframe(label_map, given).tolist() == [[1, 0, 4, 3, 2]]


def test_cancel_stops_between_frames():
    token = CancelToken()
    job = propagate(Film(), Notebook(), request(keyframe(0, (1,))), token)
    next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        next(job)


def test_cancelled_before_the_start_decodes_nothing():
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        next(propagate(Film(damaged=0), Notebook(), request(keyframe(0, (1,))), token))


def test_results_before_a_damaged_frame_are_good():
    job = propagate(Film(damaged=4), Notebook(), request(keyframe(0, (1,))), CancelToken())
    done = []
    with pytest.raises(VideoDecodeError, match="Frame 4"):
        for result in job:
            done.append(result.frame_index)
    assert done == [0, 1, 2, 3]


@pytest.mark.parametrize("system", ["copy", "flow"])
class TestBaselines:
    """Keyframes that speak of some objects only."""

    def run(self, system, *keyframes):
        tracker = build_tracker(TrackerRequest(system, Quality.FAST))
        results = propagate(Film(), tracker, request(*keyframes), CancelToken())
        return {result.frame_index: result.label_map for result in results}

    def test_late_object_does_not_end_the_others(self, system):
        late = keyframe(4, (2,), box(0, 2))
        results = self.run(system, keyframe(0, (1,)), late)
        assert all((results[i] == box(1)).all() for i in range(4))
        assert all((results[i] == box(1, 2)).all() for i in range(4, 8))

    def test_correction_of_one_object_leaves_the_other(self, system):
        results = self.run(system, keyframe(0, (1, 2)), keyframe(4, (1,), box(0, 0, 1)))
        assert all((results[i] == box(1, 2)).all() for i in range(4))
        assert all((results[i] == box(0, 2, 1)).all() for i in range(4, 8))

    def test_absent_object_stays_away(self, system):
        results = self.run(system, keyframe(0, (1, 2)), keyframe(4, (2,), box()))
        assert (results[3] == box(1, 2)).all()
        assert all((results[i] == box(1)).all() for i in range(4, 8))

    def test_backward_from_the_first_keyframe(self, system):
        results = self.run(system, keyframe(5, (1,)), keyframe(7, (2,), box(0, 2)))
        assert all((results[i] == box(1)).all() for i in range(7))


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (300, 5), (16, 200), (63, 64)])
def test_flow_takes_any_size(size):
    tracker = build_tracker(TrackerRequest("flow", Quality.FINE))
    rng = np.random.default_rng(1)
    frames = rng.integers(0, 255, (3, *size, 3)).astype(np.uint8)
    tracker.add_keyframe(Keyframe(0, (1,), np.ones(size, np.uint8)), frames[0])
    tracker.start(FORWARD)
    for index, frame in enumerate(frames):
        assert tracker.step(index, frame, (1,)).label_map.shape == size
