from __future__ import annotations

from fractions import Fraction

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QInputDialog, QLabel
from vosapp_fakes import FRAMES

from vosapp.project.edit_masks import MarkAbsent
from vosapp.ui import numbering
from vosapp.ui.timeline.ruler import time_code

IDS = {
    "first",
    "previous_keyframe",
    "step_back",
    "play",
    "step_forward",
    "next_keyframe",
    "last",
    "next_doubtful",
    "set_in",
    "set_out",
}


@pytest.fixture
def press(qtbot, shown):
    def click(name):
        qtbot.mouseClick(shown.panel.buttons[name], Qt.MouseButton.LeftButton)
        return shown.session.frame_index

    return click


def test_buttons_move_through_the_video(qtbot, shown, press):
    assert set(shown.panel.buttons) == IDS
    with qtbot.waitSignal(shown.session.lanesChanged):
        shown.session.do(MarkAbsent(2, 11, 12))
    assert press("last") == FRAMES - 1
    assert press("step_back") == FRAMES - 2
    assert press("previous_keyframe") == 11
    assert press("step_forward") == 12
    assert press("first") == 0
    assert press("next_keyframe") == 11
    assert press("next_keyframe") == 11


def test_play_plays_and_pauses(qtbot, shown, press):
    press("play")
    assert shown.workspace.playback.playing
    qtbot.waitUntil(lambda: shown.session.frame_index > 2)
    press("play")
    assert not shown.workspace.playback.playing


def test_in_and_out_points_at_the_current_frame(shown, press):
    shown.session.go_to(5)
    press("set_in")
    shown.session.go_to(9)
    press("set_out")
    assert shown.session.range == (5, 10)
    shown.session.go_to(15)
    press("set_in")
    assert shown.session.range == (15, FRAMES)
    shown.session.go_to(2)
    press("set_out")
    assert shown.session.range == (0, 3)
    texts = [label.text() for label in shown.panel.transport.findChildren(QLabel)]
    assert "0 to 2" in texts


def test_the_number_shows_and_sets_the_frame(qtbot, shown):
    number = shown.panel.transport.number
    shown.session.go_to(7)
    assert number.value() == 7
    texts = [label.text() for label in shown.panel.transport.findChildren(QLabel)]
    assert f"of {FRAMES - 1}" in texts
    assert "00:00.291" in texts
    number.selectAll()
    qtbot.keyClicks(number, "19")
    assert shown.session.frame_index == 7
    qtbot.keyClick(number, Qt.Key.Key_Return)
    assert shown.session.frame_index == 19
    assert number.lineEdit().width() > 30


def test_a_narrow_row_keeps_its_buttons(qtbot, shown):
    row = shown.panel.transport
    shown.session.set_range(3, 9)
    shown.panel.resize(1000, 320)
    assert row._time.isVisible() and row._span.isVisible()
    assert row.buttons["set_in"].toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon
    least = row.minimumSizeHint().width()
    shown.panel.resize(row._needed(2).width() + 2, 320)
    assert not row._time.isVisible() and row._span.isVisible()
    shown.panel.resize(100, 320)
    assert row.width() <= least + 2
    assert not row._span.isVisible() and not row._count.isVisible()
    assert all(button.isVisible() for button in row.buttons.values())
    assert all(row.rect().contains(button.geometry()) for button in row.buttons.values())


def test_frames_can_be_counted_from_1(qtbot, shown):
    row, number = shown.panel.transport, shown.panel.transport.number
    shown.session.go_to(7)
    shown.session.set_range(3, 9)
    numbering.count_from(1)
    try:
        shown.panel.renumber()
        texts = [label.text() for label in row.findChildren(QLabel)]
        assert (number.value(), number.minimum(), number.maximum()) == (8, 1, FRAMES)
        assert {f"of {FRAMES}", "4 to 9"} <= set(texts)
        assert shown.view.hint(QPointF(shown.x(7), 5)).startswith("Frame 8 ")
        number.selectAll()
        qtbot.keyClicks(number, "1")
        qtbot.keyClick(number, Qt.Key.Key_Return)
        assert shown.session.frame_index == 0
    finally:
        numbering.count_from(0)


def test_a_button_takes_an_action_of_the_window(qtbot, shown, press):
    done = []
    action = QAction("Play", shown.panel)
    action.triggered.connect(lambda: done.append(1))
    shown.panel.buttons["play"].setDefaultAction(action)
    press("play")
    assert done == [1]
    assert not shown.workspace.playback.playing


def test_go_to_frame_asks_without_waiting(qtbot, shown):
    shown.panel.go_to_frame_dialog()
    dialog = shown.panel.findChild(QInputDialog)
    qtbot.waitUntil(dialog.isVisible)
    dialog.setIntValue(14)
    dialog.accept()
    assert shown.session.frame_index == 14


def test_every_control_has_a_name_and_a_tooltip(shown):
    row = shown.panel.transport
    for widget in (*row.buttons.values(), row.number):
        assert widget.accessibleName()
        assert widget.toolTip()


@pytest.mark.parametrize(
    ("frame", "fps", "text"),
    [
        (0, Fraction(25), "00:00.000"),
        (36, Fraction(24), "00:01.500"),
        (1, Fraction(30000, 1001), "00:00.033"),
        (25 * 3725, Fraction(25), "1:02:05.000"),
    ],
)
def test_time_codes(frame, fps, text):
    assert time_code(frame, fps) == text
