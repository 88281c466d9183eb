"""What of a picture a classifier knows: its class-activation maps as one map.

Zhou et al. 2016. The classes are those that the classifier itself believes in, so that nobody
has to name any; each counts as much as it is believed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.nn.backbone import normalized_rgb
from core.nn.lite0 import frame_tensor
from core.nn.lite0_weights import load_features, load_head
from core.nn.resnet_classifier import read_classifier
from core.types import Frame

SHORT_SIDE = 224
"""Pixels on the short side of what the classifier sees; it learned at 224."""
LONGEST = 4
"""Long sides are at most so many short ones."""
CLASSES = 5
"""Classes that are believed most."""
CELL, FINER = 32, 4
"""Pixels between cells of the classifier, and how many cells a map has in the place of one."""


See = Callable[[Frame], Tensor]
"""From a frame of 32 n + 1 pixels a side to its class-activation maps, classes x h x w."""


class ClassMaps:
    """Maps of what a classifier sees. It is loaded when it is first asked, in any process."""

    def __init__(self, backbone: Path | None, classifier: Path | None = None) -> None:
        """Nothing is loaded yet.

        Args:
            backbone: see `core.nn.lite0_file.find_backbone`.
            classifier: another one in its place (`core.nn.resnet_classifier`); None for none.
        """
        self._paths = backbone, classifier
        self._see: See | None = None

    def __getstate__(self) -> tuple[Path | None, Path | None]:
        """The paths: each process that prepares batches loads its own."""
        return self._paths

    def __setstate__(self, paths: tuple[Path | None, Path | None]) -> None:
        self._paths, self._see = paths, None

    def __call__(self, frame: Frame) -> NDArray[np.float32]:
        """How much each cell speaks for what is on a picture.

        Args:
            frame: H x W x 3 uint8.

        Returns:
            h x w, 0..1, of the picture's shape, a cell for 8 pixels at `SHORT_SIDE`.

        Raises:
            CheckpointMissing, CheckpointMismatch: the classifier is not there, or damaged.
        """
        if self._see is None:
            backbone, classifier = self._paths
            self._see = lite0_sees(backbone) if classifier is None else resnet_sees(classifier)
        return class_map(self._see, frame)


def lite0_sees(backbone: Path | None) -> See:
    """What the ImageNet classifier of ADR 0032 makes of frames.

    Raises:
        CheckpointMissing, CheckpointMismatch: see `core.nn.lite0_weights.load_features`.
    """
    features, head = load_features(backbone), load_head(backbone)
    return lambda small: head.class_maps(features(frame_tensor(small))[2])[0]


def resnet_sees(classifier: Path) -> See:
    """What a ResNet that somebody brings makes of frames.

    Raises:
        CheckpointMissing, CheckpointMismatch: see `read_classifier`.
    """
    network = read_classifier(classifier)

    def see(small: Frame) -> Tensor:
        image = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
        return network.class_maps(normalized_rgb(image))[0]

    return see


@torch.inference_mode()
def class_map(see: See, frame: Frame) -> NDArray[np.float32]:
    """See `ClassMaps`; maps of the likeliest classes, less what speaks against, weighted, added.

    Args:
        see: the classifier.
        frame: H x W x 3 uint8.
    """
    columns, rows = _cells(frame)
    # One pixel more than whole cells: so cell i lies on pixel 32 i (`core.nn.lite0.first_cell`).
    size = (CELL * columns + 1, CELL * rows + 1)
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    maps = see(np.ascontiguousarray(small, np.uint8)).float()
    likely = maps.mean((1, 2)).softmax(0).topk(min(CLASSES, len(maps)))
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
