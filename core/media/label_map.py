"""Label-map files: 8-bit palette PNG as DAVIS has them, and the door to all other masks."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, UnidentifiedImageError

from core.errors import MaskReadError
from core.media.atomic import write_atomic
from core.media.image_file import IMAGE_ERRORS, ImageTooLarge, open_image, show_page
from core.media.image_pages import ManyPages, page_numbers
from core.media.mask_import import ColorIds, MaskImport, import_mask, survey_mask
from core.media.palette import DAVIS_PALETTE

if TYPE_CHECKING:
    from core.types import LabelMap

__all__ = [
    "ColorIds",
    "MaskImport",
    "encode_label_map",
    "page_count",
    "read_label_map",
    "read_pages",
    "resize_label_map",
    "survey_label_map",
    "write_label_map",
]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PALETTE_COLOR = 3
_HINT = "Export the mask again, best as an 8-bit palette PNG whose pixel values are object ids."


def encode_label_map(label_map: LabelMap) -> bytes:
    """Return the bytes of a PNG: depth 8, color type 3, chunks IHDR PLTE IDAT IEND.

    The palette always has all 256 entries: with fewer, common writers choose 1, 2 or 4 bits a
    pixel, which DAVIS tools misread. The same label map always gives the same bytes.

    Args:
        label_map: H x W uint8, not empty.
    """
    if label_map.dtype != np.uint8 or label_map.ndim != 2 or label_map.size == 0:
        raise ValueError(f"not a label map: {label_map.dtype} {label_map.shape}")
    height, width = label_map.shape
    rows = np.zeros((height, width + 1), np.uint8)  # a filter byte 0 ("none") before each row
    rows[:, 1:] = label_map
    header = struct.pack(">IIBBBBB", width, height, 8, _PALETTE_COLOR, 0, 0, 0)
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", DAVIS_PALETTE),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)),
            _chunk(b"IEND", b""),
        )
    )


def write_label_map(path: Path, label_map: LabelMap) -> None:
    """Write a label map as a DAVIS palette PNG, whole or not at all.

    Args:
        path: the PNG file; its folder must exist.
        label_map: H x W uint8 object ids.

    Raises:
        OutputError: the file cannot be written; nothing is left under its name or beside it.
    """
    write_atomic(path, encode_label_map(label_map))


def read_label_map(
    path: Path,
    *,
    color_ids: ColorIds | None = None,
    data: bytes | None = None,
    check_size: Callable[[int, int], None] | None = None,
) -> MaskImport:
    """Read any mask file as a label map and say how its values became object ids.

    A palette image is read by index, whatever its colors. The other kinds, and how ids come out
    of them, are described in `core.media.mask_import`.

    Args:
        path: the mask file.
        color_ids: pass one object for several files so that a color has one id in all of them.
        data: content of the file where it does not lie on the disk; `path` then only names it.
        check_size: raises where width and height do not fit; asked before pixels are decoded, since
            a small file can hold very many.

    Raises:
        MaskReadError: missing, empty, damaged, too large, with more than 254 objects, or with more
            than one page.
        What `check_size` raises.
    """
    if data is None and not path.is_file():
        raise MaskReadError(f"There is no mask file {path}.", "Check the path.")
    image = _load(path, data, check_size)
    return import_mask(image, path, color_ids if color_ids is not None else ColorIds())


def survey_label_map(
    path: Path,
    color_ids: ColorIds,
    *,
    data: bytes | None = None,
    check_size: Callable[[int, int], None] | None = None,
) -> None:
    """Look at one of several masks before any is read: its values then mean the same in all.

    Raises:
        MaskReadError: as for `read_label_map`.
    """
    if data is None and not path.is_file():
        raise MaskReadError(f"There is no mask file {path}.", "Check the path.")
    survey_mask(_load(path, data, check_size), path, color_ids)


def page_count(path: Path) -> int:
    """Return how many masks a file holds, one on each page.

    Raises:
        MaskReadError: missing, empty, damaged or too large.
    """
    with _opened(path) as image, _read_errors(path):
        return len(page_numbers(image))


def read_pages(
    path: Path,
    *,
    color_ids: ColorIds | None = None,
    check_size: Callable[[int, int], None] | None = None,
) -> Iterator[MaskImport]:
    """Read the masks of a file with pages, in their order; see `read_label_map`.

    Palette images are read by index where all pages have one palette, else by color: an index then
    means another thing on each page.

    Raises:
        MaskReadError: as for `read_label_map`, on any page.
    """
    ids = color_ids if color_ids is not None else ColorIds()
    with _opened(path) as image, _read_errors(path):
        for page in _pages(image, check_size):
            survey_mask(page, path, ids)
        for page in _pages(image, None):
            yield import_mask(page, path, ids)


def _pages(
    image: Image.Image, check_size: Callable[[int, int], None] | None
) -> Iterator[Image.Image]:
    pages = page_numbers(image)
    if check_size is not None:
        # All of them first: to compare their palettes, pages are decoded.
        _check_pages(image, pages, check_size)
    has_indices = _shares_palette(image, pages)
    for number in pages:
        show_page(image, number)
        image.load()
        yield image.convert("RGB") if image.mode == "P" and not has_indices else image


def _check_pages(
    image: Image.Image, pages: tuple[int, ...], check_size: Callable[[int, int], None]
) -> None:
    for number in pages:
        show_page(image, number)
        check_size(*image.size)


def resize_label_map(label_map: LabelMap, size: tuple[int, int]) -> LabelMap:
    """Resize to (width, height) by the nearest pixel's center, read-only; no new ids appear."""
    resized = np.array(Image.fromarray(label_map).resize(size, Image.Resampling.NEAREST))
    resized.flags.writeable = False
    return resized


def _shares_palette(image: Image.Image, pages: tuple[int, ...]) -> bool:
    """Tell whether all pages have indices that mean the same colors."""
    palettes = set()
    for number in pages:
        show_page(image, number)
        if image.format == "GIF":  # tells the mode of a page when it is put together
            image.load()
        palettes.add(bytes(image.getpalette() or b"") if image.mode == "P" else None)
    return len(palettes) == 1


def _opened(path: Path) -> Image.Image:
    if not path.is_file():
        raise MaskReadError(f"There is no mask file {path}.", "Check the path.")
    with _read_errors(path):
        if path.stat().st_size == 0:
            raise MaskReadError(f"The mask {path} is empty (0 bytes).", _HINT)
        return open_image(path, with_pages=True)


@contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    """Turn what Pillow raises into a `MaskReadError`."""
    try:
        yield
    except ImageTooLarge as exc:
        raise MaskReadError(f"The mask {path} claims to be too large: {exc}.", _HINT) from exc
    except ManyPages as exc:
        hint = (
            "As the --masks of a new project or a propagation it may have a page for each frame;"
            " here, save each page as a file of its own."
        )
        raise MaskReadError(f"The mask {path} is not one mask: {exc}.", hint) from exc
    except IMAGE_ERRORS as exc:
        reason = "it is no image" if isinstance(exc, UnidentifiedImageError) else exc
        raise MaskReadError(f"The mask {path} cannot be read: {reason}.", _HINT) from exc


def _load(
    path: Path, data: bytes | None, check_size: Callable[[int, int], None] | None
) -> Image.Image:
    with _read_errors(path):
        if (path.stat().st_size if data is None else len(data)) == 0:
            raise MaskReadError(f"The mask {path} is empty (0 bytes).", _HINT)
        with open_image(path if data is None else BytesIO(data)) as image:
            if check_size is not None:
                check_size(*image.size)
            image.load()
            return image


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
