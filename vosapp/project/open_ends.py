"""Frames beyond an object's outer keyframes, and which keyframes they depend on (ADR 0050).

Where an outer keyframe shows less of an object than another one, the walk to the end of the video
passes it, and the nearest one that shows more is read there: `core.engine.spans.borders`,
`core.engine.conditioning.governing`. Here are the frames that become stale with these.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping

from core.types import SEEN_WHOLE
from vosapp.project.model import MAX_FRAMES, check, is_int

UNKNOWN = 1 << 62
"""Area of a keyframe of which is not known what it showed before."""


def open_ends(
    connection: sqlite3.Connection,
    object_id: int,
    areas: Mapping[int, int],
    *,
    spans: Collection[tuple[int, int]],
    frame_count: int,
) -> list[tuple[int, int]]:
    """The frames beyond the outer keyframes that changed keyframes of an object count for.

    Args:
        connection: the open file.
        object_id: whose.
        areas: by frame, the most that a changed keyframe has shown before or shows now.
        spans: the frames that these govern, up to other keyframes: first, one past the last.
        frame_count: frames of the video.

    Returns:
        None, one or two ranges: first frame, one past the last.
    """
    query = "SELECT MIN(frame_index), MAX(frame_index) FROM assertions WHERE object_id = ?"
    first, last = connection.execute(query, (object_id,)).fetchone()
    if first is None:
        return []
    check(is_int(first, 0, frame_count) and is_int(last, 0, frame_count), "a frame is no number")
    ends = {first: (0, first), last: (last + 1, frame_count)}
    reached = {frame for start, stop in spans for frame in (start - 1, stop)}
    found = []
    for outer in sorted({first, last}):
        inward = 1 if outer == first else -1
        passed = outer in reached and _hides(connection, outer, inward)
        if passed or _shows(connection, object_id, areas, outer=outer, inward=inward):
            found.append(ends[outer])
    return found


def _shows(
    connection: sqlite3.Connection,
    object_id: int,
    areas: Mapping[int, int],
    *,
    outer: int,
    inward: int,
) -> bool:
    """Whether one of some changed keyframes is the nearest that shows more than an outer one."""
    check(is_int(outer, 0, MAX_FRAMES), "a keyframe is on no frame")
    query = "SELECT area FROM assertions WHERE object_id = ? AND frame_index = ?"
    least = int(connection.execute(query, (object_id, outer)).fetchone()[0]) / SEEN_WHOLE
    steps = {inward * (f - outer): area for f, area in areas.items()}
    larger = [step for step, area in steps.items() if step > 0 and area > least]
    if not larger:
        return False
    query = (
        "SELECT 1 FROM assertions WHERE object_id = ? AND area > ?"
        " AND frame_index > ? AND frame_index < ? LIMIT 1"
    )
    ends = sorted((outer, outer + inward * min(larger)))
    return connection.execute(query, (object_id, least, *ends)).fetchone() is None


def _hides(connection: sqlite3.Connection, frame_index: int, inward: int) -> bool:
    """Whether a frame shows less of any object than one of its keyframes on the other side."""
    query = (
        "SELECT 1 FROM assertions AS own JOIN assertions AS other USING (object_id)"
        " WHERE own.frame_index = ?1 AND own.area > 0 AND other.area * ?2 > own.area"
        " AND (other.frame_index - ?1) * ?3 > 0 LIMIT 1"
    )
    found = connection.execute(query, (frame_index, SEEN_WHOLE, inward)).fetchone()
    return found is not None
