"""What a tool has drawn: shown at once in the window, and as an edit of the project. No Qt."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.jobs import Progress
from vosapp.project import rules
from vosapp.project.edit_masks import Mask, Paint, SetMask
from vosapp.project.editor import Editor
from vosapp.project.edits import AddObject, Edit
from vosapp.ui.canvas.mapping import NOTHING, PixelRect


@dataclass(frozen=True, slots=True)
class LocalEdit:
    """Pixels that an object gets, loses, or has from now on.

    Attributes:
        frame_index: of the frame it was drawn on.
        object_id: whose pixels.
        part: where; within the frame.
        mask: bool, of the part's size.
        erase: the object loses them.
        whole: the object has these pixels and no others.
        over: ids, 0 for the background, whose pixels may be painted over; None for all.
    """

    frame_index: int
    object_id: int
    part: PixelRect
    mask: Mask
    erase: bool = False
    whole: bool = False
    over: frozenset[int] | None = None

    def draw(self, labels: NDArray[np.uint8], kept: Collection[int]) -> PixelRect:
        """Draw it into a label map as the project will, and return what may have changed.

        Args:
            labels: H x W, written to.
            kept: ids that keep their pixels.
        """
        changed = self.part
        if self.whole:
            changed = changed.joined(extent(labels == self.object_id))
            labels[labels == self.object_id] = 0
        region = labels[self.part.slices]
        if self.erase:
            region[self.mask & (region == self.object_id)] = 0
        else:
            region[self.free(region, kept)] = self.object_id
        return changed

    def free(self, region: NDArray[np.uint8], kept: Collection[int]) -> Mask:
        """Return which pixels of the mask the object gets, or has, in its part of a label map."""
        others = set(kept) - {self.object_id}
        free = self.mask & ~rules.isin(region, others) if others else self.mask
        if self.over is not None:
            free = free & rules.isin(region, self.over | {self.object_id})
        return free

    def edit(self, height: int, width: int) -> Edit:
        """Return it as an edit of the project; the frame's size is needed for whole masks."""
        if not self.whole:
            top, left = self.part.top, self.part.left
            spot = (self.frame_index, self.object_id, top, left)
            return Paint(*spot, self.mask, self.erase, self.over)
        mask = np.zeros((height, width), np.bool_)
        mask[self.part.slices] = self.mask
        return SetMask(self.frame_index, self.object_id, mask)


@dataclass(frozen=True, slots=True)
class EnsureObject:
    """Add an object of this id, unless there is one by now."""

    object_id: int

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return AddObject(self.object_id).title(editor)

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        if any(item.object_id == self.object_id for item in editor.objects()):
            return ()
        return AddObject(self.object_id).apply(editor)


def extent(mask: NDArray[np.bool_]) -> PixelRect:
    """Return the smallest rectangle around what is True; empty where nothing is."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return NOTHING
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return PixelRect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def from_mask(
    frame_index: int,
    object_id: int,
    mask: Mask,
    *,
    erase: bool = False,
    whole: bool = False,
    over: frozenset[int] | None = None,
) -> LocalEdit:
    """Return a mask of the frame's size as a local edit of no more than its extent."""
    part = extent(mask)
    patch = np.ascontiguousarray(mask[part.slices])
    return LocalEdit(frame_index, object_id, part, patch, erase, whole, over)
