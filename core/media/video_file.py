"""Exact frame access to a video file with PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from core.errors import VideoDecodeError, VideoOpenError
from core.media.container import decode_frames, open_stream, pixel_aspect
from core.media.defects import Defects
from core.media.frame_index import index_frames
from core.media.frame_rate import declared_rates, frame_rate
from core.media.frame_times import FrameIndex
from core.media.orientation import orientation_of
from core.types import VideoInfo

if TYPE_CHECKING:
    from core.types import Frame

_SEEK_BACK_SECONDS = (0, 2, 8, 30)
"""How much earlier to try where a seek landed too late, before starting from the beginning."""
_STEP_OVER = 8
"""So many frames ahead are decoded through rather than sought."""


class VideoFileReader:
    """Decodes runs of frames of one video file, upright, as RGB.

    Frames before the first and after the last that the decoder gives out do not count: a stream
    that was cut in the middle of a group of pictures starts at its first whole one.

    Args:
        path: the file.
        index: what `VideoFileReader.index` said of the same file before; saves the walk through
            its packets. One that does not fit the first frame is made anew.

    Raises:
        VideoOpenError: not a video, or no frame of it can be decoded.
    """

    def __init__(self, path: Path, index: FrameIndex | None = None) -> None:
        self._path = path
        self._index = index_frames(path) if index is None else index
        self._reformatter = VideoReformatter()
        self._container: Any = None
        self._stream: Any = None
        self._decoded: Iterator[tuple[int, Any]] = iter(())
        self._ahead: tuple[int, Any] | None = None
        self._position = 0
        self._passed_over = 0
        self._open()
        try:
            first = self._first(given=index is not None)
            self._orientation = orientation_of(first)
            self._coded_size = (first.width, first.height)
            self._defects = Defects(path, self._coded_size)
            self._trim_end()
        except BaseException:
            self.close()
            raise
        self._info = self._describe()

    @property
    def info(self) -> VideoInfo:
        """What is known of the video."""
        return self._info

    @property
    def index(self) -> FrameIndex:
        """Times and entry points of the frames, to open the file with the next time."""
        return self._index

    @property
    def notes(self) -> tuple[str, ...]:
        """What was wrong with frames that were decoded so far."""
        return self._defects.sentences

    def run_start(self, index: int) -> int:
        """Return the entry point at or before `index`."""
        return self._index.key_before(index)

    def decode(self, first: int, last: int) -> Iterator[tuple[int, Frame]]:
        """Yield frames `first` to `last`, both included; those that are damaged are left out."""
        self._move_to(first)
        while (ahead := self._peek()) is not None and ahead[0] <= last:
            self._ahead = None
            self._position = ahead[0] + 1
            if ahead[0] >= first:
                self._look_at(ahead[1], ahead[0])
                yield ahead[0], self._to_rgb(ahead[1], ahead[0])

    def close(self) -> None:
        """Close the file and end all threads of the decoder. Twice does no harm."""
        self._decoded, self._ahead = iter(()), None
        if self._container is not None:
            self._container.close()
        # Decoder and converter live, with their threads, as long as anybody holds them.
        self._container = self._stream = None
        self._reformatter = VideoReformatter()

    def _open(self) -> None:
        self._container, self._stream = open_stream(self._path)
        self._restart()

    def _reopen(self) -> None:
        self.close()
        self._open()

    def _restart(self) -> None:
        self._decoded = self._numbered()
        self._ahead = None
        self._position = 0
        self._passed_over = 0

    def _numbered(self) -> Iterator[tuple[int, Any]]:
        """Yield (index, decoded frame); pictures that are not in the index are passed over."""
        for count, frame in enumerate(decode_frames(self._container, self._stream)):
            number: int | None = count
            if self._index.timed:
                number = None if frame.pts is None else self._index.find(frame.pts)
            if number is not None and number < len(self._index.pts):
                yield number, frame
            else:
                self._passed_over += 1

    def _peek(self) -> tuple[int, Any] | None:
        if self._ahead is None:
            self._ahead = next(self._decoded, None)
        return self._ahead

    def _move_to(self, index: int) -> None:
        """Stand so that `index` is still to come, without seeking where reading on is as good."""
        near = self._index.key_before(index) <= self._position
        if self._position <= index and (near or index - self._position <= _STEP_OVER):
            return
        if not (self._index.timed and self._seek(self._index.key_before(index))):
            self._reopen()

    def _seek(self, key: int) -> bool:
        """Seek to an entry point, or earlier; False where the file cannot do that."""
        for seconds in _SEEK_BACK_SECONDS:
            back = round(seconds / self._stream.time_base)
            target = max(self._index.pts[key] - back, self._index.pts[0])
            if self._land(target, key):
                return True
            if target == self._index.pts[0]:
                break
        return False

    def _land(self, target: int, key: int) -> bool:
        """Seek to a time; True where decoding from there gives frame `key` or an earlier one.

        A decoder may also give frames before the entry point it landed on, which lean on pictures
        that it never read (open GOP). They come before `key`, so nobody asks for them.
        """
        try:
            self._container.seek(target, stream=self._stream, backward=True)
        except (av.FFmpegError, OSError):
            return False
        self._restart()
        first = self._peek()
        if first is None or first[0] > key:
            return False
        self._position = first[0]
        return True

    def _first(self, *, given: bool) -> Any:
        """Return the first frame; an index that was given and does not begin there is replaced."""
        ahead = self._peek()
        if given and (ahead is None or ahead[0] != 0 or self._passed_over):
            self._index = index_frames(self._path)
            self._reopen()
        return self._trim_start()

    def _trim_start(self) -> Any:
        first = self._peek()
        if first is None:
            raise VideoOpenError(
                f"No frame of {self._path} can be decoded: the file is damaged.",
                "Copy or export the video again.",
            )
        self._index = self._index.between(first[0], len(self._index.pts) - 1)
        self._ahead = (0, first[1])
        return first[1]

    def _trim_end(self) -> None:
        """Take off the frames at the end that do not come out, where the file looks cut off."""
        if not self._index.doubtful:
            return
        last = len(self._index.pts) - 1
        start = self._index.key_before(last)
        while True:
            self._move_to(start)
            found = [number for number, _ in self._decoded_from(start)]
            if found or start == 0:
                break
            start = self._index.key_before(start - 1)
        self._index = replace(self._index.between(0, max(found, default=0)), doubtful=False)
        self._reopen()

    def _decoded_from(self, start: int) -> Iterator[tuple[int, Any]]:
        while (ahead := self._peek()) is not None:
            self._ahead = None
            if ahead[0] >= start:
                yield ahead

    def _describe(self) -> VideoInfo:
        width, height = self._orientation.size(*self._coded_size)
        return VideoInfo(
            path=self._path,
            frame_count=len(self._index.pts),
            width=width,
            height=height,
            fps=frame_rate(self._index, declared_rates(self._stream)),
            breaks_off=self._index.breaks_off,
            pixel_aspect=self._orientation.aspect(pixel_aspect(self._stream)),
        )

    def _look_at(self, frame: Any, number: int) -> None:
        size = (frame.width, frame.height)
        self._defects.note(number, is_damaged=bool(frame.is_corrupt), size=size)

    def _to_rgb(self, frame: Any, number: int) -> Frame:
        width, height = self._coded_size
        try:
            rgb = self._reformatter.reformat(frame, width=width, height=height, format="rgb24")
            image = rgb.to_ndarray().astype(np.uint8, copy=False)
        except (ValueError, OSError) as exc:
            raise VideoDecodeError(
                f"Frame {number} of {self._path} has a pixel format that cannot be shown: {exc}."
            ) from exc
        return self._orientation.apply(image)
