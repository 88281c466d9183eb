"""Which frames a video file holds: a table of presentation times, made without decoding.

Times from the packets are trusted only where they order the frames as the decoder does; for the
few files where they do not (no times, doubled times, AVI with reordered frames) the file is
decoded once instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from statistics import median_low
from typing import Any

import av

from core.errors import VideoOpenError
from core.media.container import (
    HINT,
    decode_frames,
    has_slots_only,
    open_container,
    read_packets,
)
from core.media.field_pairs import FieldPairs, Place, field_pairs
from core.media.file_end import ends_anywhere, ends_early, lacks_bytes
from core.media.frame_rate import declared_rates
from core.media.frame_times import FrameIndex


def index_frames(path: Path) -> FrameIndex:
    """List the frames of a file by walking once through its packets.

    Raises:
        VideoOpenError: the file cannot be opened or holds no frame.
    """
    with open_container(path) as (container, stream):
        walk = _walk_packets(container, stream)
        declared = stream.frames
        base = Fraction(stream.time_base or 1)
        rate = declared_rates(stream)[0]
        breaks_off = _breaks_off(path, walk, container, stream)
        cut_end = walk.corrupt_end
    packets = walk.shown
    if not (packets or walk.lone):
        raise VideoOpenError(f"{path} holds no video frames.", HINT)
    if cut_end and len(packets) > 1:
        packets.pop()
    if _times_usable(walk):
        known = [(pts, key) for pts, key in packets if pts is not None]
        doubtful = breaks_off or declared > len(known) + walk.seconds + walk.lone
        return replace(_tabulate(known), doubtful=doubtful, breaks_off=breaks_off, base=base)
    slots = walk.slots if walk.only_slots else []
    return replace(_index_by_decoding(path, slots, base=base, rate=rate), breaks_off=breaks_off)


@dataclass(slots=True)
class _PacketWalk:
    """What one walk through a file's packets found.

    Attributes:
        fields: joins two packets with a field each.
        shown: (pts, is_keyframe) of the frames that are shown, in file order.
        slots: decoding times of the same.
        only_slots: the file has no other times, and its frames may be reordered.
        seconds: number of packets with the second field of a frame.
        lone: number of packets with one field of a frame that lacks the other.
        seen: number of all video packets.
        reached: places for frames up to the last packet, empty ones included.
        end: latest end of a packet of any stream, in seconds.
        corrupt_end: the last shown frame is cut off.
        broken: reading ended with an error.
    """

    fields: FieldPairs | None
    only_slots: bool
    shown: list[tuple[int | None, bool]] = field(default_factory=list)
    slots: list[int | None] = field(default_factory=list)
    seconds: int = 0
    lone: int = 0
    seen: int = 0
    reached: int = 0
    end: float = 0.0
    corrupt_end: bool = False
    broken: bool = False


def _walk_packets(container: Any, stream: Any) -> _PacketWalk:
    context = stream.codec_context
    in_slots = has_slots_only(container)
    fields = field_pairs(context.name, bytes(context.extradata or b""))
    walk = _PacketWalk(fields, in_slots and bool(context.has_b_frames))
    try:
        for packet in read_packets(container):
            if packet.pts is not None and packet.time_base:
                end = (packet.pts + (packet.duration or 0)) * packet.time_base
                walk.end = max(walk.end, float(end))
            if packet.stream_index == stream.index:
                _note_packet(packet, stream, walk)
                if in_slots and packet.dts is not None:
                    walk.reached = max(walk.reached, packet.dts + 1)
    except (av.FFmpegError, OSError):
        walk.broken = True
    if fields is not None and fields.ends_lone:
        _drop_last(walk)
    walk.reached = max(walk.reached, walk.seen)
    return walk


def _note_packet(packet: Any, stream: Any, walk: _PacketWalk) -> None:
    # AVI repeats a frame by an empty packet; the one without a time marks the end.
    walk.seen += bool(packet.size) or packet.dts is not None
    if not packet.size:
        return
    place = Place.NEW
    if walk.fields is not None:
        place = walk.fields.place_of(packet, is_entry=packet.is_keyframe)
    if place is Place.AFTER_LONE:
        _drop_last(walk)
    if packet.is_discard or _is_hidden(stream, packet):
        return
    walk.corrupt_end = packet.is_corrupt
    if place is Place.SECOND and walk.shown:
        walk.seconds += 1
    else:
        walk.shown.append((packet.pts, packet.is_keyframe))
        walk.slots.append(packet.dts)


def _drop_last(walk: _PacketWalk) -> None:
    """Take the last frame off: it lacks a field, and no decoder shows it."""
    if walk.shown:
        walk.shown.pop()
        walk.slots.pop()
        walk.lone += 1


def _breaks_off(path: Path, walk: _PacketWalk, container: Any, stream: Any) -> bool:
    """Tell a file that ends before what its header announces, in bytes, frames or seconds."""
    if walk.broken or (walk.corrupt_end and not ends_anywhere(container)):
        return True
    lacks = lacks_bytes(path)
    if lacks is None:
        return ends_early(container, stream, reached=walk.reached, seconds=walk.end)
    return lacks


def _is_hidden(stream: Any, packet: Any) -> bool:
    """Tell a VP8 frame that is decoded but never shown (its `show_frame` bit, RFC 6386 9.1)."""
    return stream.codec_context.name in ("vp8", "libvpx") and not bytes(packet)[0] & 0x10


def _times_usable(walk: _PacketWalk) -> bool:
    known = [pts for pts, _ in walk.shown if pts is not None]
    if not known or len(known) < len(walk.shown) or len(set(known)) < len(known):
        return False
    if walk.lone > walk.seconds:  # it depends on the decoder what it makes of single fields
        return False
    return not walk.only_slots


def _tabulate(frames: Iterable[tuple[int, bool]]) -> FrameIndex:
    ordered = sorted(frames)
    keys = {i for i, (_, is_key) in enumerate(ordered) if is_key} | {0}
    return FrameIndex(tuple(pts for pts, _ in ordered), tuple(sorted(keys)))


def _index_by_decoding(
    path: Path, slots: Sequence[int | None], *, base: Fraction, rate: Fraction
) -> FrameIndex:
    frames = _decoded_times(path)
    times = [pts for pts, _ in frames]
    if not frames:
        raise VideoOpenError(f"{path} holds no video frame that can be decoded.", HINT)
    if None not in times and all(a < b for a, b in pairwise(times)):
        return replace(_tabulate(frames), base=base)
    known = sorted(slot for slot in slots if slot is not None)
    if len(known) == len(frames) == len(set(known)):
        # Reordering moves frames among these times, it makes no others.
        return FrameIndex(tuple(known), (0,), timed=False, base=base)
    if known or times.count(None) * 2 > len(times):
        step = _mean_step(known) * base or 1 / rate
        return FrameIndex(tuple(range(len(frames))), (0,), timed=False, base=step)
    return FrameIndex(_ascending(times, round(1 / rate / base)), (0,), timed=False, base=base)


def _decoded_times(path: Path) -> list[tuple[Any, bool]]:
    """Return (pts, is_keyframe) of each frame; apart, so that no error keeps the decoder."""
    with open_container(path) as (container, stream):
        return [(f.pts, bool(f.key_frame)) for f in decode_frames(container, stream)]


def _mean_step(times: Sequence[int]) -> Fraction:
    """Return the mean step of ascending times, 0 where there are too few."""
    return Fraction(times[-1] - times[0], len(times) - 1) if len(times) > 1 else Fraction(0)


def _ascending(times: Sequence[int | None], usual: int) -> tuple[int, ...]:
    """Let time go on by the usual step wherever a file's clock is missing or jumps back.

    Args:
        times: as the decoder gave them.
        usual: the step where the times tell none.
    """
    steps = [_step(before, now) for before, now in pairwise(times)]
    step = median_low([known for known in steps if known] or [max(1, usual)])
    return tuple(accumulate((known or step for known in steps), initial=0))


def _step(before: int | None, now: int | None) -> int:
    """Return how far time went on, 0 where that is not known."""
    return 0 if before is None or now is None else max(0, now - before)
