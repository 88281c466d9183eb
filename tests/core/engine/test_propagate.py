"""Walks, and what becomes of keyframes, with a tracker that sees nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine.propagate import BOTH, PropagationRequest, Walk, plan, propagate, step_count
from core.engine.span_run import SpanRun
from core.engine.spans import borders
from core.errors import OutputError, UsageError, VideoDecodeError
from core.jobs import Cancelled, CancelToken, Progress
from core.types import VOID, Direction, FrameResult, Keyframe

FORWARD, BACKWARD = Direction.FORWARD, Direction.BACKWARD
SHAPE = (24, 32)
COUNT = 9


def request(*keyframes, start=0, stop=8, ways=BOTH):
    return PropagationRequest(keyframes, start, stop, ways)


@pytest.fixture
def run(film, walk_tracker):
    """Propagate with a fresh tracker: everything that comes out."""

    def run(asked, *, tracker=None, video=None):
        job = propagate(
            film() if video is None else video,
            walk_tracker() if tracker is None else tracker,
            asked,
            CancelToken(),
        )
        return list(job)

    return run


def results(items):
    return {item.frame_index: item for item in items if isinstance(item, FrameResult)}


def walks(asked, frame_count=8):
    return [(p.backward, p.forward) for p in plan(asked, frame_count)]


def test_every_span_is_walked_from_both_ends(keyframe):
    assert walks(request(keyframe(2, (1,)), keyframe(5, (1,)))) == [
        (Walk(1, 0, BACKWARD), None),
        (Walk(4, 3, BACKWARD), Walk(3, 4, FORWARD)),
        (None, Walk(6, 7, FORWARD)),
    ]


def test_a_keyframe_inside_starts_walks_where_no_border_does(keyframe):
    assert walks(request(keyframe(3, (1,)), keyframe(5, (2,)))) == [
        (Walk(5, 0, BACKWARD), Walk(3, 7, FORWARD))
    ]
    assert walks(request(keyframe(0, (1, 2)), keyframe(5, (2,)))) == [
        (Walk(5, 1, BACKWARD), Walk(1, 7, FORWARD))
    ]


@pytest.mark.parametrize(
    ("start", "stop", "wanted"),
    [
        (3, 4, [(Walk(5, 3, BACKWARD), Walk(1, 3, FORWARD))]),
        (0, 1, []),
        (6, 7, []),
        (7, 8, [(None, Walk(7, 7, FORWARD))]),
        (0, 2, [(Walk(5, 1, BACKWARD), Walk(1, 1, FORWARD))]),
    ],
)
def test_only_wanted_spans_are_walked_and_only_as_far_as_needed(keyframe, start, stop, wanted):
    asked = request(keyframe(0, (1,)), keyframe(6, (1,)), start=start, stop=stop)
    assert walks(asked) == wanted


def test_one_direction_only(keyframe):
    keyframes = keyframe(2, (1,)), keyframe(5, (1,))
    forward = walks(request(*keyframes, ways=(FORWARD,)))
    assert forward == [(None, None), (None, Walk(3, 4, FORWARD)), (None, Walk(6, 7, FORWARD))]
    backward = walks(request(*keyframes, ways=(BACKWARD,)))
    assert backward == [(Walk(1, 0, BACKWARD), None), (Walk(4, 3, BACKWARD), None), (None, None)]


def test_walk_counts_its_frames():
    assert len(Walk(5, 1, BACKWARD)) == 5
    assert [i for i in range(8) if i in Walk(5, 1, BACKWARD)] == [1, 2, 3, 4, 5]
    assert len(Walk(2, 2, FORWARD)) == 1


def test_plan_refuses_what_makes_no_sense(keyframe):
    with pytest.raises(UsageError, match="no keyframe"):
        plan(request(), 8)
    with pytest.raises(UsageError, match="4:4"):
        plan(request(keyframe(0, (1,)), start=4, stop=4), 8)


def test_order_of_work(run, walk_tracker, keyframe):
    """A span's end first; frames that wait for their second walk are only progress."""
    tracker = walk_tracker()
    items = run(
        request(keyframe(0, (1, 2)), keyframe(3, (2,)), keyframe(5, (1, 2))), tracker=tracker
    )
    assert tracker.added == [(0, 0), (3, 3), (5, 5)]
    assert tracker.starts == [BACKWARD, FORWARD, FORWARD]
    there_and_back, again = [4, 3, 2, 1, 1, 2, 3, 4], [1, 2, 3, 4, 5]
    assert tracker.steps == [(i, (1, 2)) for i in [*there_and_back, *again, 6, 7]]
    kinds = [item.frame_index if isinstance(item, FrameResult) else None for item in items]
    assert kinds == [0, *[None] * 4, 1, 2, 3, 4, 5, *[None] * 5, 6, 7]
    assert [i for i, r in results(items).items() if r.is_keyframe] == [0, 3, 5]
    walked = [results(items)[i] for i in (1, 2, 3, 4, 6, 7)]
    assert all(r.seconds > 0 for r in walked)


def test_tracker_is_asked_for_what_is_known_on_the_way(run, walk_tracker, keyframe):
    tracker = walk_tracker()
    items = run(request(keyframe(3, (2,)), keyframe(5, (1,))), tracker=tracker)
    backward = [(5, (1,)), (4, (1,)), (3, (1, 2)), (2, (1, 2)), (1, (1, 2)), (0, (1, 2))]
    forward = [(3, (2,)), (4, (2,)), (5, (1, 2)), (6, (1, 2)), (7, (1, 2))]
    assert tracker.steps == backward + forward
    assert all(r.object_ids == (1, 2) for r in results(items).values())


def test_frames_that_are_only_passed_are_progress(run, keyframe):
    items = run(request(keyframe(2, (1,)), start=4, stop=6))
    assert [type(item) for item in items] == [Progress, FrameResult, FrameResult]
    assert list(results(items)) == [4, 5]


def test_a_complete_keyframe_costs_no_step(run, walk_tracker, keyframe, box):
    label_map = box(1, 2)
    label_map[0] = VOID
    tracker = walk_tracker()
    given = keyframe(2, (1, 2), label_map)
    (result,) = run(request(given, start=2, stop=3), tracker=tracker)
    assert tracker.steps == []
    assert (result.label_map == box(1, 2)).all()
    assert result.confidence == {1: 1.0, 2: 1.0}
    assert result.is_keyframe


def test_confidence_on_the_way(run, keyframe):
    items = results(run(request(keyframe(0, (1, 2)), keyframe(4, (2,)))))
    assert items[4].is_keyframe and not items[5].is_keyframe
    assert items[4].confidence[2] == 1
    assert items[4].confidence[1] < 1
    assert all(0 <= c <= 1 for r in items.values() for c in r.confidence.values())


def test_disagreement_is_told_where_two_walks_speak(run, keyframe):
    """Between keyframes, and of no object that is asserted or reached from one side alone."""
    items = results(run(request(keyframe(1, (1, 2)), keyframe(5, (1,)), keyframe(7, (1, 2)))))
    told = {i: sorted(r.disagreement) for i, r in items.items() if r.disagreement}
    assert told == {2: [1, 2], 3: [1, 2], 4: [1, 2], 5: [2], 6: [1, 2]}
    assert all(0 < d <= 1 for r in items.values() for d in r.disagreement.values())


def test_asserted_absence_is_told(run, keyframe, box):
    """By a border, and by a keyframe that is passed; nothing else finds anything absent here."""
    border, passed = keyframe(2, (1, 2), box(1, 0)), keyframe(5, (2,), box())
    got = results(run(request(border, passed)))
    assert {i: r.absent for i, r in got.items() if r.absent} == {2: {2}, 5: {2}}


def test_absence_that_a_walk_finds_is_told_until_a_keyframe_shows_the_object(
    run, walk_tracker, keyframe
):
    class Lost(walk_tracker):
        def step(self, frame_index, frame, object_ids):
            return replace(super().step(frame_index, frame, object_ids), absent=frozenset({1}))

    got = results(run(request(keyframe(0, (1, 2)), keyframe(4, (1,))), tracker=Lost()))
    assert [sorted(got[i].absent) for i in (0, 1, 4, 5)] == [[], [1], [], [1]]


def test_no_opinion_is_none(run, walk_tracker, keyframe):
    class Silent(walk_tracker):
        def step(self, frame_index, frame, object_ids):
            return replace(super().step(frame_index, frame, object_ids), confidence={})

    got = results(run(request(keyframe(0, (1, 2)), keyframe(4, (1,))), tracker=Silent()))
    assert got[2].confidence == {}
    assert got[4].confidence == {1: 1}
    assert got[0].confidence == {1: 1, 2: 1}


def test_a_keyframe_that_asserts_nothing_harms_nothing(run, keyframe, box):
    nothing = keyframe(4, (), box())
    plain = results(run(request(keyframe(0, (1,)))))
    items = results(run(request(keyframe(0, (1,)), nothing)))
    assert set(items) == set(plain)
    assert len(results(run(request(keyframe(1, (), box()), keyframe(4, (), box()))))) == 8
    only_late = results(run(request(keyframe(1, (), box()), keyframe(4, (2,)))))
    assert set(only_late) == set(range(8))


def objects_of(label_map, ids):
    return np.where(np.isin(label_map, ids), label_map, 0)


@st.composite
def keyframe_sets(draw):
    """Up to five keyframes of up to three objects, with void and absent objects among them."""
    indices = sorted(draw(st.sets(st.integers(0, COUNT - 1), min_size=1, max_size=5)))
    keyframes = []
    for index in indices:
        ids = tuple(sorted(draw(st.sets(st.sampled_from([1, 2, 9]), min_size=1))))
        rng = np.random.default_rng(draw(st.integers(0, 999)))
        label_map = rng.choice([0, *ids, VOID], SHAPE).astype(np.uint8)
        keyframes.append(Keyframe(index, ids, label_map))
    return tuple(keyframes)


ranges = st.tuples(st.integers(0, COUNT - 1), st.integers(1, COUNT)).filter(lambda r: r[0] < r[1])
ways = st.sampled_from([BOTH, (FORWARD,), (BACKWARD,), (BACKWARD, FORWARD)])


@settings(max_examples=150, deadline=None)
@given(keyframe_sets(), ranges, ways)
def test_as_many_items_as_promised_and_every_reached_frame_once(
    film, walk_tracker, keyframes, span, ways
):
    asked = PropagationRequest(keyframes, *span, ways)
    items = list(propagate(film(COUNT), walk_tracker(), asked, CancelToken()))
    assert len(items) == step_count(asked, COUNT)
    found = [item.frame_index for item in items if isinstance(item, FrameResult)]
    first, last = keyframes[0].frame_index, keyframes[-1].frame_index
    reached = [
        i
        for i in range(*span)
        if (FORWARD in ways and i >= first) or (BACKWARD in ways and i <= last)
    ]
    assert sorted(found) == reached


@settings(max_examples=100, deadline=None)
@given(keyframe_sets(), ranges, ways)
def test_results_speak_of_all_that_is_asserted_on_their_side(
    film, walk_tracker, keyframes, span, ways
):
    asked = PropagationRequest(keyframes, *span, ways)
    items = propagate(film(COUNT), walk_tracker(), asked, CancelToken())
    for index, result in results(items).items():
        known = {
            object_id
            for k in keyframes
            for object_id in k.object_ids
            if (FORWARD in ways and k.frame_index <= index)
            or (BACKWARD in ways and k.frame_index >= index)
        }
        assert result.object_ids == tuple(sorted(known))
        assert set(np.unique(result.label_map)) <= {0, *known}
        assert set(result.confidence) == known
        assert all(0 <= value <= 1 for value in result.confidence.values())


@settings(max_examples=100, deadline=None)
@given(keyframe_sets(), ways)
def test_what_a_keyframe_asserts_comes_out_as_it_is(film, walk_tracker, keyframes, ways):
    asked = PropagationRequest(keyframes, 0, COUNT, ways)
    found = results(propagate(film(COUNT), walk_tracker(), asked, CancelToken()))
    for k in keyframes:
        result = found[k.frame_index]
        assert result.is_keyframe
        wanted = objects_of(k.label_map, k.object_ids)
        assert (objects_of(result.label_map, k.object_ids) == wanted).all()
        assert VOID not in result.label_map
        assert all(result.confidence[i] == 1 for i in k.object_ids)
    assert sum(r.is_keyframe for r in found.values()) == len(keyframes)


@settings(max_examples=60, deadline=None)
@given(keyframe_sets(), ranges, ways)
def test_a_range_gives_the_bytes_of_the_whole_run(film, walk_tracker, keyframes, span, ways):
    def run(start, stop):
        asked = PropagationRequest(keyframes, start, stop, ways)
        return results(propagate(film(COUNT), walk_tracker(), asked, CancelToken()))

    whole, part = run(0, COUNT), run(*span)
    for index, result in part.items():
        assert (result.label_map == whole[index].label_map).all()
        assert result.confidence == whole[index].confidence


@settings(max_examples=60, deadline=None)
@given(keyframe_sets(), st.data())
def test_a_changed_keyframe_changes_nothing_beyond_its_neighboring_borders(
    film, walk_tracker, keyframes, data
):
    """But, where it is close to the first or the last one, up to that end of the video."""
    at = data.draw(st.integers(0, len(keyframes) - 1))
    old = keyframes[at]
    new = Keyframe(old.frame_index, old.object_ids, np.rot90(old.label_map, 2).copy())
    changed = (*keyframes[:at], new, *keyframes[at + 1 :])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.engine.spans.LEAD_IN", 2)
        before, after = (
            results(
                propagate(
                    film(COUNT), walk_tracker(), PropagationRequest(k, 0, COUNT), CancelToken()
                )
            )
            for k in (keyframes, changed)
        )
    cutting = [k.frame_index for k in borders(keyframes, COUNT)]
    first = max([b + 1 for b in cutting if b < old.frame_index], default=0)
    stop = min([b for b in cutting if b > old.frame_index], default=COUNT)
    beyond = {*range(first, stop)}
    if cutting and 0 < old.frame_index - cutting[0] <= 2:
        beyond |= {*range(cutting[0])}
    if cutting and 0 < cutting[-1] - old.frame_index <= 2:
        beyond |= {*range(cutting[-1] + 1, COUNT)}
    for index in {*range(COUNT)} - beyond:
        assert (before[index].label_map == after[index].label_map).all()
    if stop - first > 1:
        inside = range(first, stop)
        assert any((before[i].label_map != after[i].label_map).any() for i in inside)


@pytest.mark.parametrize("done", range(10))
def test_cancel_stops_between_frames(film, walk_tracker, keyframe, done):
    """Wherever it comes: at borders, in the walk back, or in the walk forward."""
    token, video = CancelToken(), film()
    keyframes = keyframe(0, (1,)), keyframe(5, (1,)), keyframe(6, (1,))
    job = propagate(video, walk_tracker(), request(*keyframes), token)
    for _ in range(done):
        next(job)
    asked = len(video.asked)
    token.cancel()
    with pytest.raises(Cancelled):
        next(job)
    assert len(video.asked) <= asked + 1


def test_cancelled_before_the_start_decodes_nothing(film, walk_tracker, keyframe):
    token, video = CancelToken(), film()
    token.cancel()
    with pytest.raises(Cancelled):
        next(propagate(video, walk_tracker(), request(keyframe(0, (1,))), token))
    assert video.asked == []


def test_results_before_a_damaged_frame_are_good(film, walk_tracker, keyframe):
    asked = request(keyframe(0, (1,)))
    job = propagate(film(damaged=4), walk_tracker(), asked, CancelToken())
    done = []
    with pytest.raises(VideoDecodeError, match="Frame 4"):
        for result in job:
            done.append(result.frame_index)
    assert done == [0, 1, 2, 3]


@pytest.mark.parametrize("outcome", ["end", "error", "closed"])
def test_the_spool_is_closed_however_a_run_ends(film, walk_tracker, keyframe, monkeypatch, outcome):
    spools = []

    class Noted(SpanRun.__init__.__globals__["ProbabilitySpool"]):
        def __init__(self, *, exact):
            super().__init__(exact=exact)
            spools.append(self)

    monkeypatch.setitem(SpanRun.__init__.__globals__, "ProbabilitySpool", Noted)
    video = film(damaged=3 if outcome == "error" else None)
    asked = request(keyframe(0, (1,)), keyframe(7, (1,)))
    job = propagate(video, walk_tracker(), asked, CancelToken())
    for _ in range(3):
        next(job)
    if outcome == "closed":
        job.close()
    elif outcome == "error":
        with pytest.raises(VideoDecodeError):
            list(job)
    else:
        list(job)
    assert [spool._file.closed for spool in spools] == [True]


def test_full_disk_breaks_the_run_off(film, walk_tracker, keyframe, monkeypatch):
    def put(*_values):
        raise OutputError("Temporary results cannot be kept.")

    monkeypatch.setattr(propagate.__globals__["ProbabilitySpool"], "put", put)
    asked = request(keyframe(0, (1,)), keyframe(7, (1,)))
    job = propagate(film(), walk_tracker(), asked, CancelToken())
    assert next(job).frame_index == 0
    with pytest.raises(OutputError):
        next(job)
