"""Frames beyond an object's outer keyframes, and which keyframes they depend on (ADR 0050).

Where an outer keyframe shows less of the object than another one, the nearest such one is read
there, too: `core.engine.conditioning.governing`. Here are the frames that become stale with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from core.types import SEEN_WHOLE
from vosapp.project.model import MAX_FRAMES, check, is_int

UNKNOWN = 1 << 62
"""Area of a keyframe of which is not known what it showed before."""


def open_ends(
    connection: sqlite3.Connection, object_id: int, areas: Mapping[int, int], frame_count: int
) -> list[tuple[int, int]]:
    """The frames beyond the outer keyframes that changed keyframes of an object count for.

    Args:
        connection: the open file.
        object_id: whose.
        areas: by frame, the most that a changed keyframe has shown before or shows now.
        frame_count: frames of the video.

    Returns:
        None, one or two ranges: first frame, one past the last.
    """
    query = "SELECT MIN(frame_index), MAX(frame_index) FROM assertions WHERE object_id = ?"
    first, last = connection.execute(query, (object_id,)).fetchone()
    if first is None:
        return []
    ends = {first: (0, first), last: (last + 1, frame_count)}
    return [
        ends[outer]
        for outer in sorted({first, last})
        if _counts(connection, object_id, areas, outer=outer, inward=1 if outer == first else -1)
    ]


def _counts(
    connection: sqlite3.Connection,
    object_id: int,
    areas: Mapping[int, int],
    *,
    outer: int,
    inward: int,
) -> bool:
    """Whether one of some keyframes is the nearest to an outer one that shows more than that."""
    check(is_int(outer, 0, MAX_FRAMES), "a keyframe is on no frame")
    query = "SELECT area FROM assertions WHERE object_id = ? AND frame_index = ?"
    least = int(connection.execute(query, (object_id, outer)).fetchone()[0]) / SEEN_WHOLE
    steps = [inward * (f - outer) for f, area in areas.items() if area > least]
    nearest = min((step for step in steps if step > 0), default=None)
    if nearest is None:
        return False
    query = (
        "SELECT 1 FROM assertions WHERE object_id = ? AND area > ?"
        " AND frame_index > ? AND frame_index < ? LIMIT 1"
    )
    between = sorted((outer, outer + inward * nearest))
    return connection.execute(query, (object_id, least, *between)).fetchone() is None
