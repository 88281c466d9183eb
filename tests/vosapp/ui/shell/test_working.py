"""Propagation, undo and messages as the window shows them."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QLabel
from vosapp_fakes import FakeTracker, label_map_of, mask_of

from core.errors import UsageError
from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import LockObject
from vosapp.project.model import FrameState
from vosapp.ui.theme import is_dark
from vosapp.ui.view_state import OverlayMode, ToolId
from vosapp.ui.work.words import duration, size


@pytest.fixture
def slow(make_shell, drawn_project, open_in, monkeypatch):
    """A window whose engine waits at each step until it is let go, with all before it stored."""
    monkeypatch.setattr("vosapp.jobs.propagation.STORE_SECONDS", 0.0)
    gate = threading.Semaphore(0)
    shell = make_shell(FakeTracker(gate=gate))
    open_in(shell, drawn_project)
    shell.gate = gate
    yield shell
    gate.release(1000)


def finished(shell, qtbot):
    # The first run in a process imports torch, which takes long on a busy machine.
    return qtbot.waitSignal(shell.workspace.propagation.finished, timeout=60_000)


def test_ctrl_t_fills_the_film(desk, qtbot):
    with finished(desk, qtbot):
        desk.actions.run("propagate.open")
    project = desk.workspace.session.project
    assert np.array_equal(project.label_map(23), label_map_of(23))
    assert "Done" in desk.window.status.currentMessage()
    with finished(desk, qtbot):
        desk.actions.run("propagate.open")
    assert "nothing to do" in desk.window.status.currentMessage()


def test_modes_compute_what_they_say(desk, qtbot):
    session = desk.workspace.session
    with finished(desk, qtbot):
        desk.actions.run("propagate.step-forward")
    qtbot.waitUntil(lambda: session.lane(1).states[1] == FrameState.PROPAGATED)
    assert np.count_nonzero(session.lane(1).states == FrameState.PROPAGATED) == 1


def test_stopping_keeps_frames_and_says_so(slow, qtbot):
    slow.actions.run("propagate.open")
    qtbot.waitUntil(lambda: slow.workspace.propagation.running, timeout=60_000)
    assert slow.actions["propagate.stop"].isEnabled()
    assert not slow.actions["propagate.open"].isEnabled()
    slow.gate.release(5)
    qtbot.waitUntil(lambda: slow.workspace.propagation.state.frames >= 3, timeout=60_000)
    assert slow.window.status.meter.isVisible()
    told = slow.window.status.meter.findChildren(QLabel)[0].text()
    assert "of 23 frames" in told and "CPU" in told
    with finished(slow, qtbot):
        slow.actions.run("tools.cancel")
        slow.gate.release(2)
    notice = slow.window.notice.notice
    assert notice.title == "Stopped" and "of 23 frames are done" in notice.text
    assert "Ctrl+T goes on" in notice.text and not slow.window.status.meter.isVisible()
    with finished(slow, qtbot):
        slow.actions.run("propagate.open")
        slow.gate.release(1000)
    assert np.array_equal(slow.workspace.session.project.label_map(23), label_map_of(23))


def test_closing_while_it_runs_stops_and_keeps(slow, qtbot):
    slow.actions.run("propagate.open")
    slow.gate.release(4)
    qtbot.waitUntil(lambda: slow.workspace.propagation.state.frames >= 2, timeout=60_000)
    threading.Timer(0.3, slow.gate.release, [1000]).start()
    slow.window.close()
    assert slow.workspace is None


def test_a_run_starts_without_a_question(slow, qtbot):
    """However long it takes: what is expected stands in the status bar, and the button stops it."""
    slow.actions.run("propagate.open")
    qtbot.waitUntil(lambda: slow.workspace.propagation.state.all_steps > 0, timeout=60_000)
    meter = slow.window.status.meter
    qtbot.waitUntil(lambda: "left" in meter._text.text(), timeout=60_000)
    assert slow.workspace.propagation.running and slow.window.notice.notice is None
    with finished(slow, qtbot):
        meter._stop.click()
        slow.gate.release(1000)


def lock(desk, qtbot, *object_ids):
    session = desk.workspace.session
    for object_id in object_ids:
        session.do(LockObject(object_id, locked=True))
    qtbot.waitUntil(lambda: sum(item.locked for item in session.objects) == len(object_ids))


def test_a_run_says_which_locked_objects_it_leaves_out(desk, qtbot):
    lock(desk, qtbot, 1)
    with finished(desk, qtbot):
        desk.actions.run("propagate.open")
    notice = desk.window.notice.notice
    assert notice.title == "Done: 23 frames"
    assert "Left out, since locked: Box 1." in notice.text and "Box 2" not in notice.text
    with finished(desk, qtbot):
        desk.actions.run("propagate.open")
    notice = desk.window.notice.notice
    assert notice.title == "There was nothing to do" and "Box 1" in notice.text
    assert "empty or stale" not in desk.window.status.currentMessage()


def test_what_is_locked_and_done_is_no_matter(desk, qtbot):
    with finished(desk, qtbot):
        desk.actions.run("propagate.open")
    lock(desk, qtbot, 1, 2)
    with finished(desk, qtbot):
        desk.actions.run("propagate.open")
    assert desk.window.notice.notice is None


def test_without_a_keyframe_it_says_what_to_do(shell, film_project, open_in, qtbot):
    open_in(shell, film_project)
    shell.actions.run("propagate.open")
    qtbot.waitUntil(shell.window.notice.isVisible, timeout=60_000)
    assert "Draw a box or paint" in shell.window.notice.notice.text


def test_what_cannot_begin_is_said(desk, qtbot):
    """After the last frame there is no frame."""
    desk.workspace.session.go_to(23)
    desk.actions.run("propagate.step-forward")
    qtbot.waitUntil(desk.window.notice.isVisible, timeout=60_000)
    assert "no frame to propagate to" in desk.window.notice.notice.text


def test_what_is_drawn_counts_without_enter(shell, film_project, open_in, qtbot, monkeypatch):
    """Ctrl+T, an object's command, saving and exporting first take what was drawn."""
    workspace, taken = open_in(shell, film_project), []
    finish = type(shell.panels.canvas).finish_tool
    monkeypatch.setattr(
        type(shell.panels.canvas), "finish_tool", lambda self: (taken.append(1), finish(self))
    )
    for name in ("propagate.open", "objects.new", "file.save", "file.export"):
        before = len(taken)
        shell.actions.run(name)
        assert len(taken) > before, name
    qtbot.waitUntil(shell.window.notice.isVisible, timeout=60_000)
    qtbot.waitUntil(lambda: len(workspace.session.objects) == 1)


def test_undo_has_the_name_of_the_step(desk, qtbot):
    session = desk.workspace.session
    with qtbot.waitSignal(session.edited):
        session.do(SetMask(3, 1, mask_of(3, 1)))
    undo = desk.actions["edit.undo"]
    qtbot.waitUntil(lambda: undo.text() == f"Undo {session.update.undo}")
    assert session.update.undo
    with qtbot.waitSignal(session.edited):
        undo.trigger()
    qtbot.waitUntil(lambda: desk.actions["edit.redo"].text() == f"Redo {session.update.redo}")
    with qtbot.waitSignal(session.edited):
        desk.actions.run("edit.redo")


def test_drawing_is_undone_before_anything_else(desk, monkeypatch):
    canvas, asked = type(desk.panels.canvas), []
    monkeypatch.setattr(canvas, "local_undo", lambda self: True)
    monkeypatch.setattr(canvas, "local_redo", lambda self: True)
    monkeypatch.setattr(desk.workspace.session, "undo", lambda: asked.append("undo"))
    monkeypatch.setattr(desk.workspace.session, "redo", lambda: asked.append("redo"))
    desk.actions.run("edit.undo")
    desk.actions.run("edit.redo")
    assert asked == []


def test_a_mask_becomes_a_prompt_elsewhere(desk, qtbot):
    session = desk.workspace.session
    desk.actions.run("edit.paste-prompt")
    assert "Copy a mask first" in desk.window.status.currentMessage()
    desk.actions.run("edit.copy-mask")
    session.go_to(2)
    qtbot.waitUntil(lambda: session.view.frame_index == 2 and session.view.exact)
    with qtbot.waitSignal(session.edited):
        desk.actions.run("edit.paste-prompt")
    qtbot.waitUntil(lambda: session.lane(1).states[2] == FrameState.KEYFRAME)
    # A second time a mask stands there: it is named as replaced, with the way back.
    with qtbot.waitSignal(session.edited):
        desk.actions.run("edit.paste-prompt")
    assert session.update.undo == "Replace mask of Box 1"
    assert desk.panels.objects.undo_bar.isVisible()


def test_hidden_objects_come_back_together(desk, qtbot):
    session = desk.workspace.session
    with qtbot.waitSignal(session.edited):
        desk.actions.run("objects.hide")
    desk.view_state.set_solo(2)
    with qtbot.waitSignal(session.edited):
        desk.actions.run("objects.show-all")
    assert all(one.visible for one in session.objects) and desk.view_state.solo == 0


def test_going_through_the_film(desk, qtbot):
    session = desk.workspace.session
    for name, index in (
        ("last", 23),
        ("back-10", 13),
        ("previous", 12),
        ("next", 13),
        ("forward-10", 23),
        ("first", 0),
    ):
        desk.actions.run(f"navigate.{name}")
        assert session.frame_index == index
    desk.actions.run("navigate.next-keyframe")
    assert "no such frame" in desk.window.status.currentMessage()
    session.go_to(5)
    desk.actions.run("navigate.range-in")
    session.go_to(9)
    desk.actions.run("navigate.range-out")
    assert session.range == (5, 10)
    session.go_to(12)
    desk.actions.run("navigate.range-in")
    assert session.range == (12, 24)


def test_overlay_modes_and_docks(desk):
    seen = []
    for _ in OverlayMode:
        desk.actions.run("view.overlay-next")
        seen.append(desk.view_state.mode)
        assert desk.actions[f"view.overlay-{desk.view_state.mode.value}"].isChecked()
    assert set(seen) == set(OverlayMode)
    desk.actions.run("view.dock-timeline")
    assert desk.window.docks["timeline"].isHidden()
    assert not desk.actions["view.dock-timeline"].isChecked()
    desk.actions.run("view.dock-timeline")
    assert desk.window.docks["timeline"].isVisible()


def test_f6_goes_round(desk, qtbot):
    panels = desk.panels
    panels.canvas.setFocus()
    reached = []
    for _ in range(3):
        desk.actions.run("view.next-pane")
        focus = desk.window.focusWidget()
        panes = (panels.canvas, panels.objects, panels.timeline)
        reached.append(next(i for i, p in enumerate(panes) if p is focus or p.isAncestorOf(focus)))
    assert reached == [1, 2, 0]


def test_an_error_is_a_message_and_a_bug_a_report(desk, qtbot):
    desk.workspace.session.failed.emit(UsageError("This is wrong.", "Do that."))
    assert desk.window.notice.notice.text == "This is wrong. Do that."
    desk.window.notice.clear("another key")
    assert desk.window.notice.isVisible()


def test_light_and_dark_switch_at_once(desk, qapp):
    before = (qapp.palette(), qapp.styleSheet())
    try:
        desk.settings.set_value("theme", "dark")
        assert is_dark()
        desk.actions.run("view.theme")
        assert not is_dark() and desk.settings.text("theme") == "light"
    finally:
        qapp.setPalette(before[0])
        qapp.setStyleSheet(before[1])
        QApplication.sendPostedEvents()


def test_sliders_follow_the_tool_and_set_it(desk):
    options, state = desk.options, desk.view_state
    assert options.size_slider.isHidden() and options.tolerance.isHidden()
    desk.actions.run("tools.brush")
    assert not options.size_slider.isHidden()
    options.size_slider.slider.setValue(0)
    assert state.brush_size == 1
    options.size_slider.slider.setValue(200)
    assert state.brush_size == pytest.approx(400)
    desk.actions.run("tools.fill")
    assert options.size_slider.isHidden() and not options.tolerance.isHidden()
    options.tolerance.slider.setValue(100)
    options.opacity.slider.setValue(50)
    assert (state.tolerance, state.opacity) == (50, 0.25)
    state.set_opacity(1.0)
    assert options.opacity.slider.value() == 200


def test_times_and_sizes_are_said_plainly():
    assert [duration(s) for s in (0.2, 59, 90, 3600, 4800)] == [
        "1 s",
        "59 s",
        "2 min",
        "1 h",
        "1 h 20 min",
    ]
    assert [size(n) for n in (12, 2_000, 640e6, 1.2e9)] == ["12 B", "2 kB", "640 MB", "1.2 GB"]


@pytest.mark.parametrize("tool", [ToolId.BRUSH, ToolId.FILL, ToolId.POINTS])
def test_options_of_tools_have_room_in_a_small_window(tool, desk, qtbot):
    desk.window.resize(1024, 700)
    desk.view_state.set_tool(tool)
    options = desk.options
    qtbot.waitUntil(lambda: options.isVisible() and options.opacity.isVisible())
    shown = [part for part in (options.size_slider, options.tolerance) if part.isVisible()]
    assert len(shown) == (tool is not ToolId.POINTS)
    right = options.opacity.mapTo(desk.window, options.opacity.rect().topRight()).x()
    assert right < desk.window.width()
    assert all(part.slider.width() >= 40 for part in (*shown, options.opacity))


def stopped(shell, qtbot, action, frames):
    """Run an action, stop it after some frames, and return what is said."""
    control = shell.workspace.propagation
    done = []
    control.frameDone.connect(done.append)
    shell.actions.run(action)
    shell.gate.release(frames)
    qtbot.waitUntil(lambda: len(done) >= frames, timeout=60_000)
    with finished(shell, qtbot):
        control.stop()
        shell.gate.release(1)
    control.frameDone.disconnect(done.append)
    return shell.window.notice.notice.text


def test_what_is_said_of_a_stop_is_true_where_masks_were_there_before(slow, qtbot):
    told = stopped(slow, qtbot, "propagate.open", 8)
    assert "of 23 frames are done and stay. Ctrl+T goes on." in told
    # The span is computed anew as a whole: fewer than before, all of them there already.
    told = stopped(slow, qtbot, "propagate.open", 3)
    assert "Nothing" not in told and "of 23 frames are done and stay." in told
    with finished(slow, qtbot):
        slow.actions.run("propagate.open")
        slow.gate.release(100)
    while slow.gate.acquire(blocking=False):
        pass
    told = stopped(slow, qtbot, "propagate.forward", 3)
    assert "the others have the masks they had" in told and "goes on" not in told
