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


def deep_size(data: bytes) -> tuple[int, int] | None:
    """Return (width, height) of a TIFF, Radiance HDR or OpenEXR file; None for any other.

    Args:
        data: the whole file.
    """
    try:
        if data[:2] in _TIFF:
            return _tiff_size(data, _TIFF[data[:2]])
        if data.startswith(_EXR):
            return _exr_size(data)
    except (struct.error, KeyError, ValueError, OverflowError):
        return None
    found = _HDR.match(data[:8192])
    return None if found is None else (int(found[2]), int(found[1]))


def _tiff_size(data: bytes, order: str) -> tuple[int, int]:
    """Return the size in the first directory, which is the one that is decoded.

    Raises:
        struct.error, KeyError, ValueError: it is no TIFF, or does not say.
    """
    big = {42: False, 43: True}[struct.unpack_from(f"{order}H", data, 2)[0]]
    place = struct.unpack_from(f"{order}Q" if big else f"{order}I", data, 8 if big else 4)[0]
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
    return found[_WIDTH_TAG], found[_HEIGHT_TAG]


def _exr_size(data: bytes) -> tuple[int, int]:
    place = data.index(_EXR_WINDOW, 0, _EXR_HEADER_BYTES) + len(_EXR_WINDOW)
    left, top, right, bottom = struct.unpack_from("<4i", data, place)
    return right - left + 1, bottom - top + 1
