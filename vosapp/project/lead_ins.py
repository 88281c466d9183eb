"""Up to which keyframes a changed one counts, also where keyframes lie close together (ADR 0058).

A walk begins up to `LEAD_IN` frames before its border, at another keyframe (`core.engine.spans`).
So what changes there counts beyond the border, too, up to the next keyframe of the object.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from core.types import LEAD_IN
from vosapp.project.model import MAX_FRAMES, check, is_int


def neighbors(
    connection: sqlite3.Connection, object_id: int, frame_index: int
) -> tuple[int | None, int | None]:
    """Return the keyframes of an object, before and after, beyond which a changed one is nothing.

    Args:
        connection: the open file.
        object_id: whose.
        frame_index: of a keyframe that has changed, or is gone.
    """
    whole = _whole(connection, frame_index)
    query = "SELECT 1 FROM assertions WHERE frame_index = ? AND object_id = ?"
    if connection.execute(query, (frame_index, object_id)).fetchone() is None:
        whole.setdefault(frame_index, 0)  # Nobody knows what it was.
    before, after = connection.execute(
        "SELECT (SELECT MAX(frame_index) FROM assertions"
        " WHERE object_id = ?1 AND frame_index < ?2),"
        " (SELECT MIN(frame_index) FROM assertions"
        " WHERE object_id = ?1 AND frame_index > ?3)",
        (object_id, _passed(whole, frame_index, -1), _passed(whole, frame_index, 1)),
    ).fetchone()
    for frame in (before, after):
        check(frame is None or is_int(frame, 0, MAX_FRAMES), "a keyframe is on no frame")
    return before, after


def _passed(whole: Mapping[int, int], frame_index: int, way: int) -> int:
    """The farthest border of which walks may have passed a frame; that frame where there is none.

    Args:
        whole: by frame, the least that a keyframe of all objects shows of one.
        frame_index: that is passed.
        way: 1 or -1.
    """
    starts = [index for index in whole if (frame_index - index) * way >= 0]
    borders = [
        index
        for index, least in whole.items()
        if least and (index - frame_index) * way > 0
        if any(abs(index - start) <= LEAD_IN for start in starts)
    ]
    return max([frame_index, *borders], key=lambda index: index * way)


def _whole(connection: sqlite3.Connection, frame_index: int) -> dict[int, int]:
    """Keyframes near a frame that assert every object, with the least that they show of one."""
    query = (
        "SELECT frame_index, MIN(area) FROM assertions WHERE frame_index BETWEEN ? AND ?"
        " GROUP BY frame_index HAVING COUNT(*) = (SELECT COUNT(*) FROM objects WHERE EXISTS"
        " (SELECT 1 FROM assertions AS own WHERE own.object_id = objects.object_id))"
    )
    # A damaged history may name any frame: the ends have to fit a column.
    ends = max(0, frame_index - LEAD_IN), min(MAX_FRAMES, frame_index + LEAD_IN)
    return dict(connection.execute(query, ends).fetchall())
