"""The context menu of the picture."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from vosapp_fakes import BOXES

from vosapp.ui.controllers.canvas_menu import CanvasMenuController
from vosapp.ui.view_state import ToolId

RIGHT, NONE = Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def menu(desk):
    (one,) = [c for c in desk.controllers if isinstance(c, CanvasMenuController)]

    def shown():
        return None if one.menu is None else [a.text() for a in one.menu.actions() if a.text()]

    yield shown
    if one.menu is not None:
        one.menu.close()


def click(desk, place, keys=NONE):
    canvas = desk.panels.canvas
    QTest.mouseClick(canvas.viewport(), RIGHT, keys, canvas.mapFromScene(QPointF(*place)))


def middle(object_id):
    top, left, bottom, right = BOXES[object_id]
    return (left + right) / 2, (top + bottom) / 2


@pytest.mark.parametrize("tool", [ToolId.SELECT, ToolId.BOX])
def test_a_right_click_offers_what_can_be_done_with_the_object_there(desk, menu, tool):
    desk.view_state.set_tool(tool)
    click(desk, middle(2))
    texts = menu()
    assert texts[0] == "Box 2" and desk.workspace.session.object_id == 2
    assert {"Copy Mask", "Rename\u2026", "Solo", "Clear on This Frame", "Fit"} <= set(texts)


def test_beside_all_objects_it_is_about_the_view(desk, menu):
    desk.view_state.set_tool(ToolId.SELECT)
    before = desk.workspace.session.object_id
    click(desk, (2, 2))
    texts = menu()
    assert texts[0] == "No object here" and "Fit" in texts and "Copy Mask" not in texts
    assert desk.workspace.session.object_id == before


def test_a_tool_that_uses_the_right_button_keeps_it_and_control_asks(desk, menu, qtbot):
    desk.view_state.set_tool(ToolId.BRUSH)
    click(desk, middle(1))
    assert menu() is None
    desk.panels.canvas.cancel_tool()
    click(desk, middle(2), CONTROL)
    assert menu()[0] == "Box 2"


def test_the_key_for_menus_asks_about_the_current_object(desk, menu):
    canvas = desk.panels.canvas
    desk.workspace.session.select_object(1)
    keyboard = QContextMenuEvent.Reason.Keyboard
    place = canvas.rect().center()
    QApplication.sendEvent(canvas, QContextMenuEvent(keyboard, place, canvas.mapToGlobal(place)))
    assert menu()[0] == "Box 1"


def test_it_goes_with_the_project(desk, menu):
    desk.view_state.set_tool(ToolId.SELECT)
    click(desk, (2, 2))
    desk.close_workspace()
    assert menu() is None
