"""Some frames of a video as a video of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from core.media.frame_times import FrameIndex
    from core.media.video import VideoSource
    from core.types import Frame, VideoInfo


class ChosenFrames:
    """A `VideoSource` of some frames of another one, numbered anew from 0.

    Args:
        video: has the frames; closed with this source.
        chosen: their indices, in the order in which they are shown; some may come again.
    """

    def __init__(self, video: VideoSource, chosen: Sequence[int]) -> None:
        self._video = video
        self._chosen = tuple(chosen)

    @property
    def info(self) -> VideoInfo:
        """That of the video, with as many frames as are chosen."""
        info = self._video.info
        stems = tuple(info.stems[index] for index in self._chosen) if info.stems else ()
        return replace(info, frame_count=len(self._chosen), stems=stems)

    @property
    def index(self) -> FrameIndex | None:
        """None: the times of these frames are those of no file."""
        return None

    @property
    def notes(self) -> tuple[str, ...]:
        """See `VideoSource.notes`."""
        return self._video.notes

    def frame(self, index: int) -> Frame:
        """See `VideoSource.frame`."""
        if not 0 <= index < len(self._chosen):
            raise IndexError(index)
        return self._video.frame(self._chosen[index])

    def frames(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        """See `VideoSource.frames`."""
        return (self.frame(index) for index in range(start, stop, step))

    def close(self) -> None:
        """See `VideoSource.close`."""
        self._video.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()
