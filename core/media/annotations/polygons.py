"""Masks to polygons and back, exact to the pixel.

Outlines run along the edges of pixels, with corners on whole numbers. A pixel belongs to a
polygon whose inside, by the even-odd rule, holds the pixel's center. So a mask that goes out as
its outlines comes back the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Ring = NDArray[np.float64]

_BLOCK = 1 << 20
"""Crossings of edges with rows that are in work at a time."""
_MAX_CROSSINGS = 1 << 27
"""More than this, over one ring, is no outline but an attack on the processor."""
_FAR = 1e7
"""Coordinates farther out than this are pulled in; no picture is that large."""


class TooManyCrossings(ValueError):
    """A ring that crosses the rows of the frame absurdly often."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One closed line around an area.

    Attributes:
        points: N x 2 corners (x, y) in pixels; the last is joined to the first.
        is_hole: the area is not part of the mask.
    """

    points: Ring
    is_hole: bool

    @property
    def area(self) -> float:
        """Pixels inside the line."""
        return abs(_signed_area(self.points))


def trace_outlines(mask: Mask) -> tuple[Outline, ...]:
    """Return the outlines of an H x W mask, one around each 4-connected part and hole of it.

    The largest comes first, so each hole follows its part, and each part in a hole follows that.
    """
    following = _pixel_edges(mask)
    outlines = []
    while following:
        points = _simplified(_walk(following))
        outlines.append(Outline(points, _signed_area(points) < 0))
    return tuple(sorted(outlines, key=lambda line: -line.area))


def fill_ring(points: Ring, *, height: int, width: int) -> Mask:
    """Return the H x W mask of the pixels whose centers are inside a ring, by even-odd.

    Args:
        points: N x 2 (x, y); may leave the frame and cross itself.
        height: rows of the mask.
        width: columns of the mask.

    Raises:
        TooManyCrossings: the ring is absurd.
    """
    inside = np.zeros((height, width + 1), bool)
    if len(points) < 3:
        return inside[:, :width]
    start = np.clip(points, -_FAR, _FAR)
    stop = np.roll(start, -1, axis=0)
    upper = np.where((start[:, 1] <= stop[:, 1])[:, None], start, stop)
    lower = np.where((start[:, 1] <= stop[:, 1])[:, None], stop, start)
    first = np.clip(np.ceil(upper[:, 1] - 0.5), 0, height).astype(np.int64)
    last = np.clip(np.ceil(lower[:, 1] - 0.5), 0, height).astype(np.int64)
    keep = last > first
    upper, lower, first, rows = upper[keep], lower[keep], first[keep], (last - first)[keep]
    ends = np.cumsum(rows)
    if len(ends) and ends[-1] > _MAX_CROSSINGS:
        raise TooManyCrossings(f"an outline of {len(points)} corners crosses too many rows")
    done = 0
    while done < len(rows):
        reach = ends[done] - rows[done] + _BLOCK
        stop_at = max(done + 1, int(np.searchsorted(ends, reach, side="right")))
        part = slice(done, stop_at)
        _toggle(inside, upper[part], lower[part], first[part], rows[part])
        done = stop_at
    filled: Mask = np.logical_xor.accumulate(inside, axis=1)[:, :width]
    return filled


def fill_rings(rings: tuple[Ring, ...], *, height: int, width: int) -> tuple[Mask, int]:
    """Return the mask of several rings of one object, and how many of them are holes.

    A ring that turns the other way than one before it and lies wholly in what is filled so far is
    a hole; all others are parts and add up. So both habits are read: parts that overlap, and
    holes written as inner rings.
    """
    mask = np.zeros((height, width), bool)
    turns: list[float] = []
    holes = 0
    for ring in rings:
        turn = np.sign(_signed_area(ring))
        area = fill_ring(ring, height=height, width=width)
        if area.any() and -turn in turns and turn != 0 and not (area & ~mask).any():
            mask &= ~area
            holes += 1
        else:
            mask |= area
            turns.append(turn)
    return mask, holes


def _toggle(
    inside: Mask, upper: Ring, lower: Ring, first: NDArray[np.int64], rows: NDArray[np.int64]
) -> None:
    """Flip, at the first pixel right of each edge, what is inside in each row it crosses."""
    edge = np.repeat(np.arange(len(rows)), rows)
    offset = np.arange(edge.size) - np.repeat(np.cumsum(rows) - rows, rows)
    row = first[edge] + offset
    share = (row + 0.5 - upper[edge, 1]) / (lower[edge, 1] - upper[edge, 1])
    x = upper[edge, 0] + share * (lower[edge, 0] - upper[edge, 0])
    column = np.clip(np.ceil(x - 0.5), 0, inside.shape[1] - 1).astype(np.int64)
    np.logical_xor.at(inside, (row, column), True)


_Corner = tuple[int, int]
_Edges = dict[_Corner, list[_Corner]]


def _pixel_edges(mask: Mask) -> _Edges:
    """Return the edges between inside and outside by their start, the inside on their right."""
    padded = np.pad(mask.astype(bool), 1)
    inner = padded[1:-1, 1:-1]
    sides = (
        (inner & ~padded[:-2, 1:-1], (0, 0), (1, 0)),
        (inner & ~padded[1:-1, 2:], (1, 0), (1, 1)),
        (inner & ~padded[2:, 1:-1], (1, 1), (0, 1)),
        (inner & ~padded[1:-1, :-2], (0, 1), (0, 0)),
    )
    edges: _Edges = {}
    for border, (x0, y0), (x1, y1) in sides:
        rows, columns = np.nonzero(border)
        for y, x in zip(rows.tolist(), columns.tolist(), strict=True):
            edges.setdefault((x + x0, y + y0), []).append((x + x1, y + y1))
    return edges


def _walk(edges: _Edges) -> list[_Corner]:
    """Take one closed line out of the edges. Where two lines touch, turn right: stay close."""
    start = next(iter(edges))
    line = [start]
    here, step = start, (0, 0)
    while True:
        choices = edges[here]
        right = (here[0] - step[1], here[1] + step[0])
        there = right if len(choices) > 1 and right in choices else choices[0]
        choices.remove(there)
        if not choices:
            del edges[here]
        if there == start:
            return line
        line.append(there)
        here, step = there, (there[0] - here[0], there[1] - here[1])


def _simplified(line: list[_Corner]) -> Ring:
    """Leave out the points between two edges of one direction."""
    points = np.array(line, np.float64)
    before = points - np.roll(points, 1, axis=0)
    after = np.roll(points, -1, axis=0) - points
    corners: Ring = points[(before != after).any(axis=1)]
    return corners


def _signed_area(points: Ring) -> float:
    """Twice-around sum of the ring: positive where it runs clockwise as seen on the screen."""
    x, y = np.clip(points, -_FAR, _FAR).T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2
