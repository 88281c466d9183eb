"""The Box Label tool under real mouse and key events."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from vosapp.project.edits import LockObject
from vosapp.ui.objects import box_commands
from vosapp.ui.view_state import ToolId

SHIFT = Qt.KeyboardModifier.ShiftModifier
RETURN, BACK, ESCAPE = Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_Escape


@pytest.fixture
def labels(studio):
    studio.state.set_tool(ToolId.LABEL)
    return studio


def stored(studio, object_id=1):
    """The labels in the project, once all that was asked for is there: frame -> (box, drawn)."""
    studio.session.drain()
    studio.hand.qtbot.waitUntil(lambda: not studio.session.changing)
    found = studio.session.project.boxes_of(object_id)
    return {x.frame_index: ((x.x, x.y, x.width, x.height), x.drawn) for x in found}


def go(studio, frame):
    studio.session.go_to(frame)
    studio.hand.qtbot.waitUntil(
        lambda: studio.session.view.frame_index == frame and studio.canvas._context.ready
    )


def draw_at(studio, frame, left):
    go(studio, frame)
    studio.hand.drag((left, 10), (left + 12, 24))
    return stored(studio)


def test_a_box_stays_a_box_and_needs_no_object(labels):
    labels.hand.drag((6, 10), (18, 24))
    assert stored(labels) == {0: ((6, 10, 12, 14), True)}
    assert labels.session.object_id == 1 and len(labels.session.objects) == 1
    assert not labels.stored().any() and labels.session.project.assertions(0) == {}
    assert labels.steps() == ["Add box label to Object 1"]
    labels.session.undo()
    assert stored(labels) == {} and labels.session.project.objects() == ()


def test_boxes_between_are_made_and_shown_as_interpolated(labels):
    draw_at(labels, 0, 4)
    found = draw_at(labels, 8, 20)
    assert [frame for frame, (_, drawn) in found.items() if drawn] == [0, 8]
    assert found[4] == ((12, 10, 12, 14), False)
    go(labels, 4)
    assert not labels.tool.current.drawn and "Interpolated" in labels.tool.hint()


def test_an_interpolated_box_that_is_changed_is_drawn(labels):
    draw_at(labels, 0, 4)
    draw_at(labels, 8, 20)
    go(labels, 4)
    labels.hand.drag((18, 17), (20, 18))
    found = stored(labels)
    assert found[4] == ((14, 11, 12, 14), True)
    assert found[2][0][0] == pytest.approx(9) and found[6][0][0] == pytest.approx(17)
    assert labels.steps()[-1] == "Change box label of Object 1"
    labels.session.undo()
    assert stored(labels)[4] == ((12, 10, 12, 14), False)


def test_enter_confirms_an_interpolated_box_and_going_on_does_not(labels):
    draw_at(labels, 0, 4)
    draw_at(labels, 8, 20)
    go(labels, 4)
    go(labels, 3)
    assert not stored(labels)[4][1]
    go(labels, 4)
    labels.hand.key(RETURN)
    assert stored(labels)[4] == ((12, 10, 12, 14), True)


def test_handles_resize(labels):
    draw_at(labels, 0, 6)
    labels.hand.drag((18, 24), (22, 30))
    assert stored(labels)[0] == ((6, 10, 16, 20), True)
    labels.hand.drag((6, 20), (2, 20))
    assert stored(labels)[0] == ((2, 10, 20, 20), True)


def test_without_filling_a_box_stands_alone(labels):
    labels.state.set_fill_boxes(fill=False)
    draw_at(labels, 0, 4)
    assert sorted(draw_at(labels, 8, 20)) == [0, 8]


def test_a_box_elsewhere_is_the_selected_objects_and_with_shift_a_new_one(labels):
    labels.hand.drag((6, 10), (18, 24))
    stored(labels)
    labels.hand.drag((30, 20), (50, 40), keys=SHIFT)
    assert stored(labels, 2) == {0: ((30, 20, 20, 20), True)}
    assert labels.session.object_id == 2
    labels.hand.drag((2, 2), (12, 12))
    assert stored(labels, 2) == {0: ((2, 2, 10, 10), True)}
    assert len(labels.session.objects) == 2 and stored(labels)[0] == ((6, 10, 12, 14), True)


def test_with_none_selected_a_box_is_a_new_object(labels):
    labels.hand.drag((6, 10), (18, 24))
    stored(labels)
    labels.session.select_object(0)
    labels.hand.drag((30, 20), (50, 40))
    assert sorted(stored(labels, 2)) == [0]


def test_a_click_selects_whose_box_it_is(labels):
    labels.hand.drag((6, 10), (18, 24))
    stored(labels)
    labels.hand.drag((30, 20), (50, 40), keys=SHIFT)
    stored(labels, 2)
    labels.hand.click(10, 15)
    assert labels.session.object_id == 1
    labels.hand.click(60, 45)
    assert labels.session.object_id == 1 and len(labels.session.objects) == 2


def test_a_locked_object_keeps_its_box(labels):
    labels.hand.drag((6, 10), (18, 24))
    before = stored(labels)
    labels.session.do(LockObject(1, locked=True))
    labels.hand.qtbot.waitUntil(lambda: labels.session.objects[0].locked)
    labels.hand.drag((12, 17), (20, 20))
    assert stored(labels) == before and any("locked" in text for text in labels.said)


def test_backspace_removes_and_what_was_between_is_interpolated_again(labels):
    for frame, left in ((0, 4), (4, 30), (8, 20)):
        draw_at(labels, frame, left)
    go(labels, 4)
    labels.hand.key(BACK)
    assert stored(labels)[4] == ((12, 10, 12, 14), False)
    go(labels, 8)
    labels.hand.key(BACK)
    assert sorted(stored(labels)) == [0]


def test_escape_drops_what_is_being_drawn(labels):
    labels.hand.press(6, 10)
    labels.hand.move(20, 30, held=Qt.MouseButton.LeftButton)
    assert labels.tool.box == (6, 10, 20, 30) and labels.tool.target == 1
    labels.hand.key(ESCAPE)
    labels.hand.release(20, 30)
    assert labels.tool.box is None and stored(labels) == {} and labels.canvas._context.target == 0


def test_a_drag_that_a_change_of_frame_ends_belongs_to_its_frame(labels):
    labels.hand.press(6, 10)
    labels.hand.move(20, 30, held=Qt.MouseButton.LeftButton)
    labels.session.go_to(5)
    assert stored(labels) == {0: ((6, 10, 14, 20), True)}


def test_not_visible_ends_what_is_interpolated(labels):
    draw_at(labels, 0, 4)
    draw_at(labels, 8, 20)
    go(labels, 4)
    box_commands.mark_unseen(labels.workspace, labels.state)
    assert sorted(stored(labels)) == [0, 4, 8] and "not visible" in labels.tool.hint()
    labels.hand.drag((12, 10), (24, 24))
    assert len(stored(labels)) == 9


def test_what_was_drawn_is_shown_before_the_project_has_it(labels, monkeypatch):
    labels.hand.drag((6, 10), (18, 24))
    assert labels.tool.current.width == 12
    labels.hand.drag((12, 17), (13, 17))
    assert labels.tool.current.x == 7
    stored(labels)
    assert labels.tool.current.x == 7 and labels.tool.label(1).drawn


def test_boxes_are_drawn_in_the_color_of_their_object(labels):
    labels.hand.drag((6, 10), (18, 24))
    stored(labels)
    labels.hand.qtbot.waitUntil(lambda: bool(labels.session.objects))
    color = labels.session.objects[0].color
    picture = labels.canvas.viewport().grab().toImage()
    x, y = (round(v) for v in labels.canvas.grid.to_view(18, 13))
    shown = {picture.pixelColor(x + dx, y).getRgb()[:3] for dx in range(-3, 4)}
    assert color in shown
    labels.state.set_tool(ToolId.SELECT)
    picture = labels.canvas.viewport().grab().toImage()
    assert color not in {picture.pixelColor(x + dx, y).getRgb()[:3] for dx in range(-3, 4)}
