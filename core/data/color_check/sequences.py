"""Table 3.1 of Skogh 2024 on the sequences of any dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from core.data.color_check.counting import THRESHOLDS, ColorCheck, check_frames, check_neighbors
from core.data.layouts import SequencePaths
from core.errors import DatasetError
from core.jobs import CancelToken
from core.media.image_file import read_rgb
from core.media.label_map import read_label_map
from core.ops.boxes import cell_means
from core.ops.color import cielab

SIDE = 384
"""Pixels to a side of a training frame; frames are stretched to a square as there."""
STRIDE = 4
"""Pixels to a cell of the color losses."""
FRAMES = 8
"""Frames of a clip."""

Row = tuple[tuple[ColorCheck, ...], tuple[ColorCheck, ...]]
"""Of one clip, for each threshold: the temporal loss, and the pairwise one."""


def check_sequences(sequences: tuple[SequencePaths, ...], token: CancelToken) -> Iterator[Row]:
    """Check one clip of each sequence after another: its first frames, as training takes them.

    Args:
        sequences: with a mask for each frame (`core.data.layouts.read_tree`).
        token: cancels between clips.

    Raises:
        DatasetError: a sequence with another number of frames than masks.
        MaskReadError: a mask that cannot be read.
        Cancelled: by the token.
    """
    for sequence in sequences:
        token.check()
        frames, masks = len(sequence.frames), len(sequence.masks)
        if frames != masks:
            raise DatasetError(
                f"{sequence.name} has {frames} frames and {masks} masks.",
                "Give a dataset in which each frame has a mask.",
            )
        lab = torch.cat([_lab(x) for x in sequence.frames[:FRAMES]])
        labels = torch.stack([_labels(x) for x in sequence.masks[:FRAMES]])
        yield check_frames(lab, labels), check_neighbors(lab, labels)


def _lab(path: Path) -> Tensor:
    frame = cv2.resize(read_rgb(path), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    rgb = torch.from_numpy(frame).permute(2, 0, 1)[None] / 255
    return cielab(cell_means(rgb, STRIDE))


def _labels(path: Path) -> Tensor:
    cells = SIDE // STRIDE
    label_map = read_label_map(path).label_map
    small = cv2.resize(label_map, (cells, cells), interpolation=cv2.INTER_NEAREST)
    return torch.from_numpy(np.asarray(small, np.uint8))


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of both tables: for each threshold the means over clips."""
    for name, which in (("temporal", 0), ("pairwise", 1)):
        yield f"{name}, {len(rows)} clips"
        yield "tau    share  coverage  precision"
        for index, threshold in enumerate(THRESHOLDS):
            checks = [row[which][index] for row in rows]
            means = (_mean([x.share for x in checks]), _mean([x.coverage for x in checks]))
            precision = _mean([x.precision for x in checks])
            yield f"{threshold:<6} {means[0]:.3f}  {means[1]:.3f}     {precision:.4f}"


def _mean(values: list[float | None]) -> float:
    known = [x for x in values if x is not None]
    return sum(known) / len(known) if known else float("nan")
