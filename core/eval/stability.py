"""Time stability T of DAVIS 2016: how calmly a contour changes from frame to frame.

Perazzi et al., CVPR 2016, section 4: the contours of two consecutive masks are described by
shape contexts, matched by dynamic time warping that keeps the order of the points, and the mean
cost of a matched pair is T. Motion and small deformation are warped away; flicker and frayed
contours stay. Lower is better. Occlusion and strong deformation look like instability, which is
why the paper leaves sequences with them out; that choice is the caller's here.

The paper fixes neither sampling nor bins. What is computed here:

- the outer contour of the largest connected region, holes ignored; an empty mask or one without
  extent (a single pixel) has none, and pairs with such a mask are left out of the mean;
- `POINT_COUNT` points spaced evenly along it, so that the cost of a frame is bounded;
- shape contexts (Belongie et al., PAMI 2002): for each point a log-polar histogram of where the
  other points lie, 12 directions by 5 distances from 1/8 to 2 times the mean distance between
  the contour's points (nearer ones count in the first ring, farther ones not at all), sum 1;
  free of position and size, not of rotation;
- the cost of a pair is half the chi-square distance of the histograms, 0..1;
- the contours are closed: the second one starts where the mean cost without warping is least;
- warping goes from the first pair to the last by steps (1,0), (0,1), (1,1); the summed cost of
  the cheapest path is divided by its number of pairs.

Figures compare between runs of this code; other implementations sample otherwise.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

POINT_COUNT = 128
"""Points a contour is described by."""
DIRECTIONS = 12
RINGS = 5
RING_EDGES = np.geomspace(1 / 8, 2, RINGS)
"""Outer radii of the rings in mean point distances."""


class StabilityMeter:
    """Measures T over the masks of one object, fed frame by frame; keeps one contour only."""

    __slots__ = ("_costs", "_previous")

    def __init__(self) -> None:
        self._previous: Floats | None = None
        self._costs: list[float] = []

    def add(self, mask: NDArray[Any]) -> None:
        """Take the next frame's mask, H x W, not zero = inside."""
        context = shape_context(mask)
        if self._previous is not None and context is not None:
            self._costs.append(match_cost(self._previous, context))
        self._previous = context

    @property
    def value(self) -> float:
        """T so far, 0 (calm) to 1; NaN without two consecutive masks that have a contour."""
        return sum(self._costs) / len(self._costs) if self._costs else math.nan


def shape_context(mask: NDArray[Any]) -> Floats | None:
    """Shape contexts of a mask's contour, `POINT_COUNT` x 60, rows sum to at most 1.

    None where the mask has no contour with an extent.
    """
    points = _contour_points(mask)
    if points is None:
        return None
    offset = points[None, :] - points[:, None]
    distance = np.hypot(offset[..., 0], offset[..., 1])
    others = ~np.eye(POINT_COUNT, dtype=np.bool_)
    ring = np.searchsorted(RING_EDGES, distance / distance[others].mean())
    turn = np.arctan2(offset[..., 1], offset[..., 0]) / (2 * math.pi)
    direction = np.floor(turn * DIRECTIONS).astype(np.int64) % DIRECTIONS
    bins = ring * DIRECTIONS + direction
    bins += np.arange(POINT_COUNT)[:, None] * (RINGS * DIRECTIONS)
    counts = np.bincount(bins[others & (ring < RINGS)], minlength=POINT_COUNT * RINGS * DIRECTIONS)
    return counts.reshape(POINT_COUNT, RINGS * DIRECTIONS) / (POINT_COUNT - 1)


def match_cost(contexts: Floats, following: Floats) -> float:
    """Mean cost of the pairs on the cheapest order-preserving match of two closed contours.

    Args:
        contexts: N x bins shape contexts of one contour.
        following: N x bins shape contexts of the next.
    """
    cost = _chi_square(contexts, following)
    count = len(cost)
    shifted = (np.arange(count)[:, None] + np.arange(count)[None, :]) % count
    by_shift = cost[np.arange(count)[:, None], shifted].mean(axis=0)
    return _warp(np.roll(cost, -int(by_shift.argmin()), axis=1))


def _contour_points(mask: NDArray[Any]) -> Floats | None:
    inside = (np.asarray(mask) != 0).astype(np.uint8)
    contours, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    outline = max(contours, key=lambda c: (cv2.contourArea(c), len(c)))[:, 0].astype(np.float64)
    closed = np.concatenate([outline, outline[:1]])
    along = np.concatenate([[0.0], np.hypot(*np.diff(closed, axis=0).T).cumsum()])
    if along[-1] == 0:
        return None
    wanted = np.arange(POINT_COUNT) * (along[-1] / POINT_COUNT)
    return np.stack([np.interp(wanted, along, closed[:, axis]) for axis in (0, 1)], axis=1)


def _chi_square(contexts: Floats, following: Floats) -> Floats:
    total = contexts[:, None] + following[None]
    squares = (contexts[:, None] - following[None]) ** 2
    quotient = np.divide(squares, total, out=squares, where=total > 0)
    return np.asarray(quotient.sum(axis=2) / 2, np.float64)


def _warp(cost: Floats) -> float:
    """Mean cost of a pair on the cheapest path through an N x N cost table.

    The table is walked by antidiagonals, whose cells do not depend on one another. Cell i of an
    array belongs to row i - 1; cell 0 is the border. Of equal ways the one with fewer pairs wins.
    """
    count = len(cost)
    before, last = np.full((2, count + 1), np.inf), np.full((2, count + 1), np.inf)
    last[:, 1] = cost[0, 0], 1
    for diagonal in range(1, 2 * count - 1):
        row = np.arange(max(0, diagonal - count + 1), min(count - 1, diagonal) + 1)
        ways = np.stack([before[:, row], last[:, row], last[:, row + 1]])
        best = ways[ways[:, 0].argmin(axis=0), :, np.arange(len(row))]
        before, last = last, np.full((2, count + 1), np.inf)
        last[0, row + 1] = best[:, 0] + cost[row, diagonal - row]
        last[1, row + 1] = best[:, 1] + 1
    return float(last[0, count] / last[1, count])
