"""What pops up is as large as what is in it."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from vosapp.ui.popup import fit_content


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
