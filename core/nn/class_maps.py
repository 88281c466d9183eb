"""What of a picture the ImageNet classifier knows: its class-activation maps as one map.

Zhou et al. 2016. The classes are those that the classifier itself believes in, so that nobody
has to name any; each counts as much as it is believed.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from core.nn.lite0 import Lite0Features, Lite0Head, frame_tensor
from core.nn.lite0_weights import load_features, load_head
from core.types import Frame

SHORT_SIDE = 224
"""Pixels on the short side of what the classifier sees; it learned at 224."""
LONGEST = 4
"""Long sides are at most so many short ones."""
CLASSES = 5
"""Classes that are believed most."""
CELL, FINER = 32, 4
"""Pixels between cells of the classifier, and how many cells a map has in the place of one."""


class ClassMaps:
    """Maps of what the classifier sees. It is loaded when it is first asked, in any process."""

    def __init__(self, backbone: Path | None) -> None:
        """Nothing is loaded yet.

        Args:
            backbone: see `core.nn.lite0_file.find_backbone`.
        """
        self._path = backbone
        self._parts: tuple[Lite0Features, Lite0Head] | None = None

    def __getstate__(self) -> Path | None:
        """The path: each process that prepares batches loads its own."""
        return self._path

    def __setstate__(self, path: Path | None) -> None:
        self._path, self._parts = path, None

    def __call__(self, frame: Frame) -> NDArray[np.float32]:
        """How much each cell speaks for what is on a picture.

        Args:
            frame: H x W x 3 uint8.

        Returns:
            h x w, 0..1, of the picture's shape, a cell for 8 pixels at `SHORT_SIDE`.

        Raises:
            CheckpointMissing, CheckpointMismatch: the classifier is not there, or damaged.
        """
        if self._parts is None:
            self._parts = load_features(self._path), load_head(self._path)
        return class_map(*self._parts, frame)


@torch.inference_mode()
def class_map(features: Lite0Features, head: Lite0Head, frame: Frame) -> NDArray[np.float32]:
    """See `ClassMaps`; maps of the likeliest classes, less what speaks against, weighted, added.

    Args:
        features: in eval mode.
        head: likewise.
        frame: H x W x 3 uint8.
    """
    columns, rows = _cells(frame)
    # One pixel more than whole cells: so cell i lies on pixel 32 i (`core.nn.lite0.first_cell`).
    size = (CELL * columns + 1, CELL * rows + 1)
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    sixteenth = features(frame_tensor(np.ascontiguousarray(small, np.uint8)))[2]
    maps = head.class_maps(sixteenth)[0]
    likely = maps.mean((1, 2)).softmax(0).topk(CLASSES)
    found = (likely.values[:, None, None] * F.relu(maps[likely.indices])).sum(0)
    evenly = F.interpolate(
        found[None, None],
        size=(FINER * rows, FINER * columns),
        mode="bilinear",
        align_corners=True,
    )[0, 0]
    return np.asarray((evenly / evenly.max().clamp(min=1e-6)).numpy(), np.float32)


def _cells(frame: Frame) -> tuple[int, int]:
    """Columns and rows of cells that a frame is seen with."""
    height, width = frame.shape[:2]
    scale = SHORT_SIDE / (CELL * min(height, width))
    most = LONGEST * SHORT_SIDE // CELL
    columns, rows = (min(most, max(1, round(n * scale))) for n in (width, height))
    return columns, rows
