"""Encoding of single pictures, always to the same bytes for the same pixels."""

from __future__ import annotations

import struct
import zlib
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from core.errors import OutputError
from core.media.image_file import IMAGE_ERRORS, open_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.media.annotations.values import AnnotationSource
    from core.types import Frame

JPEG_QUALITY = 95
DAVIS_HEIGHT = 480
_AFTER_HEADER = 33
"""Bytes of a PNG's signature and first chunk."""


def davis_size(width: int, height: int) -> tuple[int, int]:
    """Return (width, height) at 480 lines with an even width: 1920 x 1080 becomes 854 x 480."""
    return max(2, 2 * round(width * DAVIS_HEIGHT / height / 2)), DAVIS_HEIGHT


def resize_frame(frame: Frame, size: tuple[int, int]) -> Frame:
    """Resize a picture to (width, height) by area."""
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def frame_jpeg(
    source: AnnotationSource, frame_index: int, *, size: tuple[int, int] | None = None
) -> bytes:
    """Return a frame as JPEG; a file that is one already, at this size, is taken as it is.

    Args:
        source: has the frame.
        frame_index: which one.
        size: (width, height) to resize to, None for the video's own.
    """
    if size is None and (original := _own_jpeg(source, frame_index)) is not None:
        return original
    frame = source.frame(frame_index)
    if size is not None:
        frame = resize_frame(frame, size)
    return encode_jpeg(frame)


def encode_jpeg(frame: Frame) -> bytes:
    """Return H x W x 3 RGB as JPEG of quality 95."""
    bgr = np.ascontiguousarray(frame[:, :, ::-1])
    return _encode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def encode_gray_png(values: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """Return H x W gray of 8 or 16 bits as PNG."""
    return _encode(".png", values, [])


def encode_rgba_png(
    rgba: NDArray[np.uint8] | NDArray[np.uint16], pixel_aspect: Fraction = Fraction(1)
) -> bytes:
    """Return H x W x 4 (red, green, blue, alpha), 8 or 16 bits, as PNG.

    Args:
        rgba: the picture.
        pixel_aspect: width by height of a pixel; told where it is not square.
    """
    png = _encode(".png", np.ascontiguousarray(rgba[:, :, [2, 1, 0, 3]]), [])
    if pixel_aspect == 1:
        return png
    # Pixels for an unknown unit to the right and down: more of what is narrower.
    body = b"pHYs" + struct.pack(">IIB", pixel_aspect.denominator, pixel_aspect.numerator, 0)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:_AFTER_HEADER] + chunk + png[_AFTER_HEADER:]


def _encode(suffix: str, pixels: NDArray[Any], options: list[int]) -> bytes:
    try:
        done, data = cv2.imencode(suffix, pixels, options)
    except cv2.error as error:
        raise OutputError(f"A picture cannot be encoded as {suffix[1:]}: {error.err}.") from error
    if not done:
        raise OutputError(f"A picture cannot be encoded as {suffix[1:]}.")
    return data.tobytes()


def _own_jpeg(source: AnnotationSource, frame_index: int) -> bytes | None:
    """Return the bytes of the source's own file where it is an upright RGB JPEG."""
    if not source.video.stems:
        return None
    path = source.video.path / f"{source.video.stems[frame_index]}.jpg"
    try:
        with open_image(path) as image:
            plain = image.format == "JPEG" and image.mode == "RGB" and "exif" not in image.info
            same = image.size == (source.video.width, source.video.height)
        return path.read_bytes() if plain and same else None
    except IMAGE_ERRORS:
        return None
