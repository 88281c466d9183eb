"""Round strokes: which pixels a brush has been over. No Qt."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vosapp.ui.canvas.mapping import NOTHING, PixelRect


class Stroke:
    """The pixels whose centers lie within half a diameter of the line that was drawn.

    The pixel under the brush itself always belongs to it, however small the brush.

    Args:
        width, height: of the frame.
        diameter: of the brush in pixels.

    Attributes:
        mask: H x W bool.
        part: around all that was drawn.
    """

    def __init__(self, width: int, height: int, *, diameter: float) -> None:
        self.mask: NDArray[np.bool_] = np.zeros((height, width), np.bool_)
        self.part = NOTHING
        self._radius = diameter / 2
        self._last: tuple[float, float] | None = None

    def extend(self, x: float, y: float) -> PixelRect:
        """Draw on to an image position and return the part that may have changed."""
        start, self._last = self._last or (x, y), (x, y)
        part = self._around(start, (x, y))
        if not part.empty:
            self.mask[part.slices] |= _capsule(part, start, (x, y), self._radius)
            self.part = self.part.joined(part)
        return part

    def _around(self, start: tuple[float, float], end: tuple[float, float]) -> PixelRect:
        reach = self._radius + 1
        (x0, y0), (x1, y1) = start, end
        height, width = self.mask.shape
        left, top = math.floor(min(x0, x1) - reach), math.floor(min(y0, y1) - reach)
        right, bottom = math.ceil(max(x0, x1) + reach), math.ceil(max(y0, y1) + reach)
        return PixelRect(left, top, right, bottom).within(width, height)


def _capsule(
    part: PixelRect, start: tuple[float, float], end: tuple[float, float], radius: float
) -> NDArray[np.bool_]:
    """Pixels of a part whose centers are within a radius of a line, and those on its path."""
    (x0, y0), (x1, y1) = start, end
    across = np.arange(part.left, part.right, dtype=np.float32)[None, :] + np.float32(0.5 - x0)
    down = np.arange(part.top, part.bottom, dtype=np.float32)[:, None] + np.float32(0.5 - y0)
    dx, dy = np.float32(x1 - x0), np.float32(y1 - y0)
    length = float(dx * dx + dy * dy)
    if length > 0:
        along = np.clip((across * dx + down * dy) / np.float32(length), 0, 1)
        across, down = across - along * dx, down - along * dy
    found = np.asarray(across * across + down * down <= np.float32(radius * radius))
    _mark_path(found, part, start, end)
    return found


def _mark_path(
    found: NDArray[np.bool_],
    part: PixelRect,
    start: tuple[float, float],
    end: tuple[float, float],
) -> None:
    """Mark the pixels under the line itself, which a brush below one pixel would miss."""
    steps = max(1, math.ceil(2 * max(abs(end[0] - start[0]), abs(end[1] - start[1]))))
    share = np.linspace(0, 1, steps + 1)
    columns = np.floor(start[0] + share * (end[0] - start[0])).astype(int) - part.left
    rows = np.floor(start[1] + share * (end[1] - start[1])).astype(int) - part.top
    height, width = found.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    found[rows[inside], columns[inside]] = True
