"""Marks on a lane where the user has said that masks need work."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPolygonF

from vosapp.session.view import LaneView
from vosapp.ui.theme import tones
from vosapp.ui.timeline.axis import TimeAxis

SIDE = 6.0
"""Pixels of a flag; stretches get a line from flag to end."""
_TOP = 1.0


def paint_reviews(
    painter: QPainter, lane: LaneView, axis: TimeAxis, *, top: int, part: range
) -> None:
    """Draw a small flag at the beginning of each stretch that needs work, and a line along it.

    Args:
        painter: its origin is where the frames begin.
        lane: of one object.
        axis: what is visible.
        top: of the lane.
        part: pixels that are drawn anew; what lies outside is left out.
    """
    marked = np.concatenate([[False], lane.needs_work, [False]])
    if not marked.any():
        return
    edges = np.flatnonzero(marked[1:] != marked[:-1]).reshape(-1, 2)
    color = QColor(tones().danger)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    last = -np.inf
    for start, stop in edges.tolist():
        left, right = axis.x_of(start), axis.x_of(stop)
        if right < part.start - SIDE or left > part.stop + SIDE:
            continue
        painter.fillRect(QRectF(left, top + _TOP, max(1.0, right - left), 2), color)
        if left - last >= SIDE:
            corner = QPointF(left, top + _TOP)
            flag = [corner, corner + QPointF(SIDE + 2, 0), corner + QPointF(0, SIDE + 2)]
            painter.drawPolygon(QPolygonF(flag))
            last = left
