"""Lasso, polygon, fill, pick, select; copying masks from frame to frame."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import LockObject
from vosapp.project.model import PromptKind
from vosapp.ui.view_state import ToolId

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


def area(top, left, bottom, right):
    mask = np.zeros((48, 64), bool)
    mask[top:bottom, left:right] = True
    return mask


def test_lasso_adds_its_inside_and_the_right_button_takes_it_away(studio):
    studio.state.set_tool(ToolId.LASSO)
    studio.hand.drag((10, 10), (30, 10), (30, 25), (10, 25))
    assert (studio.stored() == area(10, 10, 25, 30)).all()
    studio.settle()
    studio.hand.drag((20, 5), (40, 5), (40, 40), (20, 40), button=RIGHT)
    assert (studio.stored() == area(10, 10, 25, 20)).all()
    assert len(studio.steps()) == 2


def test_lasso_stays_on_its_frame_and_escape_drops_it(studio):
    studio.state.set_tool(ToolId.LASSO)
    studio.hand.press(10, 10)
    for place in ((30, 10), (30, 25), (10, 25)):
        studio.hand.move(*place, held=LEFT)
    studio.session.go_to(3)
    assert (studio.stored(0) == area(10, 10, 25, 30)).all()
    studio.hand.release(10, 25)
    studio.settle()
    studio.hand.press(10, 10)
    studio.hand.move(30, 10, held=LEFT)
    studio.hand.key(Qt.Key.Key_Escape)
    studio.hand.release(30, 25)
    assert not studio.stored(3).any()


@pytest.mark.parametrize("close", ["enter", "double click", "first vertex"])
def test_polygon_closes(studio, close):
    studio.state.set_tool(ToolId.POLYGON)
    for place in ((10, 10), (30, 10), (30, 25), (10, 25)):
        studio.hand.click(*place)
    assert studio.steps() == []
    if close == "enter":
        studio.hand.key(Qt.Key.Key_Return)
    elif close == "double click":
        studio.hand.double_click(10, 25)
    else:
        studio.hand.click(10, 10)
    assert (studio.stored() == area(10, 10, 25, 30)).all()
    assert len(studio.steps()) == 1
    assert studio.session.project.prompts(0)[0].kind is PromptKind.POLYGON
    assert studio.tool.points == ()


def test_polygon_vertices_move_and_go(studio):
    studio.state.set_tool(ToolId.POLYGON)
    for place in ((10, 10), (30, 10), (30, 25), (20, 40)):
        studio.hand.click(*place)
    studio.hand.key(Qt.Key.Key_Backspace)
    assert len(studio.tool.points) == 3
    studio.hand.click(10, 20)
    studio.hand.drag((10, 20), (10, 25))
    assert len(studio.tool.points) == 4
    assert studio.canvas.local_undo()
    assert studio.tool.points[-1] == pytest.approx((10, 20), abs=0.07)
    assert studio.canvas.local_redo()
    studio.hand.key(Qt.Key.Key_Return)
    assert (studio.stored() == area(10, 10, 25, 30)).all()


def test_polygon_escape_and_two_vertices(studio):
    studio.state.set_tool(ToolId.POLYGON)
    studio.hand.click(10, 10)
    studio.hand.click(30, 10)
    assert not studio.canvas.apply_tool()
    assert studio.canvas.cancel_tool()
    assert studio.tool.points == () and studio.steps() == []
    assert studio.canvas._context.new_object is None


def test_polygon_takes_away(full_studio):
    studio = full_studio
    studio.session.select_object(2)
    studio.state.set_tool(ToolId.POLYGON)
    for place in ((15, 25), (27, 25), (27, 47), (15, 47)):
        studio.hand.click(*place, RIGHT)
    studio.hand.key(Qt.Key.Key_Return)
    assert ((studio.stored() == 2) == area(30, 27, 42, 34)).all()


def test_fill_takes_the_region_of_one_color(studio):
    studio.state.set_tool(ToolId.FILL)
    studio.hand.click(10, 15)
    studio.hand.qtbot.waitUntil(lambda: bool(studio.steps()))
    assert (studio.stored() == area(10, 6, 24, 18)).all()
    studio.settle()
    studio.hand.click(10, 15, RIGHT)
    studio.hand.qtbot.waitUntil(lambda: len(studio.steps()) == 2)
    assert not studio.stored().any()


def test_fill_closes_a_hole(full_studio):
    studio = full_studio
    ring = area(5, 36, 25, 60) & ~area(10, 42, 20, 54)
    studio.session.do(SetMask(0, 1, ring))
    studio.settle()
    studio.session.select_object(1)
    studio.state.set_tool(ToolId.FILL)
    studio.hand.click(48, 15)
    studio.hand.qtbot.waitUntil(lambda: len(studio.steps()) == 6)
    assert ((studio.stored() == 1) == area(5, 36, 25, 60)).all()


def test_fill_spares_locked_objects(full_studio):
    studio = full_studio
    studio.session.do(LockObject(1, True))
    studio.hand.qtbot.waitUntil(lambda: studio.session.objects[0].locked)
    studio.session.select_object(2)
    studio.state.set_tool(ToolId.FILL)
    studio.hand.click(10, 15)
    studio.hand.qtbot.waitUntil(lambda: "locked" in studio.said[-1])
    assert len(studio.steps()) == 5


def test_closing_while_a_fill_is_sought(studio):
    studio.state.set_tool(ToolId.FILL)
    studio.hand.click(10, 15)
    studio.canvas.set_workspace(None)
    assert studio.steps() == []


def test_pick_goes_back_to_the_former_tool(full_studio):
    studio = full_studio
    studio.state.set_tool(ToolId.BRUSH)
    studio.state.set_tool(ToolId.PICK)
    studio.hand.click(50, 10)
    assert studio.state.tool is ToolId.PICK and "no object here" in studio.said[-1]
    studio.hand.click(25, 35)
    assert studio.session.object_id == 2
    assert studio.state.tool is ToolId.BRUSH


def test_select_clicks_and_pans(full_studio):
    studio = full_studio
    studio.hand.click(25, 35)
    assert studio.session.object_id == 2
    before = studio.canvas.grid
    studio.hand.press(10, 15)
    studio.hand.move(20, 20, held=LEFT)
    studio.hand.release(10, 15)
    after = studio.canvas.grid
    assert (after.x - before.x, after.y - before.y) == (80, 40)
    assert studio.session.object_id == 2, "dragging selects nothing"


def test_a_mask_is_pasted_on_another_frame(full_studio):
    studio = full_studio
    studio.session.select_object(1)
    assert not studio.canvas.paste_mask(), "nothing was copied"
    assert studio.canvas.copy_mask()
    studio.session.go_to(4)
    studio.settle()
    assert studio.canvas.paste_mask()
    assert ((studio.shown == 1) == area(10, 6, 24, 18)).all()
    assert ((studio.stored(4) == 1) == area(10, 6, 24, 18)).all()
    assert studio.steps()[-1] == "Paste mask of Box 1"
    studio.session.undo()
    assert not studio.stored(4).any()


def test_nothing_to_copy(full_studio):
    studio = full_studio
    studio.session.go_to(4)
    studio.settle()
    assert not studio.canvas.copy_mask()
    assert "no mask on this frame" in studio.said[-1]
    studio.session.select_object(0)
    assert not studio.canvas.copy_mask()
