"""Box labels: what the user, or a file, says of where an object is, without saying its mask."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.media.annotations.values import Box
from core.types import MAX_OBJECT_ID
from vosapp.project.model import MAX_FRAMES, check, is_int
from vosapp.project.parse import checked, parse_flag
from vosapp.project.rows import Rows
from vosapp.project.schema import BOXES

_DIGITS = 6
_FAR = 1e6
"""Pixels; no edge of a box is farther out."""


@dataclass(frozen=True, slots=True)
class BoxLabel:
    """The box around all that is visible of one object on one frame.

    It asserts no mask and makes no keyframe.

    Attributes:
        frame_index: 0-based.
        object_id: 1..254.
        x, y: upper left corner in pixels; 0, 0 is that of the frame's first pixel.
        width, height: in pixels; both 0 where nothing of the object is visible.
        drawn: False for one that was interpolated between two drawn ones.
    """

    frame_index: int
    object_id: int
    x: float
    y: float
    width: float
    height: float
    drawn: bool = True

    def __post_init__(self) -> None:
        check(is_int(self.frame_index, 0, MAX_FRAMES), "a box's frame is out of range")
        check(is_int(self.object_id, 1, MAX_OBJECT_ID), f"no object id: {self.object_id!r}")
        numbers = (self.x, self.y, self.width, self.height)
        real = all(type(n) in (int, float) and math.isfinite(n) and abs(n) < _FAR for n in numbers)
        check(real, f"no box: {numbers!r}")
        check(min(self.width, self.height) >= 0, f"a box has a negative size: {numbers!r}")
        check((self.width > 0) == (self.height > 0), f"a box is a line: {numbers!r}")
        check(type(self.drawn) is bool, "a flag is no truth value")

    @property
    def visible(self) -> bool:
        """False where it says that nothing of the object is visible."""
        return self.width > 0


@dataclass(frozen=True, slots=True)
class BoxCounts:
    """How many box labels there are.

    Attributes:
        drawn: by hand or by a file, visible.
        interpolated: between two drawn ones.
        unseen: that say that the object is not visible.
    """

    drawn: int = 0
    interpolated: int = 0
    unseen: int = 0

    def __add__(self, other: BoxCounts) -> BoxCounts:
        return BoxCounts(
            self.drawn + other.drawn,
            self.interpolated + other.interpolated,
            self.unseen + other.unseen,
        )


@checked
def parse_box(row: Sequence[Any]) -> BoxLabel:
    """Read frame_index, object_id, x, y, width, height, drawn."""
    frame_index, object_id, x, y, width, height, drawn = row
    return BoxLabel(frame_index, object_id, x, y, width, height, parse_flag(drawn))


class BoxLabels:
    """Reads and writes box labels; runs inside the caller's transaction."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def on_frame(self, frame_index: int) -> dict[int, BoxLabel]:
        """Return the labels of a frame by object id, ascending."""
        found = self._scan("frame_index = ?", (frame_index,))
        return {label.object_id: label for label in found}

    def of_object(self, object_id: int, start: int, stop: int) -> tuple[BoxLabel, ...]:
        """Return an object's labels on the frames `start` to `stop` - 1, ascending."""
        where = "object_id = ? AND frame_index >= ? AND frame_index < ?"
        return self._scan(where, (object_id, start, stop))

    def on_frames(self, start: int, stop: int) -> tuple[BoxLabel, ...]:
        """Return all labels on the frames `start` to `stop` - 1, by frame and object id."""
        return self._scan("frame_index >= ? AND frame_index < ?", (start, stop))

    def put(self, label: BoxLabel) -> None:
        """Add or replace a label; nothing is written where it is there already."""
        numbers = tuple(map(float, (label.x, label.y, label.width, label.height)))
        key, values = (label.frame_index, label.object_id), (*numbers, int(label.drawn))
        if self._rows.get(BOXES, *key) != values:
            self._rows.put(BOXES, key, values)

    def put_all(self, labels: Iterable[BoxLabel]) -> None:
        """Add or replace labels."""
        for label in labels:
            self.put(label)

    def remove(self, label: BoxLabel) -> None:
        """Remove the label of its object on its frame."""
        self._rows.delete(BOXES, label.frame_index, label.object_id)

    def _scan(self, where: str, bound: Sequence[object]) -> tuple[BoxLabel, ...]:
        return tuple(map(parse_box, self._rows.scan(BOXES, where, bound)))


def between(first: BoxLabel, last: BoxLabel, frame_index: int) -> BoxLabel:
    """The box on a frame between two others, linear in time.

    Args:
        first: visible.
        last: of the same object on a later frame, visible.
        frame_index: from the first's to the last's.
    """
    share = (frame_index - first.frame_index) / (last.frame_index - first.frame_index)

    def mixed(start: float, stop: float) -> float:
        return start + (stop - start) * share

    return BoxLabel(
        frame_index,
        first.object_id,
        mixed(first.x, last.x),
        mixed(first.y, last.y),
        mixed(first.width, last.width),
        mixed(first.height, last.height),
        drawn=False,
    )


def label_of(box: Box) -> BoxLabel:
    """The label that a box of a file becomes; sizes are rounded to a millionth of a pixel."""
    size = (round(box.right - box.left, _DIGITS), round(box.bottom - box.top, _DIGITS))
    width, height = (max(n, 10.0**-_DIGITS) for n in size) if box.visible else (0.0, 0.0)
    return BoxLabel(
        box.frame_index, box.object_id, box.left, box.top, width, height, drawn=box.drawn
    )


def box_of(label: BoxLabel) -> Box:
    """The box that formats write of a label."""
    right, bottom = label.x + label.width, label.y + label.height
    return Box(
        label.frame_index, label.object_id, label.x, label.y, right, bottom, drawn=label.drawn
    )


def count(labels: Iterable[BoxLabel]) -> BoxCounts:
    """Count labels by what they say."""
    drawn = interpolated = unseen = 0
    for label in labels:
        unseen += not label.visible
        drawn += label.visible and label.drawn
        interpolated += label.visible and not label.drawn
    return BoxCounts(drawn, interpolated, unseen)
