"""Boxes around the masks of a data set, for learning from boxes where there are masks. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.data.box_tables import DrawnBox
from core.data.layouts import SequencePaths, read_tree
from core.errors import DatasetError
from core.media.annotations.rectangles import Corners
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
    found: dict[int, Corners | None] = {}
    void = np.pad(label_map == VOID, 1)
    near = void[:-2, 1:-1] | void[2:, 1:-1] | void[1:-1, :-2] | void[1:-1, 2:]
    for object_id in np.unique(label_map):
        if object_id in (0, VOID):
            continue
        mask = label_map == object_id
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        edges = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
        left, top, right, bottom = (float(edge) for edge in edges)
        unknown = bool((near & mask).any())
        found[int(object_id)] = None if unknown else (left, top, right, bottom)
    return found
