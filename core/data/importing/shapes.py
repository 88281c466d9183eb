"""Outlines, run lengths, circles and small pictures: the shapes that annotation files draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from core.errors import AnnotationReadError
from core.media.annotations.polygons import TooManyCrossings, fill_rings
from core.media.annotations.rle import BadRuns, check_coco, decode_coco, decode_cvat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]


_INTEGER_BYTES = 36
"""What a list takes for each whole number in it."""


class Geometry(Protocol):
    """Something that covers pixels."""

    @property
    def held_bytes(self) -> int:
        """About how much memory it takes until it is painted."""

    def fill(self, height: int, width: int) -> Mask:
        """Return the H x W mask of what it covers.

        Raises:
            AnnotationReadError: it is damaged.
        """


@dataclass(frozen=True, slots=True)
class Rings:
    """Closed lines: parts that add up, and holes; see `polygons.fill_rings`."""

    rings: tuple[NDArray[np.float64], ...]
    where: str

    @property
    def held_bytes(self) -> int:
        """See `Geometry`."""
        return sum(ring.nbytes for ring in self.rings)

    def fill(self, height: int, width: int) -> Mask:
        """See `Geometry`."""
        try:
            return fill_rings(self.rings, height=height, width=width)[0]
        except TooManyCrossings as error:
            raise AnnotationReadError(f"{self.where}: {error}.") from error


@dataclass(frozen=True, slots=True)
class CocoRuns:
    """Run lengths over the whole frame, column by column."""

    counts: str | Sequence[int]
    where: str

    @property
    def held_bytes(self) -> int:
        """See `Geometry`."""
        return len(self.counts) * (1 if isinstance(self.counts, str) else _INTEGER_BYTES)

    def check(self, height: int, width: int) -> None:
        """See whether it can be filled.

        Raises:
            AnnotationReadError: it is damaged.
        """
        try:
            check_coco(self.counts, height=height, width=width)
        except BadRuns as error:
            raise AnnotationReadError(f"{self.where}: {error}.") from error

    def fill(self, height: int, width: int) -> Mask:
        """See `Geometry`."""
        try:
            return decode_coco(self.counts, height=height, width=width)
        except BadRuns as error:
            raise AnnotationReadError(f"{self.where}: {error}.") from error


@dataclass(frozen=True, slots=True)
class CvatRuns:
    """Run lengths over a box, row by row.

    Attributes:
        counts: text of numbers with commas.
        box: left, top, width, height; inside the frame.
        where: place in the file, for errors.
    """

    counts: str
    box: tuple[int, int, int, int]
    where: str

    @property
    def held_bytes(self) -> int:
        """See `Geometry`."""
        return len(self.counts)

    def fill(self, height: int, width: int) -> Mask:
        """See `Geometry`."""
        left, top, wide, high = self.box
        mask = np.zeros((height, width), bool)
        try:
            counts = [int(count) for count in self.counts.split(",")]
            inside = decode_cvat(counts, height=high, width=wide)
        except ValueError as error:
            raise AnnotationReadError(f"{self.where}: {error}.") from error
        mask[top : top + high, left : left + wide] = inside
        return mask


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse or a circle; a pixel belongs to it where its center does.

    Attributes:
        center: x, y.
        radii: along its own x and y.
        angle: turned clockwise as seen, in degrees.
    """

    center: tuple[float, float]
    radii: tuple[float, float]
    angle: float = 0.0

    @property
    def held_bytes(self) -> int:
        """See `Geometry`."""
        return 0

    def fill(self, height: int, width: int) -> Mask:
        """See `Geometry`."""
        x = np.arange(width)[None, :] + 0.5 - self.center[0]
        y = np.arange(height)[:, None] + 0.5 - self.center[1]
        cos, sin = _turn(self.angle)
        along = (cos * x + sin * y) / max(self.radii[0], 1e-9)
        across = (cos * y - sin * x) / max(self.radii[1], 1e-9)
        inside: Mask = np.clip(along, -2, 2) ** 2 + np.clip(across, -2, 2) ** 2 <= 1
        return inside


def turned_corners(corners: tuple[float, float, float, float], angle: float) -> NDArray[np.float64]:
    """Return the 4 x 2 corners of a box (left, top, right, bottom) turned about its center.

    Args:
        corners: of the box before.
        angle: clockwise as seen, in degrees.
    """
    left, top, right, bottom = corners
    x, y = (left + right) / 2, (top + bottom) / 2
    points = np.array([(left, top), (right, top), (right, bottom), (left, bottom)]) - (x, y)
    cos, sin = _turn(angle)
    turned: NDArray[np.float64] = points @ np.array([[cos, sin], [-sin, cos]]) + (x, y)
    return turned


def box_around(points: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return the upright box (left, top, right, bottom) around N x 2 points."""
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return left, top, right, bottom


def _turn(angle: float) -> tuple[float, float]:
    """Return cosine and sine; exact for quarter turns, whose edges would gain a hair else."""
    quarter = {0.0: (1.0, 0.0), 90.0: (0.0, 1.0), 180.0: (-1.0, 0.0), 270.0: (0.0, -1.0)}
    angle %= 360.0
    radians = math.radians(angle)
    return quarter.get(angle, (math.cos(radians), math.sin(radians)))


@dataclass(frozen=True, slots=True)
class Bitmap:
    """A small mask at a place in the frame; what is outside the frame is cut off."""

    mask: Mask
    left: int
    top: int

    @property
    def held_bytes(self) -> int:
        """See `Geometry`."""
        return self.mask.nbytes

    def fill(self, height: int, width: int) -> Mask:
        """See `Geometry`."""
        whole = np.zeros((height, width), bool)
        y0, x0 = max(0, self.top), max(0, self.left)
        y1 = min(height, self.top + self.mask.shape[0])
        x1 = min(width, self.left + self.mask.shape[1])
        if y1 > y0 and x1 > x0:
            part = self.mask[y0 - self.top : y1 - self.top, x0 - self.left : x1 - self.left]
            whole[y0:y1, x0:x1] = part
        return whole
