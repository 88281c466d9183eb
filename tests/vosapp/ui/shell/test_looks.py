"""What buttons, menus and points look like and where a project opens."""

from __future__ import annotations

import inspect

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QApplication

from vosapp import app
from vosapp.ui.dialogs.chooser import RunChooser
from vosapp.ui.drawn_icons import MARK_SIZES, mark_icon
from vosapp.ui.left_off import MOST, frame_of, remember
from vosapp.ui.settings import Settings
from vosapp.ui.theme import icon, tones
from vosapp.ui.view_state import ToolId


def near(color, other):
    return max(abs(color.red() - other.red()), abs(color.green() - other.green())) < 40


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_icon_of_the_tool_in_hand_is_seen_in_the_menu(desk, qtbot, theme):
    """It is drawn in the color for buttons that are on, and was white on white."""
    desk.settings.set_value("theme", theme)
    desk.view_state.set_tool(ToolId.LASSO)
    menu = desk.window.menus["&Tools"]
    menu.popup(QPoint(0, 0))
    box = menu.actionGeometry(desk.actions["tools.lasso"])
    image = menu.grab(QRect(box.left(), box.top(), 30, box.height())).toImage()
    menu.close()
    shown = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    accent, line = QColor(tones().accent), QColor(tones().on_accent)
    assert sum(near(one, accent) for one in shown) > 80
    assert sum(near(one, line) for one in shown) > 15
    desk.settings.set_value("theme", "light")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_icon_of_a_tool_that_is_pointed_at_is_seen(desk, theme):
    """It was drawn as if the tool were in hand: white on white, or black on black."""
    desk.settings.set_value("theme", theme)
    desk.view_state.set_tool(ToolId.BOX)
    image = desk.actions["tools.lasso"].icon().pixmap(20, 20, QIcon.Mode.Active).toImage()
    shown = [image.pixelColor(x, y) for x in range(20) for y in range(20)]
    text = QColor(tones().text)
    assert sum(near(one, text) for one in shown if one.alpha() > 200) > 15
    desk.settings.set_value("theme", "light")


def test_a_letter_in_an_open_menu_changes_nothing_behind_it(desk, qtbot):
    desk.window.activateWindow()
    qtbot.waitUntil(desk.window.isActiveWindow)
    session, menu = desk.workspace.session, desk.window.menus["&File"]
    session.go_to(3)
    menu.popup(QPoint(0, 0))
    qtbot.keyClick(menu, Qt.Key.Key_I)
    assert session.range[0] == 0 and menu.isVisible()
    menu.close()
    menu = desk.window.menus["&Go"]
    menu.popup(QPoint(0, 0))
    qtbot.keyClick(menu, Qt.Key.Key_I)
    assert session.range[0] == 3 and not menu.isVisible()


def test_the_button_of_quality_is_no_more_highlighted_once_its_panel_is_closed(desk, qtbot):
    button = desk.window.choose_button
    plain = button.grab().toImage()
    button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, True)
    assert button.grab().toImage() != plain
    button.click()
    (chooser,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, RunChooser)]
    chooser.close()
    qtbot.waitUntil(lambda: not button.underMouse())
    assert button.grab().toImage() == plain


def test_in_out_and_fit_have_icons_of_their_own(qapp):
    names = ["own.in", "own.out", "own.range", "own.no-range", "fit-to-page-outline"]
    images = [icon(name).pixmap(20, 20).toImage() for name in names]
    for place, one in enumerate(images):
        assert all(one != other for other in images[:place])
        assert QColor(tones().text).alpha() and not one.isNull()


def test_menu_and_button_show_the_same_icon(desk):
    row = desk.panels.timeline.transport
    for name, action in (("set_in", "range-in"), ("set_out", "range-out"), ("first", "first")):
        shown = desk.actions[f"navigate.{action}"].icon().pixmap(20, 20).toImage()
        assert row.buttons[name].icon().pixmap(20, 20).toImage() == shown
    assert (row.buttons["set_in"].text(), row.buttons["set_out"].text()) == ("In", "Out")


def test_the_window_has_an_icon(qapp):
    """The tests' application is not ours: that ours takes it stands in `vosapp.app`."""
    assert "setWindowIcon(mark_icon())" in inspect.getsource(app)
    image = mark_icon().pixmap(32, 32).toImage()
    colors = {image.pixelColor(x, y).name() for x in range(32) for y in range(32)}
    assert {"#0b63ce", "#ffd45e"} <= colors
    assert {size.width() for size in mark_icon().availableSizes()} == set(MARK_SIZES)


def test_out_is_one_frame_only_where_that_is_meant_and_it_is_said(desk):
    session, run = desk.workspace.session, desk.actions.run
    session.go_to(15)
    run("navigate.range-in")
    session.go_to(4)
    run("navigate.range-out")
    assert session.range == (0, 5)  # and not frame 4 alone
    session.go_to(20)
    run("navigate.range-in")
    assert session.range == (20, session.frame_count)
    run("navigate.range-out")
    assert session.range == (20, 21)
    assert "both on frame 20" in desk.window.status.currentMessage()


def test_a_project_opens_where_it_was_left(desk, qtbot, open_in):
    path = desk.workspace.session.project.path
    desk.workspace.session.go_to(7)
    desk.close_workspace()
    assert open_in(desk, path).session.frame_index == 7
    qtbot.waitUntil(lambda: desk.workspace.session.view.frame_index == 7)
    assert desk.panels.timeline.transport.number.value() == 7


def test_places_of_some_projects_are_remembered(tmp_path):
    settings = Settings(tmp_path / "settings.json")
    for number in range(MOST + 5):
        remember(settings, tmp_path / f"{number}.vosapp", number)
    again = Settings(tmp_path / "settings.json")
    assert frame_of(again, tmp_path / "204.vosapp") == 204
    assert frame_of(again, tmp_path / "2.vosapp") == 0
    again.remember("left-off", "nonsense")
    assert frame_of(again, tmp_path / "204.vosapp") == 0


def test_counting_from_1_holds_at_once(desk, qtbot):
    desk.workspace.session.go_to(7)
    desk.settings.set_value("first-frame", "1")
    try:
        assert desk.panels.timeline.transport.number.value() == 8
    finally:
        desk.settings.set_value("first-frame", "0")
    assert desk.panels.timeline.transport.number.value() == 7
