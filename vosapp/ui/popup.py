"""Menus that show what their entries mean, and buttons from which something pops up."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QAbstractButton, QMenu, QWidget

from vosapp.jobs.owners import is_there


class Popup(QMenu):
    """A menu with tooltips, opened without waiting for what is chosen."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.setAccessibleName(name)
        self.setToolTipsVisible(True)


def fit_content(widget: QWidget) -> None:
    """Make a widget as large as what is in it, also where that is most of the screen.

    Qt's own `adjustSize` stops at two thirds of a screen and squeezes what is in the widget.
    """
    layout = widget.layout()
    if layout is not None:
        layout.activate()
    wanted = widget.sizeHint().expandedTo(widget.minimumSize())
    high = widget.heightForWidth(wanted.width())
    if high >= 0:
        wanted.setHeight(high)
    widget.resize(wanted)


def settle(button: QAbstractButton) -> None:
    """Let a button look as it is, once what popped up from it has gone.

    While something pops up Qt tells no button that the mouse has left it; it stays highlighted.
    """
    if not is_there(button):
        return
    inside = button.rect().contains(button.mapFromGlobal(QCursor.pos()))
    button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, inside)
    button.setDown(False)
    button.update()
