"""Rectangles around masks, and how much masks and rectangles overlap. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Corners = tuple[float, float, float, float]
"""left, top, right, bottom in pixels: edges, not centers of pixels."""


def tight_box(mask: NDArray[np.bool_]) -> Corners | None:
    """Edges of the smallest box around a mask; None where it has no pixel."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return None
    left, top, right, bottom = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return float(left), float(top), float(right), float(bottom)


def area_of(box: Corners) -> float:
    """Width times height, in pixels."""
    return (box[2] - box[0]) * (box[3] - box[1])


def clipped(box: Corners, width: int, height: int) -> Corners | None:
    """The part of a box inside a frame; None where there is none."""
    left, top, right, bottom = box
    cut = max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height))
    return cut if cut[0] < cut[2] and cut[1] < cut[3] else None


def box_overlap(first: Corners, second: Corners) -> float:
    """Intersection over union of two boxes with area, 0..1."""
    wide = min(first[2], second[2]) - max(first[0], second[0])
    high = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(wide, 0.0) * max(high, 0.0)
    return shared / (area_of(first) + area_of(second) - shared)


def mask_overlap(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Intersection over union of two masks, 0..1; 1 where both are empty."""
    union = np.count_nonzero(first | second)
    return float(np.count_nonzero(first & second) / union) if union else 1.0
