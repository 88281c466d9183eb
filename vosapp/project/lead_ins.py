"""Up to which keyframes a changed one counts, also where keyframes lie close together (ADR 0058).

The walk to an end of the video begins up to `LEAD_IN` frames before its border, at another keyframe
(`core.engine.spans`). So what changes there counts beyond the border, too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from core.types import LEAD_IN
from vosapp.project.model import MAX_FRAMES, check, is_int

_WHOLE = (
    " GROUP BY frame_index HAVING COUNT(*) = (SELECT COUNT(*) FROM objects WHERE EXISTS"
    " (SELECT 1 FROM assertions AS own WHERE own.object_id = objects.object_id))"
)


@dataclass(frozen=True, slots=True)
class Outermost:
    """Keyframes of all objects, two on each side: one of these is the border there (ADR 0050).

    Attributes:
        first: the first two of the video.
        last: the last two.
    """

    first: frozenset[int]
    last: frozenset[int]


def outermost(connection: sqlite3.Connection) -> Outermost:
    """Find them; it may take a look at every keyframe of the video."""
    query = f"SELECT frame_index FROM assertions {_WHOLE} ORDER BY frame_index"
    first, last = (
        frozenset(index for (index,) in connection.execute(f"{query} {order} LIMIT 2"))
        for order in ("ASC", "DESC")
    )
    return Outermost(first, last)


def neighbors(
    connection: sqlite3.Connection, object_id: int, frame_index: int, *, outer: Outermost
) -> tuple[int | None, int | None]:
    """Return the keyframes of an object, before and after, beyond which a changed one is nothing.

    Args:
        connection: the open file.
        object_id: whose.
        frame_index: of a keyframe that has changed, or is gone.
        outer: walks that pass it may begin before these alone.
    """
    whole = _whole(connection, frame_index)
    query = "SELECT 1 FROM assertions WHERE frame_index = ? AND object_id = ?"
    if connection.execute(query, (frame_index, object_id)).fetchone() is None:
        whole.setdefault(frame_index, 0)  # Nobody knows what it was.
    passed = (
        _passed(whole, ends, frame_index=frame_index, way=way)
        for ends, way in ((outer.first, -1), (outer.last, 1))
    )
    before, after = connection.execute(
        "SELECT (SELECT MAX(frame_index) FROM assertions"
        " WHERE object_id = ?1 AND frame_index < ?2),"
        " (SELECT MIN(frame_index) FROM assertions"
        " WHERE object_id = ?1 AND frame_index > ?3)",
        (object_id, *passed),
    ).fetchone()
    for frame in (before, after):
        check(frame is None or is_int(frame, 0, MAX_FRAMES), "a keyframe is on no frame")
    return before, after


def _passed(whole: Mapping[int, int], outer: Collection[int], *, frame_index: int, way: int) -> int:
    """The farthest border of which walks may have passed a frame; that frame where there is none.

    Args:
        whole: by frame, the least that a keyframe of all objects shows of one.
        outer: those that may be the border on that side.
        frame_index: that is passed.
        way: 1 or -1.
    """
    starts = [index for index in whole if (frame_index - index) * way >= 0]
    borders = [
        index
        for index, least in whole.items()
        if least and index in outer and (index - frame_index) * way > 0
        if any(abs(index - start) <= LEAD_IN for start in starts)
    ]
    return max([frame_index, *borders], key=lambda index: index * way)


def _whole(connection: sqlite3.Connection, frame_index: int) -> dict[int, int]:
    """Keyframes near a frame that assert every object, with the least that they show of one."""
    query = (
        "SELECT frame_index, MIN(area) FROM assertions WHERE frame_index BETWEEN ? AND ?" + _WHOLE
    )
    # A damaged history may name any frame: the ends have to fit a column.
    ends = max(0, frame_index - LEAD_IN), min(MAX_FRAMES, frame_index + LEAD_IN)
    return dict(connection.execute(query, ends).fetchall())
