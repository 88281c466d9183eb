"""Boxes around the masks of a data set, for learning from boxes where there are masks. No torch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from core.data.box_tables import DrawnBox
from core.data.layouts import SequencePaths, read_tree
from core.errors import DatasetError
from core.media.annotations.rectangles import Corners, area_of, tight_box
from core.media.label_map import read_label_map
from core.types import VOID, LabelMap

_NUMBER = re.compile(r"\d{5,7}", re.ASCII)
"""Names of label maps that say which frame of a video file they are of."""


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
    return {
        sequence.name: tuple(_boxes(sequence, _named_frames(sequence), tight_corners))
        for sequence in read_tree(root)
    }


def boxes_of_label_maps(root: Path) -> dict[str, tuple[DrawnBox, ...]]:
    """Where objects of label maps are, by sequence, for learning from the maps themselves.

    What void hides of an object is not missed.

    Args:
        root: data set as for `boxes_of_masks`; or label maps alone that are named by the indices
            of their frames, as `vosapp densify` writes them.

    Raises:
        DatasetError: the tree is none, a mask has no frame of its name, or without frames a name
            is no number.
        MaskReadError: a mask cannot be read.
    """
    return {
        sequence.name: tuple(_boxes(sequence, _frames(sequence), boxes_in))
        for sequence in read_tree(root)
    }


def _frames(sequence: SequencePaths) -> dict[str, int]:
    if sequence.frames:
        return _named_frames(sequence)
    odd = next((path for path in sequence.masks if not _NUMBER.fullmatch(path.stem)), None)
    if odd is not None:
        msg = f"The mask {odd} has no frame, and its name is no number of one."
        raise DatasetError(msg, "Frames belong in JPEGImages beside Annotations.")
    return {path.stem: int(path.stem) for path in sequence.masks}


def _named_frames(sequence: SequencePaths) -> dict[str, int]:
    return {path.stem: index for index, path in enumerate(sequence.frames)}


def _boxes(
    sequence: SequencePaths,
    places: Mapping[str, int],
    corners: Callable[[LabelMap], Mapping[int, Corners | None]],
) -> Iterator[DrawnBox]:
    found = list[tuple[int, Mapping[int, Corners | None]]]()
    for path in sequence.masks:
        if path.stem not in places:
            msg = f"The mask {path} has no frame of its name."
            raise DatasetError(msg, "Frames belong in JPEGImages beside Annotations.")
        found.append((places[path.stem], corners(read_label_map(path).label_map)))
    every = sorted({object_id for _, boxes in found for object_id in boxes})
    for frame, boxes in found:
        for object_id in every:
            box = boxes.get(object_id)
            if box is None and object_id in boxes:
                continue
            yield DrawnBox(sequence.name, frame, object_id, "", box)


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
