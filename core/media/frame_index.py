"""Which frames a video file holds: a table of presentation times, made without decoding.

Times from the packets are trusted only where they order the frames as the decoder does; for the
few files where they do not (no times, doubled times, AVI with reordered frames) the file is
decoded once instead.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import av

from core.errors import VideoOpenError
from core.media.frame_times import FrameIndex
from core.media.video_formats import OPTIONS

_SLACK_SECONDS, _SLACK_SHARE = 0.25, 0.02
"""So much may be missing at the end, against what the header says, before a file is cut off."""
_HINT = "Choose a video file (mp4, mkv, mov, avi, ...) or a folder of images."


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
        container = av.open(str(path), options=dict(OPTIONS))
    except (av.FFmpegError, OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        if getattr(exc, "errno", None) == errno.EINVAL:
            # So FFmpeg says that it takes the file for something that is not in `OPTIONS`.
            reason = "it is of no kind that is opened as one, or it is damaged"
        raise VideoOpenError(f"{path} cannot be opened as a video: {reason}.", _HINT) from exc
    streams = [s for s in container.streams.video if not _is_cover(s)]
    if streams:
        stream = max(streams, key=lambda s: (s.width or 0) * (s.height or 0))
        if stream.codec_context is not None:
            stream.thread_type = "AUTO"
            return container, stream
    container.close()
    raise VideoOpenError(f"{path} has no video track that can be decoded.", _HINT)


def index_frames(path: Path) -> FrameIndex:
    """List the frames of a file by walking once through its packets.

    Raises:
        VideoOpenError: the file cannot be opened or holds no frame.
    """
    with open_container(path) as (container, stream):
        walk = _walk_packets(container, stream)
        declared = stream.frames
        reorders = container.format.name == "avi" and bool(stream.codec_context.has_b_frames)
        breaks_off = _breaks_off(walk, container, stream)
    packets = walk.shown
    if not packets:
        raise VideoOpenError(f"{path} holds no video frames.", _HINT)
    if walk.corrupt_end and len(packets) > 1:
        packets.pop()
    if _times_usable([pts for pts, _ in packets], reorders=reorders):
        known = [(pts, key) for pts, key in packets if pts is not None]
        doubtful = breaks_off or declared > len(known)
        return replace(_tabulate(known), doubtful=doubtful, breaks_off=breaks_off)
    return replace(_index_by_decoding(path), breaks_off=breaks_off)


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


@dataclass(slots=True)
class _PacketWalk:
    """What one walk through a file's packets found.

    Attributes:
        shown: (pts, is_keyframe) of the frames that are shown, in file order.
        seen: number of all video packets.
        end: latest end of a packet of any stream, in seconds.
        corrupt_end: the last shown frame is cut off.
        broken: reading ended with an error.
    """

    shown: list[tuple[int | None, bool]] = field(default_factory=list)
    seen: int = 0
    end: float = 0.0
    corrupt_end: bool = False
    broken: bool = False


def _walk_packets(container: Any, stream: Any) -> _PacketWalk:
    walk = _PacketWalk()
    try:
        for packet in container.demux():
            if packet.pts is not None and packet.time_base:
                end = (packet.pts + (packet.duration or 0)) * packet.time_base
                walk.end = max(walk.end, float(end))
            if packet.stream_index == stream.index:
                _note_packet(packet, stream, walk)
    except (av.FFmpegError, OSError):
        walk.broken = True
    return walk


def _note_packet(packet: Any, stream: Any, walk: _PacketWalk) -> None:
    # AVI repeats a frame by an empty packet; the one without a time marks the end.
    walk.seen += bool(packet.size) or packet.dts is not None
    if packet.size and not packet.is_discard and not _is_hidden(stream, packet):
        walk.shown.append((packet.pts, packet.is_keyframe))
        walk.corrupt_end = packet.is_corrupt


def _breaks_off(walk: _PacketWalk, container: Any, stream: Any) -> bool:
    """Tell a file that ends before what its header announces, in frames or else in seconds."""
    if walk.broken or walk.corrupt_end or stream.frames > walk.seen:
        return True
    if stream.frames or not container.duration:
        return False
    announced = (container.duration + (container.start_time or 0)) / av.time_base
    return bool(announced - walk.end > max(_SLACK_SECONDS, _SLACK_SHARE * announced))


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
