"""Lanes under real mouse events: clicks, marking cells, the menu, headers."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QContextMenuEvent
from PySide6.QtWidgets import QApplication

from vosapp.project.model import FrameState
from vosapp.ui.theme import Theme, apply_theme, tones
from vosapp.ui.timeline.layout import HEADER_WIDTH, RANGE_BAR, RULER
from vosapp.ui.timeline.selection import LaneSelection

LEFT = Qt.MouseButton.LeftButton
NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
BAND = RULER + RANGE_BAR // 2


@pytest.fixture(autouse=True)
def no_popup_left(qapp):
    yield
    while (popup := QApplication.activePopupWidget()) is not None:
        popup.close()


def drag(qtbot, widget, *places):
    qtbot.mousePress(widget, LEFT, pos=places[0])
    for place in places[1:]:
        qtbot.mouseMove(widget, pos=place)
    qtbot.mouseRelease(widget, LEFT, pos=places[-1])


def run_all(qtbot, workspace):
    with qtbot.waitSignal(workspace.propagation.finished, timeout=15_000):
        workspace.propagation.start()
    lane = workspace.session.lane
    qtbot.waitUntil(lambda: (lane(1).states[1:] == FrameState.PROPAGATED).all())


def test_a_click_selects_the_object_and_a_dot_is_easy_to_hit(qtbot, shown):
    shown.session.go_to(20)
    qtbot.mouseClick(shown.viewport, LEFT, pos=shown.cell(12, place=1))
    assert (shown.session.object_id, shown.session.frame_index) == (2, 12)
    shown.view.fit()
    beside = shown.cell(0, place=0) + QPoint(6, 0)
    qtbot.mouseClick(shown.viewport, LEFT, pos=beside)
    assert (shown.session.object_id, shown.session.frame_index) == (1, 0)


def test_a_drag_marks_frames_of_one_object_and_offers_a_menu(qtbot, shown):
    drag(qtbot, shown.viewport, shown.cell(9, 1), shown.cell(7, 1), shown.cell(4, 0))
    assert shown.view.selection == LaneSelection(2, 4, 10)
    assert shown.view.menu.isVisible()
    assert shown.view.menu.actions()[0].text() == "Box 2: frames 4 to 9"


def test_icons_of_the_menu_are_those_of_the_theme(qtbot, shown, qapp):
    drag(qtbot, shown.viewport, shown.cell(9, 1), shown.cell(7, 1), shown.cell(4, 0))
    shown.view.menu.close()
    for theme in (Theme.DARK, Theme.LIGHT):
        apply_theme(qapp, theme)
        shown.view.menu.open(QPoint(50, 50))
        for name in ("propagate", "clear", "range"):
            action = shown.view.menu.actions_by_name[name]
            image = action.icon().pixmap(20, 20).toImage()
            shades = [image.pixelColor(x, y) for x in range(20) for y in range(20)]
            solid = {shade.name() for shade in shades if shade.alpha() == 255}
            assert QColor(tones().text).name() in solid
        shown.view.menu.close()
    assert shown.session.frame_index == 0


def choose(shown, selection, name):
    shown.view.select(selection)
    shown.view.menu.open(QPoint(50, 50))
    shown.view.menu.actions_by_name[name].trigger()
    shown.view.menu.close()


def test_clear_absent_check_and_uncheck_from_the_menu(qtbot, shown):
    run_all(qtbot, shown.workspace)
    lane = shown.session.lane

    def becomes(frames, state):
        qtbot.waitUntil(lambda: (lane(1).states[frames] == state).all())

    choose(shown, LaneSelection(1, 4, 9), "check")
    becomes(slice(4, 9), FrameState.CHECKED)
    choose(shown, LaneSelection(1, 6, 9), "uncheck")
    becomes(slice(6, 9), FrameState.PROPAGATED)
    assert (lane(1).states[4:6] == FrameState.CHECKED).all()
    choose(shown, LaneSelection(1, 10, 12), "absent")
    becomes(slice(10, 12), FrameState.ABSENT)
    choose(shown, LaneSelection(1, 15, 20), "clear")
    becomes(slice(15, 20), FrameState.EMPTY)
    assert (lane(2).states[1:] == FrameState.PROPAGATED).all()
    assert shown.view.selection is None
    choose(shown, LaneSelection(2, 3, 8), "range")
    assert shown.session.range == (3, 8)
    choose(shown, LaneSelection(2, 3, 13), "zoom")
    assert set(shown.view.axis.visible) == set(range(3, 13))


def test_frames_are_propagated_again_from_the_menu(qtbot, shown):
    run_all(qtbot, shown.workspace)
    frames = []
    shown.workspace.propagation.frameDone.connect(frames.append)
    with qtbot.waitSignal(shown.workspace.propagation.finished, timeout=15_000):
        choose(shown, LaneSelection(1, 5, 8), "propagate")
    assert sorted(set(frames)) == [5, 6, 7]


def test_the_menu_offers_only_what_makes_sense(qtbot, shown):
    shown.view.select(LaneSelection(1, 3, 5))
    shown.view.menu.open(QPoint(50, 50))
    enabled = {n: a.isEnabled() for n, a in shown.view.menu.actions_by_name.items()}
    assert not enabled["check"]
    assert not enabled["uncheck"]
    assert not enabled["clear"]
    assert enabled["absent"]
    assert enabled["propagate"]


def test_a_right_click_takes_the_cell_below_or_keeps_what_is_marked(qtbot, shown):
    def context(place):
        event = QContextMenuEvent(
            QContextMenuEvent.Reason.Mouse, place, shown.viewport.mapToGlobal(place)
        )
        QApplication.sendEvent(shown.viewport, event)
        visible = shown.view.menu.isVisible()
        shown.view.menu.close()
        return visible

    assert context(shown.cell(8, 1))
    assert shown.view.selection == LaneSelection(2, 8, 9)
    shown.view.select(LaneSelection(1, 2, 7))
    assert context(shown.cell(4, 0))
    assert shown.view.selection == LaneSelection(1, 2, 7)
    shown.view.select(None)
    assert not context(QPoint(400, 8))


def test_headers_select_hide_and_lock(qtbot, shown):
    y = shown.cell(0, 1).y()
    qtbot.mouseClick(shown.viewport, LEFT, pos=QPoint(60, y))
    assert shown.session.object_id == 2
    with qtbot.waitSignal(shown.session.objectsChanged):
        qtbot.mouseClick(shown.viewport, LEFT, pos=QPoint(HEADER_WIDTH - 34, y))
    assert not shown.session.objects[1].visible
    with qtbot.waitSignal(shown.session.objectsChanged):
        qtbot.mouseClick(shown.viewport, LEFT, pos=QPoint(HEADER_WIDTH - 12, y))
    assert shown.session.objects[1].locked
