"""Annotate, Train and Models: three places of one window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from vosapp.ui.place_bar import Place
from vosapp.ui.view_state import ToolId

ALT = Qt.KeyboardModifier.AltModifier


def place_key(shell, number):
    QTest.keyClick(shell.window, Qt.Key(Qt.Key.Key_0 + number), ALT)


def test_keys_and_buttons_lead_to_places(desk):
    window = desk.window
    place_key(desk, 2)
    assert window.place is Place.TRAIN and window.place_bar.buttons[Place.TRAIN].isChecked()
    QTest.mouseClick(window.place_bar.buttons[Place.MODELS], Qt.MouseButton.LeftButton)
    assert window.place is Place.MODELS and not desk.panels.canvas.isVisible()
    place_key(desk, 1)
    assert window.place is Place.ANNOTATE and desk.panels.canvas.isVisible()
    assert desk.panels.canvas.hasFocus()


def drag_border(qtbot, window, dock, by):
    """Drag the upper border of a panel by pixels."""
    border = QPoint(dock.geometry().center().x(), dock.geometry().top() - 1)
    QTest.mousePress(window, Qt.MouseButton.LeftButton, pos=border)
    QTest.mouseMove(window, border - QPoint(0, by))
    qtbot.wait(20)
    QTest.mouseRelease(window, Qt.MouseButton.LeftButton, pos=border - QPoint(0, by))


def test_annotate_is_as_it_was_left(desk, qtbot):
    window, docks = desk.window, desk.window.docks
    desk.actions.run("view.dock-objects")
    qtbot.wait(20)
    tall = docks["timeline"].height()
    drag_border(qtbot, window, docks["timeline"], -40)
    qtbot.wait(20)
    assert docks["timeline"].height() < tall - 20
    before = desk.panels.canvas.geometry(), docks["timeline"].geometry()
    place_key(desk, 2)
    assert not docks["timeline"].isVisible() and not window.main_bar.isVisible()
    place_key(desk, 1)
    qtbot.wait(1)
    assert docks["objects"].isHidden() and docks["timeline"].isVisible()
    assert (desk.panels.canvas.geometry(), docks["timeline"].geometry()) == before


def test_places_are_there_without_a_project(shell):
    place_key(shell, 2)
    assert shell.window.place is Place.TRAIN and not shell.window.welcome.isVisible()
    place_key(shell, 1)
    assert shell.window.welcome.isVisible() and not shell.window.main_bar.isVisible()


def test_in_annotate_actions_leave_the_keyboard_where_it_is(desk):
    desk.panels.objects.view.setFocus()
    desk.actions.run("objects.hide")
    assert desk.panels.objects.view.hasFocus()


def test_who_opens_a_project_sees_it(shell, drawn_project, open_in):
    place_key(shell, 2)
    open_in(shell, drawn_project)
    assert shell.window.place is Place.ANNOTATE and shell.panels.canvas.isVisible()


@pytest.mark.parametrize("name", ["edit.undo", "tools.brush", "view.fit", "propagate.open"])
def test_nothing_is_done_to_a_picture_that_nobody_sees(name, desk, qtbot):
    place_key(desk, 3)
    desk.actions.run(name)
    assert desk.window.place is Place.ANNOTATE
    qtbot.waitUntil(lambda: not desk.workspace.propagation.running, timeout=60_000)


@pytest.mark.parametrize("name", ["view.theme", "tools.cancel", "file.save"])
def test_what_belongs_to_no_place_leads_to_none(name, desk):
    place_key(desk, 3)
    desk.actions.run(name)
    assert desk.window.place is Place.MODELS


def test_esc_elsewhere_selects_nothing_else(desk):
    desk.workspace.session.select_object(2)
    place_key(desk, 2)
    desk.actions.run("tools.cancel")
    assert desk.workspace.session.object_id == 2


def test_what_is_drawn_is_taken_before_it_is_out_of_sight(desk, qtbot):
    desk.view_state.set_tool(ToolId.POLYGON)
    tool = desk.panels.canvas._tool
    desk.workspace.session.select_object(1)
    for x, y in ((2, 2), (20, 2), (20, 20)):
        where = desk.panels.canvas.grid.to_view(x, y)
        QTest.mouseClick(
            desk.panels.canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(*map(round, where))
        )
    place_key(desk, 2)
    assert not tool.target
    qtbot.waitUntil(lambda: desk.workspace.session.update.undo.startswith("Paint"))


def test_a_window_that_closes_elsewhere_keeps_its_layout(desk):
    here = desk.window.layout_state()["layout"]
    place_key(desk, 2)
    assert desk.window.layout_state()["layout"] == here


def test_the_mark_of_a_place_at_work_takes_room_from_no_other(desk, qtbot):
    bar = desk.window.place_bar
    bar.set_busy(Place.TRAIN, busy=True)
    fits = lambda: all(b.width() >= b.sizeHint().width() for b in bar.buttons.values())  # noqa: E731
    qtbot.waitUntil(fits)
    first = desk.window.menuBar().actionGeometry(desk.window.menuBar().actions()[0])
    assert first.left() >= bar.geometry().right()
    bar.set_busy(Place.TRAIN, busy=False)
    qtbot.waitUntil(lambda: bar.width() == bar.sizeHint().width())
