"""Boxes around the masks of a data set, for learning from boxes where there are masks. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.data.box_tables import DrawnBox
from core.data.layouts import SequencePaths, read_tree
from core.errors import DatasetError
from core.media.annotations.rectangles import Corners, area_of, tight_box
from core.media.label_map import read_label_map
from core.types import VOID, LabelMap


def boxes_of_masks(root: Path) -> dict[str, tuple[DrawnBox, ...]]:
    """The tight box of each object on each frame with a mask, by sequence.

    An object without a pixel on a frame is not visible there; one that touches void is left out
    there, since its box is not known.

    Args:
        root: data set in a layout of `core.data.layouts`, with frames.

    Raises:
        DatasetError: the tree is none, or a mask has no frame of its name.
        MaskReadError: a mask cannot be read.
    """
    return {sequence.name: tuple(_boxes(sequence)) for sequence in read_tree(root)}


def _boxes(sequence: SequencePaths) -> Iterator[DrawnBox]:
    places = {path.stem: index for index, path in enumerate(sequence.frames)}
    found = list[tuple[int, dict[int, Corners | None]]]()
    for path in sequence.masks:
        if path.stem not in places:
            msg = f"The mask {path} has no frame of its name."
            raise DatasetError(msg, "Frames belong in JPEGImages beside Annotations.")
        found.append((places[path.stem], tight_corners(read_label_map(path).label_map)))
    every = sorted({object_id for _, boxes in found for object_id in boxes})
    for frame, boxes in found:
        for object_id in every:
            corners = boxes.get(object_id)
            if corners is None and object_id in boxes:
                continue
            yield DrawnBox(sequence.name, frame, object_id, "", corners)


def tight_corners(label_map: LabelMap) -> dict[int, Corners | None]:
    """Left, top, right and bottom of each object; None for one that touches void."""
    void = np.pad(label_map == VOID, 1)
    near = void[:-2, 1:-1] | void[2:, 1:-1] | void[1:-1, :-2] | void[1:-1, 2:]
    unknown = set(np.unique(label_map[near]).tolist())
    return {i: None if i in unknown else box for i, box in boxes_in(label_map).items()}


def boxes_in(label_map: LabelMap) -> dict[int, Corners]:
    """The tight box around each object that has a pixel, whatever is beside it."""
    ids = [int(i) for i in np.unique(label_map) if i not in (0, VOID)]
    found = {i: tight_box(label_map == i) for i in ids}
    return {i: box for i, box in found.items() if box is not None}


def filled(label_map: LabelMap) -> LabelMap:
    """The boxes around the objects of a label map, filled; smaller ones above larger ones."""
    result = np.zeros_like(label_map)
    boxes = [(area_of(box), object_id, box) for object_id, box in boxes_in(label_map).items()]
    for _, object_id, (left, top, right, bottom) in sorted(boxes, reverse=True):
        result[int(top) : int(bottom), int(left) : int(right)] = object_id
    return result
