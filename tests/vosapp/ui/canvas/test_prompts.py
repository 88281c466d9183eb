"""Box and points: proposals change nothing until they are taken; taking one is one step."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.errors import PromptError
from core.prompts.request import PromptMethod
from vosapp.jobs.outcome import Done
from vosapp.project.edits import LockObject
from vosapp.project.model import PromptKind
from vosapp.project.opening import open_project
from vosapp.session.choice import RunMode
from vosapp.ui.view_state import ToolId

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
SHIFT = Qt.KeyboardModifier.ShiftModifier
RED = np.zeros((48, 64), bool)
RED[10:24, 6:18] = True
YELLOW = np.zeros((48, 64), bool)
YELLOW[30:42, 20:34] = True


@pytest.fixture
def box(studio):
    studio.state.set_tool(ToolId.BOX)
    return studio


@pytest.fixture
def points(studio):
    studio.state.set_tool(ToolId.POINTS)
    return studio


def test_a_box_proposes_at_once_and_enter_takes_it(box):
    box.hand.drag((3, 6), (12, 15), (22, 28))
    mask = box.proposed()
    assert (mask == RED).all()
    assert box.steps() == [] and not box.shown.any()
    box.hand.key(Qt.Key.Key_Return)
    assert (box.shown == RED).all()
    assert (box.stored() == RED).all()
    assert box.steps() == ["Set box of Object 1"]
    prompt = box.session.project.prompts(0)[0]
    assert prompt.kind is PromptKind.BOX
    assert np.allclose(prompt.points, [(3, 6, 1), (22, 28, 1)], atol=0.07)
    assert box.tool.box is None and box.tool.proposal is None
    box.settle()
    assert box.session.object_id == 1
    box.session.undo()
    assert not box.stored().any() and box.session.project.objects() == ()


def test_a_proposal_is_drawn_in_place_of_the_mask(full_studio):
    studio = full_studio

    def red(x, y):
        place = studio.hand.place(x + 0.5, y + 0.5)
        return studio.canvas.viewport().grab().toImage().pixelColor(place).red()

    studio.session.select_object(2)
    plain = red(27, 36)
    studio.state.set_tool(ToolId.BOX)
    studio.hand.drag((36, 4), (50, 26))
    mask = studio.proposed()
    assert not mask[36, 27] and mask.any()
    assert red(27, 36) != plain, "the old mask should not be seen"
    table = studio.canvas._label_item._table
    assert table[2] == 0 and table[1] != 0
    assert studio.tool.proposal.mask is studio.tool.proposal.mask
    studio.hand.key(Qt.Key.Key_Escape)
    assert red(27, 36) == plain


def test_a_box_with_nothing_selected_is_another_object_and_takes_nothing_drawn(box):
    box.hand.drag((3, 6), (22, 28))
    box.proposed()
    box.hand.key(Qt.Key.Key_Return)
    box.settle()
    box.session.select_object(0)
    # A corner of the first object is in the second one's box.
    box.hand.drag((17, 23), (38, 45))
    mask = box.proposed()
    assert box.tool.target == 2 and "Object 2" in box.said[-1]
    box.hand.key(Qt.Key.Key_Return)
    stored = box.stored()
    assert ((stored == 2) == mask).all() and ((stored == 1) == RED).all()
    box.settle()
    assert box.session.object_id == 2
    assert box.steps() == ["Set box of Object 1", "Set box of Object 2"]


def test_a_box_apart_from_a_mask_that_was_only_computed_corrects_it(full_studio, qtbot):
    """What has drifted away is the same object still."""
    studio = full_studio
    with qtbot.waitSignal(studio.workspace.propagation.finished, timeout=60_000):
        studio.workspace.propagation.start(RunMode.STEP_FORWARD)
    studio.session.go_to(1)
    studio.settle()
    assert (studio.shown == 1).any()
    studio.state.set_tool(ToolId.BOX)
    studio.hand.drag((45, 4), (60, 20))
    assert studio.tool.target == 1 and studio.canvas._context.new_object is None
    studio.canvas.cancel_tool()


def test_escape_drops_a_box(box):
    box.hand.drag((3, 6), (22, 28))
    box.proposed()
    assert box.canvas.cancel_tool()
    assert box.tool.box is None and box.tool.proposal is None
    assert box.steps() == []
    assert box.canvas._context.new_object is None
    assert not box.canvas.cancel_tool()
    assert not box.canvas.apply_tool()


def test_escape_while_a_handle_is_dragged_gives_the_old_box_back(box):
    box.hand.drag((3, 6), (22, 28))
    old = box.tool.box
    box.hand.press(22, 28)
    box.hand.move(40, 45, held=LEFT)
    assert box.tool.box != old
    box.hand.key(Qt.Key.Key_Escape)
    assert box.tool.box == old
    box.hand.release(40, 45)
    assert box.tool.box == old


def test_handles_change_the_box_and_undo_gives_it_back(box):
    box.hand.drag((3, 6), (12, 28))
    first = box.tool.box
    box.proposed()
    box.hand.drag((12, 17), (22, 17))  # The middle of the right side.
    assert box.tool.box == pytest.approx((3, 6, 22, 28), abs=0.1)
    assert (box.proposed() == RED).all()
    box.hand.drag((5, 8), (5.5, 7))  # The inside moves all of it.
    assert box.tool.box == pytest.approx((3.5, 5, 22.5, 27), abs=0.1)
    assert box.canvas.can_local_undo
    assert box.canvas.local_undo() and box.canvas.local_undo()
    assert box.tool.box == first
    assert box.proposed()[:, 13:].sum() == 0
    assert box.canvas.local_redo()
    assert (box.proposed() == RED).all()
    assert box.canvas.local_undo() and box.canvas.local_undo()
    assert box.tool.box is None and box.tool.proposal is None
    assert not box.canvas.can_local_undo and not box.canvas.local_undo()
    assert box.steps() == []


def test_the_next_box_takes_the_one_before(box):
    box.hand.drag((3, 6), (22, 28))
    box.proposed()
    box.hand.press(17, 29)
    assert box.steps() == ["Set box of Object 1"]
    box.hand.release(17, 29)
    assert (box.stored() == RED).all()


def test_another_object_takes_the_box_of_the_one_before(full_studio):
    studio = full_studio
    studio.session.go_to(2)
    studio.settle()
    studio.state.set_tool(ToolId.BOX)
    studio.session.select_object(1)
    studio.hand.drag((5, 6), (24, 28))
    studio.proposed()
    studio.session.select_object(2)
    assert ((studio.stored(2) == 1) == np.roll(RED, 2, axis=1)).all()
    assert not (studio.stored(2) == 2).any()


def test_another_frame_takes_the_box_even_before_it_is_answered(box):
    box.hand.drag((3, 6), (22, 28))
    assert box.tool._prompter.waiting
    box.session.go_to(7)
    box.hand.qtbot.waitUntil(lambda: bool(box.steps()))
    assert (box.stored(0) == RED).all()
    assert not box.stored(7).any()


def test_a_propagation_takes_the_box_and_carries_it(box, qtbot):
    box.hand.drag((3, 6), (22, 28))
    box.proposed()
    with qtbot.waitSignal(box.workspace.propagation.finished, timeout=20_000) as caught:
        box.workspace.propagation.start()
    assert isinstance(caught.args[0], Done), caught.args
    assert (box.stored(0) == RED).all()
    assert (box.stored(3) == np.roll(RED, 3, axis=1)).all()


def test_a_box_spares_locked_objects(full_studio):
    studio = full_studio
    studio.session.do(LockObject(1, True))
    studio.hand.qtbot.waitUntil(lambda: studio.session.objects[0].locked)
    studio.state.set_tool(ToolId.BOX)
    studio.hand.drag((3, 6), (22, 28))
    assert any("locked" in text for text in studio.said) and studio.tool.box is None
    studio.session.select_object(2)
    studio.hand.drag((3, 6), (22, 28))
    assert studio.tool.target == 2 and not (studio.proposed() & RED).any()


def test_a_speck_is_no_box(box):
    box.hand.drag((3, 6), (3.5, 6.5))
    assert box.tool.box is None
    assert not box.tool._prompter.active
    assert box.canvas._context.new_object is None


def test_a_box_without_its_answer_is_not_lost_when_the_project_is_closed(box, film_project):
    box.hand.drag((3, 6), (22, 28))
    assert box.tool._prompter.waiting
    box.canvas.set_workspace(None)
    box.workspace.close()
    with open_project(film_project) as project:
        assert ((project.label_map(0) > 0) == RED).all()
        assert [prompt.kind for prompt in project.prompts(0)] == [PromptKind.BOX]


def test_the_second_best_method_is_one_key_away(box):
    box.hand.drag((3, 6), (22, 28))
    first = box.proposed()
    assert box.tool._prompter._wish.ask.method is PromptMethod.AUTO
    box.state.set_other_answer(other=True)
    assert box.tool._prompter._wish.ask.method is PromptMethod.GRABCUT
    assert box.tool._prompter.waiting
    assert (box.proposed() & first).any()


def test_a_prompt_that_fails_adds_no_object(box):
    box.hand.drag((3, 6), (22, 28))
    box.canvas.apply_tool()
    prompting = box.workspace.prompting
    prompting._handle.cancel()
    prompting.failed.emit(PromptError("The box is empty.", "Draw a larger one."))
    assert box.canvas._context.new_object is None
    box.hand.qtbot.waitUntil(lambda: not prompting.busy)
    assert box.session.objects == ()


def test_points_refine_and_each_is_obeyed(full_studio):
    studio = full_studio
    studio.session.select_object(2)
    studio.state.set_tool(ToolId.POINTS)
    before = studio.stored() == 2
    studio.hand.click(36.5, 35.5)
    mask = studio.proposed()
    assert mask[35, 36]
    studio.hand.click(25.5, 33.5, RIGHT)
    mask = studio.proposed()
    assert mask[35, 36] and not mask[33, 25]
    assert ((studio.stored() == 2) == before).all()
    studio.hand.key(Qt.Key.Key_Return)
    stored = studio.stored() == 2
    assert (stored == mask).all()
    prompt = studio.session.project.prompts(0)[-1]
    assert prompt.kind is PromptKind.POINTS
    assert [point[2] for point in prompt.points] == [1, -1]
    assert studio.steps()[-1] == "Set points of Box 2"


def test_backspace_takes_the_last_click_and_undo_gives_it_back(points):
    points.hand.click(10.5, 15.5)
    points.hand.click(50.5, 40.5, RIGHT)
    assert [click.positive for click in points.tool.clicks] == [True, False]
    points.hand.key(Qt.Key.Key_Backspace)
    assert [click.positive for click in points.tool.clicks] == [True]
    assert points.canvas.local_undo()
    assert len(points.tool.clicks) == 2
    for _ in range(2):
        points.hand.key(Qt.Key.Key_Backspace)
    assert points.tool.proposal is None and points.steps() == []
    assert points.canvas._context.new_object is None


def test_x_makes_clicks_negative(points):
    points.hand.key(Qt.Key.Key_X)
    points.hand.click(10.5, 15.5)
    assert [click.positive for click in points.tool.clicks] == [False]


def test_shift_shows_what_a_click_would_do_and_changes_nothing(full_studio):
    studio = full_studio
    studio.session.select_object(2)
    studio.state.set_tool(ToolId.POINTS)
    studio.hand.click(25.5, 35.5)
    own = studio.proposed().copy()
    studio.hand.move(36.5, 35.5, keys=SHIFT)
    studio.hand.qtbot.waitUntil(lambda: studio.tool.proposal.mask[35, 36] == 1)
    assert len(studio.tool.clicks) == 1 and len(studio.steps()) == 4
    studio.hand.key(Qt.Key.Key_Shift)  # Down and up again.
    assert (studio.tool.proposal.mask.astype(bool) == own).all()
    studio.hand.key(Qt.Key.Key_Return)
    assert not studio.stored()[35, 36]


def test_shift_previews_before_there_is_any_object(points):
    points.hand.move(10.5, 15.5)
    points.hand.qtbot.keyPress(points.canvas, Qt.Key.Key_Shift)
    points.hand.qtbot.waitUntil(lambda: points.tool.proposal is not None)
    assert points.tool.proposal.mask[15, 10]
    points.hand.qtbot.keyRelease(points.canvas, Qt.Key.Key_Shift)
    assert points.tool.proposal is None
    assert points.canvas._context.new_object is None and points.steps() == []


def test_the_local_history_is_announced_only_when_it_changes(points):
    heard = []
    points.canvas.localHistoryChanged.connect(lambda: heard.append(points.canvas.can_local_undo))
    for x in (5, 8, 12):
        points.hand.move(x, 15)
    assert heard == []
    points.hand.click(10.5, 15.5)
    points.hand.click(12.5, 15.5)
    points.hand.key(Qt.Key.Key_Escape)
    assert heard == [True, False]


def test_clicks_outside_the_picture_are_none(points):
    points.canvas.zoom_to(2)
    points.hand.click(-10, 10)
    assert points.tool.clicks == ()
