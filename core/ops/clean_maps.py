"""Cleaning up label maps: what an object leaves goes to whom it lies in, and nothing is stolen.

Pixels that an object loses become what is nearest to them. Objects fill holes and grow into the
background alone, never into each other (ADR 0047). No torch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cleaning import Cleaning
from core.ops.masks import Mask, area_of, grown, holes_of, smoothed, trimmed
from core.types import LabelMap


def clean_map(
    label_map: LabelMap,
    cleanings: Mapping[int, Cleaning],
    *,
    fixed: Collection[int] = (),
) -> LabelMap:
    """A label map whose objects are cleaned up, each in its own way.

    Args:
        label_map: H x W; it is not changed, and given back where nothing is to be done.
        cleanings: by object id; where two grow toward each other, the first one wins.
        fixed: labels that get no pixel of others, such as those of locked objects; what their own
            clean-up adds is another thing.

    Returns:
        H x W uint8, of the same ids and 0.
    """
    wanted = {i: c for i, c in cleanings.items() if c.changes_masks}
    if wanted:
        present = np.bincount(label_map.ravel(), minlength=256) > 0
        wanted = {i: c for i, c in wanted.items() if present[i]}
    if not wanted:
        return label_map
    found = label_map.copy()
    _take_away(found, wanted, fixed)
    for object_id, cleaning in wanted.items():
        _fill(found, object_id, cleaning)
    for object_id, cleaning in wanted.items():
        _shape(found, object_id, cleaning)
    return found


def _take_away(found: LabelMap, cleanings: Mapping[int, Cleaning], fixed: Collection[int]) -> None:
    """Erase areas and islands; what an island was becomes what lies nearest to it."""
    lost = np.zeros(found.shape, np.bool_)
    for object_id, cleaning in cleanings.items():
        if cleaning.erased:
            found[area_of(cleaning.erased, found.shape) & (found == object_id)] = 0
        if not (cleaning.islands or cleaning.keep):
            continue
        box = _box(found == object_id, 0)
        if box is not None:
            mask = found[box] == object_id
            lost[box] |= mask & ~trimmed(mask, cleaning)
    if lost.any():
        _give_away(found, lost, fixed)


def _give_away(found: LabelMap, lost: Mask, fixed: Collection[int]) -> None:
    box = _box(lost, 1)
    if box is None:
        return
    part, gone = found[box], lost[box]
    if gone.all():
        part[gone] = 0
        return
    _, nearest = cv2.distanceTransformWithLabels(
        gone.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owners = np.zeros(int(nearest.max()) + 1, np.uint8)
    owners[nearest[~gone]] = part[~gone]
    # Void is nobody's, and what is fixed gains nothing.
    owners[np.isin(owners, [255, *fixed])] = 0
    part[gone] = owners[nearest[gone]]


def _fill(found: LabelMap, object_id: int, cleaning: Cleaning) -> None:
    """Fill holes of an object, where the background is."""
    box = _box(found == object_id, 1) if cleaning.holes else None
    if box is not None:
        part = found[box]
        part[holes_of(part == object_id, cleaning.holes) & (part == 0)] = object_id


def _shape(found: LabelMap, object_id: int, cleaning: Cleaning) -> None:
    """Smooth and move an object's edge; what it gains was background."""
    if not (cleaning.smooth or cleaning.grow):
        return
    margin = 1 + cleaning.smooth + max(cleaning.grow, 0)
    box = _box(found == object_id, margin)
    if box is None:
        return
    part = found[box]
    mask = part == object_id
    smooth = smoothed(mask, cleaning.smooth)
    if cleaning.smooth:
        # Beside another object the edge stays: smoothing would leave a gap between the two.
        smooth = np.where(grown((part != 0) & ~mask, cleaning.smooth), mask, smooth)
    shaped = grown(smooth, cleaning.grow)
    part[mask & ~shaped] = 0
    part[shaped & (part == 0)] = object_id


def _box(mask: NDArray[np.bool_], margin: int) -> tuple[slice, slice] | None:
    """Rows and columns that hold a mask, and some pixels around it; None for an empty one."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return (
        slice(max(int(rows[0]) - margin, 0), int(rows[-1]) + 1 + margin),
        slice(max(int(columns[0]) - margin, 0), int(columns[-1]) + 1 + margin),
    )
