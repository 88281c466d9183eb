from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from core.media.label_map import write_label_map

SHAPE = (48, 64)


def paint(**boxes: tuple[int, int]) -> np.ndarray:
    """Label map with a 12 x 14 box for each object: `_1=(top, left)` is object 1."""
    label_map = np.zeros(SHAPE, np.uint8)
    for name, (top, left) in boxes.items():
        label_map[top : top + 12, left : left + 14] = int(name.removeprefix("_"))
    return label_map


@pytest.fixture(name="paint")
def paint_fixture() -> Callable[..., np.ndarray]:
    return paint


@pytest.fixture
def write_masks() -> Callable[[Path, Sequence[np.ndarray]], None]:
    """Writes 00000.png, 00001.png, ... into a folder."""

    def write(folder: Path, label_maps: Sequence[np.ndarray]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for index, label_map in enumerate(label_maps):
            write_label_map(folder / f"{index:05d}.png", label_map)

    return write


@pytest.fixture
def two_objects() -> list[np.ndarray]:
    """Six frames of two boxes that move apart."""
    return [paint(_1=(5, 5 + t), _2=(30, 45 - 2 * t)) for t in range(6)]
