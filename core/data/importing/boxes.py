"""Boxes in text: MOTChallenge, and CSV with a line of column names."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from core.data.importing.collect import MAX_BOXES, NO_FRAME, Collection, Label, require_room
from core.data.importing.matching import folder_names, match_numbers
from core.data.importing.reading import finite, read_lines
from core.data.importing.roots import BOXES, file_in
from core.errors import AnnotationReadError, MaskMismatch
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
    "name": ("name",),
    "category": ("category", "class", "label"),
    "drawn": ("drawn", "keyframe"),
    "video": ("clip", "video", "sequence"),
}
"""What a column means, and what it may be called."""
_MOT = ("frame", "id", "left", "top", "width", "height", "confidence")
_PLACES = ("left", "top", "width", "height", "right", "bottom")
_SHOWN = 5
_CHECK_EVERY = 4096
_MAX_COLUMNS = 64
_MAX_NUMBER = 10**9
"""Where a line is left out that does not say its frame; boxes say nothing of other objects."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A line; without corners it says that the object is not visible."""

    frame: int
    label: Label
    corners: tuple[float, float, float, float] | None
    drawn: bool = True
    video: str = ""


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
    any order and under their usual names. All four places empty: the object is not visible there.
    Also name and category (one of the two alone is the category), drawn (0 for interpolated boxes)
    and clip, the video that a line is about; where there are several, those of this one's name, or
    of `only`, are read. Without: MOTChallenge, `frame, id, left, top, width, height, confidence,
    ...`, frames counted from 1; lines of confidence 0 do not count. A line that makes no sense is
    left out and named; corners may be swapped.

    Args:
        path: the text file, or the root of a sequence with gt/gt.txt.
        info: the video that it belongs to.
        mapping: label -> object id; None takes the proposal, see `ImportedAnnotations.mapping`.
        token: cancels the job.
        options: what the user says of the files.

    Raises:
        AnnotationReadError: no such file, or a line that makes no sense.
        MaskMismatch: frames that the video does not have, or lines of other videos only.
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
    rows = _of_video(rows, collection)
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
        if row.corners is None:
            collection.add_unseen(row.frame - offset, label)
        else:
            frame = row.frame - offset
            collection.add_box(frame, label, corners=row.corners, drawn=row.drawn)


def _of_video(rows: list[_Row], collection: Collection) -> list[_Row]:
    """The lines about this video; all where they name none, or only one."""
    named, only = {row.video for row in rows}, collection.options.only
    if len(named) < 2 and not only:
        return rows
    if named == {""}:
        raise AnnotationReadError(
            "The boxes do not say which video they are of, so that --only chooses nothing.",
            "Leave it out, or add a column clip.",
        )
    wanted = {only} if only else set(folder_names(collection.info))
    chosen = [row for row in rows if wanted & {row.video, PurePosixPath(row.video).stem}]
    if not chosen:
        listed = sorted(named - {""})
        shown = ", ".join(name[:80] for name in listed[:_SHOWN]) or "none"
        raise MaskMismatch(
            f"The boxes are of {len(listed)} videos, none of them called"
            f" {only[:80] or collection.info.name}.",
            f"Say which is this one with --only NAME: {shown}.",
        )
    collection.notes.append(f"Only boxes of the video {chosen[0].video[:80]} are read.")
    return chosen


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
    row = _Row(
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
