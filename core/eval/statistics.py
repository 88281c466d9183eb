"""Mean, recall and decay of a score over the frames of a sequence (DAVIS)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RECALL_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Statistic:
    """What DAVIS reports of a score.

    Attributes:
        mean: mean over the frames, 0..1.
        recall: share of the frames with a score above 0.5.
        decay: mean of the first quarter of the frames minus that of the last; lower is better.
    """

    mean: float
    recall: float
    decay: float


def summarize(values: Sequence[float], *, compat: bool = False) -> Statistic:
    """Mean, recall and decay of per-frame values; all NaN where there are none."""
    if not len(values):
        return Statistic(math.nan, math.nan, math.nan)
    scores = np.asarray(values, np.float64)
    recall = np.count_nonzero(scores > RECALL_THRESHOLD) / len(scores)
    return Statistic(float(scores.mean()), recall, decay(scores, compat=compat))


def decay(values: Sequence[float] | np.ndarray, *, compat: bool = False) -> float:
    """Mean of the first quarter minus mean of the last quarter of the frames.

    The quarters end at frames round(linspace(1, N, 5)), both ends belonging to both neighbors.

    Args:
        values: one score per frame.
        compat: reproduce the official 2017 tool, which keeps the quarters' ends in 8 bits: with
            more than 256 frames they wrap around, and an empty last quarter gives NaN.

    Returns:
        The difference, -1..1; NaN where there are no values.
    """
    scores = np.asarray(values, np.float64)
    if not len(scores):
        return math.nan
    ends = (np.round(np.linspace(1, len(scores), 5) + 1e-10) - 1).astype(np.int64)
    if compat:
        ends %= 256
    first, last = scores[ends[0] : ends[1] + 1], scores[ends[3] : ends[4] + 1]
    return float(first.mean() - last.mean()) if first.size and last.size else math.nan


def average(statistics: Sequence[Statistic]) -> Statistic:
    """Mean of each figure over objects; all NaN where there are none."""
    if not statistics:
        return Statistic(math.nan, math.nan, math.nan)
    table = np.array([(s.mean, s.recall, s.decay) for s in statistics], np.float64)
    mean, recall, drop = (float(value) for value in table.mean(axis=0))
    return Statistic(mean, recall, drop)
