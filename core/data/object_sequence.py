"""A video with masks of its objects, as sets of unprompted discovery have it. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.media.label_map import read_label_map
from core.media.soft_map import read_soft_map
from core.types import VOID


@dataclass(frozen=True, slots=True)
class ObjectSequence:
    """A video with masks of its objects on some frames.

    Attributes:
        name: of the sequence.
        frames: image files in order.
        truths: by index into `frames`, the files whose objects are on it together.
        label_maps: masks are label maps of ours or of DAVIS, with 255 for void.
        above: of other masks the gray level, 0..1, above which a pixel is an object's.
        category: that scores are averaged by; empty where there is none.
    """

    name: str
    frames: tuple[Path, ...]
    truths: Mapping[int, tuple[Path, ...]]
    label_maps: bool = False
    above: float = 0.0
    category: str = ""

    def truth(self, index: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """What is an object on a frame, and what does not count, both H x W.

        Raises:
            MaskReadError: a file cannot be read.
        """
        if self.label_maps:
            labels = read_label_map(self.truths[index][0]).label_map
            return (labels > 0) & (labels != VOID), labels == VOID
        masks = [read_soft_map(path) > self.above for path in self.truths[index]]
        together = np.logical_or.reduce(masks)
        return together, np.zeros_like(together)
