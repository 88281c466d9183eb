"""Which frames a video file holds: a table of presentation times, made without decoding.

Times from the packets are trusted only where they order the frames as the decoder does; for the
few files where they do not (no times, doubled times, AVI with reordered frames) the file is
decoded once instead.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import av

from core.errors import VideoOpenError

_NOT_VIDEO = frozenset({"tty", "hls", "dash", "concat", "imf", "sdp", "lavfi"})
"""Demuxers that would draw text as pictures, or follow names written inside a file."""
_HINT = "Choose a video file (mp4, mkv, mov, avi, ...) or a folder of images."


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """Times and entry points of the frames of one file.

    Attributes:
        pts: presentation time of each frame in the stream's time base, strictly ascending.
        keys: frame indices at which a decoder can start, ascending; the first is 0.
        timed: False where the file has no usable times: `pts` is then 0, 1, 2, ... and frames
            can be found only by counting from the start.
        doubtful: the end of the file may hold frames that cannot be decoded.
    """

    pts: tuple[int, ...]
    keys: tuple[int, ...]
    timed: bool = True
    doubtful: bool = False

    def find(self, pts: int) -> int | None:
        """Return the index of the frame shown at `pts`, None where there is none."""
        place = bisect_left(self.pts, pts)
        return place if place < len(self.pts) and self.pts[place] == pts else None

    def key_before(self, index: int) -> int:
        """Return the last entry point that is not after `index`."""
        return self.keys[max(0, bisect_right(self.keys, index) - 1)]

    def between(self, first: int, last: int) -> FrameIndex:
        """Return the index of frames `first` to `last`, both included, counted from 0 again."""
        keys = {k - first for k in self.keys if first <= k <= last} | {0}
        return replace(self, pts=self.pts[first : last + 1], keys=tuple(sorted(keys)))


@contextmanager
def open_container(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open a file for one walk; gives the container and its video stream. See `open_stream`."""
    container, stream = open_stream(path)
    with container:
        yield container, stream


def open_stream(path: Path) -> tuple[Any, Any]:
    """Open a file and choose its video stream (never a cover picture).

    Raises:
        VideoOpenError: no video, or a file that FFmpeg cannot make sense of.
    """
    try:
        container = av.open(str(path), options={"protocol_whitelist": "file"})
    except (av.FFmpegError, OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise VideoOpenError(f"{path} cannot be opened as a video: {reason}.", _HINT) from exc
    streams = [s for s in container.streams.video if not _is_cover(s)]
    if streams and container.format.name not in _NOT_VIDEO:
        stream = max(streams, key=lambda s: (s.width or 0) * (s.height or 0))
        if stream.codec_context is not None:
            stream.thread_type = "AUTO"
            return container, stream
    container.close()
    if container.format.name in _NOT_VIDEO:
        raise VideoOpenError(
            f"{path} is not a video (it looks like {container.format.name}).", _HINT
        )
    raise VideoOpenError(f"{path} has no video track that can be decoded.", _HINT)


def index_frames(path: Path) -> FrameIndex:
    """List the frames of a file by walking once through its packets.

    Raises:
        VideoOpenError: the file cannot be opened or holds no frame.
    """
    with open_container(path) as (container, stream):
        packets, corrupt_end, broken = _list_packets(container, stream)
        declared = stream.frames
        reorders = container.format.name == "avi" and bool(stream.codec_context.has_b_frames)
    if not packets:
        raise VideoOpenError(f"{path} holds no video frames.", _HINT)
    if corrupt_end and len(packets) > 1:
        packets.pop()
    if _times_usable([pts for pts, _ in packets], reorders=reorders):
        known = [(pts, key) for pts, key in packets if pts is not None]
        doubtful = broken or corrupt_end or declared > len(known)
        return replace(_tabulate(known), doubtful=doubtful)
    return _index_by_decoding(path)


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _list_packets(container: Any, stream: Any) -> tuple[list[tuple[int | None, bool]], bool, bool]:
    """Return (pts, is_keyframe) in file order; if the last is cut off; if reading broke off."""
    packets: list[tuple[int | None, bool]] = []
    corrupt = broken = False
    try:
        for packet in container.demux(stream):
            if packet.size and not packet.is_discard and not _is_hidden(stream, packet):
                packets.append((packet.pts, packet.is_keyframe))
                corrupt = packet.is_corrupt
    except (av.FFmpegError, OSError):
        broken = True
    return packets, corrupt, broken


def _is_hidden(stream: Any, packet: Any) -> bool:
    """Tell a VP8 frame that is decoded but never shown (its `show_frame` bit, RFC 6386 9.1)."""
    return stream.codec_context.name in ("vp8", "libvpx") and not bytes(packet)[0] & 0x10


def _times_usable(times: list[int | None], *, reorders: bool) -> bool:
    known = [t for t in times if t is not None]
    if len(known) < len(times) or len(set(known)) < len(known):
        return False
    # AVI stores no presentation times: with reordered frames FFmpeg hands out decoding times.
    return not (reorders and known == sorted(known))


def _tabulate(frames: Iterable[tuple[int, bool]]) -> FrameIndex:
    ordered = sorted(frames)
    keys = {i for i, (_, is_key) in enumerate(ordered) if is_key} | {0}
    return FrameIndex(tuple(pts for pts, _ in ordered), tuple(sorted(keys)))


def _index_by_decoding(path: Path) -> FrameIndex:
    with open_container(path) as (container, stream):
        frames = [(f.pts, bool(f.key_frame)) for f in decode_frames(container, stream)]
    times = [pts for pts, _ in frames]
    if not frames:
        raise VideoOpenError(f"{path} holds no video frame that can be decoded.", _HINT)
    if None not in times and all(a < b for a, b in pairwise(times)):
        return _tabulate(frames)
    return FrameIndex(tuple(range(len(frames))), (0,), timed=False)


def decode_frames(container: Any, stream: Any) -> Iterator[Any]:
    """Yield the decoded frames from where the container stands; damaged packets are passed over."""
    packets = container.demux(stream)
    while (packet := _next_packet(packets)) is not None:
        try:
            yield from stream.codec_context.decode(packet if packet.size else None)
        except (av.FFmpegError, EOFError):
            continue


def _next_packet(packets: Iterator[Any]) -> Any:
    try:
        return next(packets, None)
    except (av.FFmpegError, OSError):
        return None
