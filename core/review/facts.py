"""What a label map alone says of each object: size, place, islands, contact with others.

All figures are of masks as they are stored; no picture is looked at. Large maps are thinned first:
a list of frames to check needs no exact counts, and thousands of frames have to be looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.types import VOID, LabelMap

LARGEST_SIDE = 400
"""Pixels of the longer side of what is looked at; larger maps are thinned."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One object's mask on one frame.

    Attributes:
        area: pixels of the frame.
        x, y: middle of the mask in pixels of the frame.
        islands: share of the area beside its largest part, 0..1.
        contact: share of its outline that lies on other objects, 0..1.
    """

    area: float
    x: float
    y: float
    islands: float
    contact: float


def measure(label_map: LabelMap) -> dict[int, Facts]:
    """Return the facts of every object that has a pixel, by object id.

    Args:
        label_map: H x W uint8; void is background.
    """
    rows = np.flatnonzero(label_map.any(axis=1))
    if not rows.size:
        return {}
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(label_map[top:bottom].any(axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    step = -(-max(bottom - top, right - left) // LARGEST_SIDE)
    part = np.ascontiguousarray(label_map[top:bottom:step, left:right:step])
    part = np.where(part == VOID, 0, part).astype(np.uint8)
    contact = _contact(part)
    ids = np.flatnonzero(np.bincount(part.ravel(), minlength=VOID + 1)[1:]) + 1
    return {
        int(i): _facts(part == i, (top, left), step=step, contact=float(contact[i])) for i in ids
    }


def _facts(mask: NDArray[np.bool_], corner: tuple[int, int], *, step: int, contact: float) -> Facts:
    plane = mask.astype(np.uint8)
    left, top, width, height = cv2.boundingRect(plane)
    part = plane[top : top + height, left : left + width]
    _, _, stats, middles = cv2.connectedComponentsWithStats(part, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
    total = float(areas.sum())
    x, y = (middles[1:] * areas[:, None]).sum(0) / total
    return Facts(
        area=total * step * step,
        x=corner[1] + (left + float(x)) * step,
        y=corner[0] + (top + float(y)) * step,
        islands=float(1 - areas.max() / total),
        contact=contact,
    )


def _contact(part: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Per label, the share of its outline within the part that lies on other objects."""
    beside, all_around = np.zeros(VOID + 1), np.zeros(VOID + 1)
    for one, other in ((part[:, :-1], part[:, 1:]), (part[:-1], part[1:])):
        border = one != other
        a, b = one[border], other[border]
        both = (a > 0) & (b > 0)
        for labels in (a, b):
            all_around += np.bincount(labels, minlength=VOID + 1)
            beside += np.bincount(labels[both], minlength=VOID + 1)
    share: NDArray[np.float64] = np.divide(
        beside, all_around, out=np.zeros_like(beside), where=all_around > 0
    )
    return share
