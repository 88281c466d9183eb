"""Boxes that were drawn on many clips, as tensors that losses learn from.

A list is a CSV with the columns clip, frame, object, x, y, w, h; places are empty where the object
is not visible. Beside it a CSV of notes, clip and note, says which clips are crowds.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from core.errors import DatasetError
from core.media.input_file import read_input_text

MAX_BYTES = 64 << 20
"""Larger lists are refused."""
_CROWD = re.compile(r"\bcrowd\b", re.IGNORECASE)
_HINT = "A line reads: clip, frame, object, name, x, y, w, h."

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

    def on(self, frames: Sequence[int], objects: Sequence[int] | None = None) -> Tensor:
        """Boxes as `core.ops.boxes.fill_boxes` takes them.

        Args:
            frames: T frame indices.
            objects: K numbers; None takes all.

        Returns:
            T x K x 4 float32: x, y, width, height in pixels of the clip; 0 where the object is not
            visible, NaN where nothing is known.
        """
        numbers = self.objects if objects is None else objects
        unknown = (math.nan,) * 4
        found = [[self.places.get((frame, k), unknown) for k in numbers] for frame in frames]
        return torch.tensor(found, dtype=torch.float32).reshape(len(frames), len(numbers), 4)


def read_box_list(boxes: Path, notes: Path | None = None) -> dict[str, ClipBoxes]:
    """Read a list of boxes, by the names of the clips as they are written there.

    Args:
        boxes: the list.
        notes: clips in whose note the word crowd occurs are crowds; None knows of none.

    Raises:
        DatasetError: a file cannot be read, a column is missing or a line makes no sense.
    """
    crowds = set() if notes is None else _crowds(notes)
    found: dict[str, ClipBoxes] = {}
    for number, row in _rows(boxes, ("clip", "frame", "object", "x", "y", "w", "h")):
        clip = found.setdefault(row["clip"], ClipBoxes(crowd=row["clip"] in crowds))
        try:
            key = (int(row["frame"]), int(row["object"]))
            clip.places[key] = _places([row[name].strip() for name in ("x", "y", "w", "h")])
        except ValueError as error:
            raise DatasetError(f"{boxes}, line {number}, is no box: {error}.", _HINT) from error
    return found


def _places(texts: list[str]) -> Places:
    if not any(texts):
        return (0.0, 0.0, 0.0, 0.0)
    x, y, width, height = map(float, texts)
    if not all(map(math.isfinite, (x, y, width, height))) or min(width, height) <= 0:
        raise ValueError("its size or place makes no sense")
    return x, y, width, height


def _crowds(notes: Path) -> set[str]:
    return {row["clip"] for _, row in _rows(notes, ("clip", "note")) if _CROWD.search(row["note"])}


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the lines after the first, and their numbers; what a short one lacks is empty."""
    try:
        reader = csv.DictReader(io.StringIO(read_input_text(path, limit=MAX_BYTES)), restval="")
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise DatasetError(f"{path} lacks the column {missing[0]}.", _HINT)
        for row in reader:
            yield reader.line_num, {name: row[name] for name in columns}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"{path} cannot be read: {reason}.", "Check the file.") from error
