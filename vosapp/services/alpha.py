"""Soft alpha of a project's masks, for mattes: the engine's soft labels, refined, calm over time.

Stored masks stay as they are; what mattes show beyond them is made here, frame by frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.cleaning import NONE, Cleaning
from core.ops.alpha import (
    REACH,
    AlphaPart,
    full_alpha,
    grown_alpha,
    refined_alpha,
    smoothed_look,
    steadied,
)
from core.ops.masks import feathered
from core.types import Frame, LabelMap
from vosapp.project.store import Project

KEPT = 2 * REACH + 2
"""Frames whose pictures and alpha are kept: those that the next frame in order needs again."""

Plane = NDArray[np.float32]


class SoftAlpha:
    """Gives pictures and soft alpha of frames, best in order. Belongs to one thread.

    Args:
        project: stays open while this is used.
        frame: gives pictures.
        cleanings: says how the objects of a frame are cleaned up.
    """

    def __init__(
        self,
        project: Project,
        frame: Callable[[int], Frame],
        cleanings: Callable[[int], dict[int, Cleaning]],
    ) -> None:
        self._project, self._read, self._cleanings = project, frame, cleanings
        self._frames: dict[int, Frame] = {}
        self._looks: dict[int, Frame] = {}
        self._parts: dict[tuple[int, int], AlphaPart | None] = {}

    def frame(self, index: int) -> Frame:
        """The picture of a frame; it is decoded once, though its neighbors look at it, too."""
        if index not in self._frames:
            self._frames[index] = self._read(index)
            self._forget(index)
        return self._frames[index]

    def alpha(self, index: int, object_id: int) -> Plane:
        """The soft alpha H x W of an object on a frame, with what its clean-up does to edges."""
        label_map = self._project.cleaned_map(index, self._cleanings(index))
        cleaning = self._cleanings(index).get(object_id, NONE)
        part = self._steady(index, object_id)
        alpha = full_alpha(part, (label_map.shape[0], label_map.shape[1]))
        if cleaning.grow and object_id not in self._project.assertions(index):
            others = (label_map != 0) & (label_map != object_id)
            alpha = np.where(others, alpha, grown_alpha(alpha, cleaning.grow))
        return feathered(alpha, cleaning.feather)

    def _steady(self, index: int, object_id: int) -> AlphaPart | None:
        own = self._part(index, object_id)
        if own is None:
            return None
        last = self._project.video.frame_count - 1
        near = range(max(index - REACH, 0), min(index + REACH, last) + 1)
        found = [(i, part) for i in near if (part := self._part(i, object_id)) is not None]
        frames = [i for i, _ in found]
        looks = [self._look(i) for i in frames]
        return steadied([part for _, part in found], looks, frames.index(index))

    def _part(self, index: int, object_id: int) -> AlphaPart | None:
        key = index, object_id
        if key not in self._parts:
            mask = self._ungrown(index, object_id) == object_id
            asserted = object_id in self._project.assertions(index)
            soft = None if asserted else self._project.soft_labels(index, object_id)
            found = refined_alpha(mask, soft, self.frame(index)) if mask.any() else None
            self._parts[key] = found
        return self._parts[key]

    def _ungrown(self, index: int, object_id: int) -> LabelMap:
        """What a frame shows, but with the object's edge where it was before it was moved."""
        cleanings = self._cleanings(index)
        if object_id in cleanings:
            cleanings[object_id] = replace(cleanings[object_id], grow=0)
        return self._project.cleaned_map(index, cleanings)

    def _look(self, index: int) -> Frame:
        if index not in self._looks:
            self._looks[index] = smoothed_look(self.frame(index))
        return self._looks[index]

    def _forget(self, index: int) -> None:
        """Drop what lies far from a frame."""
        for kept in (self._frames, self._looks):
            for other in [i for i in kept if abs(i - index) > KEPT]:
                del kept[other]
        for key in [key for key in self._parts if abs(key[0] - index) > KEPT]:
            del self._parts[key]
