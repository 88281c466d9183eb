"""Pages of image files: TIFF stacks, animations as GIF, PNG, WebP and AVIF."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from PIL import GifImagePlugin

if TYPE_CHECKING:
    from PIL import Image

# Indices are what masks consist of: pages that share a palette keep theirs.
GifImagePlugin.LOADING_STRATEGY = GifImagePlugin.LoadingStrategy.RGB_AFTER_DIFFERENT_PALETTE_ONLY

_KIND_TAG, _DESCRIPTION_TAG = 254, 270
_SMALLER_OR_MASK = 1 | 4
_OF_IMAGEJ = re.compile(r"^images=(\d{1,9})$", re.MULTILINE)


class ManyPages(ValueError):
    """An image file with more than one page where one is wanted."""


def page_numbers(image: Image.Image) -> tuple[int, ...]:
    """Return what `seek` takes for each page, ascending; the image then stands at the first.

    Previews, thumbnails and masks inside of a file are no pages.

    Raises:
        ValueError: the pages are stored in a way that only ImageJ reads.
        One of `core.media.image_file.IMAGE_ERRORS`: damaged.
    """
    if image.format == "TIFF":
        return _tiff_pages(image)
    # The further pictures of an MPO are previews, or views of another eye.
    if image.format == "MPO" or not getattr(image, "is_animated", False):
        return (0,)
    return tuple(range(getattr(image, "n_frames", 1)))


def refuse_pages(image: Image.Image) -> None:
    """Raise `ManyPages` for more than one page; further errors as for `page_numbers`."""
    if image.format != "TIFF" and not getattr(image, "is_animated", False):
        return
    count = len(page_numbers(image))
    if count > 1:
        raise ManyPages(f"it holds {count} pages")


def _tiff_pages(image: Any) -> tuple[int, ...]:
    description = image.tag_v2.get(_DESCRIPTION_TAG, "")
    pages: tuple[int, ...] = (0,)
    if image.is_animated:
        pages = tuple(number for number in range(image.n_frames) if _is_page(image, number))
        image.seek(0)
    told = _OF_IMAGEJ.search(description) if isinstance(description, str) else None
    if len(pages) <= 1 and told is not None and int(told[1]) > 1:
        raise ManyPages(f"it holds {told[1]} pages in a layout that only ImageJ reads")
    return pages or (0,)


def _is_page(image: Any, number: int) -> bool:
    try:
        image.seek(number)
    except SyntaxError:  # pixels of a kind that Pillow does not know; the tags are read
        if not number:
            raise
    kind = image.tag_v2.get(_KIND_TAG, 0)
    return not (isinstance(kind, int) and kind & _SMALLER_OR_MASK)
