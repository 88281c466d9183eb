"""Pictures of the viewport's own device pixels, kept until what they depend on changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from vosapp.ui.canvas.indexed_image import IndexedImage
from vosapp.ui.canvas.mapping import NOTHING, Grid, PixelRect

Render = Callable[[Grid, PixelRect], NDArray[np.uint8]]


class ScreenImage:
    """Color indices for a part of the viewport, computed by a function when it is first drawn."""

    def __init__(self) -> None:
        self._image = IndexedImage(1, 1)
        self._table: list[int] = [0] * 256
        self._key: tuple[Grid, PixelRect, Hashable] | None = None

    def update(self, grid: Grid, part: PixelRect, version: Hashable, render: Render) -> None:
        """Compute it anew, where grid, part or version are not those of the last time."""
        key = (grid, part, version)
        if key == self._key:
            return
        self._key = key
        if part.empty:
            return
        size = (part.right - part.left, part.bottom - part.top)
        if self._image.size != size:
            self._image = IndexedImage(*size)
            self._image.set_colors(self._table)
        np.copyto(self._image.pixels, render(grid, part))

    def touch(self, part: PixelRect, render: Render) -> None:
        """Compute a part anew, in device pixels of the viewport."""
        if self._key is None:
            return
        grid, whole, _version = self._key
        left, top = max(part.left, whole.left), max(part.top, whole.top)
        shared = PixelRect(left, top, min(part.right, whole.right), min(part.bottom, whole.bottom))
        if shared.empty:
            return
        rows = slice(shared.top - whole.top, shared.bottom - whole.top)
        columns = slice(shared.left - whole.left, shared.right - whole.left)
        self._image.pixels[rows, columns] = render(grid, shared)

    def forget(self) -> None:
        """Compute all of it anew the next time."""
        self._key = None

    def set_colors(self, table: list[int]) -> None:
        """Draw in other colors; nothing is computed anew."""
        if table != self._table:
            self._table = table
            self._image.set_colors(table)

    def draw(self, painter: QPainter, exposed: QRect) -> None:
        """Draw it pixel by pixel.

        Args:
            painter: in view units.
            exposed: what is to be drawn, in view units.
        """
        if self._key is None or self._key[1].empty:
            return
        grid, whole, _version = self._key
        seen = PixelRect(
            int(exposed.left() * grid.ratio) - 1,
            int(exposed.top() * grid.ratio) - 1,
            int((exposed.right() + 1) * grid.ratio) + 2,
            int((exposed.bottom() + 1) * grid.ratio) + 2,
        )
        left, top = max(seen.left, whole.left), max(seen.top, whole.top)
        part = PixelRect(left, top, min(seen.right, whole.right), min(seen.bottom, whole.bottom))
        if part == NOTHING or part.empty:
            return
        source = QRect(left - whole.left, top - whole.top, part.right - left, part.bottom - top)
        painter.save()
        painter.scale(1 / grid.ratio, 1 / grid.ratio)
        painter.drawImage(
            QRect(left, top, source.width(), source.height()), self._image.image, source
        )
        painter.restore()
