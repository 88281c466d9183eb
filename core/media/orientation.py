"""How a decoded picture is to be turned and mirrored so that it stands as players show it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from core.types import Frame

_NUMBERS = 9


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways to show a picture; done in this order.

    Attributes:
        swaps_sides: rows become columns.
        mirrors_x: left and right change places.
        mirrors_y: top and bottom change places.
    """

    swaps_sides: bool = False
    mirrors_x: bool = False
    mirrors_y: bool = False

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return (width, height) as they are shown."""
        return (height, width) if self.swaps_sides else (width, height)

    def aspect(self, aspect: Fraction) -> Fraction:
        """Return width by height of a pixel as it is shown."""
        return 1 / aspect if self.swaps_sides else aspect

    def apply(self, image: Frame) -> Frame:
        """Return a picture as it is shown, H x W x 3."""
        if self == Orientation():
            return image
        if self.swaps_sides:
            image = image.transpose(1, 0, 2)
        return np.ascontiguousarray(
            image[:: -1 if self.mirrors_y else 1, :: -1 if self.mirrors_x else 1]
        )


def orientation_of(frame: Any) -> Orientation:
    """Return how a decoded frame is to be shown, by the display matrix that came with it.

    Angles between the quarter turns count as the nearest one.
    """
    data = frame.side_data.get("DISPLAYMATRIX")
    matrix = np.frombuffer(bytes(data), np.int32) if data is not None else np.zeros(0, np.int32)
    return (
        matrix_orientation([int(v) for v in matrix]) if matrix.size == _NUMBERS else Orientation()
    )


def matrix_orientation(matrix: list[int]) -> Orientation:
    """Read a display matrix (ISO/IEC 14496-12, 8.3.2): a b u, c d v, x y w.

    The point (x, y) of the stored picture, y downward, is shown at (ax + cy, bx + dy).
    """
    a, b, _, c, d = matrix[:5]
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(mirrors_x=a < 0, mirrors_y=d < 0)
    return Orientation(swaps_sides=True, mirrors_x=c < 0, mirrors_y=b < 0)
