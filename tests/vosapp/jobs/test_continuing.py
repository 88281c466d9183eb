"""Runs that are stopped and go on with other weights: no span is left with masks of both."""

from __future__ import annotations

import numpy as np
import pytest
from vosapp_fakes import FRAMES, FakeTracker, mask_of

from core.jobs import Cancelled, CancelToken
from core.tracking.contract import TrackerRequest
from core.types import Direction, FrameResult, Quality
from vosapp.assets import bundled_weights
from vosapp.jobs.propagation import Engine, PropagationOrder, RunPlan
from vosapp.project.edit_masks import SetMask
from vosapp.project.edit_ranges import CheckFrames
from vosapp.project.edits import AddObject, LockObject, RenameObject
from vosapp.project.model import FrameState
from vosapp.project.opening import open_project
from vosapp.project.tuned import TunedInfo, digest_of
from vosapp.services.propagate import store_results

PROPAGATED, STALE = FrameState.PROPAGATED, FrameState.STALE


@pytest.fixture
def project(film_project):
    """Two objects on frame 0; tuned weights are kept, switched off."""
    data = bundled_weights("self_supervised", "thin").read_bytes()
    with open_project(film_project) as opened:
        for object_id in (1, 2):
            opened.do(AddObject(name=f"Box {object_id}"))
            opened.do(SetMask(0, object_id, mask_of(0, object_id)))
        info = TunedInfo("base", digest_of(data), "thin", 1, 1.0, 0.1, 0, 2, 0, FRAMES)
        opened.put_tuned(info, data, use=False)
        yield opened


@pytest.fixture
def run(project, film):
    """Run an order with the system's weights or the tuned ones; `stop` after so many frames.

    `beside` is done once, when so many frames were stored: (frames, what).
    """
    weights = bundled_weights("self_supervised", "thin")
    system = TrackerRequest("self_supervised", Quality.FAST, "cpu", weights)

    def go(*, tuned, stop=None, beside=(0, None), **options):
        token, results, plan = CancelToken(), [], None
        options = {"start": 0, "stop": FRAMES} | options
        order = PropagationOrder(project, film, system, tuned=tuned, **options)
        items = Engine(make_tracker=lambda _request: FakeTracker()).propagate(order)(token)
        try:
            for item in items:
                plan = item if isinstance(item, RunPlan) else plan
                results += [item.frame_index] if isinstance(item, FrameResult) else []
                if len(results) == beside[0] and isinstance(item, FrameResult):
                    beside[1]()
                if len(results) == stop:
                    token.cancel()
        except Cancelled:
            assert stop is not None
        return plan, results

    return go


def origins(project, object_id=1):
    """Which weights each frame's mask comes from: "base", "tuned", or nothing."""
    names = {0: ""}
    lane = project.lane(object_id)
    for run_id in set(lane.runs.tolist()) - {0}:
        tuned = project.run_of(run_id).weights.startswith("adapted")
        names[run_id] = "tuned" if tuned else "base"
    return [names[int(one)] for one in lane.runs]


def test_what_was_half_done_is_made_anew_as_a_whole(project, run):
    run(tuned=False, stop=10)
    assert origins(project)[1:12] == ["base"] * 10 + [""]
    run(tuned=True)
    assert origins(project)[1:] == ["tuned"] * 23
    assert (project.states(1)[1:] == PROPAGATED).all()


def test_stopped_and_switched_and_stopped_again_it_is_of_one_origin_in_the_end(project, run):
    run(tuned=False, stop=10)
    run(tuned=True, stop=5)
    assert origins(project)[1:11] == ["tuned"] * 5 + ["base"] * 5
    run(tuned=False)
    assert origins(project)[1:] == ["base"] * 23


def test_frames_that_are_made_anew_count(project, run):
    run(tuned=False, stop=10)
    plan, _ = run(tuned=True, stop=5)
    assert plan.writable == frozenset(range(1, FRAMES))


@pytest.mark.parametrize("only_open", [False, True])
def test_a_complete_span_that_was_begun_anew_is_finished(project, run, only_open):
    run(tuned=False)
    run(tuned=True, only_open=False, stop=8)
    states = project.states(1)
    assert (states[1:9] == PROPAGATED).all() and (states[9:] == STALE).all()
    run(tuned=True, only_open=only_open)
    assert origins(project)[1:] == origins(project, 2)[1:] == ["tuned"] * 23
    assert (project.states(1)[1:] == PROPAGATED).all()


def test_going_back_to_the_first_weights_finishes_it_with_those(project, run):
    run(tuned=False)
    run(tuned=True, only_open=False, stop=8)
    run(tuned=False)
    assert origins(project)[1:] == ["base"] * 23


def test_complete_spans_wait_for_the_user(project, run):
    """Choosing weights makes nothing stale (ADR 0018), nor does a run that did not get there."""
    for object_id in (1, 2):
        project.do(SetMask(12, object_id, mask_of(12, object_id)))
    run(tuned=False)
    plan, results = run(tuned=True)
    assert not plan.writable and not results and set(origins(project)) == {"", "base"}
    run(tuned=True, only_open=False, stop=4)
    assert (project.states(1)[5:12] == STALE).all()
    assert (project.states(1)[13:] == PROPAGATED).all()
    run(tuned=True)
    assert origins(project)[1:12] == ["tuned"] * 11 and origins(project)[13:] == ["base"] * 11


def test_the_same_weights_leave_nothing_stale(project, run):
    run(tuned=False)
    run(tuned=False, only_open=False, stop=8)
    assert not (project.states(1) == STALE).any()


def test_what_lies_beyond_the_wanted_frames_or_ways_stays(project, run):
    project.do(SetMask(20, 2, mask_of(20, 2)))
    run(tuned=False)
    run(tuned=True, only_open=False, start=10, stop=14)
    run(tuned=True, only_open=False, start=16, ways=(Direction.FORWARD,))
    assert not (project.states(1) == STALE).any() and not (project.states(2) == STALE).any()
    assert origins(project)[9:11] == ["base", "tuned"]


def test_no_keyframe_and_nothing_checked_or_locked_is_touched(project, run):
    project.do(SetMask(12, 1, mask_of(3, 1)))
    run(tuned=False)
    project.do(CheckFrames((1,), 15, 17))
    project.do(LockObject(2, locked=True))
    run(tuned=True, only_open=False, stop=4)
    assert project.states(1)[12] == FrameState.KEYFRAME
    assert (project.states(1)[15:17] == FrameState.CHECKED).all()
    assert not (project.states(2) == STALE).any()
    run(tuned=True)
    assert np.array_equal(project.label_map(12) == 1, mask_of(3, 1))
    assert origins(project)[15:17] == ["base", "base"] and set(origins(project, 2)[1:]) == {"base"}


def test_undo_takes_the_marks_back_with_the_run(project, run):
    run(tuned=False)
    run(tuned=True, only_open=False, stop=8)
    project.undo()
    assert not (project.states(1) == STALE).any() and origins(project)[1:] == ["base"] * 23


@pytest.fixture
def stored_at_once(monkeypatch):
    """Each result is stored as it comes."""
    monkeypatch.setattr("vosapp.jobs.propagation.STORE_SECONDS", 0.0)


def test_undo_while_it_runs_leaves_no_span_of_two_origins(project, run, stored_at_once):
    run(tuned=False)
    run(tuned=True, only_open=False, stop=16, beside=(8, project.undo))
    for object_id in (1, 2):
        found = origins(project, object_id)
        assert found[1:9] == ["base"] * 8 and found[9:17] == ["tuned"] * 8
        states = project.states(object_id)
        assert (states[9:17] == PROPAGATED).all()
        assert (states[1:9] == STALE).all() and (states[17:] == STALE).all()
    run(tuned=True)
    assert origins(project)[1:] == ["tuned"] * 23
    assert (project.states(1)[1:] == PROPAGATED).all()


def test_an_edit_while_it_runs_costs_nothing_of_what_it_has_made(project, run, stored_at_once):
    run(tuned=False)
    edit = RenameObject(2, "Max")
    run(tuned=True, only_open=False, stop=16, beside=(8, lambda: project.do(edit)))
    assert (project.states(1)[1:17] == PROPAGATED).all()
    assert (project.states(1)[17:] == STALE).all()
    project.undo()
    assert (project.states(1)[1:9] == PROPAGATED).all() and (project.states(1)[9:] == STALE).all()


def test_a_span_that_undo_takes_back_as_a_whole_is_finished(project, run, stored_at_once):
    """What was there before the run is of one origin: nothing is left to be done."""
    for object_id in (1, 2):
        project.do(SetMask(8, object_id, mask_of(8, object_id)))
    run(tuned=False)
    run(tuned=True, only_open=False, stop=12, beside=(8, project.undo))
    assert set(origins(project)[1:8]) == {"base"}
    assert (project.states(1)[1:8] == PROPAGATED).all()
    assert (project.states(1)[13:] == STALE).all()


def test_marks_come_with_the_first_results(project, run):
    """In one transaction, so that a kill leaves no span of two origins that looks finished."""
    run(tuned=False)
    result = FrameResult(1, project.label_map(1), (1, 2))
    propagation = project.begin_propagation("self_supervised", "others")
    spans = ((1, 1, FRAMES), (2, 6, FRAMES))
    results = store_results(project, propagation, [result], spans=spans, fewest=1, patience=0)
    next(results)
    assert project.states(1)[1] == PROPAGATED and (project.states(1)[2:] == STALE).all()
    assert (project.states(2)[1:] == PROPAGATED).all()
    results.close()
