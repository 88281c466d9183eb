"""Soft maps of many frames in little memory. No torch here."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]


class PackedMaps(Mapping[int, Map]):
    """Maps by frame index, kept as compressed bytes: a frame takes some kilobytes.

    What comes out is off by at most 1/510.
    """

    def __init__(self) -> None:
        self._kept: dict[int, tuple[tuple[int, int], bytes]] = {}

    def add(self, index: int, plane: NDArray[np.floating] | NDArray[np.bool_]) -> None:
        """Keep the map of a frame, h x w, 0..1; replaces an earlier one.

        What is over 1 counts as 1: sums of maps that came out of here may be, by rounding.
        """
        levels = np.rint(np.clip(np.asarray(plane, np.float32), 0, 1) * 255).astype(np.uint8)
        height, width = levels.shape
        self._kept[index] = (height, width), zlib.compress(levels.tobytes(), 1)

    def drop(self, index: int) -> None:
        """Forget the map of a frame; nothing happens where there is none."""
        self._kept.pop(index, None)

    def __getitem__(self, index: int) -> Map:
        size, data = self._kept[index]
        levels = np.frombuffer(zlib.decompress(data), np.uint8).reshape(size)
        return np.asarray(levels / np.float32(255), np.float32)

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._kept))

    def __len__(self) -> int:
        return len(self._kept)
