"""The times of a video's frames in a project file, so that the video opens without a walk."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.media.frame_times import FrameIndex
from vosapp.project.codec import inflate
from vosapp.project.model import VideoRef, check
from vosapp.project.parse import checked, parse_flag, parse_ratio

_BYTES = 8
_MOST = 1 << 61
"""Times are smaller, so that sums and differences of them fit 64 bits."""


def read_index(connection: sqlite3.Connection, video: VideoRef) -> FrameIndex | None:
    """Return the index that is stored for a video, None where there is none.

    Raises:
        Unreadable: what is stored is no index of this video.
    """
    row = connection.execute(
        "SELECT base, timed, breaks_off, pts, entries FROM frame_index WHERE video_id = 1"
    ).fetchone()
    return None if row is None else parse_index(row, video.frame_count)


def write_index(connection: sqlite3.Connection, index: FrameIndex | None) -> None:
    """Store the index of a project's video; None removes it."""
    connection.execute("DELETE FROM frame_index")
    if index is not None:
        sql = "INSERT INTO frame_index VALUES (1, ?, ?, ?, ?, ?)"
        connection.execute(sql, index_row(index))


def index_row(index: FrameIndex) -> tuple[Any, ...]:
    """The row that `parse_index` reads."""
    flags = (int(index.timed), int(index.breaks_off))
    return (str(index.base), *flags, _encode(index.pts), _encode(index.keys))


@checked
def parse_index(row: Sequence[Any], frame_count: int) -> FrameIndex:
    """Read base, timed, breaks_off, pts, entries of a video with so many frames."""
    base, timed, breaks_off, pts, entries = row
    times = _decode(pts, frame_count)
    keys = _decode(entries, frame_count)
    check(times.size == frame_count, "the times of the frames do not fit their count")
    check(keys.size and keys[0] == 0 and keys[-1] < frame_count, "entry points make no sense")
    return FrameIndex(
        tuple(times.tolist()),
        tuple(keys.tolist()),
        timed=parse_flag(timed),
        breaks_off=parse_flag(breaks_off),
        base=parse_ratio(base),
    )


def _encode(values: Sequence[int]) -> bytes:
    """Differences as byte planes: with even times nearly all bytes are the same."""
    steps = np.diff(np.asarray(values, np.int64), prepend=0).astype("<i8")
    return zlib.compress(steps.view(np.uint8).reshape(-1, _BYTES).T.tobytes(), 1)


def _decode(data: object, most: int) -> NDArray[np.int64]:
    check(isinstance(data, bytes), "the times of the frames are no data")
    body = np.frombuffer(inflate(bytes(data), _BYTES * most), np.uint8)  # type: ignore[call-overload]
    check(body.size % _BYTES == 0, "the times of the frames are cut off")
    planes = np.ascontiguousarray(body.reshape(_BYTES, -1).T)
    values = np.cumsum(planes.view("<i8").ravel(), dtype=np.int64)
    check((values[1:] > values[:-1]).all(), "the times of the frames do not ascend")
    check((np.abs(values[[0, -1]]) < _MOST).all() if values.size else True, "times out of range")
    return values
