"""What the canvas draws besides picture and masks: the pixel grid and short notes."""

from __future__ import annotations

import math

from PySide6.QtCore import QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from vosapp.ui.canvas.mapping import Grid
from vosapp.ui.tools.handles import DARK, pen

GRID_ZOOM = 8.0
"""Zoom from which the pixels' borders are drawn."""


def draw_pixel_grid(painter: QPainter, grid: Grid, size: tuple[int, int], exposed: QRect) -> None:
    """Draw the borders of image pixels where they are large enough to be told apart."""
    if grid.zoom < GRID_ZOOM:
        return
    left, top = grid.to_image(exposed.left(), exposed.top())
    right, bottom = grid.to_image(exposed.right() + 1, exposed.bottom() + 1)
    first_x, last_x = max(0, math.floor(left)), min(size[0], math.ceil(right))
    first_y, last_y = max(0, math.floor(top)), min(size[1], math.ceil(bottom))
    x0, y0 = grid.to_view(first_x, first_y)
    x1, y1 = grid.to_view(last_x, last_y)
    lines = [
        QLineF(x, y0, x, y1) for x in (grid.to_view(i, 0)[0] for i in range(first_x, last_x + 1))
    ]
    lines += [
        QLineF(x0, y, x1, y) for y in (grid.to_view(0, i)[1] for i in range(first_y, last_y + 1))
    ]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setPen(pen(QColor(127, 127, 127, 80), 1.0))
    painter.drawLines(lines)


def note_rect(text: str, font: QFont, painter: QPainter, width: int) -> QRectF:
    """Return where a note of this text is drawn in a view of this width."""
    painter.setFont(font)
    bounds = painter.fontMetrics().boundingRect(text)
    size = bounds.width() + 24, bounds.height() + 10
    return QRectF((width - size[0]) / 2, 10, *size)


def draw_note(painter: QPainter, text: str, font: QFont, width: int) -> None:
    """Draw a short text at the top of the view."""
    rect = note_rect(text, font, painter, width)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(DARK)
    painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
    painter.setPen(QColor(255, 255, 255))
    painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), text)
