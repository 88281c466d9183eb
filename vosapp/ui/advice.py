"""What an empty list says instead of items."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractItemView, QLabel

from vosapp.ui.theme import tones


class Advice(QLabel):
    """A text in the middle of a list's viewport; whoever owns the list shows and hides it.

    Args:
        view: the list.
        text: of the advice.
    """

    def __init__(self, view: QAbstractItemView, text: str = "") -> None:
        super().__init__(text, view.viewport())
        self._room = view.viewport()
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._room.installEventFilter(self)
        self.refresh_theme()

    def refresh_theme(self) -> None:
        """Take the colors of another theme."""
        self.setStyleSheet(f"color: {tones().muted};")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the middle."""
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._room.rect().adjusted(16, 8, -16, -8))
        return super().eventFilter(watched, event)
