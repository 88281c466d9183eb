"""Frames of one video, packed in stretches that are spread over it, for learning that video.

However long the video, no more frames are packed than are asked for: a video that has more is
looked at in stretches of neighboring frames, because training pairs are neighbors in time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.frame_pack import (
    FramePack,
    PackConfig,
    PackWriter,
    is_packed,
    shrink,
    stored_pack,
    writing_pack,
)
from core.errors import TrainingError
from core.jobs import CancelToken, Job, Progress
from core.media.video import VideoSource, open_video

CACHE_BYTES = 8 << 20
"""Of decoded frames: they are read forward and each once."""
SKETCH = (64, 64)
"""Pixels at which two frames are compared."""


@dataclass(frozen=True, slots=True)
class StretchConfig:
    """How many frames of a video are packed, and where they lie."""

    max_frames: int = 1200
    """Frames in all, at most: 100 MB as JPEG, which may lie in memory."""
    seconds: float = 3.0
    """Length of a stretch where there are several."""


def stretches(frames: range, *, step: int, fps: float, config: StretchConfig) -> tuple[range, ...]:
    """Which frames of a video are packed: all that its rate allows, or stretches spread evenly.

    Args:
        frames: those that may be taken.
        step: every so many frames one is taken.
        fps: of the video.
        config: how many.

    Returns:
        Ranges with that step, ascending, which do not touch each other; together they have at
        most `config.max_frames`.
    """
    whole = frames[::step]
    if len(whole) <= config.max_frames:
        return (whole,)
    length = min(max(2, round(config.seconds * fps / step)), config.max_frames)
    count = config.max_frames // length
    # Evenly spread and rounded down, so that neither end is left out and none overlap.
    starts = np.linspace(0, len(whole) - length, count).astype(int) if count > 1 else [0]
    return tuple(whole[start : start + length] for start in starts)


def frame_step(fps: float, max_fps: float) -> int:
    """Every how many frames one is taken, so that there are at most `max_fps` a second."""
    return max(1, int(np.ceil(0.999 * fps / max_fps)))


def pack_stretches(
    video: Path, frames: range | None, frames_file: Path, token: CancelToken,
    *, config: PackConfig, spread: StretchConfig,
) -> Job[list[FramePack]]:  # fmt: skip
    """Pack frames of a video; what is packed already is taken as it is.

    Args:
        video: a file or a folder of images, as `core.media` opens them.
        frames: those that may be taken; None for all.
        frames_file: the pack's file (`.frames`), whose name tells what it is made of.
        token: is looked at before each frame.
        config: size and rate of packed frames; one that hardly differs from the last is skipped.
        spread: how many there are, and where.

    Yields:
        A `Progress` for each frame.

    Returns:
        A pack for each stretch of two or more frames; all of them are parts of one file.

    Raises:
        TrainingError: no stretch has two different frames.
        VideoOpenError, VideoDecodeError: the video cannot be read.
        OutputError: the pack cannot be written.
        Cancelled: by the token; nothing is left.
    """
    with open_video(video, cache_bytes=CACHE_BYTES) as source:
        fps = float(source.info.fps)
        step = frame_step(fps, config.max_fps)
        count = source.info.frame_count
        wanted = range(count) if frames is None else range(frames.start, min(frames.stop, count))
        parts = stretches(wanted, step=step, fps=fps, config=spread)
        if not is_packed(frames_file):
            with writing_pack(frames_file, config) as writer:
                yield from _write(source, parts, writer, token)
    packs = _cut(stored_pack(frames_file), parts, fps)
    if not packs:
        msg = f"{video.name} has no two different frames to learn from."
        raise TrainingError(msg, "Learning needs footage in which something moves.")
    return packs


def _write(
    source: VideoSource, parts: tuple[range, ...], writer: PackWriter, token: CancelToken
) -> Iterator[Progress]:
    fps, total, done = float(source.info.fps), sum(map(len, parts)), 0
    for part in parts:
        last: NDArray[np.int16] | None = None
        indices = iter(part)
        for frame in source.frames(part.start, part.stop, part.step):
            token.check()
            small = shrink(frame, writer.config.short_side)
            sketch = cv2.resize(small, SKETCH, interpolation=cv2.INTER_AREA).astype(np.int16)
            index = next(indices)
            if last is None or np.abs(sketch - last).mean() >= writer.config.min_change:
                writer.add(small, index / fps)
                last = sketch
            done += 1
            yield Progress(done, total, "reading frames", phase="reading frames")


def _cut(pack: FramePack, parts: tuple[range, ...], fps: float) -> list[FramePack]:
    """A pack for each stretch, so that no training pair is drawn from two of them."""
    times, found = np.asarray(pack.times), []
    for part in parts:
        first, stop = np.searchsorted(times, (part.start / fps - 1e-6, part.stop / fps - 1e-6))
        if stop - first >= 2:
            offsets = pack.offsets[first : stop + 1]
            found.append(FramePack(pack.path, offsets, pack.times[first:stop]))
    return found
