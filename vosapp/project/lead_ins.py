"""Which frames depend on a keyframe: up to its neighbors, and beyond a border close to it.

The walk to an end of the video begins up to `LEAD_IN` frames before its border, at another keyframe
(`core.engine.spans`). So what changes there counts beyond the border, too (ADR 0058).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from core.types import LEAD_IN
from vosapp.project import rules
from vosapp.project.model import MAX_FRAMES, check, is_int

_WHOLE = (
    " GROUP BY frame_index HAVING COUNT(*) = (SELECT COUNT(*) FROM objects WHERE EXISTS"
    " (SELECT 1 FROM assertions AS own WHERE own.object_id = objects.object_id))"
)


def neighbors(
    connection: sqlite3.Connection, object_id: int, frame_index: int
) -> tuple[int | None, int | None]:
    """Return the nearest keyframes of an object before and after a frame; None for none."""
    before, after = connection.execute(
        "SELECT (SELECT MAX(frame_index) FROM assertions"
        " WHERE object_id = ?1 AND frame_index < ?2),"
        " (SELECT MIN(frame_index) FROM assertions"
        " WHERE object_id = ?1 AND frame_index > ?2)",
        (object_id, frame_index),
    ).fetchone()
    for frame in (before, after):
        check(frame is None or is_int(frame, 0, MAX_FRAMES), "a keyframe is on no frame")
    return before, after


def led(
    connection: sqlite3.Connection, object_id: int, frames: Collection[int], *, frame_count: int
) -> list[tuple[int, int]]:
    """The frames beyond outer borders that changed keyframes of an object count for.

    Args:
        connection: the open file.
        object_id: whose.
        frames: of keyframes that have changed, or are gone.
        frame_count: frames of the video.

    Returns:
        Ranges up to the object's next keyframe, or an end of the video: first, one past the last.
    """
    return [
        _beyond(connection, object_id, border, way=way, frame_count=frame_count)
        for way in (-1, 1)
        for border in _borders(connection, way)
        if _passed(connection, object_id, frames, border=border, way=way)
    ]


def _borders(connection: sqlite3.Connection, way: int) -> list[int]:
    """Where the walk to an end of the video begins: beside the last keyframe of all objects.

    Or beside the last but one, where that hides something (ADR 0050). Where one says that an object
    is absent, no walk begins before it.
    """
    order = "DESC" if way > 0 else "ASC"
    query = f"SELECT frame_index, MIN(area) FROM assertions {_WHOLE}"
    found = connection.execute(f"{query} ORDER BY frame_index {order} LIMIT 2").fetchall()
    for index, _ in found:
        check(is_int(index, 0, MAX_FRAMES), "a keyframe is on no frame")
    return [index for index, least in found if least]


def _passed(
    connection: sqlite3.Connection,
    object_id: int,
    frames: Collection[int],
    *,
    border: int,
    way: int,
) -> bool:
    """Whether a walk passes one of some frames before it comes to its border, or has done so."""
    first, last = sorted((border - way * LEAD_IN, border - way))
    near = {frame for frame in frames if first <= frame <= last}
    if not near:
        return False
    query = "SELECT frame_index FROM assertions WHERE frame_index BETWEEN ? AND ?"
    starts = {index for (index,) in connection.execute(query + _WHOLE, (first, last))}
    own = connection.execute(f"{query} AND object_id = ?", (first, last, object_id))
    starts |= near - {index for (index,) in own}  # Of one that is gone nobody knows what it was.
    return any((frame - start) * way >= 0 for frame in near for start in starts)


def _beyond(
    connection: sqlite3.Connection, object_id: int, border: int, *, way: int, frame_count: int
) -> tuple[int, int]:
    before, after = neighbors(connection, object_id, border)
    if way > 0:
        return rules.span(border, after, frame_count)
    return rules.span(before, border, frame_count)
