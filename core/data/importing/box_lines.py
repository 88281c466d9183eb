"""One line of a list of boxes: which column is what, and what the line says."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.data.importing.collect import Label
from core.data.importing.reading import finite
from core.errors import AnnotationReadError

_COLUMNS = {
    "frame": ("frame", "frame_index", "frame_id", "frame_number"),
    "id": ("id", "object_id", "track_id", "object"),
    "left": ("left", "x", "xmin", "x1", "xtl", "bb_left"),
    "top": ("top", "y", "ymin", "y1", "ytl", "bb_top"),
    "width": ("width", "w", "bb_width"),
    "height": ("height", "h", "bb_height"),
    "right": ("right", "xmax", "x2", "xbr"),
    "bottom": ("bottom", "ymax", "y2", "ybr"),
    "name": ("name",),
    "category": ("category", "class", "label"),
    "drawn": ("drawn", "keyframe"),
    "video": ("clip", "video", "sequence"),
}
"""What a column means, and what it may be called."""
_MOT = ("frame", "id", "left", "top", "width", "height", "confidence")
_PLACES = ("left", "top", "width", "height", "right", "bottom")
_MAX_NUMBER = 10**9
_MAX_COLUMNS = 64


@dataclass(frozen=True, slots=True)
class BoxLine:
    """A line; without corners it says that the object is not visible."""

    frame: int
    label: Label
    corners: tuple[float, float, float, float] | None
    drawn: bool = True
    video: str = ""


@dataclass(slots=True)
class BoxLines:
    """Lines of one file, of which the first may name the columns.

    Attributes:
        path: the file.
        rows: lines that were understood.
        wrong: what is wrong with the others.
        ignored: lines of confidence 0.
    """

    path: Path
    rows: list[BoxLine] = field(default_factory=list)
    wrong: list[AnnotationReadError] = field(default_factory=list)
    ignored: int = 0
    _columns: dict[str, int] | None = None

    @property
    def first_frame(self) -> int:
        """Number that the file gives to the first frame: 1 in MOTChallenge, else 0."""
        return 1 if self._columns is None or "confidence" in self._columns else 0

    def add(self, cells: list[str], number: int) -> None:
        """Read a line, the `number`th of the file.

        Raises:
            AnnotationReadError: it names columns, and some are missing.
        """
        if self._columns is None:
            self._columns = _columns(cells, self.path)
            if self._columns is not None:
                return
            self._columns = {name: place for place, name in enumerate(_MOT)}
        try:
            if _number(cells, self._columns, "confidence", 1.0) == 0:
                self.ignored += 1
            else:
                self.rows.append(_row(cells, self._columns))
        except (ValueError, IndexError, KeyError) as error:
            text = f"{self.path}, line {number}, is no box: {str(error)[:80]}."
            hint = "A line reads: frame, id, left, top, width, height."
            self.wrong.append(AnnotationReadError(text, hint))


def cells_of(line: str, path: Path, number: int) -> list[str]:
    """Cells of a line, the `number`th of a file; none of an empty one.

    Raises:
        AnnotationReadError: it cannot be read, or has too many.
    """
    try:
        found = next(csv.reader([line], delimiter=";" if ";" in line else ","), [])
    except csv.Error as error:
        raise AnnotationReadError(f"{path}, line {number}, cannot be read: {error}.") from error
    if len(found) > _MAX_COLUMNS:
        raise AnnotationReadError(f"{path}, line {number}, has {len(found)} columns.")
    cells = [cell.strip() for cell in found]
    return cells if any(cells) else []


def _columns(cells: list[str], path: Path) -> dict[str, int] | None:
    """Return where each column is; None where the first line holds numbers already."""
    try:
        float(cells[0])
    except ValueError:
        pass
    else:
        return None
    named = {cell.lower(): place for place, cell in reversed(list(enumerate(cells)))}
    columns = {
        meaning: next(named[name] for name in names if name in named)
        for meaning, names in _COLUMNS.items()
        if any(name in named for name in names)
    }
    sized = {"width", "height"} <= columns.keys() or {"right", "bottom"} <= columns.keys()
    if not {"frame", "id", "left", "top"} <= columns.keys() or not sized:
        raise AnnotationReadError(
            f"{path} lacks columns: its first line names {', '.join(cells)[:120]}.",
            "It needs frame, id, left, top, and width, height or right, bottom.",
        )
    return columns


def _row(cells: list[str], columns: Mapping[str, int]) -> BoxLine:
    frame = finite(cells[columns["frame"]])
    if not frame.is_integer() or abs(frame) > _MAX_NUMBER:
        raise ValueError("the frame is no whole number")
    row = BoxLine(
        int(frame),
        _label(cells, columns),
        None,
        drawn=_text(cells, columns, "drawn").lower() not in ("0", "0.0", "false"),
        video=_text(cells, columns, "video"),
    )
    if "confidence" not in columns and not any(_text(cells, columns, x) for x in _PLACES):
        return replace(row, drawn=True)
    left, top = (finite(cells[columns[name]]) for name in ("left", "top"))
    if "width" in columns and "height" in columns:
        wide, high = (finite(cells[columns[name]]) for name in ("width", "height"))
        if wide < 0 or high < 0:
            raise ValueError("it has a negative size")
        right, bottom = left + wide, top + high
    else:
        right, bottom = (finite(cells[columns[name]]) for name in ("right", "bottom"))
    return replace(row, corners=(left, top, right, bottom))


def _label(cells: list[str], columns: Mapping[str, int]) -> Label:
    text = cells[columns["id"]][:80]
    name, category = _text(cells, columns, "name"), _text(cells, columns, "category")
    if "category" not in columns:
        name, category = "", name
    number = text.removesuffix(".0")
    wanted = int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else None
    return Label(f"track {number}", wanted, name, category)


def _text(cells: list[str], columns: Mapping[str, int], name: str) -> str:
    place = columns.get(name)
    return cells[place][:200] if place is not None and place < len(cells) else ""


def _number(cells: list[str], columns: Mapping[str, int], name: str, default: float) -> float:
    place = columns.get(name)
    return default if place is None or place >= len(cells) else finite(cells[place])
