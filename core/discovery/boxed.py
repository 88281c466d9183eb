"""Single objects of a frame where a detector has drawn boxes: what is foreground in each.

Lu et al. 2020, section 3.3: boxes without regard to categories, joined with one mask of all that
is an object. No torch here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.discovery.maps import Map
from core.discovery.masks import THRESHOLD, Mask
from core.discovery.parts import Proposal
from core.media.annotations.rectangles import Corners, area_of, clipped

LEAST_FILLED = 0.1
"""Share of a box that has to be foreground; another one is of what is behind."""


def boxed_proposals(
    plane: Map, boxes: Sequence[Corners], scale: tuple[float, float], *, most: int = 20
) -> list[Proposal]:
    """The objects of a frame, the largest box first; a pixel is the smallest box's that has it.

    Args:
        plane: h x w, 0..1, what is an object.
        boxes: edges in pixels of the frame.
        scale: what x and y are multiplied with to be those of the map.
        most: so many at most, those with most foreground.
    """
    height, width = plane.shape
    across, down = scale
    small = [(x * across, y * down, u * across, v * down) for x, y, u, v in boxes]
    inside = [cut for box in small if (cut := clipped(box, width, height)) is not None]
    free = plane > THRESHOLD
    found = list[tuple[float, Mask]]()
    for box in sorted(inside, key=area_of):
        cells = _cells(box, plane)
        mask = free & cells
        if mask.sum() >= LEAST_FILLED * cells.sum():
            free &= ~mask
            found.append((area_of(box), mask))
    kept = sorted(found, key=lambda one: -int(one[1].sum()))[:most]
    kept.sort(key=lambda one: -one[0])
    return [Proposal(mask, float(plane[mask].mean())) for _, mask in kept]


def _cells(box: Corners, plane: Map) -> Mask:
    """What of a map a box covers; a cell at least."""
    left, top, right, bottom = box
    covered = np.zeros(plane.shape, bool)
    rows = slice(int(top), max(int(top) + 1, round(bottom)))
    covered[rows, int(left) : max(int(left) + 1, round(right))] = True
    return covered
