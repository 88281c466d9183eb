"""What a window shows while a file is dragged over it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from vosapp.ui.theme import tones
from vosapp.ui.timeline import ink


class DropVeil(QWidget):
    """A frame and a sentence over all of a widget that takes files; it takes no mouse.

    It goes by itself once the files were dropped or carried on.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("drop-veil")
        self._text = ""
        self.hide()
        parent.installEventFilter(self)

    def show_for(self, text: str) -> None:
        """Cover the widget and say what a drop will do."""
        self._text = text
        self.setAccessibleName(text)
        self._cover()
        self.raise_()
        self.show()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Follow what happens to the files, and the size of what is covered."""
        if event.type() in (QEvent.Type.DragLeave, QEvent.Type.Drop):
            self.hide()
        elif event.type() == QEvent.Type.Resize:
            self._cover()
        return False

    def _cover(self) -> None:
        below = self.parentWidget()
        if below is not None:
            self.setGeometry(below.rect())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the frame and the sentence."""
        shown = tones()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = QColor(shown.accent)
        painter.fillRect(self.rect(), ink.faded(accent, 40))
        painter.setPen(QPen(accent, 4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(5, 5, -5, -5), 8, 8)
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 1.3)
        font.setBold(True)
        painter.setFont(font)
        width = min(self.width() - 60, painter.fontMetrics().horizontalAdvance(self._text) + 56)
        pill = QRectF((self.width() - width) / 2, self.height() / 2 - 24, width, 48)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        painter.drawRoundedRect(pill, 10, 10)
        painter.setPen(QColor(shown.on_accent))
        elide = Qt.TextElideMode.ElideMiddle
        text = painter.fontMetrics().elidedText(self._text, elide, int(width) - 32)
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()
