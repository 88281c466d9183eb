"""The outline that a user draws by dragging."""

from __future__ import annotations

import math

from PySide6.QtGui import QPainter

from vosapp.ui.canvas.mapping import Grid
from vosapp.ui.tools.handles import draw_line
from vosapp.ui.tools.pointer import Pointer
from vosapp.ui.tools.polygons import Point

STEP = 1.5
"""View units between two points of an outline."""


class Outline:
    """Points from where dragging began to where it is; false while nothing is drawn."""

    def __init__(self) -> None:
        self._points: list[Point] = []

    def __bool__(self) -> bool:
        return bool(self._points)

    def begin(self, pointer: Pointer) -> None:
        """The first point."""
        self._points = [pointer.place]

    def draw_on(self, pointer: Pointer) -> bool:
        """Add a point where the pointer has gone far enough; whether it has."""
        far = bool(self) and math.dist(self._points[-1], pointer.place) >= pointer.reach(STEP)
        if far:
            self._points.append(pointer.place)
        return far

    def take(self) -> tuple[Point, ...]:
        """What is drawn; nothing is drawn afterwards."""
        points, self._points = tuple(self._points), []
        return points

    def paint(self, painter: QPainter, grid: Grid) -> None:
        """Draw it, closed as it will be."""
        if len(self._points) > 1:
            draw_line(painter, [grid.to_view(*point) for point in self._points], closed=True)
