"""In the whole window: whose a box is, what is told of a replaced mask, limits, order."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from vosapp_fakes import mask_of

from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import LockObject
from vosapp.ui.view_state import PaintLimit, ToolId

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def canvas(desk):
    desk.panels.canvas.setFocus()
    return desk.panels.canvas


def drag(canvas, start, end, keys=PLAIN):
    port = canvas.viewport()
    places = [QPoint(*map(round, canvas.grid.to_view(*place))) for place in (start, end)]
    QTest.mousePress(port, LEFT, keys, places[0])
    where = QPointF(places[1])
    move = QEvent.Type.MouseMove
    none = Qt.MouseButton.NoButton
    glob = port.mapToGlobal(where)
    QApplication.sendEvent(port, QMouseEvent(move, where, glob, none, LEFT, keys))
    QTest.mouseRelease(port, LEFT, keys, places[1])


def box(desk, canvas, qtbot, *corners):
    QTest.keyClick(canvas, Qt.Key.Key_B)
    drag(canvas, *corners)
    qtbot.waitUntil(lambda: canvas._tool.proposal is not None)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not desk.workspace.session.changing)


def test_escape_selects_nothing_and_the_next_box_is_a_new_object(desk, canvas, qtbot):
    session = desk.workspace.session
    assert session.object_id == 1
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert session.object_id == 0
    box(desk, canvas, qtbot, (40, 4), (60, 20))
    qtbot.waitUntil(lambda: len(session.objects) == 3)
    assert session.object_id == 3


def test_escape_first_drops_the_box_and_then_the_selection(desk, canvas, qtbot):
    session = desk.workspace.session
    QTest.keyClick(canvas, Qt.Key.Key_B)
    drag(canvas, (40, 4), (60, 20))
    assert canvas._tool.box is not None
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas._tool.box is None and session.object_id == 1
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert session.object_id == 0


def test_a_replaced_mask_is_told_with_its_way_back(desk, canvas, qtbot):
    session, bar = desk.workspace.session, desk.panels.objects.undo_bar
    before = session.project.label_map(0).copy()
    box(desk, canvas, qtbot, (3, 6), (14, 20))
    qtbot.waitUntil(bar.isVisible)
    assert bar.label.text() == "Replaced mask of Box 1"
    assert (session.project.label_map(0) != before).any()
    bar.button.click()
    qtbot.waitUntil(lambda: not session.changing)
    session.drain()
    assert (session.project.label_map(0) == before).all()


def test_the_limit_of_painting_stands_in_the_bar_and_goes_on_by_a_key(desk, canvas, qtbot):
    options, state = desk.options, desk.view_state
    assert not options.limit.isVisible()
    for tool in (ToolId.BRUSH, ToolId.LASSO, ToolId.POLYGON, ToolId.FILL):
        state.set_tool(tool)
        assert options.limit.isVisible() and options.limit.text() == "Everything"
    state.set_tool(ToolId.ERASER)
    assert not options.limit.isVisible()
    state.set_tool(ToolId.BRUSH)
    for limit, name in (
        (PaintLimit.BACKGROUND, "Background Only"),
        (PaintLimit.OBJECT, "This Object"),
        (PaintLimit.EVERYTHING, "Everything"),
    ):
        QTest.keyClick(canvas, Qt.Key.Key_X, SHIFT)
        assert state.paint_limit is limit and options.limit.text() == name
        assert desk.actions[f"tools.paint-{limit.value}"].isChecked()
    desk.actions.run("tools.paint-background")
    assert state.paint_limit is PaintLimit.BACKGROUND


def test_objects_go_forward_and_backward_and_back_by_undo(desk, qtbot):
    session = desk.workspace.session

    def order():
        qtbot.waitUntil(lambda: not session.changing)
        return [item.object_id for item in session.objects]

    session.select_object(2)
    desk.actions.run("objects.forward")
    assert order() == [2, 1]
    desk.actions.run("objects.forward")
    assert order() == [2, 1]
    desk.actions.run("objects.backward")
    assert order() == [1, 2]
    desk.actions.run("edit.undo")
    assert order() == [2, 1]


def locked_bytes(session):
    """All that is known of object 1."""
    session.drain()
    project = session.project
    lane = project.cells(1)
    masks = [(project.label_map(i) == 1).tobytes() for i in range(session.frame_count)]
    return masks, lane.states.tobytes(), lane.confidence.tobytes(), lane.runs.tobytes()


def test_a_run_changes_no_byte_of_a_locked_object_and_says_that_it_skips_it(desk, qtbot):
    session, control = desk.workspace.session, desk.workspace.propagation

    def run(name):
        # The first run in a process imports torch, which takes long on a busy machine.
        with qtbot.waitSignal(control.finished, timeout=60_000):
            desk.actions.run(name)

    run("propagate.open")
    session.do(SetMask(5, 1, mask_of(5, 1)))
    session.do(LockObject(1, locked=True))
    session.do(SetMask(7, 2, mask_of(6, 2)))
    before = locked_bytes(session)
    run("propagate.open")
    told = desk.window.notice.notice
    assert told is not None and "since locked: Box 1" in told.text
    assert locked_bytes(session) == before
    for name in ("propagate.forward", "propagate.step-forward"):
        run(name)
        assert locked_bytes(session) == before
    assert (session.project.label_map(9) == 2).any()
