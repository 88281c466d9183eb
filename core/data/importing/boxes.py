"""Boxes in text: MOTChallenge, and CSV with a line of column names."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.importing.collect import MAX_BOXES, NO_FRAME, Collection, Label, require_room
from core.data.importing.matching import match_numbers
from core.data.importing.reading import finite, read_lines
from core.data.importing.roots import BOXES, file_in
from core.errors import AnnotationReadError
from core.jobs import CancelToken, Progress
from core.media.annotations.options import AS_USUAL, ImportOptions
from core.types import VideoInfo

if TYPE_CHECKING:
    from core.jobs import Job
    from core.media.annotations.values import ImportedAnnotations

_COLUMNS = {
    "frame": ("frame", "frame_index", "frame_id", "frame_number"),
    "id": ("id", "object_id", "track_id", "object"),
    "left": ("left", "x", "xmin", "x1", "xtl", "bb_left"),
    "top": ("top", "y", "ymin", "y1", "ytl", "bb_top"),
    "width": ("width", "w", "bb_width"),
    "height": ("height", "h", "bb_height"),
    "right": ("right", "xmax", "x2", "xbr"),
    "bottom": ("bottom", "ymax", "y2", "ybr"),
    "name": ("name", "label", "class", "category"),
}
"""What a column means, and what it may be called."""
_MOT = ("frame", "id", "left", "top", "width", "height", "confidence")
_CHECK_EVERY = 4096
_MAX_COLUMNS = 64
_MAX_NUMBER = 10**9
"""Where a line is left out that does not say its frame; boxes say nothing of other objects."""


@dataclass(frozen=True, slots=True)
class _Row:
    frame: int
    label: Label
    corners: tuple[float, float, float, float]


def read_boxes(
    path: Path,
    info: VideoInfo,
    *,
    mapping: Mapping[str, int] | None = None,
    token: CancelToken | None = None,
    options: ImportOptions = AS_USUAL,
) -> Job[ImportedAnnotations]:
    """Read boxes from text with commas.

    With a line of column names: frame, id, and left, top with width, height or right, bottom, in
    any order and under their usual names. Without: MOTChallenge, `frame, id, left, top, width,
    height, confidence, ...`, frames counted from 1; lines of confidence 0 do not count. A line
    that makes no sense is left out and named; corners may be swapped.

    Args:
        path: the text file, or the root of a sequence with gt/gt.txt.
        info: the video that it belongs to.
        mapping: label -> object id; None takes the proposal, see `ImportedAnnotations.mapping`.
        token: cancels the job.
        options: what the user says of the files.

    Raises:
        AnnotationReadError: no such file, or a line that makes no sense.
        MaskMismatch: frames that the video does not have.
    """
    path = file_in(path, info, BOXES)
    lines = read_lines(path)
    rows, wrong = list[_Row](), list[AnnotationReadError]()
    columns: dict[str, int] | None = None
    ignored = 0
    for number, line in enumerate(lines, 1):
        if number % _CHECK_EVERY == 0:
            if token is not None:
                token.check()
            yield Progress(number, len(lines), f"reading {path.name}")
        cells = _cells(line, path, number)
        if not cells:
            continue
        if columns is None:
            columns = _columns(cells, path)
            if columns is not None:
                continue
            columns = {name: place for place, name in enumerate(_MOT)}
        try:
            if _number(cells, columns, "confidence", 1.0) == 0:
                ignored += 1
            else:
                rows.append(_row(cells, columns))
                require_room(len(rows), most=MAX_BOXES, what="boxes")
        except (ValueError, IndexError, KeyError) as error:
            text = f"{path}, line {number}, is no box: {str(error)[:80]}."
            hint = "A line reads: frame, id, left, top, width, height."
            wrong.append(AnnotationReadError(text, hint))
    if wrong and not rows:
        raise wrong[0]
    collection = Collection(info, options=options)
    _add(collection, rows, 1 if columns is None or "confidence" in columns else 0)
    _tell(collection, ignored=ignored, wrong=wrong)
    return collection.assemble(mapping, token)


def _tell(collection: Collection, *, ignored: int, wrong: list[AnnotationReadError]) -> None:
    if ignored:
        collection.notes.append(f"Boxes of confidence 0 are left out: {ignored}.")
    for told in wrong:
        collection.leave_out(told, NO_FRAME)


def _add(collection: Collection, rows: list[_Row], first: int) -> None:
    offset, rule = match_numbers(
        {row.frame for row in rows}, collection.info, first=first, options=collection.options
    )
    collection.notes.append(rule)
    for row in rows:
        label = collection.add_label(row.label)
        collection.add_box(row.frame - offset, label, corners=row.corners)


def _cells(line: str, path: Path, number: int) -> list[str]:
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


def _row(cells: list[str], columns: Mapping[str, int]) -> _Row:
    frame = finite(cells[columns["frame"]])
    if not frame.is_integer() or abs(frame) > _MAX_NUMBER:
        raise ValueError("the frame is no whole number")
    left, top = (finite(cells[columns[name]]) for name in ("left", "top"))
    if "width" in columns and "height" in columns:
        wide, high = (finite(cells[columns[name]]) for name in ("width", "height"))
        if wide < 0 or high < 0:
            raise ValueError("it has a negative size")
        right, bottom = left + wide, top + high
    else:
        right, bottom = (finite(cells[columns[name]]) for name in ("right", "bottom"))
    return _Row(int(frame), _label(cells, columns), (left, top, right, bottom))


def _label(cells: list[str], columns: Mapping[str, int]) -> Label:
    text = cells[columns["id"]][:80]
    name = cells[columns["name"]][:200] if "name" in columns else ""
    number = text.removesuffix(".0")
    wanted = int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else None
    return Label(f"track {number}", wanted, "", name)


def _number(cells: list[str], columns: Mapping[str, int], name: str, default: float) -> float:
    place = columns.get(name)
    return default if place is None or place >= len(cells) else finite(cells[place])
