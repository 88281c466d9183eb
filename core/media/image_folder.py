"""A folder of images as a video."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import VideoDecodeError, VideoOpenError
from core.media.image_file import IMAGE_ERRORS, image_size, list_images, read_rgb
from core.media.image_pages import ManyPages
from core.types import VideoInfo

if TYPE_CHECKING:
    from core.types import Frame

FOLDER_RATE = Fraction(24)
"""Frames a second of a folder: the rate of the films that DAVIS was cut from."""


class ImageFolderReader:
    """Reads the images of a folder, in natural order of their names, as frames.

    All sizes are compared when the folder is opened, from the files' headers.

    Raises:
        VideoOpenError: no images, two of one name, one that is unreadable or of another size.
    """

    def __init__(self, folder: Path) -> None:
        self._files = _list_files(folder)
        width, height = _common_size(self._files)
        self._info = VideoInfo(
            path=folder,
            frame_count=len(self._files),
            width=width,
            height=height,
            fps=FOLDER_RATE,
            stems=tuple(p.stem for p in self._files),
        )

    @property
    def info(self) -> VideoInfo:
        """What is known of the video."""
        return self._info

    @property
    def index(self) -> None:
        """Images have no times of their own."""
        return None

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing: an image that is not as it should be cannot be read."""
        return ()

    def run_start(self, index: int) -> int:
        """Return `index`: images stand alone."""
        return index

    def decode(self, first: int, last: int) -> Iterator[tuple[int, Frame]]:
        """Yield images `first` to `last`, both included.

        Raises:
            VideoDecodeError: a file is damaged, gone, or was replaced by one of another size.
        """
        for index in range(first, last + 1):
            yield index, self._read(index)

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def _read(self, index: int) -> Frame:
        path = self._files[index]
        try:
            frame = read_rgb(path)
        except IMAGE_ERRORS as exc:
            raise VideoDecodeError(
                f"Frame {index} ({path}) cannot be read: {exc}.",
                "Export this image again, or choose a range without it.",
            ) from exc
        expected = (self._info.height, self._info.width)
        if frame.shape[:2] != expected:
            raise VideoDecodeError(
                f"Frame {index} ({path}) is {frame.shape[1]} x {frame.shape[0]} pixels, but the"
                f" video is {self._info.width} x {self._info.height}.",
                "The file was changed after the folder was opened: open it again.",
            )
        return frame


def _list_files(folder: Path) -> list[Path]:
    try:
        files = list_images(folder)
    except OSError as exc:
        raise VideoOpenError(f"The folder {folder} cannot be read: {exc.strerror}.") from exc
    if not files:
        raise VideoOpenError(
            f"The folder {folder} holds no images.",
            "Choose a folder of frames (jpg, png, webp, bmp, tif, ...) or a video file.",
        )
    by_stem: dict[str, Path] = {}
    for path in files:
        other = by_stem.setdefault(path.stem, path)
        if other is not path:
            raise VideoOpenError(
                f"The folder {folder} holds two images of one frame: {other.name} and {path.name}.",
                "Keep the frames in a folder of their own, without masks or copies.",
            )
    return files


def _common_size(files: list[Path]) -> tuple[int, int]:
    sizes = [_size(path) for path in files]
    common, _ = Counter(sizes).most_common(1)[0]
    for path, size in zip(files, sizes, strict=True):
        if size != common:
            raise VideoOpenError(
                f"All images of a video must have one size: {path.name} is {size[0]} x {size[1]}"
                f" pixels, but most in {path.parent} are {common[0]} x {common[1]}.",
                "Move that file out of the folder, or give it the size of the others.",
            )
    return common


def _size(path: Path) -> tuple[int, int]:
    try:
        return image_size(path)
    except ManyPages as exc:
        raise VideoOpenError(
            f"{path} is not one frame: {exc}.",
            "Open that file itself as a video, or save its pages as images of their own.",
        ) from exc
    except IMAGE_ERRORS as exc:
        raise VideoOpenError(
            f"{path} cannot be read as an image: {exc}.",
            "Move that file out of the folder, or export it again.",
        ) from exc
