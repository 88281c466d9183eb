"""Box labels in the whole window: keys, the list of objects, the timeline."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from vosapp.project.boxes import BoxCounts, BoxLabel
from vosapp.project.edit_boxes import PutBox
from vosapp.ui.objects.model import Role
from vosapp.ui.timeline.lane_picture import STRIP
from vosapp.ui.timeline.layout import HEADER_WIDTH
from vosapp.ui.view_state import ToolId

ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def boxed(desk, qtbot):
    """Object 1 has drawn boxes on the frames 0 and 20, and interpolated ones between."""
    session = desk.workspace.session
    session.select_object(1)
    for frame in (0, 20):
        session.do(PutBox(BoxLabel(frame, 1, 4.0 + frame, 6.0, 10.0, 12.0), fill=True))
    qtbot.waitUntil(lambda: session.boxes(1).counts == BoxCounts(2, 19))
    return desk


def press(desk, key, held=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(desk.panels.canvas, key, held)


def test_the_tool_has_a_key_and_a_button(desk):
    press(desk, Qt.Key.Key_B, ALT)
    assert desk.view_state.tool is ToolId.LABEL and desk.actions["tools.label"].isChecked()
    press(desk, Qt.Key.Key_B)
    assert desk.view_state.tool is ToolId.BOX


def test_the_next_frame_to_box_is_where_the_gap_is(boxed):
    press(boxed, Qt.Key.Key_B, CTRL)
    session = boxed.workspace.session
    assert session.frame_index == 10 and boxed.view_state.tool is ToolId.LABEL
    press(boxed, Qt.Key.Key_PageDown, CTRL)
    assert session.frame_index == 20
    press(boxed, Qt.Key.Key_PageUp, CTRL)
    assert session.frame_index == 0


def test_without_a_box_one_stays_and_is_told(desk):
    desk.workspace.session.select_object(2)
    press(desk, Qt.Key.Key_B, CTRL)
    assert desk.workspace.session.frame_index == 0
    assert "first box" in desk.window.status.currentMessage()


def test_delete_removes_the_box_with_the_tool_in_hand_and_the_mask_without(boxed, qtbot):
    session = boxed.workspace.session
    boxed.actions.run("tools.label")
    press(boxed, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: session.boxes(1).counts == BoxCounts(1))
    assert 1 in session.project.assertions(0)
    press(boxed, Qt.Key.Key_V)
    press(boxed, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: session.update.undo.startswith("Delete"))
    assert session.boxes(1).counts == BoxCounts(1)


def test_not_visible_and_interpolate(boxed, qtbot):
    session = boxed.workspace.session
    session.go_to(20)
    press(boxed, Qt.Key.Key_B, CTRL | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: session.boxes(1).counts == BoxCounts(1, 0, 1))
    session.undo()
    boxed.actions.run("boxes.remove-range")
    qtbot.waitUntil(lambda: session.boxes(1).counts == BoxCounts())


def test_boxes_are_counted_in_the_list(boxed, qtbot):
    model = boxed.panels.objects.model
    row = model.index(model.row_of(1))
    assert row.data(Role.BOXES) == BoxCounts(2, 19)
    assert "2 drawn, 19 interpolated" in row.data(Qt.ItemDataRole.ToolTipRole)
    assert "Box labels" not in model.index(model.row_of(2)).data(Qt.ItemDataRole.ToolTipRole)


def test_the_timeline_shows_which_boxes_are_drawn(boxed):
    view = boxed.panels.timeline.view
    top = view.places.lane_top(0)
    picture = view.viewport().grab().toImage()

    def inked(frame):
        x = HEADER_WIDTH + round(view.axis.center_of(frame))
        ground = picture.pixelColor(x + 8, top + 3)
        column = (picture.pixelColor(x, y) for y in range(top + STRIP[1], top + STRIP[1] + 4))
        return sum(color != ground for color in column)

    assert inked(20) == 4 and 1 <= inked(10) <= 3 and inked(22) == 0


def test_filling_can_be_switched_off(boxed):
    assert boxed.actions["boxes.fill"].isChecked()
    boxed.actions.run("boxes.fill")
    assert not boxed.view_state.fill_boxes and not boxed.actions["boxes.fill"].isChecked()
