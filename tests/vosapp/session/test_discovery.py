"""Finding objects in the window's session: proposals, and what becomes of those accepted."""

from __future__ import annotations

import threading
from functools import partial

import numpy as np
from vosapp_fakes import FakeFinder, mask_of

from core.errors import VideoDecodeError
from core.media.annotations.rectangles import mask_overlap
from vosapp.jobs.outcome import Done, Failed, Stopped
from vosapp.project.model import FrameState


def find(qtbot, workspace, frames=range(8), *, learn=False):
    control = workspace.discovery
    with qtbot.waitSignal(control.finished) as finished:
        control.start(frames, learn=learn)
    return finished.args[0]


def test_what_is_found_changes_nothing(make_workspace, qtbot):
    workspace = make_workspace()
    session, control = workspace.session, workspace.discovery
    revision = session.project.revision
    outcome = find(qtbot, workspace)
    assert isinstance(outcome, Done)
    first, second = control.candidates
    assert first.score > second.score
    assert first.frames == tuple(range(8))
    assert first.best == 5
    assert first.picture.ndim == 3 and first.picture.shape[0] == 96
    session.drain()
    assert session.project.revision == revision
    assert session.objects == () and not session.update.undo
    ghost = control.ghost(3)
    assert set(np.unique(ghost)) == {0, 1, 2}
    assert mask_overlap(ghost == 1, mask_of(3, 1)) > 0.8
    assert control.ghost(20) is None


def test_an_accepted_candidate_is_an_object_with_a_keyframe_and_one_step(make_workspace, qtbot):
    workspace = make_workspace()
    session, control = workspace.session, workspace.discovery
    find(qtbot, workspace)
    session.go_to(2)
    with qtbot.waitSignal(session.edited):
        control.accept(1)
    assert [one.number for one in control.candidates] == [2]
    assert set(np.unique(control.ghost(2))) == {0, 2}
    (item,) = session.objects
    assert session.lane(item.object_id).states[2] == FrameState.KEYFRAME
    shown = session.project.label_map(2) == item.object_id
    assert mask_overlap(shown, mask_of(2, 1)) > 0.8
    assert "Accept" in session.update.undo
    with qtbot.waitSignal(session.edited):
        session.undo()
    assert session.objects == ()


def test_away_from_it_the_best_frame_gets_the_keyframe(make_workspace, qtbot):
    workspace = make_workspace()
    session, control = workspace.session, workspace.discovery
    find(qtbot, workspace)
    session.go_to(20)
    assert control.place_of(control.candidates[0]) == 5
    with qtbot.waitSignal(session.edited):
        control.accept(2)
    (item,) = session.objects
    assert session.lane(item.object_id).states[5] == FrameState.KEYFRAME


def test_dropped_ones_are_gone_and_leave_nothing(make_workspace, qtbot):
    workspace = make_workspace()
    control = workspace.discovery
    find(qtbot, workspace)
    control.dismiss(1)
    control.accept(1)
    assert [one.number for one in control.candidates] == [2]
    control.dismiss()
    assert control.candidates == () and control.ghost(3) is None
    workspace.session.drain()
    assert workspace.session.objects == ()


def test_what_the_project_refuses_is_a_candidate_again(make_workspace, qtbot, monkeypatch):
    workspace = make_workspace()
    session, control = workspace.session, workspace.discovery
    find(qtbot, workspace)

    def refuse(_edit):
        raise VideoDecodeError("no", "never")

    monkeypatch.setattr(session.project, "do", refuse)
    with qtbot.waitSignals([session.failed, control.changed]):
        control.accept(1)
    qtbot.waitUntil(lambda: len(control.candidates) == 2)
    assert session.objects == ()


def test_orders_say_what_was_asked(make_workspace, qtbot):
    orders = []

    def make(order):
        orders.append(order)
        return FakeFinder(order)

    workspace = make_workspace(finder=make)
    find(qtbot, workspace, range(2, 6), learn=True)
    find(qtbot, workspace, range(3, 4), learn=True)
    assert [(o.start, o.stop, o.adapt_steps) for o in orders] == [(2, 6, 100), (3, 4, 0)]


def test_it_can_be_stopped_and_problems_are_told(make_workspace, qtbot):
    gate = threading.Semaphore(1)
    workspace = make_workspace(finder=partial(FakeFinder, gate=gate))
    control = workspace.discovery
    control.start(range(8), learn=False)
    qtbot.waitUntil(lambda: control.state.done == 1)
    with qtbot.waitSignal(control.finished) as finished:
        control.stop()
        gate.release(100)
    assert isinstance(finished.args[0], Stopped)
    assert control.candidates == ()


def test_a_video_that_cannot_be_read_is_told(make_workspace, qtbot):
    error = VideoDecodeError("Frame 3 is damaged.", "")
    workspace = make_workspace(finder=partial(FakeFinder, error=error))
    outcome = find(qtbot, workspace)
    assert isinstance(outcome, Failed) and outcome.error.code == error.code


def test_without_weights_it_says_so(make_workspace, qtbot, monkeypatch, tmp_path):
    from vosapp import assets

    workspace = make_workspace()
    workspace.discovery._engine.make_finder = None
    monkeypatch.setattr(assets, "weights_dir", lambda: tmp_path)
    assert not workspace.discovery.has_weights
    outcome = find(qtbot, workspace)
    assert isinstance(outcome, Failed) and "no weights" in outcome.error.message
