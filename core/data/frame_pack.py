"""Raw videos and images packed once into JPEG frames that training can pick at random.

Seeking in a video costs a decode of its whole group of pictures; a packed frame costs one JPEG.
A pack is two files: the frames one after another (`.frames`), and their offsets and times
(`.json`), written last, so that a pack with an index is complete. Of the frames only those that
are asked for are read, so that a pack may be larger than the memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from core.data.pack_origin import EVERY_VIDEO, PackOrigin, Wanted
from core.data.raw_video import find_videos, frame_names, sequential_frames
from core.errors import OutputError, TrainingError, VosError
from core.jobs import CancelToken, Job, Progress
from core.media.atomic import write_atomic
from core.media.image_file import decode_jpeg
from core.media.input_file import read_input
from core.media.scratch import scratch_file
from core.text import encoded
from core.types import Frame


@dataclass(frozen=True, slots=True)
class PackConfig:
    """How raw videos become packed frames."""

    short_side: int = 288
    """Frames are shrunk (never enlarged) to this short side, in pixels."""
    max_fps: float = 16.0
    """Frames are thinned to at most this rate."""
    min_change: float = 0.8
    """Mean change in gray levels (0..255) from the last kept frame, else a frame is skipped."""
    quality: int = 94
    """JPEG quality."""


STILL_WEIGHT = 2.0
"""How often an image is drawn: as a film of four frames."""


@dataclass(frozen=True, slots=True)
class FramePack:
    """Packed frames of one video, or of many images that have nothing to do with each other.

    `offsets` has one entry more than there are frames.
    """

    path: Path
    offsets: tuple[int, ...]
    times: tuple[float, ...]
    """Seconds from the start, ascending; for images their numbers."""
    still: bool = False
    """Whether each frame is an image of its own."""
    origin: PackOrigin | None = None
    """Where its frames are from, where frames were asked for; see `core.data.pack_origin`."""

    @property
    def weight(self) -> float:
        """How often training draws from it; for films the root of their frames."""
        return len(self.times) * STILL_WEIGHT if self.still else len(self.times) ** 0.5

    def frame(self, index: int) -> Frame:
        """H x W x 3 uint8 RGB of one packed frame.

        Raises:
            TrainingError: the file was damaged since it was opened.
        """
        start, stop = self.offsets[index], self.offsets[index + 1]
        with self.path.open("rb") as file:
            file.seek(start)
            data = file.read(stop - start)
        try:
            return decode_jpeg(data)
        except OSError as error:
            msg = f"{self.path} is damaged: its frame {index} cannot be read."
            raise TrainingError(msg, "Delete the file; frames are packed anew.") from error


def pack_folder(
    videos: Path,
    cache: Path,
    config: PackConfig,
    token: CancelToken,
    *,
    wanted: Wanted = EVERY_VIDEO,
) -> Job[list[FramePack]]:
    """Pack the videos below a folder; what is packed already is taken as it is.

    Args:
        videos: the folder, or one video.
        cache: where packs lie.
        config: size and rate of packed frames.
        token: is looked at before each frame.
        wanted: videos that are left out, and frames that are packed without fail.

    Yields a `Progress` for each video; that of a video that cannot be read is a warning.

    Returns:
        The packs of at least two frames.

    Raises:
        TrainingError: no video, or none with two different frames.
        OutputError: the cache cannot be written.
        Cancelled: by the token; finished packs stay.
    """
    if not videos.exists():
        raise TrainingError(f"{videos} does not exist.", "Give a folder with video files.")
    paths = find_videos(videos)
    if not paths:
        msg = f"{videos} holds no video."
        raise TrainingError(msg, "Give a folder with video files; subfolders are searched too.")
    paths = [path for path in paths if not wanted.leaves_out(path.name)]
    if not paths:
        msg = f"All videos in {videos} are held out: they are there to validate on."
        raise TrainingError(msg, "Give other videos.")
    packs = []
    for done, path in enumerate(paths):
        text, warning = path.name, False
        try:
            packs.append(_pack(path, cache, config, token, wanted.of(path)))
        except OutputError:
            raise
        except VosError as error:
            text, warning = f"left out {path.name}: {error.message}", True
        yield Progress(done + 1, len(paths), text, warning=warning)
    if not packs:
        msg = f"None of the {len(paths)} videos in {videos} can be read."
        raise TrainingError(msg, "Give videos that a player opens.")
    usable = [pack for pack in packs if len(pack.times) >= 2]
    if not usable:
        msg = f"None of the {len(paths)} videos in {videos} has two different frames."
        raise TrainingError(msg, "Training needs footage in which something moves.")
    return usable


def _pack(
    video: Path, cache: Path, config: PackConfig, token: CancelToken, kept: frozenset[int]
) -> FramePack:
    token.check()
    stat = video.stat()
    identity = f"{video.resolve()}|{stat.st_size}|{stat.st_mtime_ns}|{config}"
    if kept:
        identity += f"|{sorted(kept)}"
    frames = cache / f"{video.stem}-{short_hash(identity)}.frames"
    if not is_packed(frames):
        with writing_pack(frames, config) as writer:
            _write_frames(video, writer, token, kept)
    return stored_pack(frames)


def short_hash(identity: str) -> str:
    """Twelve characters that tell what a pack was made of."""
    return hashlib.sha256(encoded(identity)).hexdigest()[:12]


def is_packed(frames: Path) -> bool:
    """Whether a pack is there, complete and not cut short, as a power cut may leave it."""
    return _index(frames) is not None


def stored_pack(frames: Path, *, still: bool = False) -> FramePack:
    """The complete pack of a file; `still` as in `FramePack`.

    Raises:
        TrainingError: it is not there or not whole; see `is_packed`.
    """
    index = _index(frames)
    if index is None:
        msg = f"{frames} is damaged."
        raise TrainingError(msg, "Start again: frames are packed anew.")
    offsets, times, origin = index
    return FramePack(frames, offsets, times, still, origin)


_Index = tuple[tuple[int, ...], tuple[float, ...], PackOrigin | None]


def _index(frames: Path) -> _Index | None:
    """Offsets, times and origin of a pack; None where it is not there or not whole."""
    try:
        stored = json.loads(read_input(frames.with_suffix(".json"), limit=None))
        offsets = tuple(int(n) for n in stored["offsets"])
        times = tuple(float(n) for n in stored["times"])
        origin = PackOrigin.from_dict(stored["origin"]) if "origin" in stored else None
        whole = offsets[-1] == frames.stat().st_size and len(offsets) == len(times) + 1
        whole = whole and (origin is None or len(origin.indices) == len(times))
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return (offsets, times, origin) if whole else None


class PackWriter:
    """Adds frames to a pack."""

    def __init__(self, file: BinaryIO, config: PackConfig) -> None:
        self._file = file
        self.config = config
        self.offsets = [0]
        self.times: list[float] = []
        self.origin: PackOrigin | None = None

    def add(self, frame: Frame, time: float) -> None:
        """Add a frame, which has the pack's size already (see `shrink`)."""
        options = [cv2.IMWRITE_JPEG_QUALITY, self.config.quality]
        data = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), options)[1]
        self._file.write(data.tobytes())
        self.offsets.append(self._file.tell())
        self.times.append(time)


@contextmanager
def writing_pack(frames: Path, config: PackConfig) -> Iterator[PackWriter]:
    """Write both files of a pack; nothing is left of one that breaks off.

    Raises:
        OutputError: the pack cannot be written.
    """
    try:
        frames.parent.mkdir(parents=True, exist_ok=True)
        with scratch_file(frames) as partial:
            with partial.open("wb") as file:
                writer = PackWriter(file, config)
                yield writer
            partial.replace(frames)
    except OSError as error:
        msg = f"Packed frames cannot be written to {frames.parent}: {error.strerror}."
        raise OutputError(msg, "Choose a folder with free space that can be written to.") from error
    index: dict[str, object] = {"offsets": writer.offsets, "times": writer.times}
    if writer.origin is not None:
        index["origin"] = writer.origin.to_dict()
    write_atomic(frames.with_suffix(".json"), json.dumps(index).encode())


def _write_frames(
    video: Path, writer: PackWriter, token: CancelToken, kept: frozenset[int]
) -> None:
    config, last, indices, size = writer.config, None, list[int](), (0, 0)
    for index, (time, frame) in enumerate(sequential_frames(video)):
        token.check()
        asked, size = index in kept, (frame.shape[1], frame.shape[0])
        if not asked and writer.times and time - writer.times[-1] < 0.999 / config.max_fps:
            continue
        small = shrink(frame, config.short_side)
        sketch = cv2.resize(small, (64, 64), interpolation=cv2.INTER_AREA).astype(np.int16)
        if not asked and last is not None and np.abs(sketch - last).mean() < config.min_change:
            continue
        last = sketch
        writer.add(small, time)
        indices.append(index)
    if kept or video.is_dir():
        stems = frame_names(video)
        names = tuple(stems[index] for index in indices) if stems else ()
        writer.origin = PackOrigin(video.name, size, tuple(indices), names)


def shrink(frame: Frame, short_side: int) -> Frame:
    """A frame with this short side in pixels; smaller ones stay."""
    height, width = frame.shape[:2]
    scale = short_side / min(height, width)
    if scale >= 1:
        return frame
    size = (round(width * scale), round(height * scale))
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
