"""Polygons and freehand outlines: hit tests, and which pixels are inside. No Qt."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vosapp.ui.canvas.mapping import PixelRect

Point = tuple[float, float]
Points = tuple[Point, ...]


def vertex_at(points: Points, x: float, y: float, *, reach: float) -> int | None:
    """Return the index of the nearest vertex within reach, None for none."""
    near = [(math.dist(point, (x, y)), index) for index, point in enumerate(points)]
    distance, index = min(near, default=(math.inf, -1))
    return index if distance <= reach else None


def moved(points: Points, index: int, point: Point) -> Points:
    """Return the polygon with one vertex elsewhere."""
    return (*points[:index], point, *points[index + 1 :])


def inside(points: Points, width: int, height: int) -> NDArray[np.bool_]:
    """Return the pixels whose centers are inside a closed outline (even-odd), H x W bool."""
    mask = np.zeros((height, width), np.bool_)
    part = _around(points).within(width, height)
    if len(points) < 3 or part.empty:
        return mask
    mask[part.slices] = _filled(np.asarray(points, np.float64), part)
    return mask


def _filled(points: NDArray[np.float64], part: PixelRect) -> NDArray[np.bool_]:
    """Scan line by line: a center is inside where an odd number of edges lie to its left."""
    height, width = part.bottom - part.top, part.right - part.left
    toggles = np.zeros((height, width + 1), np.int32)
    start, end = points, np.roll(points, -1, axis=0)
    for (x0, y0), (x1, y1) in zip(start, end, strict=True):
        low, high = (y0, y1) if y0 <= y1 else (y1, y0)
        first = max(math.ceil(low - 0.5), part.top)
        last = min(math.ceil(high - 0.5), part.bottom)
        if first >= last:
            continue
        rows = np.arange(first, last)
        crossing = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
        columns = np.clip(np.ceil(crossing - 0.5).astype(int) - part.left, 0, width)
        np.add.at(toggles, (rows - part.top, columns), 1)
    return np.asarray(np.cumsum(toggles, axis=1)[:, :width] % 2 == 1)


def _around(points: Points) -> PixelRect:
    xs, ys = [p[0] for p in points] or [0.0], [p[1] for p in points] or [0.0]
    left, top = math.floor(min(xs)), math.floor(min(ys))
    return PixelRect(left, top, math.ceil(max(xs)) + 1, math.ceil(max(ys)) + 1)
