"""Boxes that were drawn on many clips, as arrays that clips for training are cut with. No torch.

Tables and notes are those of `core.data.box_tables`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data.box_tables import DrawnBox, read_box_table, read_crowds
from core.data.mask_boxes import boxes_of_label_maps, boxes_of_masks

Places = tuple[float, float, float, float]
"""x, y, width, height in pixels; 0 wide: not visible."""


@dataclass(frozen=True, slots=True)
class ClipBoxes:
    """The boxes of one clip.

    Attributes:
        places: (frame index, object number) -> its box.
        crowd: not every look-alike has a box.
    """

    places: dict[tuple[int, int], Places] = field(default_factory=dict)
    crowd: bool = False

    @property
    def objects(self) -> tuple[int, ...]:
        """Numbers of the objects, ascending."""
        return tuple(sorted({number for _, number in self.places}))

    @property
    def frames(self) -> tuple[int, ...]:
        """Frames on which anything is known, ascending."""
        return tuple(sorted({frame for frame, _ in self.places}))

    def on(self, frames: Sequence[int]) -> NDArray[np.float32]:
        """All boxes on some frames, T x K x 4: x, y, width, height in pixels of the clip.

        0 where the object is not visible, NaN where nothing is known.
        """
        numbers, unknown = self.objects, (math.nan,) * 4
        found = [[self.places.get((frame, k), unknown) for k in numbers] for frame in frames]
        return np.array(found, np.float32).reshape(len(frames), len(numbers), 4)


def read_box_list(boxes: Path, notes: Path | None = None) -> dict[str, ClipBoxes]:
    """Read a table of boxes, by the names of the clips as they are written there.

    Args:
        boxes: the table; or a data set with masks, around which boxes are laid.
        notes: says which clips are crowds; None knows of none.

    Raises:
        AnnotationReadError: see `read_box_table` and `read_crowds`.
        DatasetError, MaskReadError: see `boxes_of_masks`.
    """
    crowds = frozenset[str]() if notes is None else read_crowds(notes)
    every = boxes_of_masks(boxes) if boxes.is_dir() else read_box_table(boxes)
    return {clip: _clip_boxes(drawn, crowd=clip in crowds) for clip, drawn in every.items()}


def read_mask_list(masks: Path) -> dict[str, ClipBoxes]:
    """Where the objects of label maps are, by the names of the clips.

    Raises:
        DatasetError, MaskReadError: see `boxes_of_label_maps`.
    """
    return {clip: _clip_boxes(drawn) for clip, drawn in boxes_of_label_maps(masks).items()}


def _clip_boxes(drawn: Iterable[DrawnBox], *, crowd: bool = False) -> ClipBoxes:
    return ClipBoxes({(b.frame_index, b.object_id): _place(b) for b in drawn}, crowd)


def _place(box: DrawnBox) -> Places:
    if box.corners is None:
        return (0.0, 0.0, 0.0, 0.0)
    left, top, right, bottom = box.corners
    return left, top, right - left, bottom - top
