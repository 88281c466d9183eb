"""An image file as a video: TIFF stacks, animated WebP and AVIF, and single images."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import UnidentifiedImageError

from core.errors import VideoDecodeError, VideoOpenError
from core.media.frame_times import FrameIndex
from core.media.image_file import IMAGE_ERRORS, open_image, read_rgb, show_page, upright_rgb
from core.media.image_folder import FOLDER_RATE
from core.media.image_pages import page_numbers
from core.types import VideoInfo

if TYPE_CHECKING:
    from core.types import Frame

_LEAST_DURATION, _USUAL_DURATION = 11, 100
"""Milliseconds: pages that ask for less than the one are shown for the other, as browsers do."""
_HINT = "Save it again with other software, or its pages as images in a folder."


class ImageStackReader:
    """Reads the pages of one image file as frames.

    Pages of a TIFF have no times and go at the rate of image folders; those of an animation have
    durations.

    Raises:
        VideoOpenError: no image, or one whose pages cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._image: Any = None
        try:
            self._open()
            first = self._page(0)
            self._index = self._timed()
        except IMAGE_ERRORS as exc:
            self.close()
            raise VideoOpenError(f"{path} cannot be read as an image: {exc}.", _HINT) from exc
        self._info = VideoInfo(
            path=path,
            frame_count=len(self._pages),
            width=first.shape[1],
            height=first.shape[0],
            fps=FOLDER_RATE if self._index is None else _mean_rate(self._index),
        )

    @property
    def info(self) -> VideoInfo:
        """What is known of the video."""
        return self._info

    @property
    def index(self) -> FrameIndex | None:
        """Times of the pages; None where they have none."""
        return self._index

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing: an image that is not as it should be cannot be read."""
        return ()

    def run_start(self, index: int) -> int:
        """Return the page to begin with: animations are put together from their first one on."""
        return index if self._index is None else 0

    def decode(self, first: int, last: int) -> Iterator[tuple[int, Frame]]:
        """Yield pages `first` to `last`, both included.

        Raises:
            VideoDecodeError: a page is damaged, or of another size than the first.
        """
        for index in range(first, last + 1):
            yield index, self._checked(index)

    def close(self) -> None:
        """Close the file."""
        if self._image is not None:
            self._image.close()
            self._image = None

    def _open(self) -> None:
        try:
            self._image = open_image(self._path, with_pages=True)
        except UnidentifiedImageError:  # OpenCV knows more kinds, with one page
            self._pages: tuple[int, ...] = (0,)
        else:
            self._pages = page_numbers(self._image)

    def _page(self, index: int) -> Frame:
        if self._image is None:
            return read_rgb(self._path)
        show_page(self._image, self._pages[index])
        return upright_rgb(self._image)

    def _checked(self, index: int) -> Frame:
        try:
            frame = self._page(index)
        except IMAGE_ERRORS as exc:
            raise VideoDecodeError(
                f"Frame {index} of {self._path} cannot be read: {exc}.", _HINT
            ) from exc
        height, width = frame.shape[:2]
        if (width, height) != (self._info.width, self._info.height):
            raise VideoDecodeError(
                f"Frame {index} of {self._path} is {width} x {height} pixels, but the first is"
                f" {self._info.width} x {self._info.height}.",
                "Save the pages of each size in a file of their own.",
            )
        return frame

    def _timed(self) -> FrameIndex | None:
        """Return the times of an animation, for which every page has to be looked at."""
        if len(self._pages) == 1 or self._image.format == "TIFF":
            return None
        durations = []
        for number in self._pages:
            show_page(self._image, number)
            self._image.load()
            durations.append(round(self._image.info.get("duration") or 0))
        usual = (d if d >= _LEAST_DURATION else _USUAL_DURATION for d in durations[:-1])
        return FrameIndex(tuple(accumulate(usual, initial=0)), (0,), base=Fraction(1, 1000))


def _mean_rate(index: FrameIndex) -> Fraction:
    return Fraction((len(index.pts) - 1) * 1000, index.pts[-1]).limit_denominator(1001)
