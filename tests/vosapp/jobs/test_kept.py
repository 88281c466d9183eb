"""Runs in a project that go on where they stopped, and drafts, which never get into it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vosapp_fakes import FRAMES, FakeTracker, label_map_of, mask_of

from core.engine.kept_room import KeptRoom
from core.jobs import Cancelled, CancelToken, Progress
from core.tracking.contract import TrackerRequest
from core.types import FrameDraft, FrameResult, Quality
from vosapp.jobs.propagation import Engine, PropagationOrder, RunPlan, make_engine
from vosapp.project.edit_masks import SetMask
from vosapp.project.edit_ranges import CheckFrames
from vosapp.project.edits import AddObject, LockObject
from vosapp.project.model import FrameState
from vosapp.project.opening import open_project
from vosapp.session.drafts import Drafts

LAST = FRAMES - 1


class Counted(FakeTracker):
    """Counts its steps."""

    taken = 0

    def step(self, *args):
        type(self).taken += 1
        return super().step(*args)


@pytest.fixture
def project(film_project):
    """Two objects on the first and the last frame."""
    with open_project(film_project) as opened:
        for object_id in (1, 2):
            opened.do(AddObject(name=f"Box {object_id}"))
            for index in (0, LAST):
                opened.do(SetMask(index, object_id, mask_of(index, object_id)))
        yield opened


@pytest.fixture
def room(tmp_path):
    return KeptRoom(tmp_path / "kept", 64 << 20)


@pytest.fixture
def run(project, film, room):
    """Run an order; `stop` after so many values, by the token or by closing."""

    def go(stop=None, *, room=room, by="token", quality=Quality.FAST, **options):
        token, items = CancelToken(), []
        Counted.taken = 0
        options = {"start": 0, "stop": FRAMES, "near": 0} | options
        order = PropagationOrder(project, film, TrackerRequest("copy", quality), **options)
        engine = Engine(make_tracker=lambda _request: Counted(), room=room, threads=1)
        job = engine.propagate(order)(token)
        try:
            for item in job:
                items.append(item)
                if stop is not None and len(items) >= stop:
                    if by == "close":
                        break
                    token.cancel()
        except Cancelled:
            assert stop is not None
        job.close()
        return items

    return go


def of(items, kind):
    return [item for item in items if isinstance(item, kind)]


def shown(project):
    return [project.label_map(index).tobytes() for index in range(FRAMES)]


def filled(project):
    return set(np.flatnonzero(project.states(1) == FrameState.PROPAGATED).tolist())


def test_drafts_come_before_results_and_are_not_stored(project, run):
    before = shown(project)
    items = run(stop=40)
    drafts = of(items, FrameDraft)
    assert [d.frame_index for d in drafts[:3]] == [1, 2, 3] and not of(items, FrameResult)
    assert shown(project) == before and not filled(project)
    assert all(np.array_equal(d.label_map, label_map_of(d.frame_index)) for d in drafts)


def test_steps_are_counted_to_the_end(run):
    items = run()
    (plan,) = of(items, RunPlan)
    steps = [p.done for p in of(items, Progress) if p.total]
    assert plan.steps == 2 * (FRAMES - 2)
    assert steps == list(range(1, plan.steps + 1))


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.integers(3, 110), min_size=1, max_size=3),
    st.sampled_from(["token", "close"]),
    st.sampled_from([0, 7, LAST]),
)
def test_what_was_walked_is_not_walked_again(project, run, room, stops, by, near):
    room.clear()
    run(room=None)
    wanted = shown(project)
    project.undo()
    assert not filled(project)
    spent = 0
    for stop in stops:
        run(stop, by=by, near=near)
        spent += Counted.taken
        done = filled(project)
        assert all(shown(project)[i] == wanted[i] for i in done)
    items = run(near=near)
    assert spent + Counted.taken == 2 * (FRAMES - 2)
    assert shown(project) == wanted and filled(project) == set(range(1, LAST))
    made = {r.frame_index for r in of(items, FrameResult)}
    assert not made & done, "what is there is not made again"
    while filled(project):
        project.undo()


def test_a_plan_counts_only_what_is_missing(project, run):
    run(stop=70)
    had = filled(project)
    assert 3 < len(had) < FRAMES - 2
    (plan,) = of(run(), RunPlan)
    assert plan.writable == set(range(1, LAST)) - had


def test_what_was_undone_is_made_again(project, run):
    run()
    wanted = shown(project)
    project.undo()
    run()
    assert Counted.taken == 0 and shown(project) == wanted


def test_of_other_settings_nothing_is_taken_as_done(project, run):
    """A run of another quality replaces what is there, as before (ADR 0018)."""
    run(stop=70)
    items = run(quality=Quality.FINE)
    assert {r.frame_index for r in of(items, FrameResult)} >= set(range(1, LAST))
    assert Counted.taken == 2 * (FRAMES - 2)


def test_frames_with_anything_of_the_users_are_judged_anew(project, run):
    run()
    project.do(CheckFrames((1,), 5, 6))
    project.do(LockObject(2, locked=True))
    kept = {i: project.label_map(i) for i in (5, 9)}
    project.do(SetMask(12, 1, mask_of(2, 1)))
    run(near=12)
    assert np.array_equal(project.label_map(12) == 1, mask_of(2, 1))
    assert np.array_equal(project.label_map(5), kept[5])
    assert np.array_equal(project.label_map(9) == 2, kept[9] == 2)


def test_a_correction_comes_to_the_same_with_and_without_what_is_kept(project, run):
    run()
    project.do(SetMask(12, 1, mask_of(10, 1)))
    run(room=None, near=12)
    wanted = shown(project)
    project.undo()
    run(stop=30, near=12)
    run(near=12)
    assert shown(project) == wanted


def test_work_that_was_kept_elsewhere_harms_nothing(project, run, room):
    """As another process has it, or a disk that takes nothing."""
    run(stop=60)
    (entry,) = [path for path in room.folder.iterdir() if path.is_dir()]
    (entry / "lock").unlink()
    (entry / "lock").mkdir()
    run()
    assert filled(project) == set(range(1, LAST))


def test_without_a_budget_what_was_kept_is_removed(monkeypatch, tmp_path, run):
    monkeypatch.setattr("vosapp.services.kept.kept_folder", lambda: tmp_path / "kept")
    run(stop=40)
    assert make_engine(1, kept_mb=64).room.used() > 0
    assert make_engine(1, kept_mb=0).room.used() == 0


# What is shown of drafts


def draft(index, ids=(1, 2)):
    return FrameDraft(index, label_map_of(index + 1, ids), ids)


def test_a_draft_goes_over_what_may_be_written_only(project):
    drafts = Drafts()
    project.do(SetMask(5, 1, mask_of(3, 1)))
    project.do(LockObject(2, locked=True))
    drafts.put(draft(5))
    stored = project.label_map(5)
    got, ids = drafts.over(project, 5, stored)
    assert not ids and np.array_equal(got, stored)
    drafts.put(draft(6))
    got, ids = drafts.over(project, 6, project.label_map(6))
    assert ids == {1} and np.array_equal(got == 1, mask_of(7, 1)) and not (got == 2).any()


def test_checked_pixels_win_over_a_draft(project, run):
    run()
    project.do(CheckFrames((1,), 6, 7))
    drafts = Drafts()
    drafts.put(draft(6))
    got, ids = drafts.over(project, 6, project.label_map(6))
    assert ids == {2} and np.array_equal(got == 1, mask_of(6, 1))


def test_drafts_are_dropped_frame_by_frame_and_all_at_once(project):
    drafts = Drafts()
    for index in (4, 5):
        drafts.put(draft(index))
    drafts.drop(4)
    assert 4 not in drafts and 5 in drafts and len(drafts) == 1
    drafts.clear()
    stored = project.label_map(5)
    assert drafts.over(project, 5, stored) == (stored, frozenset())
