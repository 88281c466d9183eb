"""How a reference frame looks in its list: thumbnail, frame number, objects."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from core.types import Frame
from vosapp.ui.theme import tones
from vosapp.ui.timeline import ink
from vosapp.ui.timeline.strip import to_pixmap

THUMBNAIL = QSize(100, 58)
"""Pixels of a thumbnail; frames of another shape are cut."""
FRAME_ROLE = Qt.ItemDataRole.UserRole
"""The frame index of an item."""


class ReferenceDelegate(QStyledItemDelegate):
    """Draws rows of two lines beside a thumbnail.

    Args:
        thumbnail: gives a small frame, None while it is not made.
        parent: the view.
    """

    def __init__(self, thumbnail: Callable[[int], Frame | None], parent: QWidget) -> None:
        super().__init__(parent)
        self._thumbnail = thumbnail

    def sizeHint(
        self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Rows of one height."""
        return QSize(200, THUMBNAIL.height() + 12)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw a row."""
        shown, box, state = tones(), option.rect, option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, ink.mixed(QColor(shown.base), QColor(shown.accent), 0.22))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(box, QColor(shown.alternate))
        place = QRect(box.left() + 8, box.top() + 6, THUMBNAIL.width(), THUMBNAIL.height())
        self._paint_thumbnail(painter, place, int(index.data(FRAME_ROLE)))
        title, _, names = str(index.data()).partition("\n")
        left = place.right() + 12
        room = QRect(left, box.top() + 8, box.right() - left - 6, box.height() - 16)
        half = room.height() // 2
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(shown.text))
        upper = room.adjusted(0, 0, 0, -half)
        painter.drawText(upper, Qt.AlignmentFlag.AlignBottom, title)
        font.setBold(False)
        painter.setFont(font)
        painter.setPen(QColor(shown.muted))
        cut = painter.fontMetrics().elidedText(names, Qt.TextElideMode.ElideRight, room.width())
        lower = room.adjusted(0, half + 2, 0, 0)
        painter.drawText(lower, Qt.AlignmentFlag.AlignTop, cut)
        painter.restore()

    def _paint_thumbnail(self, painter: QPainter, place: QRect, frame_index: int) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(place, 4, 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(outline, QColor(tones().alternate))
        found = self._thumbnail(frame_index)
        if found is None:
            return
        picture = to_pixmap(found, found.shape[0])
        fit = max(place.width() / picture.width(), place.height() / picture.height())
        part = QRect(0, 0, round(place.width() / fit), round(place.height() / fit))
        part.moveCenter(picture.rect().center())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setClipPath(outline)
        painter.drawPixmap(place, picture, part)
        painter.restore()
