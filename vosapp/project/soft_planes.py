"""Soft labels of propagated masks, for mattes: what the engine said of each cell, as small planes.

They lie beside the masks, and nothing but mattes looks at them. Where a mask is changed by hand
they may no longer fit; whoever uses them compares.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from vosapp.project.codec import bounding_box, inflate
from vosapp.project.model import check
from vosapp.project.rows import Rows
from vosapp.project.schema import SOFTS

MAX_CELLS = 1 << 26
"""A plane that promises more is damaged."""
_HEADER = struct.Struct("<HHHHHH")
"""Full height and width, top, left, height and width of the part that is not 0."""
_SURE = 4
"""Steps of 1 / 255 that count as certain; noise there would cost more than all that matters."""
_LEVEL = 1

Levels = NDArray[np.uint8]
"""h x w, 0..255 for 0..1."""


def encode_plane(plane: Levels) -> bytes:
    """Return a plane as bytes; what is nearly certain becomes certain."""
    sure = np.where(plane < _SURE, 0, np.where(plane > 255 - _SURE, 255, plane)).astype(np.uint8)
    top, left, bottom, right = bounding_box(sure)
    part = np.ascontiguousarray(sure[top:bottom, left:right])
    place = (*sure.shape, top, left, bottom - top, right - left)
    return _HEADER.pack(*place) + zlib.compress(part.tobytes(), _LEVEL)


def decode_plane(data: bytes) -> Levels:
    """Return the plane that `encode_plane` was given, but for what was nearly certain.

    Raises:
        Unreadable: the bytes are no plane.
    """
    check(isinstance(data, bytes) and len(data) >= _HEADER.size, "soft labels are cut off")
    height, width, top, left, part_h, part_w = _HEADER.unpack_from(data)
    check(0 < height * width <= MAX_CELLS, "soft labels have no size")
    check(top + part_h <= height and left + part_w <= width, "soft labels reach out of the frame")
    body = inflate(data[_HEADER.size :], part_h * part_w)
    check(len(body) == part_h * part_w, "soft labels have the wrong length")
    plane = np.zeros((height, width), np.uint8)
    part = np.frombuffer(body, np.uint8).reshape(part_h, part_w)
    plane[top : top + part_h, left : left + part_w] = part
    return plane


class SoftPlanes:
    """Reads and writes soft labels; runs inside the caller's transaction."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, frame_index: int, object_id: int) -> Levels | None:
        """Return the soft labels of a cell, None where there are none.

        Raises:
            Unreadable: what is stored is no plane.
        """
        row = self._rows.get(SOFTS, frame_index, object_id)
        return None if row is None else decode_plane(row[0])

    def put(self, frame_index: int, object_id: int, plane: Levels | None) -> None:
        """Store the soft labels of a cell in place of others; None leaves it without."""
        if plane is not None:
            self._rows.put(SOFTS, (frame_index, object_id), (encode_plane(plane),))
        elif self._rows.get(SOFTS, frame_index, object_id) is not None:
            self._rows.delete(SOFTS, frame_index, object_id)

    def clear(self, object_id: int, start: int, stop: int) -> None:
        """Remove those of an object on the frames `start` to `stop` - 1."""
        for key in self._keys(object_id, start, stop):
            self._rows.delete(SOFTS, *key)

    def move(self, source: int, target: int, start: int, stop: int) -> None:
        """Hand those of a range on to another object, where it has none."""
        for frame, _ in self._keys(source, start, stop):
            row = self._rows.get(SOFTS, frame, source)
            if row is not None and self._rows.get(SOFTS, frame, target) is None:
                self._rows.put(SOFTS, (frame, target), row)
            self._rows.delete(SOFTS, frame, source)

    def _keys(self, object_id: int, start: int, stop: int) -> list[tuple[int, ...]]:
        where = "object_id = ? AND frame_index >= ? AND frame_index < ?"
        return self._rows.keys(SOFTS, where, (object_id, start, stop))
