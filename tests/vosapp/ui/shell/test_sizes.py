"""Windows that are small, were small, and what has no room in them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabWidget, QToolButton

from vosapp.ui.main_window import NARROWEST, PANELS
from vosapp.ui.theme import Theme, apply_theme
from vosapp.ui.view_state import ToolId

SMALL, LARGE = QSize(640, 420), QSize(1360, 860)


def sizes(window):
    return window.docks["objects"].width(), window.docks["timeline"].height()


def resize(qtbot, window, size):
    window.resize(size)
    qtbot.wait(20)


def test_panels_come_back_after_the_window_was_small(desk, qtbot):
    window = desk.window
    resize(qtbot, window, LARGE)
    assert sizes(window) == (PANELS["objects"], PANELS["timeline"])
    resize(qtbot, window, SMALL)
    assert sizes(window) < (PANELS["objects"], PANELS["timeline"])
    resize(qtbot, window, LARGE)
    assert sizes(window) == (PANELS["objects"], PANELS["timeline"])


def test_what_the_status_bar_says_makes_no_window_larger(desk, qtbot):
    window, status = desk.window, desk.window.status
    resize(qtbot, window, QSize(1024, 700))
    status.show_place(1234, 567, "an object with a name that is rather long")
    status.meter.begin("38 of 70 frames   2.4 frames/s   13 s left   CPU   692 MB   and more")
    status.show_hint("Click an object to select it; drag to move the picture; right button: menu")
    qtbot.wait(20)
    assert window.width() == 1024 and status.meter.isVisible()
    resize(qtbot, window, SMALL)
    assert window.width() == window.minimumSizeHint().width() < 800
    assert status.meter._stop.geometry().right() <= status.meter.width()
    status.meter.rest()


def test_a_long_film_makes_no_window_wider(desk, qtbot, qapp):
    """With the style of the program, whose buttons are wider than those of tests."""
    apply_theme(qapp, Theme.LIGHT)
    transport = desk.panels.timeline.transport
    resize(qtbot, desk.window, SMALL)
    least = desk.window.minimumSizeHint().width()
    transport._count.setText("of 1234567")
    transport._squeeze()
    qtbot.wait(20)
    assert desk.window.minimumSizeHint().width() == desk.window.width() == least < 780


def test_what_the_user_has_chosen_comes_back_also_with_the_next_start(desk, qtbot):
    window = desk.window
    resize(qtbot, window, LARGE)
    dock = window.docks["objects"]
    border = QPoint(dock.geometry().left() - 1, dock.geometry().center().y())
    QTest.mousePress(window, Qt.MouseButton.LeftButton, pos=border)
    QTest.mouseMove(window, border - QPoint(100, 0))
    qtbot.wait(20)
    QTest.mouseRelease(window, Qt.MouseButton.LeftButton, pos=border - QPoint(100, 0))
    wide = dock.width()
    assert wide == pytest.approx(PANELS["objects"] + 100, abs=3)
    resize(qtbot, window, SMALL)
    kept = window.layout_state()
    resize(qtbot, window, LARGE)
    assert dock.width() == wide
    window.restore_layout({"panels": {"objects": "wide", "timeline": -3}})
    assert dock.width() == wide
    assert kept["panels"]["objects"] == wide


def test_names_and_tabs_are_read_in_the_smallest_window(desk, qtbot):
    window = desk.window
    resize(qtbot, window, SMALL)
    assert window.docks["objects"].width() >= NARROWEST
    bar = window.docks["objects"].widget().tabBar()
    assert isinstance(window.docks["objects"].widget(), QTabWidget)
    room = sum(bar.tabRect(place).width() for place in range(bar.count()))
    assert room <= bar.width()
    needed = bar.fontMetrics().horizontalAdvance("References")
    assert bar.tabRect(1).width() >= needed
    assert desk.panels.objects.view.width() - 4 - 3 * 22 - 64 - 34 > 60


def test_the_welcome_page_takes_no_room_from_small_windows(desk, qtbot):
    assert desk.window.stack.minimumSizeHint().height() < 200


def test_what_has_no_room_in_the_bar_is_behind_a_button(desk, qtbot):
    options, window = desk.options, desk.window
    desk.view_state.set_tool(ToolId.BRUSH)
    resize(qtbot, window, SMALL)
    assert options.isVisible()
    resize(qtbot, window, LARGE)
    options.setFixedWidth(660)
    qtbot.wait(20)
    parts = (options.limit, options.size_slider, options.overlay, options.opacity)
    assert all(part.isVisible() for part in parts) and not options.more.isVisible()
    options.setFixedWidth(200)
    qtbot.wait(20)
    assert options.isVisible() and options.more.isVisible()
    hidden = [part for part in parts if not part.isVisible()]
    assert hidden and options.size_slider not in hidden
    options.more.click()
    assert all(part.isVisible() for part in parts)
    assert all(part.window() is not window for part in hidden)
    QApplication.activePopupWidget().close()
    assert all(part.window() is window and not part.isVisible() for part in hidden)
    options.setFixedWidth(660)
    qtbot.wait(20)
    assert all(part.isVisible() for part in parts) and not options.more.isVisible()


def test_tools_without_room_are_behind_a_button_that_is_seen(desk, qtbot):
    bar = desk.window.tools_bar
    resize(qtbot, desk.window, QSize(900, 330))
    (more,) = bar.findChildren(QToolButton, "qt_toolbar_ext_button")
    assert more.isVisible()
    image = more.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    values = [image.pixelColor(x, y).value() for x in range(image.width()) for y in range(12)]
    assert max(values) - min(values) > 100


def drag_event(kind, path, window):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    place = QPointF(50, 50) if kind is QDropEvent else QPoint(50, 50)
    event = kind(place, Qt.DropAction.CopyAction, data, buttons, keys)
    # The event does not own it.
    event.kept = data
    return event


def test_a_window_shows_that_a_dragged_file_can_be_dropped(shell, tmp_path, qtbot):
    window, veil = shell.window, shell.window.findChild(object, "drop-veil")
    assert not veil.isVisible()
    QApplication.sendEvent(window, drag_event(QDragEnterEvent, tmp_path / "cat.mp4", window))
    assert veil.isVisible() and "cat.mp4" in veil.accessibleName()
    assert veil.geometry() == window.rect()
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not veil.isVisible()
    QApplication.sendEvent(window, drag_event(QDragEnterEvent, tmp_path / "cat.mp4", window))
    with qtbot.waitSignal(window.dropped):
        QApplication.sendEvent(window, drag_event(QDropEvent, tmp_path / "cat.mp4", window))
    assert not veil.isVisible()
    shell.opener.stop()
