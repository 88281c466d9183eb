"""Tables of boxes that a person drew on some frames of many videos: CSV or JSON. No torch.

One row says of one object on one frame where it is, or that it is not visible there::

    clip,frame,object,name,x,y,w,h
    boat.mp4,4,1,person,216.6,125.9,44.5,94.2
    boat.mp4,61,1,person,,,,

Frames count from 0; x and y are of the upper left corner, in pixels; empty x to h: not visible.
JSON has a list of objects with the same fields, alone or as `boxes`; a field that is null or
missing is empty. Such a table is ground truth: one row that makes no sense refuses all of it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.data.importing.reading import finite, read_json, read_lines
from core.errors import AnnotationReadError
from core.media.annotations.rectangles import Corners
from core.types import MAX_OBJECT_ID

FIELDS: Mapping[str, tuple[str, ...]] = {
    "clip": ("clip", "video", "sequence"),
    "frame": ("frame", "frame_index"),
    "object": ("object", "id", "object_id", "track_id"),
    "name": ("name", "label", "category"),
    "x": ("x", "left"),
    "y": ("y", "top"),
    "w": ("w", "width"),
    "h": ("h", "height"),
}
"""What a column means, and what it may be called."""
NEEDED = ("frame", "object", "x", "y", "w", "h")
MAX_BOXES = 500_000
"""Tables with more rows are refused."""
_MAX_COLUMNS, _MAX_FRAME, _MAX_TEXT = 64, 10**6, 200
_CROWD = re.compile(r"\bcrowd\b", re.IGNORECASE)
_HINT = "A row says: clip, frame from 0, object 1 to 254, name, x, y, w, h; empty: not visible."


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """What a person says of one object on one frame.

    Attributes:
        clip: name of the video, with or without its suffix; empty where the table has no clips.
        frame_index: 0-based.
        object_id: 1..254, the same on all frames of the clip.
        name: of the object; may be empty.
        corners: where it is; None: it is not visible on this frame.
    """

    clip: str
    frame_index: int
    object_id: int
    name: str
    corners: Corners | None


def clip_names(clip: str) -> tuple[str, ...]:
    """What a clip, or a video, is called: as it is written, and without a suffix that it has."""
    bare = clip.rpartition(".")[0]
    return (clip, bare) if bare else (clip,)


def read_box_table(path: Path) -> dict[str, tuple[DrawnBox, ...]]:
    """The boxes of each clip, clips in the table's order, boxes by frame and object.

    Raises:
        AnnotationReadError: no such file, no CSV or JSON, columns that are missing, a row that
            makes no sense, says something twice, or no row at all.
    """
    rows = _json_rows(path) if path.suffix.lower() == ".json" else _csv_rows(path)
    found: dict[str, dict[tuple[int, int], DrawnBox]] = {}
    for number, (where, row) in enumerate(rows):
        if number >= MAX_BOXES:
            raise AnnotationReadError(f"{path} has more than {MAX_BOXES:,} boxes.", "Split it.")
        try:
            box = _box(row)
        except ValueError as error:
            raise AnnotationReadError(f"{path}, {where}: {error}.", _HINT) from error
        boxes = found.setdefault(box.clip, {})
        if (box.frame_index, box.object_id) in boxes:
            msg = f"{path}, {where}: object {box.object_id} is there twice on that frame."
            raise AnnotationReadError(msg, "Leave one of the two rows.")
        boxes[box.frame_index, box.object_id] = box
    if not found:
        raise AnnotationReadError(f"{path} holds no box.", _HINT)
    return {clip: tuple(boxes[key] for key in sorted(boxes)) for clip, boxes in found.items()}


def read_crowds(path: Path) -> frozenset[str]:
    """The clips whose note has the word "crowd": look-alikes of their objects have no box.

    Args:
        path: CSV with the columns clip and note.

    Raises:
        AnnotationReadError: no such file, no CSV, or other columns.
    """
    lines = ((number, _cells(line, path, f"line {number}")) for number, line in _lines(path))
    _, head = next(lines, (1, []))
    if [cell.lower() for cell in head] != ["clip", "note"]:
        raise AnnotationReadError(f"{path} has other columns than clip and note.", "Mend it.")
    found = set()
    for number, cells in lines:
        if len(cells) != 2:
            msg = f"{path}, line {number}, has {len(cells)} columns in place of 2."
            raise AnnotationReadError(msg, 'Put a note with commas between ".')
        if _CROWD.search(cells[1]):
            found.add(cells[0])
    return frozenset(found)


def require_complete(boxes: tuple[DrawnBox, ...]) -> None:
    """Refuse boxes of a clip that do not speak of each object on each labeled frame.

    Raises:
        AnnotationReadError: an object has no row there, so that it is unknown where it is.
    """
    said = {(box.frame_index, box.object_id) for box in boxes}
    for frame in sorted({frame for frame, _ in said}):
        for object_id in sorted({object_id for _, object_id in said}):
            if (frame, object_id) not in said:
                name = boxes[0].clip
                msg = f"{name}: frame {frame} has boxes, but no row for object {object_id}."
                raise AnnotationReadError(msg, "Give it a row: with empty x to h if not visible.")


def _csv_rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    columns: dict[str, int] | None = None
    for number, line in _lines(path):
        where = f"line {number}"
        cells = _cells(line, path, where)
        if columns is None:
            columns = _columns(cells, path)
        elif len(cells) != columns["_count"]:
            msg = f"{path}, {where}, has {len(cells)} columns in place of {columns['_count']}."
            raise AnnotationReadError(msg, _HINT)
        else:
            yield where, {name: cells[at] for name, at in columns.items() if name in FIELDS}


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that say something, with their numbers."""
    found = enumerate(read_lines(path), 1)
    return ((number, line) for number, line in found if line.strip(" ,\t"))


def _cells(line: str, path: Path, where: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True), [])]
    except csv.Error as error:
        raise AnnotationReadError(f"{path}, {where}, is no CSV: {error}.", _HINT) from error


def _columns(cells: list[str], path: Path) -> dict[str, int]:
    """Where each field is, and how many columns there are."""
    at = {cell.lower(): place for place, cell in reversed(list(enumerate(cells)))}
    found = {
        field: next(at[name] for name in names if name in at)
        for field, names in FIELDS.items()
        if any(name in at for name in names)
    }
    missing = [field for field in NEEDED if field not in found]
    if missing or len(cells) > _MAX_COLUMNS:
        msg = f"{path} lacks the columns {', '.join(missing)}: it begins {', '.join(cells)[:80]!r}."
        raise AnnotationReadError(msg, f"The first line names the columns. {_HINT}")
    return found | {"_count": len(cells)}


def _json_rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    root = read_json(path)
    for node in (root.field("boxes") if isinstance(root.value, dict) else root).elements():
        row = {}
        for field, names in FIELDS.items():
            value = next((found for name in names if (found := node.get(name)) is not None), None)
            row[field] = "" if value is None else _text(value.value)
        yield node.where or "the list", row


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return repr(value)[:_MAX_TEXT]
    # The digits of a very large number would take long, and nobody means one.
    return str(value) if not isinstance(value, int) or abs(value) < 10**18 else "a huge number"


def _box(row: Mapping[str, str]) -> DrawnBox:
    """The box that a row says; `ValueError` says what is wrong with it."""
    sides = [row[name] for name in ("x", "y", "w", "h")]
    if any(sides) != all(sides):
        raise ValueError("only some of x, y, w and h are empty")
    return DrawnBox(
        _name(row.get("clip", "")),
        _whole(row["frame"], "frame", low=0, high=_MAX_FRAME),
        _whole(row["object"], "object", low=1, high=MAX_OBJECT_ID),
        row.get("name", "")[:_MAX_TEXT],
        _corners(sides) if all(sides) else None,
    )


def _name(text: str) -> str:
    if len(text) > _MAX_TEXT or text.startswith(".") or "/" in text or "\\" in text:
        raise ValueError(f"the clip {text[:40]!r} is no name of a file")
    return text


def _whole(text: str, what: str, *, low: int, high: int) -> int:
    number = finite(text) if text else float("nan")
    if not number.is_integer() or not low <= number <= high:
        raise ValueError(f"the {what} {text[:40]!r} is no whole number of {low} to {high}")
    return int(number)


def _corners(sides: list[str]) -> Corners:
    x, y, w, h = map(finite, sides)
    if w <= 0 or h <= 0:
        raise ValueError(f"a box of {w:g} x {h:g} pixels has no area")
    return x, y, x + w, y + h
