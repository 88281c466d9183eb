"""Reading one image file: names that count, size from the header, pixels as RGB."""

from __future__ import annotations

import struct
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from core.media.image_header import deep_sizes
from core.media.image_pages import ManyPages, refuse_pages
from core.media.input_file import read_input, require_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.types import Frame

IMAGE_SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff"),
        *(".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".jp2", ".avif", ".gif", ".exr", ".hdr"),
    }
)
"""Endings, in lower case, of files that are taken for images."""
FORMATS = (*("PNG", "JPEG", "WEBP", "BMP", "DIB", "TIFF", "PPM", "JPEG2000", "AVIF", "GIF", "TGA"),)
"""What Pillow may take a file for, by content; it knows others that start programs (EPS)."""
MAX_PIXELS = 100_000_000
"""Larger images are refused before memory is taken for them; 8K video has 33 million."""
IMAGE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, OverflowError)
"""What Pillow raises for a file that is damaged or no image."""

_MAX_DEEP_BYTES = 1 << 30
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class ImageTooLarge(ValueError):
    """An image whose header claims more than `MAX_PIXELS` pixels."""


def list_images(folder: Path) -> list[Path]:
    """Return the image files of a folder in natural order; hidden and other files do not count.

    Raises:
        OSError: the folder cannot be listed.
    """
    # Training reads images too, and runs where this package is not installed.
    from natsort import natsorted, ns

    found = [
        p
        for p in folder.iterdir()
        if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith(".") and p.is_file()
    ]
    return natsorted(found, key=lambda p: p.name, alg=ns.IGNORECASE)


def open_image(
    path: Path | BinaryIO, *, formats: tuple[str, ...] = FORMATS, with_pages: bool = False
) -> Image.Image:
    """Open an image with Pillow, reading its header only. The one place that does (ADR 0022).

    Args:
        path: the file.
        formats: what it may be, whatever its name says.
        with_pages: there may be more than one page, see `core.media.image_pages`.

    Raises:
        ImageTooLarge: the header claims more than `MAX_PIXELS` pixels.
        ManyPages: more than one page, of which only the first would be seen.
        OSError and the others of `IMAGE_ERRORS`: no image, or damaged.
    """
    with warnings.catch_warnings():
        # Of large images, which have a limit here, and of damaged ones, which give an error.
        warnings.simplefilter("ignore")
        if isinstance(path, Path):
            require_input(path)
        try:
            image = Image.open(path, formats=_known(formats))
        except Image.DecompressionBombError as exc:
            raise ImageTooLarge(f"more than {MAX_PIXELS // 1_000_000} million pixels") from exc
    width, height = image.size
    if width * height > MAX_PIXELS:
        image.close()
        raise ImageTooLarge(f"{width} x {height} pixels")
    if not with_pages:
        try:
            refuse_pages(image)
        except BaseException:
            image.close()
            raise
    return image


def show_page(image: Image.Image, number: int) -> None:
    """Make an open image stand at one of its `page_numbers`.

    Raises:
        ImageTooLarge: this page has more than `MAX_PIXELS` pixels.
        Others of `IMAGE_ERRORS`: damaged.
    """
    image.seek(number)
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageTooLarge(f"{width} x {height} pixels")


@cache
def _known(formats: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out what this Pillow was built without: it fails for names that it does not know."""
    Image.init()
    return tuple(name for name in formats if name in Image.OPEN)


def image_size(path: Path) -> tuple[int, int]:
    """Return (width, height) of an image as it is shown, without decoding where Pillow reads it.

    Raises:
        One of `IMAGE_ERRORS`: no image, or too large.
    """
    try:
        with open_image(path) as image:
            width, height = image.size
            return (height, width) if _orientation(image) >= 5 else (width, height)
    except UnidentifiedImageError:
        frame = _read_with_opencv(path)
        return frame.shape[1], frame.shape[0]


def read_rgb(path: Path) -> Frame:
    """Read an image as H x W x 3 uint8 RGB, upright by its EXIF orientation.

    Gray is repeated, transparency ignored, 16 bit cut to its upper 8.

    Raises:
        One of `IMAGE_ERRORS`: no image, damaged, or too large.
    """
    try:
        with open_image(path) as image:
            return upright_rgb(image)
    except UnidentifiedImageError:
        return _read_with_opencv(path)


def upright_rgb(image: Image.Image) -> Frame:
    """Return an open image, at the page where it stands, as `read_rgb` does."""
    turn = _UPRIGHT.get(_orientation(image))
    pixels = _to_rgb(image)
    return np.array(pixels.transpose(turn) if turn is not None else pixels)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1..8. Pillow has turned TIFF files itself."""
    # For PNG, getexif() would decode the pixels to look for a tag behind them.
    if image.format == "TIFF" or (image.format == "PNG" and "exif" not in image.info):
        return 1
    value = image.getexif().get(_ORIENTATION_TAG, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_to_8_bits(np.asarray(image))).convert("RGB")
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert("RGB")


def _to_8_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Scale deep gray to 0..255: floats from 0..1, integers from 16 bit."""
    if values.dtype.kind == "f":
        scaled = np.rint(np.clip(np.nan_to_num(values), 0, 1) * 255)
    else:
        scaled = np.clip(values, 0, 65535) // 256
    return np.asarray(scaled, np.uint8)


def _read_with_opencv(path: Path) -> Frame:
    """Read what Pillow does not know, such as 16-bit RGB TIFF.

    OpenCV opens by content whatever it was built with. So it gets no file whose sizes, in a header
    of one of the formats that are meant, were not found and looked at before.
    """
    data = read_input(path, limit=_MAX_DEEP_BYTES)
    sizes = deep_sizes(data)
    if not sizes:
        raise OSError("not a readable image")
    for width, height in sizes:
        if width * height > MAX_PIXELS:
            raise ImageTooLarge(f"{width} x {height} pixels")
    # Two pages tell that there are several; `imcount` crashes on names that are no UTF-8.
    pages = _decode(data, pages=2)
    if len(pages) > 1:
        raise ManyPages("it holds several pages")
    return pages[0]


def decode_jpeg(data: bytes) -> Frame:
    """Decode a JPEG as H x W x 3 uint8 RGB, faster than `read_rgb`: for frames that we packed.

    Raises:
        OSError: it is none, or damaged.
    """
    if not data.startswith(b"\xff\xd8"):
        raise OSError("not a JPEG")
    return _decode(data, pages=1)[0]


def _decode(data: bytes, *, pages: int) -> list[Frame]:
    """Decode the first pages of an image, at least one."""
    import cv2

    flat, color = np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR
    try:
        if pages == 1:
            image = cv2.imdecode(flat, color)
            found = [] if image is None else [image]
        else:
            found = list(cv2.imdecodemulti(flat, color, range=(0, pages))[1])
    except cv2.error as exc:
        raise OSError(f"not a readable image ({exc.err})") from exc
    if not found:
        raise OSError("not a readable image")
    return [np.asarray(cv2.cvtColor(page, cv2.COLOR_BGR2RGB), np.uint8) for page in found]
