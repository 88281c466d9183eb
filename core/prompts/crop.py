"""The part of a frame that a prompt is about, at a bounded size.

Work on a prompt must take no longer on a large frame than on a small one, and what is far from
the prompt says nothing about it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.request import PointPrompt
    from core.types import Frame

Edges = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A rectangle of the frame and the size at which it is worked on.

    Attributes:
        left, top, right, bottom: in pixels of the frame; right and bottom are not part of it.
        width, height: in pixels, when worked on; never more than in the frame.
    """

    left: int
    top: int
    right: int
    bottom: int
    width: int
    height: int

    @property
    def area(self) -> tuple[slice, slice]:
        """Rows and columns of the frame."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def point(self, point: PointPrompt) -> tuple[int, int]:
        """Row and column of a click when worked on; the nearest ones for a click outside."""
        x = (math.floor(point.x) + 0.5 - self.left) * self.width / (self.right - self.left)
        y = (math.floor(point.y) + 0.5 - self.top) * self.height / (self.bottom - self.top)
        return min(max(int(y), 0), self.height - 1), min(max(int(x), 0), self.width - 1)

    def box(self, edges: Edges) -> tuple[slice, slice]:
        """Rows and columns that a box of the frame covers when worked on; at least one each."""
        across = self.width / (self.right - self.left)
        down = self.height / (self.bottom - self.top)
        columns = _whole((edges[0] - self.left) * across, (edges[2] - self.left) * across)
        rows = _whole((edges[1] - self.top) * down, (edges[3] - self.top) * down)
        return _within(rows, self.height), _within(columns, self.width)

    def image(self, frame: Frame) -> Frame:
        """The rectangle of a frame as it is worked on: height x width x 3 uint8."""
        part = frame[self.area]
        if part.shape[:2] == (self.height, self.width):
            return np.ascontiguousarray(part)
        return _resized(part, (self.width, self.height))

    def mask(self, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """The rectangle of a mask as it is worked on: height x width, share of mask, 0..1."""
        part = mask[self.area].astype(np.float32)
        return _resized(part, (self.width, self.height))


def crop_around(edges: Edges, frame_size: tuple[int, int], *, margin: float, side: int) -> Crop:
    """The crop around a rectangle.

    Args:
        edges: what must be inside, as far as it is in the frame.
        frame_size: height and width of the frame.
        margin: what is added on each side, as a share of the rectangle's side; 16 pixels at least.
        side: longest side in pixels when worked on.
    """
    height, width = frame_size
    x0, y0, x1, y1 = edges
    across, down = max(16.0, margin * (x1 - x0)), max(16.0, margin * (y1 - y0))
    left, right = max(0, math.floor(x0 - across)), min(width, math.ceil(x1 + across))
    top, bottom = max(0, math.floor(y0 - down)), min(height, math.ceil(y1 + down))
    scale = min(1.0, side / max(right - left, bottom - top))
    work = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    return Crop(left, top, right, bottom, *work)


def _whole(start: float, stop: float) -> slice:
    low = round(start)
    return slice(low, max(round(stop), low + 1))


def _within(part: slice, length: int) -> slice:
    start = min(max(part.start, 0), length - 1)
    return slice(start, max(start + 1, min(part.stop, length)))


def _resized(part: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    return cv2.resize(part, size, interpolation=cv2.INTER_AREA)
