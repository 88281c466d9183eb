"""Opening video files with PyAV, and decoding them from where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from core.errors import VideoOpenError
from core.media.safe_input import SAFE_OPTIONS, animation_format, whole_path

HINT = "Choose a video file (mp4, mkv, mov, avi, ...) or a folder of images."
"""What to do where a file is no video."""

_MOST_ASPECT = 100
_NOT_LISTED = 22
"""Number of the error for a format that is not in the list (EINVAL)."""


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
        container = av.open(
            whole_path(path), format=animation_format(path), options=dict(SAFE_OPTIONS)
        )
    except (av.FFmpegError, OSError, ValueError) as exc:
        raise VideoOpenError(f"{path} cannot be opened as a video: {_reason(exc)}.", HINT) from exc
    streams = [s for s in container.streams.video if not _is_cover(s)]
    if streams:
        stream = max(streams, key=lambda s: (s.width or 0) * (s.height or 0))
        if stream.codec_context is not None:
            stream.thread_type = "AUTO"
            return container, stream
    container.close()
    raise VideoOpenError(f"{path} has no video track that can be decoded.", HINT)


def pixel_aspect(stream: Any) -> Fraction:
    """Return width by height of a stored pixel, 1 where nothing sensible is said."""
    aspect = Fraction(stream.sample_aspect_ratio or 1)
    return aspect if 1 / _MOST_ASPECT <= aspect <= _MOST_ASPECT else Fraction(1)


def has_slots_only(container: Any) -> bool:
    """Tell a format that stores no times but counts places for packets, in decoding order (AVI)."""
    return bool(container.format.name == "avi")


def read_packets(container: Any, *streams: Any) -> Iterator[Any]:
    """Yield packets from where the container stands; no streams stand for all.

    Where the format has places only, a packet's time is its place: FFmpeg's guess is late.

    Raises:
        av.FFmpegError, OSError: reading fails.
    """
    slots = has_slots_only(container)
    for packet in container.demux(*streams):
        if slots:
            packet.pts = packet.dts
        yield packet


def decode_frames(container: Any, stream: Any) -> Iterator[Any]:
    """Yield the decoded frames from where the container stands; damaged packets are passed over."""
    packets = read_packets(container, stream)
    size: bytes | None = None
    while (packet := _next_packet(packets)) is not None:
        new_size = _mpeg_size(stream, packet) or size
        if size is not None and new_size != size:
            # WORKAROUND(FFmpeg 8.1): its decoder loses the frame that it still holds when the size
            # of the pictures changes.
            yield from _decoded(stream, None)
            stream.codec_context.flush_buffers()
        size = new_size
        yield from _decoded(stream, packet if packet.size else None)


def _decoded(stream: Any, packet: Any) -> Iterator[Any]:
    with suppress(av.FFmpegError, EOFError):
        yield from stream.codec_context.decode(packet)


def _mpeg_size(stream: Any, packet: Any) -> bytes | None:
    """Return what tells the size in a sequence header of MPEG-1 and 2, None without one."""
    if not packet.is_keyframe or stream.codec_context.name not in ("mpeg1video", "mpeg2video"):
        return None
    head = bytes(packet)
    place = head.find(b"\0\0\1\xb3")
    return head[place + 4 : place + 7] if place >= 0 else None


def _reason(error: Exception) -> str:
    if getattr(error, "errno", None) == _NOT_LISTED:
        return "it holds no film of its own (a playlist, a text, or another format)"
    return str(getattr(error, "strerror", None) or error)


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _next_packet(packets: Iterator[Any]) -> Any:
    try:
        return next(packets, None)
    except (av.FFmpegError, OSError):
        return None
