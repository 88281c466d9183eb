"""Box labels on a lane: a square for each that was drawn, a line where they are interpolated."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from vosapp.session.boxes import BoxLane
from vosapp.ui.theme import tones
from vosapp.ui.timeline import ink
from vosapp.ui.timeline.axis import TimeAxis
from vosapp.ui.timeline.lane_picture import STRIP

SIDE = 5
"""Pixels of a square."""
_TOP = STRIP[1]
"""Of the squares, below a lane's strip."""


def paint_boxes(
    painter: QPainter, lane: BoxLane, axis: TimeAxis, *, top: int, color: ink.Rgb, part: range
) -> None:
    """Draw the box labels of a lane.

    Args:
        painter: its origin is where the frames begin.
        lane: labels of one object.
        axis: what is visible.
        top: of the lane.
        color: of the object.
        part: pixels that are drawn anew; what lies outside is left out.
    """
    x = (lane.frames + 0.5 - axis.first) * axis.scale
    near = (x > part.start - axis.scale - SIDE) & (x < part.stop + axis.scale + SIDE)
    if not near.any():
        return
    shade = ink.readable(color, QColor(tones().base))
    _paint_line(painter, lane.frames[near & ~lane.drawn], axis, top=top, color=shade)
    keys = near & lane.drawn
    painter.setPen(QPen(shade, 1))
    for place, seen in _thinned(x[keys], lane.visible[keys]):
        painter.setBrush(shade if seen else Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(round(place) - SIDE // 2, top + _TOP, SIDE - 1, SIDE - 1))


def _paint_line(
    painter: QPainter, frames: np.ndarray, axis: TimeAxis, *, top: int, color: QColor
) -> None:
    """One line for each stretch of neighboring frames."""
    if not frames.size:
        return
    breaks = np.flatnonzero(np.diff(frames) > 1)
    starts = frames[np.concatenate([[0], breaks + 1])]
    stops = frames[np.concatenate([breaks, [frames.size - 1]])] + 1
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        left, right = axis.x_of(start), axis.x_of(stop)
        box = QRectF(left, top + _TOP + 1.5, max(1.0, right - left), 1.5)
        painter.fillRect(box, ink.faded(color, 150))


def _thinned(x: np.ndarray, seen: np.ndarray) -> list[tuple[float, bool]]:
    """One mark for each few pixels: more would hide each other."""
    cells = np.floor(x / SIDE).astype(np.intp)
    first = np.flatnonzero(np.diff(cells, prepend=cells[0] - 1)) if cells.size else cells
    return list(zip(x[first].tolist(), seen[first].tolist(), strict=True))
