"""A tag on the canvas that says whose mask is being made, before it is taken."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter

from vosapp.ui.tools.handles import DARK, LIGHT, pen

SWATCH, PAD, GAP = 10.0, 6.0, 8.0
"""View units: side of the color's square, room around the text, distance to what is tagged."""
LONGEST = 320.0
"""View units of the longest text; a longer one is cut in its middle."""


def draw_tag(
    painter: QPainter, place: tuple[float, float], text: str, color: tuple[int, int, int]
) -> QRectF:
    """Draw a tag above a view position, or below where there is no room, and return where.

    Args:
        painter: in view units.
        place: the left upper corner of what is tagged.
        text: whose it is.
        color: of the object.
    """
    metrics = QFontMetricsF(painter.font())
    text = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, LONGEST)
    height = metrics.height() + PAD
    width = SWATCH + metrics.horizontalAdvance(text) + 3 * PAD
    seen = painter.viewport()
    left = min(max(place[0], 2.0), max(2.0, seen.width() - width - 2))
    top = place[1] - GAP - height
    if top < 2:
        top = min(place[1] + GAP, seen.height() - height - 2)
    rect = QRectF(left, top, width, height)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen(LIGHT, 1.0))
    painter.setBrush(QBrush(DARK))
    painter.drawRoundedRect(rect, 4, 4)
    middle = rect.center().y()
    painter.setBrush(QBrush(QColor(*color)))
    painter.drawRoundedRect(QRectF(left + PAD, middle - SWATCH / 2, SWATCH, SWATCH), 2, 2)
    start = QPointF(left + 2 * PAD + SWATCH, middle + metrics.ascent() / 2 - metrics.descent() / 2)
    painter.drawText(start, text)
    return rect
