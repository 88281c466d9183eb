"""The size of images that Pillow does not read, out of their headers, before any decoder."""

from __future__ import annotations

import re
import struct

_TIFF = {b"II": "<", b"MM": ">"}
_WIDTH_TAG, _HEIGHT_TAG = 256, 257
_INTEGERS = {3: "H", 4: "I", 16: "Q"}
_MAX_ENTRIES = 4096
_HDR = re.compile(rb"#\?(?:RADIANCE|RGBE)\n.{0,4000}?\n\n-Y (\d{1,9}) \+X (\d{1,9})\n", re.DOTALL)
_EXR = b"\x76\x2f\x31\x01"
_EXR_WINDOW = b"\0dataWindow\0box2i\0\x10\0\0\0"
_EXR_HEADER_BYTES = 1 << 16


def deep_sizes(data: bytes) -> tuple[tuple[int, int], ...]:
    """Return (width, height) of the first two pages of a TIFF, Radiance HDR or OpenEXR file.

    Args:
        data: the whole file.

    Returns:
        One size, or two where a TIFF has more than one page; none for any other file.
    """
    try:
        if data[:2] in _TIFF:
            return _tiff_sizes(data, _TIFF[data[:2]])
        if data.startswith(_EXR):
            return (_exr_size(data),)
    except (struct.error, KeyError, ValueError, OverflowError):
        return ()
    found = _HDR.match(data[:8192])
    return () if found is None else ((int(found[2]), int(found[1])),)


def _tiff_sizes(data: bytes, order: str) -> tuple[tuple[int, int], ...]:
    """Return the sizes in the first two directories.

    Raises:
        struct.error, KeyError, ValueError: it is no TIFF, or does not say.
    """
    big = {42: False, 43: True}[struct.unpack_from(f"{order}H", data, 2)[0]]
    first = struct.unpack_from(f"{order}Q" if big else f"{order}I", data, 8 if big else 4)[0]
    size, second = _directory(data, order, place=first, big=big)
    return (size, _directory(data, order, place=second, big=big)[0]) if second else (size,)


def _directory(data: bytes, order: str, *, place: int, big: bool) -> tuple[tuple[int, int], int]:
    """Return the size that a directory gives, and where the next one is; 0 for none."""
    count = struct.unpack_from(f"{order}Q" if big else f"{order}H", data, place)[0]
    if count > _MAX_ENTRIES:
        raise ValueError("too many entries")
    found: dict[int, int] = {}
    for number in range(count):
        entry = place + (8 + 20 * number if big else 2 + 12 * number)
        tag, kind = struct.unpack_from(f"{order}HH", data, entry)
        if tag in (_WIDTH_TAG, _HEIGHT_TAG):
            value = entry + (12 if big else 8)
            # Of doubled entries decoders take the first.
            found.setdefault(tag, struct.unpack_from(f"{order}{_INTEGERS[kind]}", data, value)[0])
    end = place + (8 + 20 * count if big else 2 + 12 * count)
    following = struct.unpack_from(f"{order}Q" if big else f"{order}I", data, end)[0]
    return (found[_WIDTH_TAG], found[_HEIGHT_TAG]), following


def _exr_size(data: bytes) -> tuple[int, int]:
    place = data.index(_EXR_WINDOW, 0, _EXR_HEADER_BYTES) + len(_EXR_WINDOW)
    left, top, right, bottom = struct.unpack_from("<4i", data, place)
    return right - left + 1, bottom - top + 1
