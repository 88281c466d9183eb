"""How the monkey moves the mouse and presses keys: through windows, as a platform does.

Popups and modal dialogs so keep away what they keep from a user.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from shiboken6 import isValid

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


class Hands:
    """Mouse and keys of one that plays with one window.

    Args:
        shell: the window.
        rng: decides.
    """

    def __init__(self, shell, rng):
        self.shell, self.rng = shell, rng

    def drag(self, widget, places, *, keys, meanwhile):
        """Press at the first place, let go at the last; something may happen in between."""
        window = widget.window()
        there = [widget.mapTo(window, place) for place in places]
        button = LEFT if self.rng.random() < 0.85 else RIGHT
        send(window, lambda handle: QTest.mousePress(handle, button, keys, there[0]))
        for place in there[1:]:
            send(window, lambda handle, place=place: QTest.mouseMove(handle, place))
            if self.rng.random() < 0.03:
                meanwhile()
        send(window, lambda handle: QTest.mouseRelease(handle, button, keys, there[-1]))

    def key(self, key, keys=Qt.KeyboardModifier.NoModifier):
        window = self.top()
        if window is not self.shell.window:
            # QTest sends Shift and the like first, and would go on where that closes a window.
            keys = Qt.KeyboardModifier.NoModifier
        if not isinstance(window, QFileDialog):
            for deed in (QTest.keyPress, QTest.keyRelease):
                send(window, lambda handle, deed=deed: deed(handle, key, keys))
        return f"{key} {keys}"

    def modifiers(self):
        kinds = Qt.KeyboardModifier
        others = (kinds.ShiftModifier, kinds.ControlModifier, kinds.AltModifier)
        return kinds.NoModifier if self.rng.random() < 0.75 else self.rng.choice(others)

    def inside(self, widget):
        box = widget.rect()
        return QPoint(
            self.rng.randint(0, max(0, box.right())), self.rng.randint(0, max(0, box.bottom()))
        )

    def top(self):
        """The window that gets events now."""
        tops = (QApplication.activePopupWidget(), QApplication.activeModalWidget())
        return next((w for w in (*tops, QApplication.activeWindow()) if w), self.shell.window)

    def in_files(self):
        """Never in a file chooser: it can delete files."""
        return isinstance(self.top(), QFileDialog)

    def reachable(self, widget):
        return (
            widget.isVisible()
            and QApplication.activeModalWidget() is None
            and QApplication.activePopupWidget() is None
        )


def send(window, deed):
    """Give an event to a window; the one before may have closed and deleted it."""
    handle = window.windowHandle() if isValid(window) else None
    if handle is not None and isValid(handle):
        deed(handle)
