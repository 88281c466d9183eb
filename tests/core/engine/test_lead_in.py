"""Walks that begin before their border, with a tracker that sees nothing."""

from __future__ import annotations

import pytest

from core.engine.manner import Manner
from core.engine.propagate import PropagationRequest, propagate, propagate_by, step_count
from core.jobs import Cancelled, CancelToken, Progress
from core.types import LEAD_IN, FrameResult


@pytest.fixture
def run(film):
    """Propagate through so many frames: everything that comes out."""

    def run(asked, tracker, count):
        return list(propagate(film(count), tracker, asked, CancelToken()))

    return run


def results(items):
    return {item.frame_index: item for item in items if isinstance(item, FrameResult)}


def test_a_walk_passes_the_keyframes_close_to_its_border_first(run, walk_tracker, keyframe):
    """Their frames give no result there, and are counted as passed."""
    tracker = walk_tracker()
    keyframes = keyframe(2, (1, 2)), keyframe(3, (1,)), keyframe(4, (1, 2))
    asked = PropagationRequest(keyframes, 5, 7)
    items = run(asked, tracker, 20)
    assert tracker.steps == [(i, (1, 2)) for i in range(3, 7)]
    assert sorted(index for index, _ in tracker.added) == [2, 3, 4]
    passed = [item.text for item in items if isinstance(item, Progress)]
    assert passed == ["passed frame 3", "passed frame 4"]
    assert [r.frame_index for r in items if isinstance(r, FrameResult)] == [5, 6]
    assert len(items) == step_count(asked, 20)


def test_keyframes_far_from_each_other_change_nothing(run, walk_tracker, keyframe, monkeypatch):
    """Nine frames apart walks begin beside their borders, as if there were no other way."""
    keyframes = keyframe(2, (1, 2)), keyframe(11, (1, 2)), keyframe(15, (1,)), keyframe(20, (1, 2))
    asked, found = PropagationRequest(keyframes, 0, 30), []
    for lead_in in (LEAD_IN, 0):
        monkeypatch.setattr("core.engine.spans.LEAD_IN", lead_in)
        tracker = walk_tracker()
        items = results(run(asked, tracker, 30))
        maps = {i: (r.label_map.tobytes(), r.confidence) for i, r in items.items()}
        found.append((tracker.steps, tracker.added, maps))
    assert found[0] == found[1]


def test_dense_keyframes_cost_nothing_more_but_at_the_ends(
    run, walk_tracker, keyframe, monkeypatch
):
    """Between two borders the same steps and keyframes, with the same results."""
    keyframes = tuple(keyframe(index, (1, 2)) for index in range(3, 30, 3))
    asked, found = PropagationRequest(keyframes, 0, 30), []
    for lead_in in (LEAD_IN, 0):
        monkeypatch.setattr("core.engine.spans.LEAD_IN", lead_in)
        tracker = walk_tracker()
        items = results(run(asked, tracker, 30))
        maps = [items[i].label_map.tobytes() for i in range(3, 28)]
        found.append(([index for index, _ in tracker.steps], maps))
    (steps, maps), (plain, plain_maps) = found
    assert maps == plain_maps
    before, after = [8, 7, 6, 5, 4, 3], [22, 23, 24, 25, 26, 27]
    assert steps == [*before, *plain[:-2], *after, *plain[-2:]]


def test_cancel_is_seen_before_the_border(film, walk_tracker, keyframe):
    tracker, token = walk_tracker(), CancelToken()
    asked = PropagationRequest((keyframe(0, (1,)), keyframe(4, (1,))), 5, 8)
    job = propagate(film(8), tracker, asked, token)
    assert next(job).text == "passed frame 1"
    token.cancel()
    with pytest.raises(Cancelled):
        next(job)
    assert tracker.steps == [(1, (1,))] and not tracker.keyframes


def test_frames_that_are_there_cost_no_step_before_the_border(film, walk_tracker, keyframe):
    """They are counted nevertheless."""
    tracker = walk_tracker()
    asked = PropagationRequest((keyframe(0, (1,)), keyframe(4, (1,))), 5, 8)
    manner = Manner(have=frozenset({5, 6, 7}))
    job = propagate_by(film(8), tracker, asked, CancelToken(), keep=None, manner=manner)
    assert len(list(job)) == step_count(asked, 8) == 4 + 3
    assert tracker.steps == []
