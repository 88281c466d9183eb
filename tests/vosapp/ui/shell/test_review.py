"""Finding what is wrong in the whole window, by its keys."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from vosapp_fakes import FRAMES, label_map_of

from core.types import FrameResult
from vosapp.project.model import FrameState
from vosapp.ui.view_state import ToolId

KEY, SHIFT = Qt.Key, Qt.KeyboardModifier.ShiftModifier
LOST = 12


@pytest.fixture
def results():
    """The film's own masks; one object is lost on one frame."""

    def make(*, lost):
        maps = {frame: label_map_of(frame) for frame in range(1, FRAMES)}
        if lost:
            maps[LOST][maps[LOST] == 2] = 0
        return [FrameResult(f, made, (1, 2), {1: 0.9, 2: 0.9}) for f, made in maps.items()]

    return make


def put(session, results):
    project = session.project
    session.refresh(project.put_results(project.begin_propagation("fake"), results))


def test_keys_lead_through_the_list_and_say_what_was_found(desk, qtbot, results):
    session, window = desk.workspace.session, desk.window
    put(session, results(lost=True))
    qtbot.waitUntil(lambda: session.lane(2).states[LOST] == FrameState.PROPAGATED)
    qtbot.keyClick(window, KEY.Key_F3)
    qtbot.waitUntil(lambda: session.frame_index == LOST and session.object_id == 2)
    assert "Lost: no mask here" in window.status.currentMessage()
    qtbot.keyClick(window, KEY.Key_F4, SHIFT)
    qtbot.waitUntil(lambda: session.lane(2).needs_work[LOST])
    assert session.frame_index != LOST
    here = session.frame_index
    qtbot.keyClick(window, KEY.Key_F4)
    qtbot.waitUntil(lambda: session.lane(1).states[here] == FrameState.CHECKED)
    assert session.lane(2).states[here] == FrameState.CHECKED
    qtbot.keyClick(window, KEY.Key_K, Qt.KeyboardModifier.ControlModifier | SHIFT)
    qtbot.waitUntil(desk.panels.review.isVisible)
    qtbot.waitUntil(lambda: "1 needs work, 2 checked" in desk.panels.review.counts.text())
    session.go_to(0)
    qtbot.waitUntil(lambda: session.view.frame_index == 0)
    desk.actions.run("review.unreview")
    assert "no propagated mask" in window.status.currentMessage()


def test_before_and_after_flips_until_something_is_done(desk, qtbot, results):
    session, window, canvas = desk.workspace.session, desk.window, desk.panels.canvas
    put(session, results(lost=True))
    put(session, results(lost=False))
    session.go_to(LOST)
    flip = desk.actions["review.earlier"]

    def shows(lost):
        view = session.view
        return view.frame_index == LOST and (2 in np.unique(view.label_map)) is not lost

    qtbot.waitUntil(lambda: shows(lost=False))
    flip.trigger()
    assert canvas.note() == "", "it is not known yet whether there was anything"
    flip.trigger()
    for lost in (True, False, True):
        qtbot.keyClick(window, KEY.Key_F7)
        qtbot.waitUntil(lambda lost=lost: shows(lost=lost))
        assert flip.isChecked() is lost and session.earlier is lost
    qtbot.waitUntil(lambda: canvas.note() == "Before the last run")
    for _ in range(2):
        flip.trigger()
    assert canvas.note() == "Before the last run"
    before = session.project.label_map(LOST).copy()
    desk.view_state.set_tool(ToolId.BRUSH)
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shows(lost=False))
    canvas.finish_tool()
    session.drain()
    assert (session.project.label_map(LOST) == before).all(), "nothing was drawn on what was"
    assert not flip.isChecked()
    qtbot.keyClick(window, KEY.Key_F7)
    qtbot.waitUntil(lambda: shows(lost=True))
    desk.actions.run("objects.check")
    qtbot.waitUntil(lambda: shows(lost=False))


def test_controls_of_the_panel_say_what_they_do(desk):
    panel = desk.panels.review
    assert list(panel.buttons) == [
        *("review.previous", "review.next", "review.check", "review.needs-work"),
        "review.earlier",
    ]
    for control in (*panel.buttons.values(), panel.list, panel.shown, panel.object, panel.reason):
        assert control.accessibleName() and control.toolTip()


def test_the_list_ends_with_a_word(desk, qtbot):
    """There are keyframes alone: nothing is to be checked."""
    desk.actions.run("review.next")
    status = desk.window.status
    qtbot.waitUntil(lambda: "no further frame" in status.currentMessage())
