"""Soft overlap of two planes of probabilities, as arrays. No torch: baselines need none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def soft_overlap(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Soft intersection over union, 0..1; 1 where both are empty.

    `core.tracking.judging.confidence.soft_iou` is the same for tensors.
    """
    union = float(np.maximum(first, second).sum())
    return float(np.minimum(first, second).sum()) / union if union > 0 else 1.0
