"""Reading raw videos in sequence, for training: with PyAV, or with OpenCV where it is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cv2

from core.errors import VideoOpenError
from core.media.video_formats import OPTIONS
from core.types import Frame

VIDEO_SUFFIXES = frozenset({
    ".3gp", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov",
    ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".webm", ".wmv",
})  # fmt: skip
_OPTIONS_NAME = "OPENCV_FFMPEG_CAPTURE_OPTIONS"


def find_videos(folder: Path) -> list[Path]:
    """Every video file at or below a path, in the order of their names."""
    if folder.is_file():
        return [folder]
    found = (p for p in folder.rglob("*") if p.suffix.lower() in VIDEO_SUFFIXES and p.is_file())
    return sorted(p for p in found if not p.name.startswith("."))


def sequential_frames(path: Path) -> Iterator[tuple[float, Frame]]:
    """(seconds, H x W x 3 uint8 RGB) of every frame in order.

    Raises:
        VideoOpenError: not a readable video.
    """
    try:
        import av  # noqa: F401
    except ImportError:
        return _with_opencv(path)
    return _with_pyav(path)


def _with_pyav(path: Path) -> Iterator[tuple[float, Frame]]:
    from core.media.video import open_video

    with open_video(path) as video:
        rate = float(video.info.fps)
        for index, frame in enumerate(video.frames(0, video.info.frame_count)):
            yield index / rate, frame


def _with_opencv(path: Path) -> Iterator[tuple[float, Frame]]:
    capture = _open_with_opencv(path)
    try:
        rate = capture.get(cv2.CAP_PROP_FPS) or 25.0
        ok, image = capture.read()
        if not ok:
            msg = f"{path} cannot be read as a video."
            raise VideoOpenError(msg, "Check that it plays in a video player.")
        index = 0
        while ok:
            yield index / rate, cv2.cvtColor(image, cv2.COLOR_BGR2RGB)  # type: ignore[misc]
            index += 1
            ok, image = capture.read()
    finally:
        capture.release()


def _open_with_opencv(path: Path) -> cv2.VideoCapture:
    """Open a file with FFmpeg as `core.media.frame_index` does; OpenCV's other readers stay out.

    Raises:
        VideoOpenError: it is no file.
    """
    if not path.is_file():
        raise VideoOpenError(f"There is no file {path}.", "Check the path.")
    # OpenCV takes options of FFmpeg from the environment only, each time it opens a file.
    before = os.environ.get(_OPTIONS_NAME)
    os.environ[_OPTIONS_NAME] = "|".join(f"{name};{value}" for name, value in OPTIONS.items())
    try:
        return cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    finally:
        if before is None:
            del os.environ[_OPTIONS_NAME]
        else:
            os.environ[_OPTIONS_NAME] = before
