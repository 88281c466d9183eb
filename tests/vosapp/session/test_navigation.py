from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from vosapp.project.model import Assertion, FrameState, TrackedObject
from vosapp.session import navigation
from vosapp.session.view import LaneView

FRAMES = 60


def lane(states=None, confidence=None):
    """A lane given by {frame: state} and {frame: confidence}; propagated at 0.9 elsewhere."""
    made = np.full(FRAMES, FrameState.PROPAGATED, np.uint8)
    values = np.full(FRAMES, 0.9, np.float32)
    for frame, state in (states or {}).items():
        made[frame] = state
    for frame, value in (confidence or {}).items():
        values[frame] = value
    return LaneView(made, values)


def session(*lanes, here=0, hidden=()):
    objects = tuple(
        TrackedObject(i, f"Object {i}", (1, 2, 3), visible=i not in hidden)
        for i in range(1, len(lanes) + 1)
    )
    by_id = dict(enumerate(lanes, start=1))
    return SimpleNamespace(objects=objects, frame_count=FRAMES, frame_index=here, lane=by_id.get)


KEY, ABSENT, STALE = FrameState.KEYFRAME, FrameState.ABSENT, FrameState.STALE


def test_keyframes_of_any_object_or_of_one():
    shown = session(lane({5: KEY, 40: ABSENT}), lane({20: KEY}), here=10)
    assert navigation.next_keyframe(shown, 1) == 20
    assert navigation.next_keyframe(shown, -1) == 5
    assert navigation.next_keyframe(shown, 1, object_id=1) == 40
    assert navigation.next_keyframe(shown, -1, object_id=2) is None
    shown.frame_index = 40
    assert navigation.next_keyframe(shown, 1) is None
    assert navigation.next_keyframe(session(), 1) is None


def test_doubtful_frames_come_in_time_order_each_weak_stretch_once():
    weak = {30: 0.4, 31: 0.2, 32: 0.3, 50: 0.45}
    shown = session(lane(confidence=weak))
    assert navigation.next_doubtful(shown, 1) == 31
    shown.frame_index = 31
    assert navigation.next_doubtful(shown, 1) == 50
    assert navigation.next_doubtful(shown, -1) is None
    shown.frame_index = 59
    assert navigation.next_doubtful(shown, -1) == 50


@pytest.mark.parametrize("state", [KEY, ABSENT, FrameState.CHECKED, FrameState.EMPTY])
def test_what_was_looked_at_or_never_computed_needs_no_look(state):
    shown = session(lane({30: state}, {30: 0.1}))
    assert not navigation.need(shown).any()


def test_hidden_objects_and_missing_confidence_need_no_look():
    assert not navigation.need(session(lane(confidence={30: 0.1}), hidden=(1,))).any()
    assert not navigation.need(session(lane(confidence={30: np.nan}))).any()


def test_stale_frames_without_confidence_still_need_a_look():
    score = navigation.need(session(lane({7: STALE}, {7: np.nan})))
    assert score[7] == pytest.approx(0.5)
    assert np.count_nonzero(score) == 1


def test_next_stale_is_the_first_of_a_stretch_of_any_object():
    one, other = dict.fromkeys(range(10, 15), STALE), dict.fromkeys(range(13, 18), STALE)
    shown = session(lane(one), lane({**other, 40: STALE}), here=0)
    assert navigation.next_stale(shown, 1) == 10
    shown.frame_index = 12
    assert navigation.next_stale(shown, 1) == 40
    assert navigation.next_stale(shown, -1) == 10
    shown.frame_index = 10
    assert navigation.next_stale(shown, -1) is None


def test_suppression_against_a_naive_loop():
    score = np.random.default_rng(3).random(200).astype(np.float32)
    score[score < 0.4] = 0
    taken = []
    for index in sorted(range(200), key=lambda i: (-score[i], i)):
        if score[index] > 0 and all(abs(index - t) >= 6 for t in taken):
            taken.append(index)
    assert navigation.suppressed(score, apart=6).tolist() == sorted(taken)


def test_references_are_grouped_by_frame():
    found = [Assertion(9, 2, 5, True), Assertion(3, 1, 5, True), Assertion(9, 1, 0, True)]
    assert list(navigation.reference_frames(found).items()) == [(3, (1,)), (9, (1, 2))]
