"""Opening a video: one door for video files and folders of images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from core.errors import VideoOpenError
from core.media.frame_times import FrameIndex, FrameTimes
from core.media.image_file import IMAGE_SUFFIXES
from core.media.safe_input import animation_format
from core.media.source import CachedSource, FrameReader
from core.types import VideoInfo

if TYPE_CHECKING:
    from core.types import Frame

DEFAULT_CACHE_BYTES = 256 << 20
"""Budget of decoded frames: some 220 at 480p, 40 at 1080p."""


class VideoSource(Protocol):
    """A video with exact access to each frame, forward and backward."""

    @property
    def info(self) -> VideoInfo:
        """What is known of the video."""

    @property
    def index(self) -> FrameIndex | None:
        """Times and entry points of the frames of a file; None for a folder of images."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was wrong with frames that were read so far, though they are shown.

        Plain sentences to be told once, one for each kind in the order in which they were met; a
        sentence may tell of more frames later. Waits for a frame that is being decoded.
        """

    def frame(self, index: int) -> Frame:
        """Return frame `index` as H x W x 3 uint8 RGB, read-only.

        Raises:
            IndexError: there is no such frame; negative numbers do not count from the end.
            VideoDecodeError: the video is damaged there.
        """

    def frames(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        """Yield the frames of `range(start, stop, step)`; efficient in both directions."""

    def close(self) -> None:
        """Let go of files and threads. Closing twice does no harm."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_exc: object) -> None: ...


def open_video(
    path: Path,
    *,
    cache_bytes: int = DEFAULT_CACHE_BYTES,
    prefetch: bool = False,
    index: FrameIndex | None = None,
) -> VideoSource:
    """Open a video file, a folder of images, or an image file with its pages as frames.

    Frames are decoded when they are asked for. Opening a file walks once through its packets,
    unless its index is known.

    Args:
        path: a video file, an image file, or a folder whose images are the frames in natural
            order.
        cache_bytes: budget of the cache of decoded frames; 0 keeps none.
        prefetch: decode the next frames in a background thread.
        index: what `VideoSource.index` said of the same file before; None makes it.

    Raises:
        VideoOpenError: missing, empty, not a video, or without a frame that can be shown.
    """
    return CachedSource(_open_reader(path, index), cache_bytes=cache_bytes, prefetch=prefetch)


def frame_times(video: VideoSource) -> FrameTimes:
    """Return when the frames of a video are shown: as its file says, else evenly at its rate."""
    info, index = video.info, video.index
    if index is None:
        return FrameTimes(tuple(range(info.frame_count)), 1 / info.fps)
    return index.times


def _open_reader(path: Path, index: FrameIndex | None) -> FrameReader:
    if path.is_dir():
        from core.media.image_folder import ImageFolderReader

        return ImageFolderReader(path)
    if not path.exists():
        raise VideoOpenError(f"There is no file or folder {path}.", "Check the path.")
    if not path.is_file():
        raise VideoOpenError(f"{path} is neither a file nor a folder.")
    if path.stat().st_size == 0:
        raise VideoOpenError(f"{path} is empty (0 bytes).", "Copy or export the video again.")
    if path.suffix.lower() in IMAGE_SUFFIXES and not animation_format(path):
        from core.media.image_stack import ImageStackReader

        return ImageStackReader(path)
    from core.media.video_file import VideoFileReader

    return VideoFileReader(path, index)
