"""From drawn boxes and carried masks to label maps: what agrees is kept, the rest is void.

A stretch is what lies between two labeled frames. A walk carries the mask of one of its ends to the
other, where the drawn box of that end, which the walk has not seen, says whether it came right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.media.annotations.rectangles import box_overlap, clipped, mask_overlap, tight_box
from core.types import VOID, LabelMap

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from core.media.annotations.rectangles import Corners

DENSIFIED = "densify.json"
"""File beside label maps that were made of boxes; true masks have none."""
AGREES = 0.6
"""Overlap of boxes from which a carried mask agrees. Boxes are drawn to 1 to 2 % of the frame: for
an object a tenth of the frame wide and high whose box is off by that at each edge, an exact mask
comes to .5 to .7 at worst, and larger objects to more; a mask that has lost half of its object, or
taken as much again, comes to .5."""
ALIKE = 0.6
"""Overlap from which two masks of one object, made independently, show the same: masks of boxes
have a J of about .75 (docs/accuracy.md), and two of them, wrong in different places, overlap by
about .6. It is asked of a carried mask and the mask made of the box it arrives at, since a mask
that fills its box with ground agrees with any box of that size; and, where both walks came right,
of their masks on each frame."""
SLIVER = 0.02
"""A mask smaller than this share of what its walk began with counts as gone, and a fragment smaller
than this share of its mask as stray: a few pixels far away would make its tight box a large one."""


class Verdict(Enum):
    """Which walks through a stretch are believed for one object."""

    BOTH = "both"
    FORWARD = "forward"
    BACKWARD = "backward"
    REFUSED = "refused"
    ABSENT = "absent"
    """Not visible at either end, and so nowhere between them."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a carried mask agrees with the frame it was carried to.

    Attributes:
        box: overlap of its tight box with the drawn one, 0..1, see `agreement`.
        mask: its overlap with the mask that was made of the drawn box; None where there is none.
    """

    box: float
    mask: float | None = None

    def came_right(self, threshold: float) -> bool:
        """Whether the walk is believed, where boxes agree from `threshold`."""
        return self.box >= threshold and (self.mask is None or self.mask >= ALIKE)


@dataclass(frozen=True, slots=True)
class Passage:
    """One object on its way through a stretch.

    Attributes:
        ends: its drawn boxes at the first and the last frame; None: not visible there.
        forward: how the walk from the first frame agrees with the last one; None where there is no
            such walk, as from a frame without a mask of the object.
        backward: the same from the last frame to the first one.
    """

    ends: tuple[Corners | None, Corners | None]
    forward: Arrival | None = None
    backward: Arrival | None = None

    @property
    def arrivals(self) -> tuple[Arrival, ...]:
        """Those of the walks that there are."""
        return tuple(one for one in (self.forward, self.backward) if one is not None)

    def verdict(self, threshold: float) -> Verdict:
        """Which walks are believed, where boxes agree from `threshold`."""
        if self.ends == (None, None):
            return Verdict.ABSENT
        forward = self.forward is not None and self.forward.came_right(threshold)
        backward = self.backward is not None and self.backward.came_right(threshold)
        if forward and backward:
            return Verdict.BOTH
        if forward:
            return Verdict.FORWARD
        return Verdict.BACKWARD if backward else Verdict.REFUSED


def made_of_boxes(masks: Path) -> bool:
    """Whether label maps were made of boxes by `vosapp densify`, which says so beside them.

    Args:
        masks: the folder of the run, or one or two below it.
    """
    return any((folder / DENSIFIED).is_file() for folder in (masks, *masks.absolute().parents[:2]))


def solid(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask without its stray fragments, see `SLIVER`; they hang together by edges or corners."""
    count, marks, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    sizes = stats[:count, cv2.CC_STAT_AREA].copy()
    sizes[0] = 0
    kept: NDArray[np.bool_] = (sizes >= SLIVER * sizes.sum())[marks] & mask
    return kept


def agreement(mask: NDArray[np.bool_], drawn: Corners | None, *, begun: int = 0) -> float:
    """How well a carried mask agrees with what was drawn, 0..1.

    Args:
        mask: H x W bool.
        drawn: the box; None: the object is not visible, and the mask has to be gone.
        begun: pixels of the mask that the walk began with.
    """
    if drawn is None:
        return float(np.count_nonzero(mask) <= SLIVER * begun)
    height, width = mask.shape
    found, shown = tight_box(solid(mask)), clipped(drawn, width, height)
    return 0.0 if found is None or shown is None else box_overlap(found, shown)


def dense_map(
    passages: Mapping[int, Passage], maps: Mapping[Verdict, LabelMap], *, threshold: float
) -> tuple[LabelMap, dict[int, Verdict]]:
    """The label map of a frame inside a stretch, and what became of each object on it.

    A kept object has the mask of the walks that are believed; pixels that two objects claim are
    void. A refused one is void, but where others are kept, in the smallest rectangle around its
    drawn boxes at both ends and around where the walks see it.

    Args:
        passages: of all objects, by id.
        maps: label maps of the frame by the forward and by the backward walk, and of both fused.
        threshold: see `Passage.verdict`.

    Returns:
        The label map, and a verdict by object: `REFUSED` also where two walks lie apart.
    """
    label_map = np.zeros_like(maps[Verdict.FORWARD])
    verdicts = {i: _on_frame(i, p.verdict(threshold), maps) for i, p in passages.items()}
    for object_id, verdict in verdicts.items():
        if verdict not in (Verdict.REFUSED, Verdict.ABSENT):
            mask = solid(maps[verdict] == object_id)
            label_map[mask] = np.where(label_map[mask] == 0, object_id, VOID)
    for object_id, verdict in verdicts.items():
        if verdict is Verdict.REFUSED:
            seen = [tight_box(maps[way] == object_id) for way in _WAYS]
            make_void(label_map, [*passages[object_id].ends, *seen])
    return label_map, verdicts


def make_void(label_map: LabelMap, boxes: list[Corners | None]) -> None:
    """Make the background void in the smallest rectangle around some boxes."""
    known = np.array([box for box in boxes if box is not None])
    if known.size:
        left, top = (max(0, int(edge)) for edge in np.floor(known[:, :2].min(0)))
        right, bottom = (max(0, int(edge)) for edge in np.ceil(known[:, 2:].max(0)))
        part = label_map[top:bottom, left:right]
        part[part == 0] = VOID


_WAYS = (Verdict.FORWARD, Verdict.BACKWARD)


def _on_frame(object_id: int, verdict: Verdict, maps: Mapping[Verdict, LabelMap]) -> Verdict:
    if verdict is not Verdict.BOTH:
        return verdict
    first, second = (maps[way] == object_id for way in _WAYS)
    return verdict if mask_overlap(first, second) >= ALIKE else Verdict.REFUSED
