"""Menus that show what their entries mean, and buttons from which something pops up."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCursor, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget

from vosapp.jobs.owners import is_there

_WITH = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)


_MARGIN = 12
"""Pixels beside what is put aside; below it, the status bar stays in sight."""
_KEYS = Qt.Key
_MOVING = frozenset(
    (
        *(_KEYS.Key_Up, _KEYS.Key_Down, _KEYS.Key_Left, _KEYS.Key_Right, _KEYS.Key_Home),
        *(_KEYS.Key_End, _KEYS.Key_PageUp, _KEYS.Key_PageDown, _KEYS.Key_Tab, _KEYS.Key_Backtab),
        *(_KEYS.Key_Return, _KEYS.Key_Enter, _KEYS.Key_Space, _KEYS.Key_Escape),
    )
)


class KeyMenu(QMenu):
    """A menu that keeps plain keys to itself while it is open.

    Qt would let the window have them: "I", pressed in the menu of files, would set an in point.
    A key that is written beside an entry chooses it.
    """

    def event(self, event: QEvent) -> bool:
        """Take plain keys before they are looked up as shortcuts."""
        asks = event.type() is QEvent.Type.ShortcutOverride
        if asks and isinstance(event, QKeyEvent) and not event.modifiers() & _WITH:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose the entry that has this key, unless one moves through the menu with it."""
        pressed = QKeySequence(event.keyCombination())
        for action in () if event.key() in _MOVING else self.actions():
            if action.isVisible() and action.isEnabled() and pressed in action.shortcuts():
                _close_all()
                action.trigger()
                return
        super().keyPressEvent(event)


class Popup(KeyMenu):
    """A menu with tooltips, opened without waiting for what is chosen."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.setAccessibleName(name)
        self.setToolTipsVisible(True)


def _close_all() -> None:
    """Close the menu that is open, with those that it opened from."""
    popup = QApplication.activePopupWidget()
    while popup is not None:
        popup.close()
        following = QApplication.activePopupWidget()
        popup = None if following is popup else following


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


def put_aside(dialog: QWidget, window: QWidget) -> None:
    """Put a dialog into the lower right corner of a window, off the middle of the picture."""
    fit_content(dialog)
    room = window.frameGeometry()
    x = room.right() - dialog.width() - _MARGIN
    y = room.bottom() - dialog.height() - 4 * _MARGIN
    dialog.move(max(room.left(), x), max(room.top(), y))


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
