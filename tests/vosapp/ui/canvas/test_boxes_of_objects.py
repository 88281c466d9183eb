"""Whose a box is: another object's where the current one is finished; nothing goes silently."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

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


def test_a_third_box_that_overlaps_the_current_object_is_a_third_object(box):
    take(box, *RED)
    take(box, *YELLOW)
    before = box.stored().copy()
    third = take(box, *OVERLAPPING)
    stored = box.stored()
    assert box.session.object_id == 3 and len(box.steps()) == 3
    assert ((stored == 3) == third).all()
    assert np.array_equal(stored[~third], before[~third])
    box.session.undo()
    assert np.array_equal(box.stored(), before)


def test_shift_draws_the_current_object_anew_and_says_so(box):
    take(box, *RED)
    old = box.stored().copy()
    assert "another object" in box.said[-1] and "Shift+drag draws Object 1 anew" in box.said[-1]
    box.hand.drag((2, 5), (17, 22), keys=SHIFT)
    mask = box.proposed()
    assert box.tool.target == 1 and "Enter draws Object 1 anew" in box.said[-1]
    box.hand.key(RETURN)
    assert ((box.stored() == 1) == mask).all()
    assert len(box.session.project.objects()) == 1
    box.session.undo()
    assert np.array_equal(box.stored(), old)


def test_it_is_said_when_a_mask_takes_most_of_another_one(box):
    take(box, *RED)
    box.hand.drag((2, 5), (23, 29))
    mask = box.proposed()
    box.hand.move(40, 40)
    assert (mask & (box.stored() == 1)).sum() > (box.stored() == 1).sum() / 2
    assert "as Object 2, which covers most of Object 1" in box.said[-1]
    box.hand.key(Qt.Key.Key_Escape)
    assert (box.stored() == 1).any()


def test_a_frame_on_which_nothing_is_said_yet_is_the_current_objects(full_studio):
    studio = full_studio
    studio.state.set_tool(ToolId.BOX)
    studio.session.select_object(2)
    studio.session.go_to(5)
    studio.settle()
    studio.hand.move(50, 5)
    assert "around Box 2" in studio.said[-1]
    take(studio, (22, 27), (43, 45))
    assert studio.tool.target == 0 and set(np.unique(studio.stored(5))) == {0, 2}


def test_a_checked_mask_is_finished_too(full_studio, qtbot):
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
    assert studio.tool.target == 3
    studio.canvas.cancel_tool()
    assert session.lane(1).states[3] == FrameState.CHECKED


def test_a_box_beside_a_finished_and_locked_object_is_another_one(full_studio):
    studio = full_studio
    studio.session.do(LockObject(1, True))
    studio.hand.qtbot.waitUntil(lambda: studio.session.objects[0].locked)
    studio.session.select_object(1)
    studio.state.set_tool(ToolId.BOX)
    assert studio.said[-1] == "Drag a box around another object"
    studio.hand.drag(*YELLOW)
    assert studio.tool.target == 3
    studio.canvas.cancel_tool()


def test_boxes_that_are_drawn_faster_than_they_are_answered_are_objects_each(box):
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


def test_a_box_that_is_being_drawn_stays_when_the_object_before_arrives(box):
    box.hand.drag(*RED)
    box.proposed()
    box.hand.press(*YELLOW[1])
    box.hand.move(30, 38, held=Qt.MouseButton.LeftButton)
    box.hand.qtbot.waitUntil(lambda: box.session.object_id == 1)
    box.settle()
    assert box.tool.box is not None and box.tool.target == 2
    box.hand.move(*YELLOW[0], held=Qt.MouseButton.LeftButton)
    box.hand.release(*YELLOW[0])
    box.proposed()
    assert box.tool.target == 2 and box.steps() == ["Set box of Object 1"]
    box.hand.key(RETURN)
    assert (box.stored()[30:42, 20:34] == 2).all()


def test_a_box_that_is_taken_back_and_wanted_again_is_its_own_object(box):
    take(box, *RED)
    box.hand.drag(*YELLOW)
    box.proposed()
    assert box.canvas.local_undo() and box.tool.box is None
    assert box.canvas._context.new_object is None
    assert box.canvas.local_redo()
    box.proposed()
    assert box.tool.target == 2
    box.hand.key(RETURN)
    assert (box.stored()[30:42, 20:34] == 2).all()
