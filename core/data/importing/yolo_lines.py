"""One line of a YOLO file: what is outline or box, and what a predictor or tracker added to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.data.importing.reading import finite
from core.errors import AnnotationReadError

_MARGIN = 0.5
"""Shares may leave 0..1 by this much; a picture's size in pixels was forgotten beyond it."""
_EDGE = 0.01
_PERSON = 17 * 3
"""Numbers of the key points of COCO's persons: x, y and how well each is seen."""
_MOST = 0.9
_BOX = 4
_LEAST_OUTLINE = 6
_MAX_ID = 10**9


@dataclass(frozen=True, slots=True)
class Extras:
    """What follows the coordinates in the lines of a set of files.

    Attributes:
        even: numbers behind an even number of coordinates: 0, or 2 for confidence and id.
        odd_is_id: one number more is the id of a track, else a confidence.
        told: what was found, a sentence; empty for nothing.
        points: numbers of the key points behind a box; 0 where there are none.
    """

    even: int = 0
    odd_is_id: bool = False
    told: str = ""
    points: int = 0

    @property
    def has_tracks(self) -> bool:
        """Whether lines say which object they are."""
        return self.odd_is_id or self.even > 0


@dataclass(frozen=True, slots=True)
class YoloLine:
    """A line.

    Attributes:
        frame: the frame that it is on.
        where: file and line.
        cells: its words, at least one.
    """

    frame: int
    where: str
    cells: tuple[str, ...]

    def parse(self, extras: Extras) -> tuple[int, list[float], int | None]:
        """Return the class, four numbers of a box or those of an outline, and the track.

        Raises:
            AnnotationReadError: it makes no sense.
        """
        try:
            place = finite(self.cells[0])
            values = [finite(cell) for cell in self.cells[1:]]
            if not place.is_integer() or not 0 <= place <= 9999:
                raise ValueError("the class is no number from 0 to 9999")
            values, track = _split(values, extras)
            if extras.points and len(values) == _BOX + extras.points:
                values = values[:_BOX]
            if any(not -_MARGIN <= value <= 1 + _MARGIN for value in values):
                raise ValueError("coordinates are not fractions from 0 to 1")
            if len(values) != _BOX and len(values) < _LEAST_OUTLINE:
                raise ValueError(f"{len(values)} coordinates are neither an outline nor a box")
        except ValueError as error:
            raise AnnotationReadError(
                f"{self.where}: {str(error)[:80]}.", "Is this a YOLO file?"
            ) from error
        return int(place), values, track


def find_extras(lines: Sequence[tuple[str, ...]], *, points: int = 0) -> Extras:
    """Find out what a predictor or tracker wrote behind the coordinates.

    `yolo predict` and `yolo track` write `class coordinates [confidence] [id]`, the same for all
    lines of a run; a line without a track lacks the id. An odd number of coordinates has one
    number more: the id where all of these are whole, else the confidence. An even number, of at
    least six, has both where each line ends with a share and a whole number, and none is a plain
    box. Outlines whose last point is on the lower edge look like that, too; but where all are,
    another of their points is there as well. Of a pose, boxes are followed by key points.

    Args:
        lines: words of all lines of all files.
        points: numbers of the key points, where data.yaml says it.
    """
    points = points or (_PERSON if _are_poses(lines) else 0)
    if points:
        return _behind_points(lines, points)
    rows = [cells[1:] for cells in lines]
    odd = [cells for cells in rows if len(cells) % 2 and len(cells) > _BOX]
    even = [cells for cells in rows if len(cells) % 2 == 0 and len(cells) >= _LEAST_OUTLINE]
    plain = any(len(cells) == _BOX for cells in rows)
    whole = bool(odd) and all(_is_id(cells[-1]) for cells in odd)
    both = bool(even) and not plain and not whole and all(_has_both(cells) for cells in even)
    both = both and not all(_stands_below(cells) for cells in even)
    told = ""
    if both:
        told = "Lines end with a confidence and the id of a track: each track is an object."
    elif whole:
        told = "Lines end with the id of a track: each track is an object."
    elif odd:
        told = "Lines end with a confidence, which is not used."
    return Extras(2 if both else 0, whole, told)


def _behind_points(lines: Sequence[tuple[str, ...]], points: int) -> Extras:
    more = {len(cells) - 1 - _BOX - points for cells in lines}
    singles = [cells[-1] for cells in lines if len(cells) == 1 + _BOX + points + 1]
    odd_is_id = bool(singles) and all(map(_is_id, singles)) and 2 not in more
    told = "Boxes are followed by key points, which are not used."
    if 2 in more or odd_is_id:
        told += " Lines end with the id of a track: each track is an object."
    return Extras(2 if 2 in more else 0, odd_is_id, told, points)


def _are_poses(lines: Sequence[tuple[str, ...]]) -> bool:
    """Whether each line can be a box and the 17 points of a person, nearly all inside it."""
    inside = total = 0
    for cells in lines:
        if not 0 <= len(cells) - 1 - _BOX - _PERSON <= 2:
            return False
        try:
            x, y, wide, high, *rest = (finite(cell) for cell in cells[1:])
        except ValueError:
            return False
        for across, down in zip(rest[0:_PERSON:3], rest[1:_PERSON:3], strict=True):
            if across or down:
                total += 1
                inside += abs(across - x) <= 0.6 * wide and abs(down - y) <= 0.6 * high
    return total > 0 and inside >= _MOST * total


def _split(values: list[float], extras: Extras) -> tuple[list[float], int | None]:
    more = len(values) - _BOX - extras.points if extras.points else len(values) % 2
    if extras.points and more in (0, 1, 2):
        track = int(values[-1]) if more == 2 or (more and extras.odd_is_id) else None
        return values[: _BOX + extras.points], track
    if len(values) % 2 and len(values) > _BOX:
        return values[:-1], int(values[-1]) if extras.odd_is_id else None
    if extras.even and len(values) >= _LEAST_OUTLINE:
        return values[: -extras.even], int(values[-1])
    if len(values) % 2:
        raise ValueError(f"{len(values)} coordinates are neither an outline nor a box")
    return values, None


def _has_both(cells: Sequence[str]) -> bool:
    """Whether a confidence and an id end the line."""
    try:
        share = finite(cells[-2])
    except ValueError:
        return False
    return 0 < share < 1 and _is_id(cells[-1])


def _stands_below(cells: Sequence[str]) -> bool:
    """Whether a line can be an outline cut off by the lower edge, ending there with a y of 1."""
    try:
        values = [finite(cell) for cell in cells]
    except ValueError:
        return False
    across, down = values[:-2:2], values[1:-2:2]
    near = min(across) - _EDGE <= values[-2] <= max(across) + _EDGE
    return values[-1] == 1 and near and max(down) >= 1 - _EDGE


def _is_id(text: str) -> bool:
    """Whether a text is a whole number from 1 on, written without a point."""
    return text.isascii() and text.isdecimal() and 0 < int(text[:10]) <= _MAX_ID
