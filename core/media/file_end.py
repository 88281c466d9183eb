"""Whether a video file ends in the middle of what it should hold.

Containers that say how many bytes they have are believed in that: headers count frames that were
dropped while recording, or hidden since, and durations that include a late start or other tracks.
Where the bytes say nothing, the count of frames or the duration must do. Transport and program
streams, and bare streams of a codec, may end anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import av

from core.media.ebml import HEADER_BYTES, read_element

_SLACK_BYTES = 16
"""So much may be missing: some writers count their own header twice."""
_SLACK_SECONDS, _SLACK_SHARE = 0.25, 0.02
"""So much may be missing at the end, against what the header says, before a file is cut off."""
_WITH_DURATION = frozenset({"flv", "asf", "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2"})
"""Formats whose duration stands in a header; that of others was measured at the end itself."""
_ENDLESS = frozenset({"mpegts", "mpeg"})
_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067
_CONTENT_BOXES = frozenset({b"mdat", b"moov", b"moof"})
_MOST_PARTS = 1_000_000


def lacks_bytes(path: Path) -> bool | None:
    """Tell whether a file is shorter than it says; None where it does not say.

    AVI (RIFF), Matroska and WebM, MP4 and MOV can say it.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            end = _announced_end(file, size)
    except OSError:
        return None
    return None if end is None else end - size > _SLACK_BYTES


def ends_early(container: Any, stream: Any, *, reached: int, seconds: float) -> bool:
    """Tell whether a file whose bytes say nothing ends before what its header announces.

    Args:
        container: the open file.
        stream: its video.
        reached: places for frames that were found, empty ones included.
        seconds: where the last packet of any stream ends.
    """
    if stream.frames:
        return bool(stream.frames > reached)
    if container.format.name not in _WITH_DURATION or not container.duration:
        return False
    announced = container.duration / av.time_base
    return bool(announced - seconds > max(_SLACK_SECONDS, _SLACK_SHARE * announced))


def ends_anywhere(container: Any) -> bool:
    """Tell a format that may be cut anywhere: half a frame at its end is no damage."""
    return container.format.name in _ENDLESS


def _announced_end(file: BinaryIO, size: int) -> int | None:
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RIFF":
        return _last_end(_riff_ends(file, size))
    if head[:4] == _EBML.to_bytes(4, "big"):
        return _segment_end(file)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp"):
        return _last_end(_box_ends(file, size))
    return None


def _last_end(ends: Iterator[int | None]) -> int | None:
    last = None
    for last in ends:
        if last is None:
            return None
    return last


def _riff_ends(file: BinaryIO, size: int) -> Iterator[int | None]:
    """Yield the end of each RIFF part of an AVI, None for one whose size was never filled in."""
    place = 0
    while place + 12 <= size:
        file.seek(place)
        head = file.read(12)
        if head[:4] != b"RIFF":
            return
        length = int.from_bytes(head[4:8], "little")
        yield None if length in (0, 0xFFFFFFFF) else place + 8 + length
        place += 8 + length + length % 2


def _box_ends(file: BinaryIO, size: int) -> Iterator[int | None]:
    """Yield the end of each box on the top level; the last may reach to wherever the file ends."""
    place = 0
    for _ in range(_MOST_PARTS):
        if place + 8 > size:
            return
        file.seek(place)
        head = file.read(16)
        length, least = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, least = int.from_bytes(head[8:16], "big"), 16
        place += length
        if length < least or (place > size and head[4:8] not in _CONTENT_BOXES):
            return  # to the end of the file, or something else that was appended
        yield place


def _segment_end(file: BinaryIO) -> int | None:
    """Return the end of a Matroska segment, None where its writer never knew it."""
    place = 0
    for _ in range(64):
        file.seek(place)
        element = read_element(file.read(HEADER_BYTES), place)
        if element is None or element.stop is None or element.number == _SEGMENT:
            return element.stop if element else None
        place = element.stop
    return None
