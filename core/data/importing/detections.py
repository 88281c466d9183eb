"""Boxes of a detector on single frames, from the same files that box labels come in. No torch.

A detector knows no object again: the ids that its lines have to have, or -1, mean nothing.
"""

from __future__ import annotations

from pathlib import Path

from core.data.importing.box_lines import BoxLines, cells_of
from core.data.importing.coco_boxes import read_coco_boxes
from core.data.importing.collect import MAX_BOXES, require_room
from core.data.importing.matching import folder_names
from core.data.importing.reading import read_lines
from core.errors import AnnotationReadError, MaskMismatch
from core.media.annotations.rectangles import Corners
from core.types import VideoInfo

COCO_HINT = "Each of its annotations has an image_id and a bbox."
HINT = "A line reads: frame, id, left, top, width, height."


def read_detections(path: Path, info: VideoInfo) -> dict[int, tuple[Corners, ...]]:
    """Boxes by the index of their frame, in the file's order.

    Args:
        path: MOTChallenge (frames from 1; lines of confidence 0 do not count), or CSV with a line
            of column names (frames from 0), as `core.data.importing.boxes.read_boxes` reads them.
            Where there is a column `clip`, the lines of this video are taken. Or a COCO file
            (`.json`), whose images are named as frames are.
        info: the video.

    Raises:
        AnnotationReadError: no such file, a line that makes no sense, a list of COCO results
            without the names of frames, or no box at all.
        MaskMismatch: boxes of other videos only, or of frames that the video does not have.
    """
    if path.suffix.lower() == ".json":
        boxes = read_coco_boxes(path, info)
        if not boxes:
            raise AnnotationReadError(f"{path} holds no box of {info.name}.", COCO_HINT)
        return {index: tuple(found) for index, found in sorted(boxes.items())}
    lines = BoxLines(path)
    for number, line in enumerate(read_lines(path), 1):
        cells = cells_of(line, path, number)
        if cells:
            lines.add(cells, number)
            require_room(len(lines.rows), most=MAX_BOXES, what="boxes")
    if lines.wrong:
        raise lines.wrong[0]
    names = {"", *folder_names(info), info.path.name, info.path.stem}
    found = dict[int, list[Corners]]()
    for row in lines.rows:
        if row.corners is not None and row.video in names:
            found.setdefault(row.frame - lines.first_frame, []).append(_ordered(row.corners))
    if not found and lines.rows:
        raise MaskMismatch(f"{path} has no box of the video {info.name}.", "Name another file.")
    if not found:
        raise AnnotationReadError(f"{path} holds no box.", HINT)
    last = max(found)
    if min(found) < 0 or last >= info.frame_count:
        msg = f"{path} has boxes on frame {last}, but {info.name} has {info.frame_count} frames."
        raise MaskMismatch(msg, "MOTChallenge counts frames from 1, a table with names from 0.")
    return {index: tuple(boxes) for index, boxes in sorted(found.items())}


def _ordered(box: Corners) -> Corners:
    """Corners that were swapped are put right."""
    left, top, right, bottom = box
    return min(left, right), min(top, bottom), max(left, right), max(top, bottom)
