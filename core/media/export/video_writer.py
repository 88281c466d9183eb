"""Writing a video with the times of the source's own frames, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from core.errors import OutputError
from core.media.export.webm_aspect import PLACEHOLDER, declare_aspect
from core.media.frame_times import FrameTimes
from core.media.safe_input import whole_path
from core.media.video import frame_times, open_video
from core.types import VideoInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.media.annotations.values import AnnotationSource
    from core.media.export.sequence import Task

_BT709 = 1
"""Primaries, transfer and matrix of high definition in FFmpeg's numbers."""
_LIMITED = 1
_HINT = "Choose a folder that you may write to, on a disk with free space."
_THREADS = 4
"""Of an encoder. What x264 writes depends on their number, so it is not that of the processors."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How a video is encoded.

    Attributes:
        codec: FFmpeg's name of the encoder.
        suffix: ending of the file; decides the container.
        pixels: FFmpeg's name of the pixel format.
        even: width and height must be even; pictures are extended by their last row and column.
        options: of the encoder.
        metadata: of the video track.
    """

    codec: str
    suffix: str
    pixels: str
    even: bool = False
    options: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


H264 = Coding(
    "libx264",
    ".mp4",
    "yuv420p",
    even=True,
    # WORKAROUND(x264 of PyAV 18.1): where the processor has AVX-512, its mbtree reads memory that
    # was never written to, and the same pictures give other bytes.
    options={"crf": "18", "preset": "medium", "x264-params": "mbtree=0"},
)
PRORES_4444 = Coding(
    "prores_ks", ".mov", "yuva444p10le", options={"profile": "4444", "alpha_bits": "16"}
)
VP9_ALPHA = Coding(
    "libvpx-vp9",
    ".webm",
    "yuva420p",
    even=True,
    # Alternate reference frames and alpha do not go together in this encoder.
    options={
        "crf": "18",
        "b": "0",
        "auto-alt-ref": "0",
        "deadline": "good",
        "cpu-used": "4",
        "row-mt": "0",
    },
    metadata={"alpha_mode": "1"},
)


def read_times(source: AnnotationSource) -> FrameTimes:
    """Return when the frames of a video are shown: as is known, else from the file or its rate.

    Raises:
        VideoOpenError: the file is no longer there or no video.
    """
    info = source.video
    if source.times is not None:
        return source.times
    if info.stems or not info.path.is_file():
        return FrameTimes(tuple(range(info.frame_count)), 1 / info.fps)
    with open_video(info.path, cache_bytes=0) as video:
        return frame_times(video)


def coded_size(width: int, height: int, coding: Coding) -> tuple[int, int]:
    """Return (width, height) in the file: even where the coding needs it."""
    return (width + width % 2, height + height % 2) if coding.even else (width, height)


class VideoWriter:
    """Encodes pictures with given times. Made by `open_writer`."""

    def __init__(self, container: Any, stream: Any, *, times: FrameTimes, coding: Coding) -> None:
        self._container = container
        self._stream = stream
        self._times = times
        self._coding = coding
        self._start: int | None = None

    def write(self, frame_index: int, picture: NDArray[np.uint8]) -> None:
        """Encode one frame; the first one starts at time 0.

        Args:
            frame_index: 0-based; decides when it is shown. Must ascend.
            picture: H x W x 3 RGB, or H x W x 4 with alpha, at the video's size.
        """
        if self._start is None:
            self._start = self._times.pts[frame_index]
        padded = _padded(picture, (self._stream.width, self._stream.height))
        kind = "rgba" if picture.shape[2] == 4 else "rgb24"
        frame = av.VideoFrame.from_ndarray(padded, format=kind)
        frame = frame.reformat(
            format=self._coding.pixels,
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            # WORKAROUND(FFmpeg of PyAV 18.1): with several threads the first alpha values of a
            # thread's rows are now and then wrong.
            threads=1,
        )
        frame.time_base = self._times.base
        frame.pts = self._times.pts[frame_index] - self._start
        self._container.mux(self._stream.encode(frame))

    def end(self) -> None:
        """Encode what the encoder still holds."""
        self._container.mux(self._stream.encode(None))


@contextmanager
def open_writer(
    path: Path, info: VideoInfo, *, times: FrameTimes, coding: Coding
) -> Iterator[VideoWriter]:
    """Open a video file for writing, at the size and with the times of a video.

    The same pictures give the same bytes (ADR 0025).

    Raises:
        OutputError: the file cannot be written, or this FFmpeg lacks the encoder.
    """
    try:
        # Else WebM would have a random number, and each file the version of the library.
        with av.open(whole_path(path), "w", options={"fflags": "bitexact"}) as container:
            stream = _add_stream(container, info, times=times, coding=coding)
            writer = VideoWriter(container, stream, times=times, coding=coding)
            yield writer
            writer.end()
        if _needs_shape(info, coding):
            declare_aspect(path, coded_size(info.width, info.height, coding), info.pixel_aspect)
    except (av.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        msg = f"Cannot write a video with {coding.codec} to {path.parent}: {reason}."
        raise OutputError(msg, _HINT) from error
    except av.codec.codec.UnknownCodecError as error:
        raise OutputError(
            f"This installation cannot encode with {coding.codec}.",
            "Install PyAV from its wheel, which has it, or choose another format.",
        ) from error


@contextmanager
def open_sequence_writer(task: Task, ending: str, coding: Coding) -> Iterator[VideoWriter]:
    """Open OUT/SEQUENCE and an ending for one export; the file appears when it is whole.

    Raises:
        OutputError: as for `open_writer`.
    """
    times = read_times(task.source)
    with (
        task.folder.stream((f"{task.sequence}{ending}",)) as path,
        open_writer(path, task.source.video, times=times, coding=coding) as writer,
    ):
        yield writer


def _add_stream(container: Any, info: VideoInfo, *, times: FrameTimes, coding: Coding) -> Any:
    stream = container.add_stream(coding.codec, rate=info.fps, options=dict(coding.options))
    stream.width, stream.height = coded_size(info.width, info.height, coding)
    stream.pix_fmt = coding.pixels
    stream.time_base = times.base
    context = stream.codec_context
    context.thread_count = _THREADS
    context.time_base = Fraction(times.base)
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = _LIMITED
    context.sample_aspect_ratio = info.pixel_aspect
    for key, value in coding.metadata.items():
        stream.metadata[key] = value
    if _needs_shape(info, coding):
        stream.metadata["title"] = PLACEHOLDER
    return stream


def _needs_shape(info: VideoInfo, coding: Coding) -> bool:
    return coding.suffix == ".webm" and info.pixel_aspect != 1


def _padded(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    below, right = size[1] - height, size[0] - width
    if not (below or right):
        return np.ascontiguousarray(picture)
    return np.pad(picture, ((0, below), (0, right), (0, 0)), mode="edge")
