"""The column beside the lanes: color, name, eye and lock of each object."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from vosapp.project.model import TrackedObject
from vosapp.ui.glyphs import glyph
from vosapp.ui.theme import tones
from vosapp.ui.timeline import ink
from vosapp.ui.timeline.lane_picture import LANE_HEIGHT
from vosapp.ui.timeline.layout import HEADER_WIDTH, ICON


def paint_header(
    painter: QPainter, item: TrackedObject, top: int, *, current: bool, dimmed: bool
) -> None:
    """Draw one object's header."""
    shown = tones()
    row = QRect(0, top, HEADER_WIDTH, LANE_HEIGHT)
    painter.fillRect(row, QColor(shown.alternate if current else shown.window))
    if current:
        painter.fillRect(QRect(0, top, 3, LANE_HEIGHT), QColor(shown.accent))
    paint_swatch(painter, QRectF(10, top + (LANE_HEIGHT - 12) / 2, 12, 12), item.color)
    painter.setPen(QColor(shown.muted if dimmed or not item.visible else shown.text))
    font = painter.font()
    font.setBold(current)
    painter.setFont(font)
    room = QRect(30, top, HEADER_WIDTH - 30 - 2 * ICON - 14, LANE_HEIGHT)
    name = QFontMetrics(font).elidedText(item.shown_name, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
    font.setBold(False)
    painter.setFont(font)
    eye = ("eye-outline", "muted") if item.visible else ("eye-off-outline", "warning")
    _paint_icon(painter, 2, top, eye)
    _paint_icon(painter, 1, top, lock_look(item))


def paint_swatch(painter: QPainter, box: QRectF, color: ink.Rgb) -> None:
    """Draw a small rounded field in an object's true color."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(*color))
    painter.setPen(QPen(ink.faded(QColor(tones().text), 70), 1))
    painter.drawRoundedRect(box, 3, 3)


def lock_look(item: TrackedObject) -> tuple[str, str]:
    """Return icon and tone of an object's lock: filled and strong while it is locked."""
    return ("lock", "accent") if item.locked else ("lock-open-variant-outline", "muted")


def _paint_icon(painter: QPainter, place: int, top: int, look: tuple[str, str]) -> None:
    """Draw an icon at a place counted from the right."""
    x = HEADER_WIDTH - place * (ICON + 4) + 1
    ratio = painter.device().devicePixelRatio()
    picture = glyph(look[0], look[1], 16, ratio)
    painter.drawPixmap(QPointF(x, top + (LANE_HEIGHT - 16) / 2), picture)
