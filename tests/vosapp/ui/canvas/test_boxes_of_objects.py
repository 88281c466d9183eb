"""Whose a box is: the selected object's, or a new one's; nothing goes silently (ADR 0046)."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from vosapp.project.edit_masks import MarkAbsent
from vosapp.project.edit_ranges import CheckFrames
from vosapp.project.edits import LockObject
from vosapp.project.model import FrameState
from vosapp.ui.view_state import ToolId

SHIFT = Qt.KeyboardModifier.ShiftModifier
RETURN = Qt.Key.Key_Return
RED, YELLOW = ((3, 6), (22, 28)), ((17, 27), (38, 45))
OVERLAPPING = ((15, 25), (30, 40))
"""Over a quarter of the yellow object."""


@pytest.fixture
def box(studio):
    studio.state.set_tool(ToolId.BOX)
    return studio


def take(studio, *corners, keys=Qt.KeyboardModifier.NoModifier):
    studio.hand.drag(*corners, keys=keys)
    mask = studio.proposed()
    studio.hand.key(RETURN)
    studio.settle()
    return mask


def fresh(studio, *corners):
    """A box with no object selected."""
    studio.canvas.deselect()
    return take(studio, *corners)


def test_a_third_box_that_overlaps_the_object_before_is_a_third_object(box):
    fresh(box, *RED)
    fresh(box, *YELLOW)
    before = box.stored().copy()
    third = fresh(box, *OVERLAPPING)
    stored = box.stored()
    assert box.session.object_id == 3 and len(box.steps()) == 3
    assert ((stored == 3) == third).all()
    assert ((stored == 1) == (before == 1)).all() and ((stored == 2) == (before == 2)).all()
    box.session.undo()
    assert np.array_equal(box.stored(), before)


def test_a_box_is_the_selected_objects_and_says_that_it_replaces_its_mask(box):
    take(box, *RED)
    old = box.stored().copy()
    box.hand.drag((2, 5), (17, 22), keys=Qt.KeyboardModifier.NoModifier)
    mask = box.proposed()
    assert box.tool.target == 1 and box.tool.tag(replaces=True) == "Object 1: replaces its mask"
    assert "Enter replaces the mask of Object 1" in box.said[-1]
    assert np.array_equal(box.stored(), old), "nothing is replaced before Enter"
    box.hand.key(RETURN)
    assert ((box.stored() == 1) == mask).all()
    assert box.steps()[-1] == "Replace mask of Object 1"
    assert len(box.session.project.objects()) == 1
    box.session.undo()
    assert np.array_equal(box.stored(), old)


def test_shift_begins_a_new_object_beside_the_selected_one(box):
    take(box, *RED)
    assert "Drag a box around Object 1" in box.said[-1] and "Shift+drag: a new" in box.said[-1]
    box.hand.drag(*YELLOW, keys=SHIFT)
    mask = box.proposed()
    assert box.tool.target == 2 and box.tool.tag(replaces=True) == "New object: Object 2"
    assert not (mask & (box.stored() == 1)).any(), "what is drawn of others is not proposed"
    box.hand.key(RETURN)
    box.settle()
    assert box.session.object_id == 2 and set(np.unique(box.stored())) == {0, 1, 2}


def test_the_tag_is_seen_on_the_canvas_while_the_box_is_drawn(box, qtbot):
    def pixels():
        image = box.canvas.viewport().grab().toImage()
        place = box.hand.place(20, 20)
        return [image.pixel(place.x() + x, place.y() - 20 + y) for x in range(60) for y in range(9)]

    box.hand.press(20, 20)
    box.hand.move(40, 40, held=Qt.MouseButton.LeftButton)
    drawn = pixels()
    box.canvas.cancel_tool()
    box.hand.release(40, 40)
    assert pixels() != drawn


@pytest.mark.parametrize("frame", [0, 5])
def test_a_selected_object_keeps_its_boxes_on_every_frame(full_studio, frame):
    studio = full_studio
    studio.state.set_tool(ToolId.BOX)
    studio.session.select_object(2)
    studio.session.go_to(frame)
    studio.settle()
    studio.hand.move(50, 5)
    assert "around Box 2" in studio.said[-1]
    before = studio.stored(frame).copy()
    take(studio, (22, 27), (43, 45))
    assert studio.tool.target == 0 and set(np.unique(studio.stored(frame))) == {0, 2} | {
        int(i) for i in np.unique(before)
    }


def test_a_checked_mask_is_replaced_with_notice_only(full_studio, qtbot):
    studio = full_studio
    with qtbot.waitSignal(studio.workspace.propagation.finished, timeout=60_000):
        studio.workspace.propagation.start()
    session = studio.session
    session.do(CheckFrames((1,), 3, 4, checked=True))
    qtbot.waitUntil(lambda: session.lane(1).states[3] == FrameState.CHECKED)
    session.go_to(3)
    studio.settle()
    session.select_object(1)
    studio.state.set_tool(ToolId.BOX)
    studio.hand.drag((6, 6), (25, 28))
    assert studio.tool.target == 1 and "replaces" in studio.tool.tag(replaces=True)
    studio.canvas.cancel_tool()
    session.select_object(2)
    studio.hand.drag((6, 6), (25, 28))
    assert not (studio.proposed() & (studio.stored(3) == 1)).any()
    studio.canvas.cancel_tool()
    assert session.lane(1).states[3] == FrameState.CHECKED


def test_the_selected_object_is_locked_so_nothing_is_drawn_and_it_says_how_to_go_on(full_studio):
    studio = full_studio
    studio.session.do(LockObject(1, True))
    studio.hand.qtbot.waitUntil(lambda: studio.session.objects[0].locked)
    studio.session.select_object(1)
    studio.state.set_tool(ToolId.BOX)
    assert "is locked" in studio.said[-1] and "Shift+drag" in studio.said[-1]
    studio.hand.drag(*YELLOW)
    assert studio.tool.target == 0 and studio.tool.box is None
    studio.hand.drag(*YELLOW, keys=SHIFT)
    assert studio.tool.target == 3
    studio.canvas.cancel_tool()


def test_a_box_only_over_what_others_have_drawn_makes_no_object(full_studio):
    studio = full_studio
    before = studio.stored().copy()
    studio.canvas.deselect()
    studio.state.set_tool(ToolId.BOX)
    studio.hand.drag((8, 12), (14, 20))
    assert not studio.proposed().any()
    studio.hand.key(RETURN)
    studio.settle()
    assert np.array_equal(studio.stored(), before) and len(studio.session.objects) == 2
    assert any("belongs to no other object" in text for text in studio.said)


def test_boxes_drawn_one_after_another_with_nothing_selected_are_objects_each(box):
    # Each from outside the box before: inside one it would be moved.
    for corners in (RED, YELLOW[::-1], ((60, 4), (50, 14))):
        box.hand.drag(*corners)
    box.hand.key(RETURN)
    box.hand.qtbot.waitUntil(lambda: not box.workspace.prompting.owing, timeout=20_000)
    box.settle()
    stored = box.stored()
    assert (stored[10:24, 6:18] == 1).all() and (stored[30:42, 20:34] == 2).all()
    assert {item.object_id for item in box.session.objects} <= {1, 2, 3}
    assert box.canvas._context._announced.objects == ()


def test_a_second_box_of_the_selected_object_takes_the_place_of_the_first(box):
    take(box, *RED)
    box.hand.drag((30, 10), (50, 20))
    box.proposed()
    box.hand.drag((55, 40), (34, 25))
    box.proposed()
    assert box.tool.target == 1 and box.steps() == ["Set box of Object 1"]
    assert box.canvas.local_undo() and box.tool.box == (30, 10, 50, 20)
    box.canvas.cancel_tool()


def test_a_box_that_is_being_drawn_stays_when_the_object_before_arrives(box):
    box.hand.drag(*RED)
    box.proposed()
    box.hand.press(*YELLOW[1])
    box.hand.move(30, 38, held=Qt.MouseButton.LeftButton)
    box.hand.qtbot.waitUntil(lambda: len(box.session.objects) == 1)
    box.settle()
    assert box.tool.box is not None and box.tool.target == 2
    box.hand.move(*YELLOW[0], held=Qt.MouseButton.LeftButton)
    box.hand.release(*YELLOW[0])
    box.proposed()
    assert box.tool.target == 2 and box.steps() == ["Set box of Object 1"]
    box.hand.key(RETURN)
    assert (box.stored()[30:42, 20:34] == 2).all()


def test_a_box_that_is_taken_back_and_wanted_again_is_its_own_object(box):
    fresh(box, *RED)
    box.canvas.deselect()
    box.hand.drag(*YELLOW)
    box.proposed()
    assert box.canvas.local_undo() and box.tool.box is None
    assert box.canvas._context.new_object is None
    assert box.canvas.local_redo()
    box.proposed()
    assert box.tool.target == 2
    box.hand.key(RETURN)
    assert (box.stored()[30:42, 20:34] == 2).all()


def test_an_object_that_arrives_late_does_not_undo_that_nothing_is_selected(box):
    """Enter, Escape, faster than the mask is found: the next box is another object."""
    box.hand.drag(*RED)
    box.hand.key(RETURN)
    assert box.canvas.deselect()
    box.hand.qtbot.waitUntil(lambda: not box.workspace.prompting.owing, timeout=20_000)
    box.settle()
    assert box.session.object_id == 0 and len(box.session.objects) == 1
    box.hand.drag(*YELLOW)
    assert box.tool.target == 2
    box.canvas.cancel_tool()


def test_undo_of_a_new_object_selects_no_other_one(box):
    fresh(box, *RED)
    fresh(box, *YELLOW)
    box.session.undo()
    box.hand.qtbot.waitUntil(lambda: len(box.session.objects) == 1)
    assert box.session.object_id == 0


def test_a_click_on_the_ground_with_the_select_tool_selects_nothing(full_studio):
    studio = full_studio
    studio.state.set_tool(ToolId.SELECT)
    studio.hand.click(10, 15)
    assert studio.session.object_id == 1
    studio.hand.click(50, 4)
    assert studio.session.object_id == 0


def test_a_box_where_the_object_is_marked_absent_says_that_it_replaces_that(full_studio):
    studio = full_studio
    studio.session.do(MarkAbsent(1, 4, 5))
    studio.session.go_to(4)
    studio.settle()
    studio.session.select_object(1)
    studio.state.set_tool(ToolId.BOX)
    studio.hand.drag((6, 6), (25, 28))
    assert "replaces" in studio.tool.tag(replaces=True)
    studio.canvas.cancel_tool()
