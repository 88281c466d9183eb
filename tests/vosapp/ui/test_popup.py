"""What pops up is as large as what is in it."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from vosapp.ui.popup import KeyMenu, fit_content


def _note(done, action, *_on):
    done.append(action.text())


def test_the_key_beside_an_entry_chooses_it_and_closes_all_menus(qtbot):
    window, done = QWidget(), []
    qtbot.addWidget(window)
    own, other = QAction("Own", window), QAction("Other", window)
    for action, key in ((own, "K"), (other, "I")):
        action.setShortcut(key)
        action.triggered.connect(partial(_note, done, action))
        window.addAction(action)
    menu, under = KeyMenu("Menu", window), KeyMenu("Under", window)
    menu.addMenu(under)
    under.addAction(own)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_I)
    assert done == ["Other"]
    menu.popup(QPoint(0, 0))
    qtbot.keyClick(menu, Qt.Key.Key_I)
    assert done == ["Other"] and menu.isVisible()
    under.popup(QPoint(10, 10))
    qtbot.keyClick(under, Qt.Key.Key_K)
    assert done == ["Other", "Own"]
    assert not menu.isVisible() and not under.isVisible()


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Down])
def test_keys_that_move_through_a_menu_do_so(qtbot, key):
    window, done = QWidget(), []
    qtbot.addWidget(window)
    menu = KeyMenu("Menu", window)
    first, apply = menu.addAction("First"), menu.addAction("Apply")
    apply.setShortcut(QKeySequence(key))
    for action in (first, apply):
        action.triggered.connect(partial(_note, done, action))
    window.show()
    menu.popup(QPoint(0, 0))
    menu.setActiveAction(first)
    qtbot.keyClick(menu, key)
    if key is Qt.Key.Key_Return:
        assert done == ["First"]
    else:
        assert done == [] and menu.activeAction() is apply


def test_nothing_is_squeezed_where_the_screen_is_small(qtbot):
    screen = QGuiApplication.primaryScreen().availableSize()
    widget = QWidget()
    qtbot.addWidget(widget)
    column = QVBoxLayout(widget)
    text = QLabel("Many words that take several lines. " * 8)
    text.setWordWrap(True)
    tall = QLabel("Tall")
    tall.setFixedHeight(screen.height() * 3 // 4)
    for label in (text, tall):
        column.addWidget(label)
    widget.setMinimumWidth(300)
    widget.show()
    fit_content(widget)
    assert widget.height() > screen.height() * 3 // 4
    assert text.height() >= text.heightForWidth(text.width())
    column.removeWidget(tall)
    tall.hide()
    fit_content(widget)
    assert text.heightForWidth(text.width()) <= widget.height() < screen.height() // 2
