"""Where pixels of the video are on the screen. No Qt: three coordinate systems, one grid.

Image pixels have their first pixel reach from 0 to 1. View units are Qt's logical pixels of the
viewport. Device pixels are those of the screen: `ratio` of them to one view unit, each way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_ZOOM = 64.0
"""Device pixels to one pixel of the video, at most."""
MIN_ZOOM = 0.05


@dataclass(frozen=True, slots=True)
class PixelRect:
    """A part of an array: rows `top` to `bottom` - 1, columns `left` to `right` - 1."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def empty(self) -> bool:
        """True where it holds no pixel."""
        return self.right <= self.left or self.bottom <= self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index an array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, by: int) -> PixelRect:
        """Return it with a margin."""
        return PixelRect(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def within(self, width: int, height: int) -> PixelRect:
        """Return the part of it that lies in an array of this size; may be empty."""
        left, top = min(max(self.left, 0), width), min(max(self.top, 0), height)
        right, bottom = min(max(self.right, left), width), min(max(self.bottom, top), height)
        return PixelRect(left, top, right, bottom)

    def joined(self, other: PixelRect) -> PixelRect:
        """Return the smallest rectangle that holds both; empty ones do not count."""
        if self.empty or other.empty:
            return other if self.empty else self
        left, top = min(self.left, other.left), min(self.top, other.top)
        right, bottom = max(self.right, other.right), max(self.bottom, other.bottom)
        return PixelRect(left, top, right, bottom)


NOTHING = PixelRect(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Grid:
    """How the image lies on the viewport.

    Attributes:
        scale: view units to one image pixel.
        x, y: view position of the image's top left corner.
        ratio: device pixels to one view unit.
        width, height: of the viewport in device pixels.
    """

    scale: float
    x: float
    y: float
    ratio: float
    width: int
    height: int

    @property
    def zoom(self) -> float:
        """Device pixels to one image pixel."""
        return self.scale * self.ratio

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        """Return the view position of an image position."""
        return x * self.scale + self.x, y * self.scale + self.y

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """Return the image position of a view position."""
        return (x - self.x) / self.scale, (y - self.y) / self.scale

    def device_rect(self, part: PixelRect, margin: int = 0) -> PixelRect:
        """Return the device pixels that an image part covers, with a margin, on the viewport."""
        left, top = self.to_view(part.left, part.top)
        right, bottom = self.to_view(part.right, part.bottom)
        found = PixelRect(
            math.floor(left * self.ratio),
            math.floor(top * self.ratio),
            math.ceil(right * self.ratio),
            math.ceil(bottom * self.ratio),
        )
        return found.grown(margin).within(self.width, self.height)

    def sample(
        self, image: NDArray[np.uint8], part: PixelRect, outside: int = 0
    ) -> NDArray[np.uint8]:
        """Return what an image shows at each device pixel of a part of the viewport.

        Args:
            image: H x W.
            part: of the viewport, in device pixels; it may reach over the edge.
            outside: value where there is no image.
        """
        height, width = image.shape
        rows = self._indices(part.top, part.bottom, self.y)
        columns = self._indices(part.left, part.right, self.x)
        inside_rows = (rows >= 0) & (rows < height)
        inside_columns = (columns >= 0) & (columns < width)
        found = np.full((len(rows), len(columns)), outside, np.uint8)
        if inside_rows.any() and inside_columns.any():
            lines = np.take(image, rows[inside_rows], axis=0)
            area = _span(inside_rows), _span(inside_columns)
            found[area] = np.take(lines, columns[inside_columns], axis=1)
        return found

    def _indices(self, start: int, stop: int, origin: float) -> NDArray[np.intp]:
        """Image pixels under the centers of device pixels along one axis."""
        centers = (np.arange(start, stop) + 0.5) / self.ratio
        places = np.floor((centers - origin) / self.scale)
        return np.asarray(places, np.intp)


def hold_zoom(zoom: float, fit: float) -> float:
    """Return the nearest sensible zoom; half of what fits is always allowed."""
    return min(max(zoom, min(MIN_ZOOM, fit / 2)), max(MAX_ZOOM, fit))


def fit_scale(image: tuple[int, int], view: tuple[int, int], margin: float = 0.0) -> float:
    """Return the scale at which an image (width, height) fits into a view with a margin."""
    free = [max(side - 2 * margin, 8.0) for side in view]
    return min(free[0] / max(image[0], 1), free[1] / max(image[1], 1))


def _span(inside: NDArray[np.bool_]) -> slice:
    indices = np.flatnonzero(inside)
    return slice(int(indices[0]), int(indices[-1]) + 1)
