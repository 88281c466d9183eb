"""Strokes: exact masks, one edit each, and none is ever lost."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import Qt

from vosapp.project.edits import LockObject, ShowObject
from vosapp.ui.view_state import PaintLimit, ToolId

RIGHT = Qt.MouseButton.RightButton
ALT, CONTROL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier


def near(start, end, radius, shape=(48, 64)):
    """The pixels whose centers are within a radius of a line, one by one."""
    mask = np.zeros(shape, bool)
    (x0, y0), (x1, y1) = start, end
    length = (x1 - x0) ** 2 + (y1 - y0) ** 2
    for row in range(shape[0]):
        for column in range(shape[1]):
            x, y = column + 0.5, row + 0.5
            share = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length if length else 0
            share = min(max(share, 0), 1)
            away = math.hypot(x - x0 - share * (x1 - x0), y - y0 - share * (y1 - y0))
            mask[row, column] = away <= radius
    return mask


def brush(studio, size=6, tool=ToolId.BRUSH):
    studio.state.set_tool(tool)
    studio.state.set_brush_size(size)


def test_a_stroke_is_one_edit_with_exact_pixels(studio):
    brush(studio)
    studio.hand.drag((10, 10), (30, 20), (30, 40))
    wanted = near((10, 10), (30, 20), 3) | near((30, 20), (30, 40), 3)
    # Without an object, one is added in the same step.
    assert (studio.shown == wanted).all()
    assert (studio.stored() == wanted).all()
    assert studio.steps() == ["Paint Object 1"]
    studio.settle()
    assert [item.object_id for item in studio.session.objects] == [1]
    assert studio.session.object_id == 1


def test_undo_takes_the_whole_stroke_and_its_object_back(studio):
    brush(studio)
    studio.hand.drag((10, 10), (30, 20))
    studio.settle()
    studio.session.undo()
    assert not studio.stored().any()
    assert studio.session.project.objects() == ()
    studio.session.redo()
    assert (studio.stored() == near((10, 10), (30, 20), 3)).all()


def test_a_click_paints_even_with_the_smallest_brush(studio):
    brush(studio, 1)
    studio.hand.click(20.9, 11.1)
    assert np.argwhere(studio.stored()).tolist() == [[11, 20]]


def test_eraser_takes_from_the_current_object_only(full_studio):
    studio = full_studio
    before = studio.stored().copy()
    studio.session.select_object(1)
    brush(studio, 20, ToolId.ERASER)
    studio.hand.drag((10, 20), (40, 32))
    erased = near((10, 20), (40, 32), 10)
    wanted = np.where(erased & (before == 1), 0, before)
    assert erased[before == 2].any(), "the stroke should cross both objects"
    assert (studio.shown == wanted).all()
    assert (studio.stored() == wanted).all()


@pytest.mark.parametrize("how", ["right button", "negative"])
def test_brush_erases_too(full_studio, how):
    studio = full_studio
    studio.session.select_object(2)
    brush(studio, 4)
    if how == "negative":
        studio.hand.key(Qt.Key.Key_X)
        assert not studio.state.positive
        studio.hand.drag((24, 35), (30, 35))
    else:
        studio.hand.drag((24, 35), (30, 35), button=RIGHT)
    assert not (studio.stored() == 2)[near((24, 35), (30, 35), 2)].any()
    assert (studio.stored() == 2).any()


def test_locked_objects_keep_their_pixels(full_studio):
    studio = full_studio
    studio.session.do(LockObject(2, True))
    studio.settle()
    studio.hand.qtbot.waitUntil(lambda: studio.session.objects[1].locked)
    before = studio.stored() == 2
    studio.session.select_object(1)
    brush(studio, 30)
    studio.hand.drag((10, 30), (40, 35))
    assert ((studio.shown == 2) == before).all()
    assert ((studio.stored() == 2) == before).all()
    assert (studio.stored() == studio.shown).all()


def test_a_locked_object_is_not_painted_and_the_user_is_told(full_studio):
    studio = full_studio
    studio.session.do(LockObject(1, True))
    studio.hand.qtbot.waitUntil(lambda: studio.session.objects[0].locked)
    steps = studio.steps()
    brush(studio)
    studio.hand.drag((40, 10), (50, 10))
    assert "Box 1 is locked" in studio.said[-1]
    assert studio.steps() == steps
    assert (studio.shown == studio.stored()).all()


def test_a_hidden_object_is_painted_and_the_user_is_told(full_studio):
    studio = full_studio
    studio.session.do(ShowObject(1, False))
    studio.hand.qtbot.waitUntil(lambda: not studio.session.objects[0].visible)
    brush(studio)
    studio.hand.drag((40, 10), (50, 10))
    assert any("hidden" in text for text in studio.said)
    assert studio.stored()[10, 45] == 1


def test_a_stroke_stays_on_the_frame_on_which_it_was_drawn(studio):
    brush(studio)
    studio.hand.press(10, 10)
    studio.hand.move(30, 10, held=Qt.MouseButton.LeftButton)
    studio.session.go_to(5)
    studio.hand.move(30, 30, held=Qt.MouseButton.LeftButton)
    studio.hand.release(30, 30)
    assert (studio.stored(0) == near((10, 10), (30, 10), 3)).all()
    assert not studio.stored(5).any()


def test_a_stroke_is_kept_when_tool_object_or_workspace_change(full_studio):
    studio = full_studio
    brush(studio, 4)
    studio.hand.press(40, 5)
    studio.state.set_tool(ToolId.SELECT)
    assert studio.stored()[5, 40] == 1
    studio.state.set_tool(ToolId.BRUSH)
    studio.hand.release(40, 5)
    studio.hand.press(50, 5)
    studio.session.select_object(2)
    studio.hand.release(50, 5)
    assert studio.stored()[5, 50] == 1
    studio.hand.press(60, 40)
    studio.canvas.set_workspace(None)
    assert studio.stored()[40, 60] == 2


def test_escape_drops_a_stroke(full_studio):
    studio = full_studio
    before, steps = studio.stored().copy(), studio.steps()
    brush(studio)
    studio.hand.press(40, 10)
    studio.hand.move(50, 10, held=Qt.MouseButton.LeftButton)
    assert (studio.shown != before).any()
    studio.hand.key(Qt.Key.Key_Escape)
    assert (studio.shown == before).all()
    studio.hand.release(50, 10)
    assert studio.steps() == steps


def test_a_stroke_never_flickers(full_studio):
    studio = full_studio
    stale = studio.session.view
    brush(studio)
    studio.hand.drag((40, 10), (50, 10))
    stroke = near((40, 10), (50, 10), 3)
    seen = []
    studio.session.viewChanged.connect(lambda _view: seen.append(studio.shown[stroke].min()))
    # A map that was read before the edit must not take it away, whenever it comes.
    studio.canvas._take_view(stale)
    assert (studio.shown[stroke] == 1).all()
    studio.session.drain()
    studio.canvas._take_view(stale)
    assert (studio.shown[stroke] == 1).all()
    studio.settle()
    assert seen and set(seen) == {1}
    # Once it is in the project's own map, undo shows at once.
    studio.session.undo()
    studio.settle()
    assert not (studio.shown[stroke] == 1).any()


def test_a_stroke_goes_on_over_a_new_map(full_studio):
    studio = full_studio
    brush(studio)
    studio.hand.press(40, 10)
    studio.hand.move(50, 10, held=Qt.MouseButton.LeftButton)
    studio.session.reload()
    with studio.hand.qtbot.waitSignal(studio.session.viewChanged):
        pass
    assert (studio.shown[near((40, 10), (50, 10), 3)] == 1).all()
    studio.hand.release(50, 10)
    assert studio.stored()[10, 45] == 1


def test_a_refused_stroke_disappears(full_studio):
    studio = full_studio
    brush(studio)
    # Locked in the project, but the window has not heard of it yet.
    studio.session.project.do(LockObject(1, True))
    with studio.hand.qtbot.waitSignal(studio.session.failed):
        studio.hand.drag((40, 10), (50, 10))
    studio.hand.qtbot.waitUntil(lambda: not studio.shown[10, 45])


def test_sizes(studio):
    brush(studio, 20)
    studio.hand.key(Qt.Key.Key_BracketRight)
    assert studio.state.brush_size == 23
    studio.hand.key(Qt.Key.Key_BracketLeft)
    assert studio.state.brush_size == 20
    studio.hand.wheel(20, 20, 1, CONTROL)
    assert studio.state.brush_size == 23
    studio.hand.drag((20, 20), (25, 20), keys=ALT)
    assert studio.state.brush_size == pytest.approx(33)
    assert studio.steps() == []
    studio.state.set_brush_size(1)
    studio.canvas.resize_brush(1)
    assert studio.state.brush_size == 2


def test_erasing_needs_an_object(studio):
    brush(studio, 6, ToolId.ERASER)
    studio.hand.drag((10, 10), (20, 10))
    assert "Select the object" in studio.said[-1]
    assert studio.steps() == []


def strip(studio, *, begin=2):
    """A stroke across both objects and the ground."""
    brush(studio, 4)
    studio.hand.drag((begin, 16), (60, 16), (60, 36), (2, 36))


def test_painting_limited_to_the_background_takes_nothing(full_studio):
    studio = full_studio
    before = studio.stored().copy()
    studio.canvas.deselect()
    studio.state.set_paint_limit(PaintLimit.BACKGROUND)
    strip(studio)
    shown = studio.shown.copy()
    stored = studio.stored()
    assert (shown == stored).all() and (stored == 3).sum() > 100
    assert (stored[before > 0] == before[before > 0]).all()


def test_painting_limited_to_what_it_begins_on_takes_that_only(full_studio):
    studio = full_studio
    before = studio.stored().copy()
    studio.canvas.deselect()
    studio.state.set_paint_limit(PaintLimit.OBJECT)
    strip(studio, begin=10)
    stored = studio.stored()
    assert (studio.shown == stored).all() and (before[stored == 3] == 1).all()
    assert (stored == 3).any() and (stored[before == 2] == 2).all()


def test_painting_everything_takes_from_all_but_the_locked(full_studio):
    studio = full_studio
    before = studio.stored().copy()
    studio.session.do(LockObject(1, True))
    studio.hand.qtbot.waitUntil(lambda: studio.session.objects[0].locked)
    studio.canvas.deselect()
    strip(studio)
    stored = studio.stored()
    assert (stored[before == 1] == 1).all() and (before[stored == 3] == 2).any()


def test_a_stroke_that_may_change_nothing_makes_no_object_and_says_why(full_studio):
    studio = full_studio
    studio.canvas.deselect()
    studio.state.set_paint_limit(PaintLimit.BACKGROUND)
    brush(studio, 2)
    studio.hand.drag((10, 14), (12, 18))
    assert any("limited to the background" in text for text in studio.said)
    assert len(studio.session.project.objects()) == 2
    assert studio.canvas._context.new_object is None and not (studio.shown == 3).any()


def test_the_limit_does_not_concern_the_eraser(full_studio):
    studio = full_studio
    studio.session.select_object(1)
    studio.state.set_paint_limit(PaintLimit.BACKGROUND)
    brush(studio, 6, ToolId.ERASER)
    studio.hand.drag((8, 14), (14, 18))
    assert not (studio.stored()[15:17, 9:12] == 1).any()
