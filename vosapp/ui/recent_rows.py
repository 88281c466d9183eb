"""How a recent project looks in the list: the name strong, where and when it was saved weak."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from vosapp.ui.theme import tones

COVER = QSize(96, 54)
"""Room for the picture of a project."""
NAME_ROLE = Qt.ItemDataRole.UserRole + 2
WHEN_ROLE = Qt.ItemDataRole.UserRole + 3
FOLDER_ROLE = Qt.ItemDataRole.UserRole + 4
_EDGE = 10
_BUTTON = 100
"""Pixels for the button of a project that is gone."""


class RecentDelegate(QStyledItemDelegate):
    """Draws rows of the list."""

    def sizeHint(
        self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Rows as high as a picture."""
        return QSize(100, COVER.height() + 12)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw a row."""
        shown, box = tones(), QRect(option.rect)
        state: QStyle.StateFlag = option.state
        there = bool(state & QStyle.StateFlag.State_Enabled)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        over = QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_Selected
        if there and state & over:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(shown.alternate))
            painter.drawRoundedRect(box, 6, 6)
        picture: QIcon = index.data(Qt.ItemDataRole.DecorationRole)
        frame = QRect(box.left() + _EDGE, box.top() + 6, COVER.width(), COVER.height())
        picture.paint(painter, frame)
        words = box.adjusted(COVER.width() + 3 * _EDGE, 15, -_EDGE, -15)
        self._paint_words(painter, words, index, there=there)
        painter.restore()

    def _paint_words(
        self,
        painter: QPainter,
        words: QRect,
        index: QModelIndex | QPersistentModelIndex,
        *,
        there: bool,
    ) -> None:
        """The name takes what the date leaves of the first line; the folder has the second."""
        shown, top = tones(), Qt.AlignmentFlag.AlignTop
        small = QFont(painter.font())
        strong = QFont(small)
        strong.setBold(True)
        small.setPointSizeF(small.pointSizeF() * 0.92)
        painter.setFont(small)
        painter.setPen(QColor(shown.muted))
        when = str(index.data(WHEN_ROLE))
        room = painter.fontMetrics().horizontalAdvance(when) + 2 * _EDGE if there else _BUTTON
        if there:
            painter.drawText(words, Qt.AlignmentFlag.AlignRight | top, when)
        folder = str(index.data(FOLDER_ROLE)) if there else when
        below = words.adjusted(0, 0, 0 if there else -_BUTTON, 0)
        elided = painter.fontMetrics().elidedText(
            folder, Qt.TextElideMode.ElideMiddle, below.width()
        )
        painter.drawText(below, Qt.AlignmentFlag.AlignBottom, elided)
        painter.setFont(strong)
        painter.setPen(QColor(shown.text if there else shown.muted))
        line = words.adjusted(0, 0, -room, 0)
        name = painter.fontMetrics().elidedText(
            str(index.data(NAME_ROLE)), Qt.TextElideMode.ElideRight, line.width()
        )
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | top, name)
