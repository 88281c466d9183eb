"""Small gray planes of packed frames, kept beside their pack for the runs to come.

A file of whole records, to which any process may append: what a kill leaves of the last one is
not read. What cannot be read or written is as if it were not there: planes can be made again.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.media.input_file import read_input

Plane = NDArray[np.uint8]
_HEAD = struct.Struct("<QHHI")
"""Place of the frame in its pack, height, width, bytes that follow."""
MAX_BYTES = 256 << 20
"""A larger file is not read."""


class KeptPlanes:
    """The planes of one pack, by the place of their frames in it."""

    def __init__(self, path: Path) -> None:
        """Read what is there.

        Args:
            path: the file; it is made by the first plane that is kept.
        """
        self._path = path
        self._packed: dict[int, tuple[int, int, bytes]] = {}
        self._read()

    def get(self, place: int) -> Plane | None:
        """The plane of a frame, h x w; None where there is none."""
        if place not in self._packed:
            return None
        height, width, data = self._packed[place]
        try:
            return np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, width)
        except (zlib.error, ValueError):
            return None

    def put(self, place: int, plane: Plane) -> None:
        """Keep the plane of a frame."""
        height, width = plane.shape
        data = zlib.compress(np.ascontiguousarray(plane).tobytes(), 1)
        self._packed[place] = height, width, data
        try:
            # One call to the system: other processes append planes of their own.
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            try:
                os.write(descriptor, _HEAD.pack(place, height, width, len(data)) + data)
            finally:
                os.close(descriptor)
        except OSError:
            return

    def _read(self) -> None:
        try:
            content = read_input(self._path, limit=MAX_BYTES)
        except OSError:
            return
        start = 0
        while start + _HEAD.size <= len(content):
            place, height, width, length = _HEAD.unpack_from(content, start)
            start += _HEAD.size
            if start + length > len(content):
                return
            self._packed[place] = height, width, content[start : start + length]
            start += length
