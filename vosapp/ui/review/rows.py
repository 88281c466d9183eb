"""How a frame to check looks in its list: thumbnail with masks, frame and objects, reasons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QPainterPath,
    QPixmap,
    QTextLayout,
)
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from core.types import Frame, LabelMap
from vosapp.services.review import ReviewRow
from vosapp.ui.theme import tones
from vosapp.ui.timeline import ink
from vosapp.ui.timeline.strip import to_pixmap

THUMBNAIL = QSize(96, 54)
"""Pixels of a thumbnail; frames of another shape are cut."""
NARROW, SMALL = 260, QSize(64, 36)
"""Rows that are narrower have thumbnails of this size, and so more room for their text."""
ROW_ROLE = Qt.ItemDataRole.UserRole
"""The `ReviewRow` of an item."""
TITLE_ROLE = Qt.ItemDataRole.UserRole + 1
"""Its first line; the second one is the reasons, as `NOTE_ROLE`."""
NOTE_ROLE = Qt.ItemDataRole.UserRole + 2
SHORT_ROLE = Qt.ItemDataRole.UserRole + 3
"""What is written instead of a title that has no room."""
SEVERE, DOUBTFUL = 0.3, 0.15
"""Severities from which on a row is marked in the colors of danger and warning."""
_TINT = 0.5


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where thumbnails come from.

    Attributes:
        frame: a small frame by its index, None while it is not made.
        label_map: what it shows, small; None where that is not known.
        colors: of objects by id.
    """

    frame: Callable[[int], Frame | None]
    label_map: Callable[[int], LabelMap | None]
    colors: Callable[[], dict[int, tuple[int, int, int]]]

    def tinted(self, row: ReviewRow) -> QPixmap | None:
        """Return a row's frame with the masks that it is about in their colors."""
        frame = self.frame(row.frame_index)
        if frame is None:
            return None
        label_map, colors = self.label_map(row.frame_index), self.colors()
        if label_map is not None:
            frame = tint(frame, label_map, {i: colors.get(i, (255, 0, 0)) for i in row.object_ids})
        return to_pixmap(frame, frame.shape[0])


def tint(frame: Frame, label_map: LabelMap, colors: dict[int, tuple[int, int, int]]) -> Frame:
    """Return a small frame with some objects of a label map of any size in their colors."""
    rows = np.arange(frame.shape[0]) * label_map.shape[0] // frame.shape[0]
    columns = np.arange(frame.shape[1]) * label_map.shape[1] // frame.shape[1]
    labels = label_map[rows][:, columns]
    mixed = frame.astype(np.float32)
    for object_id, color in colors.items():
        mask = labels == object_id
        mixed[mask] = mixed[mask] * (1 - _TINT) + np.asarray(color, np.float32) * _TINT
    return np.ascontiguousarray(mixed.astype(np.uint8))


def thumbnail_size(width: int) -> QSize:
    """Return the size of the thumbnail in a row of a width."""
    return THUMBNAIL if width >= NARROW else SMALL


def fitting(index: QModelIndex | QPersistentModelIndex, metrics: QFontMetrics, width: int) -> str:
    """Return a row's title, or the shorter one, as far as it has room in `width` pixels."""
    title = str(index.data(TITLE_ROLE))
    if metrics.horizontalAdvance(title) > width:
        title = str(index.data(SHORT_ROLE))
    return metrics.elidedText(title, Qt.TextElideMode.ElideRight, width)


def wrapped(text: str, font: QFont, width: int, *, most: int) -> str:
    """Return a text in at most so many lines; the last one says whether there is more."""
    layout = QTextLayout(text, font)
    lines: list[tuple[int, int]] = []
    layout.beginLayout()
    while len(lines) < most and (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        lines.append((line.textStart(), line.textStart() + line.textLength()))
    layout.endLayout()
    if not lines:
        return ""
    last, right = lines[-1][0], Qt.TextElideMode.ElideRight
    shown = [text[start:stop].strip() for start, stop in lines[:-1]]
    return "\n".join([*shown, QFontMetrics(font).elidedText(text[last:], right, width)])


class ReviewDelegate(QStyledItemDelegate):
    """Draws rows of two lines beside a thumbnail, with a bar that says how urgent they are.

    Args:
        pictures: where thumbnails come from.
        parent: the view.
    """

    def __init__(self, pictures: Pictures, parent: QWidget) -> None:
        super().__init__(parent)
        self._pictures = pictures

    def sizeHint(
        self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Rows of one height, with room for a title and three lines of reasons."""
        text = 4 * option.fontMetrics.height() + 4
        return QSize(200, max(THUMBNAIL.height(), text) + 12)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw a row."""
        shown, box, state = tones(), option.rect, option.state
        row: ReviewRow = index.data(ROW_ROLE)
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, ink.mixed(QColor(shown.base), QColor(shown.accent), 0.22))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(box, QColor(shown.alternate))
        place = QRect(QPoint(box.left() + 10, box.top() + 6), thumbnail_size(box.width()))
        self._paint_urgency(painter, place, row)
        self._paint_thumbnail(painter, place, row)
        left = place.right() + 10
        room = QRect(left, box.top() + 6, box.right() - left - 6, box.height() - 12)
        self._paint_text(painter, room, index)
        painter.restore()

    def _paint_text(
        self, painter: QPainter, room: QRect, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        shown, font = tones(), painter.font()
        line = painter.fontMetrics().height() + 2
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(shown.text))
        title = fitting(index, painter.fontMetrics(), room.width())
        painter.drawText(QRect(room.left(), room.top(), room.width(), line), 0, title)
        font.setBold(False)
        painter.setFont(font)
        painter.setPen(QColor(shown.muted))
        below = room.adjusted(0, line, 0, 0)
        most = below.height() // painter.fontMetrics().height()
        note = wrapped(str(index.data(NOTE_ROLE)), font, below.width(), most=most)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignTop), note)

    def _paint_urgency(self, painter: QPainter, place: QRect, row: ReviewRow) -> None:
        """A bar beside the thumbnail, as high as the row is urgent."""
        if row.severity <= 0:
            return
        shown = tones()
        tone = shown.muted if row.severity < DOUBTFUL else shown.warning
        color = QColor(shown.danger if row.severity >= SEVERE else tone)
        height = max(6.0, min(1.0, row.severity / SEVERE) * place.height())
        top = place.top() + place.height() - height
        painter.fillRect(QRectF(place.left() - 7, top, 3, height), color)

    def _paint_thumbnail(self, painter: QPainter, place: QRect, row: ReviewRow) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(place, 4, 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(outline, QColor(tones().alternate))
        picture = self._pictures.tinted(row)
        if picture is None:
            return
        fit = max(place.width() / picture.width(), place.height() / picture.height())
        part = QRect(0, 0, round(place.width() / fit), round(place.height() / fit))
        part.moveCenter(picture.rect().center())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setClipPath(outline)
        painter.drawPixmap(place, picture, part)
        painter.restore()
