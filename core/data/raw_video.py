"""Reading raw videos in sequence, for training: with PyAV, or with OpenCV where it is missing."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2

from core.errors import VideoOpenError
from core.media.safe_input import SAFE_OPTIONS, whole_path
from core.media.scratch import scratch_folder
from core.text import is_text
from core.types import Frame

_OPTIONS_OF_OPENCV = "OPENCV_FFMPEG_CAPTURE_OPTIONS"

FRAME_FOLDER = "JPEGImages"
"""Folder of a data set's frames, with a folder for each sequence at or below it."""
FRAME_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
VIDEO_SUFFIXES = frozenset({
    ".3gp", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov",
    ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".webm", ".wmv",
})  # fmt: skip

IMAGES_SUFFIX = ".images"
"""Ending of folders, or of links to folders, whose images are the frames of one video."""


def find_videos(folder: Path) -> list[Path]:
    """Every video at or below a path, in the order of their names: files, and folders of images.

    A folder of images counts where its name ends in `.images`, or where it is a sequence of a data
    set, below a folder that is called JPEGImages (`core.data.layouts`).
    """
    if folder.is_file():
        return [folder]
    found = {*files_below(folder, VIDEO_SUFFIXES), *_image_folders(folder), *_sequences(folder)}
    return sorted(found)


def is_sequence(video: Path) -> bool:
    """Whether a video is a sequence of a data set, whose images have names that count."""
    return video.is_dir() and not video.name.endswith(IMAGES_SUFFIX)


def frame_names(video: Path) -> tuple[str, ...]:
    """Names of a sequence's images in order, without suffix; none of other videos.

    Raises:
        VideoOpenError: a folder without images, or with some that cannot be read.
    """
    if not is_sequence(video):
        return ()
    from core.media.video import open_video

    with open_video(video, cache_bytes=0) as source:
        return source.info.stems


def _sequences(folder: Path) -> Iterator[Path]:
    """Folders of images in the trees of data sets; what is in no such tree may be photos."""
    images = files_below(folder, FRAME_SUFFIXES)
    for place in dict.fromkeys(image.parent for image in images):
        if _holds_sequences(place.parent, place.resolve().parent) and is_sequence(place):
            yield place


def _holds_sequences(*places: Path) -> bool:
    """Whether one of these paths of a folder leads through that of a data set's frames."""
    return any(FRAME_FOLDER in place.absolute().parts for place in places)


def _image_folders(folder: Path) -> Iterator[Path]:
    for place, names, _ in _folders(folder):
        yield from (Path(place, n) for n in names if n.endswith(IMAGES_SUFFIX) and n[0] != ".")


def files_below(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """Every file below a folder with one of these endings, in order; none of hidden names.

    Raises:
        OSError: a folder may not be entered. `Path.rglob` would pass over it without a word.
    """
    found = (
        Path(place, name)
        for place, _, names in _folders(folder)
        for name in names
        if not name.startswith(".")
    )
    return sorted(p for p in found if p.suffix.lower() in suffixes and p.is_file())


def _folders(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """`os.walk`, through links, too: they are how parts of a data set are put together.

    Each folder comes once, where it lies rather than where a link shows it; and once more where a
    link puts it among the sequences of a data set.
    """
    seen, starts = set[tuple[Path, bool]](), [folder]
    for start in starts:
        for place, names, files in os.walk(start, onerror=_refuse):
            here, real = Path(place), Path(place).resolve()
            if (real, holds := _holds_sequences(here, real)) in seen:
                names.clear()
                continue
            seen.add((real, holds))
            names[:] = sorted(name for name in names if not _leads_back(here / name))
            yield place, names, files
            starts += [here / name for name in names if (here / name).is_symlink()]


def _leads_back(folder: Path) -> bool:
    """Whether a folder is a link to one that it lies in, so that it has no end."""
    return folder.is_symlink() and folder.resolve() in {
        around for place in folder.parents for around in (place.resolve(), *place.resolve().parents)
    }


def _refuse(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def sequential_frames(path: Path) -> Iterator[tuple[float, Frame]]:
    """(seconds, H x W x 3 uint8 RGB) of every frame in order.

    Raises:
        VideoOpenError: not a readable video.
    """
    if path.is_dir():
        return _with_pyav(path)
    try:
        import av  # noqa: F401
    except ImportError:
        return _with_opencv(path)
    return _with_pyav(path)


def _with_pyav(path: Path) -> Iterator[tuple[float, Frame]]:
    # Folders of images need no PyAV.
    from core.media.video import frame_times, open_video

    with open_video(path) as video:
        times = frame_times(video)
        for index, frame in enumerate(video.frames(0, video.info.frame_count)):
            yield float(times.seconds(index)), frame


def _with_opencv(path: Path) -> Iterator[tuple[float, Frame]]:
    capture = _capture(path)
    try:
        rate = capture.get(cv2.CAP_PROP_FPS) or 25.0
        ok, image = capture.read()
        if not ok:
            msg = f"{path} cannot be read as a video."
            raise VideoOpenError(msg, "Check that it plays in a video player.")
        index = 0
        while ok:
            yield index / rate, cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
            index += 1
            ok, image = capture.read()
    finally:
        capture.release()


def _capture(path: Path) -> Any:
    """Open a video with OpenCV, which takes what FFmpeg may open from the environment only."""
    before = os.environ.get(_OPTIONS_OF_OPENCV)
    os.environ[_OPTIONS_OF_OPENCV] = "|".join(
        f"{key};{value}" for key, value in SAFE_OPTIONS.items()
    )
    try:
        with _named_in_text(path) as name:
            return cv2.VideoCapture(name, cv2.CAP_FFMPEG)
    finally:
        if before is None:
            del os.environ[_OPTIONS_OF_OPENCV]
        else:
            os.environ[_OPTIONS_OF_OPENCV] = before


@contextmanager
def _named_in_text(path: Path) -> Iterator[str]:
    """Give a path that OpenCV can be handed: itself, or a link to it."""
    if is_text(str(path)):
        yield whole_path(path)
        return
    # WORKAROUND(opencv 5.0): names that are no UTF-8 crash the process.
    with scratch_folder() as folder:
        link = folder / "video"
        link.symlink_to(path.absolute())
        yield whole_path(link)
