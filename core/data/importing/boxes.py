"""Boxes in text: MOTChallenge, and CSV with a line of column names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from core.data.importing.box_lines import BoxLine, BoxLines, cells_of
from core.data.importing.choosing import ONLY, SHOWN
from core.data.importing.collect import MAX_BOXES, NO_FRAME, Collection, require_room
from core.data.importing.matching import folder_names, match_numbers
from core.data.importing.reading import read_lines
from core.data.importing.roots import BOXES, file_in
from core.errors import AnnotationReadError, MaskMismatch
from core.jobs import CancelToken, Progress
from core.media.annotations.options import AS_USUAL, ImportOptions
from core.types import VideoInfo

if TYPE_CHECKING:
    from core.jobs import Job
    from core.media.annotations.values import ImportedAnnotations

_CHECK_EVERY = 4096


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
    found = BoxLines(path)
    for number, line in enumerate(lines, 1):
        if number % _CHECK_EVERY == 0:
            if token is not None:
                token.check()
            yield Progress(number, len(lines), f"reading {path.name}")
        cells = cells_of(line, path, number)
        if cells:
            found.add(cells, number)
            require_room(len(found.rows), most=MAX_BOXES, what="boxes")
    if found.wrong and not found.rows:
        raise found.wrong[0]
    collection = Collection(info, options=options)
    rows = _of_video(found.rows, collection)
    _add(collection, rows, found.first_frame)
    _tell(collection, ignored=found.ignored, wrong=found.wrong)
    return collection.assemble(mapping, token)


def _tell(collection: Collection, *, ignored: int, wrong: list[AnnotationReadError]) -> None:
    if ignored:
        collection.notes.append(f"Boxes of confidence 0 are left out: {ignored}.")
    for told in wrong:
        collection.leave_out(told, NO_FRAME)


def _add(collection: Collection, rows: list[BoxLine], first: int) -> None:
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


def _of_video(rows: list[BoxLine], collection: Collection) -> list[BoxLine]:
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
        shown = ", ".join(name[:80] for name in listed[:SHOWN]) or "none"
        raise MaskMismatch(
            f"The boxes are of {len(listed)} videos, none of them called"
            f" {only[:80] or collection.info.name}.",
            f"{ONLY}: {shown}.",
        )
    collection.notes.append(f"Only boxes of the video {chosen[0].video[:80]} are read.")
    return chosen
