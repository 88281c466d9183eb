"""Figures of the robot annotator: scores of a round, and what the confidence was worth."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WORST_SHARE = 0.1
DOUBTED_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class FrameMark:
    """What is kept of a scored frame, all 0..1.

    Attributes:
        scores: J and F of each object that is scored on it.
        confidence: mean over these objects.
    """

    scores: Mapping[int, tuple[float, float]]
    confidence: float

    @property
    def j(self) -> float:
        """Mean over the objects."""
        return _mean([j for j, _ in self.scores.values()])


@dataclass(frozen=True, slots=True)
class Round:
    """Figures after a number of corrected frames.

    J and F are means over the objects of the means over the frames on which each is scored, as in
    `core.eval.benchmark`.

    Attributes:
        corrected: frame that was corrected in this round; None in round 0.
        j, f: over all scored frames, corrected ones as they are.
        open_j, open_f: over the scored frames that were not corrected.
        steps: frames that were walked, those between two keyframes twice.
        seconds: time of the walk, decoding included, scoring not.
    """

    corrected: int | None
    j: float
    f: float
    open_j: float
    open_f: float
    steps: int
    seconds: float

    @property
    def j_and_f(self) -> float:
        """Mean of J and F, corrected frames included."""
        return (self.j + self.f) / 2

    @property
    def open_j_and_f(self) -> float:
        """Mean of J and F, corrected frames left out."""
        return (self.open_j + self.open_f) / 2


@dataclass(frozen=True, slots=True)
class Doubt:
    """What the confidence of round 0 says of the true J, frame by frame.

    Attributes:
        spearman: rank correlation, -1..1; NaN where all frames have the same J or confidence.
        worst_found: share of the worst tenth of the frames (at least one) that lies in the least
            confident quarter; NaN where all frames have the same confidence.
    """

    spearman: float
    worst_found: float


def measure_round(
    marks: Mapping[int, FrameMark],
    closed: Collection[int],
    *,
    corrected: int | None,
    steps: int,
    seconds: float,
) -> Round:
    """Figures of a round from the marks of all scored frames; `closed` ones have been corrected."""
    j, f = _means(list(marks.values()))
    open_j, open_f = _means([mark for index, mark in marks.items() if index not in closed])
    return Round(corrected, j, f, open_j, open_f, steps, seconds)


def _means(marks: Sequence[FrameMark]) -> tuple[float, float]:
    """J and F: means over the objects of the means over the frames on which each is scored."""
    rows: dict[int, list[tuple[float, float]]] = {}
    for mark in marks:
        for object_id, row in mark.scores.items():
            rows.setdefault(object_id, []).append(row)
    j = _mean([_mean([j for j, _ in found]) for found in rows.values()])
    return j, _mean([_mean([f for _, f in found]) for found in rows.values()])


def corrections_to_reach(rounds: Sequence[Round], target: float) -> int | None:
    """Corrected frames after which J&F first reaches a target, corrected frames left out.

    None where no round does: then it takes more than `len(rounds) - 1`.
    """
    reached = [number for number, r in enumerate(rounds) if r.open_j_and_f >= target]
    return reached[0] if reached else None


def measure_doubt(marks: Mapping[int, FrameMark]) -> Doubt:
    """What the confidence is worth; see `Doubt`. Of equals the earlier frame ranks lower."""
    ordered = [marks[index] for index in sorted(marks)]
    j = np.array([mark.j for mark in ordered])
    confidence = np.array([mark.confidence for mark in ordered])
    return Doubt(spearman(confidence, j), worst_found(confidence, j))


def spearman(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Rank correlation of two rows of N values, equals sharing their mean rank, -1..1.

    NaN where one of them has fewer than two different values.
    """
    ranks = _ranks(first), _ranks(second)
    spread = [float(np.ptp(rank)) if len(rank) else 0.0 for rank in ranks]
    if not all(spread):
        return math.nan
    return float(np.corrcoef(*ranks)[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[place], np.float64)


def worst_found(confidence: NDArray[np.float64], j: NDArray[np.float64]) -> float:
    """Share of the worst tenth of N values of J that lies in the least confident quarter, 0..1.

    Both are at least one value; of equals the earlier ranks lower. NaN where all confidences are
    the same.
    """
    if not len(j) or np.ptp(confidence) == 0:
        return math.nan
    worst = np.argsort(j, kind="stable")[: math.ceil(WORST_SHARE * len(j))]
    doubted = np.argsort(confidence, kind="stable")[: math.ceil(DOUBTED_SHARE * len(j))]
    return float(np.isin(worst, doubted).mean())


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan
