"""What a list of frames to check is worth: where the first entries send whoever follows it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.eval.interactive_figures import WORST_SHARE
from core.eval.review.played import Played
from core.review.ranking import Weights, rank
from core.review.reasons import REASONS, Reason

FIRST = 5
"""Entries that are looked at."""
GLANCE = 2
"""Frames on both sides of an entry that one sees on the way."""


@dataclass(frozen=True, slots=True)
class ListFigures:
    """What some frames of one sequence are worth.

    Attributes:
        held: share of the worst tenth of the scored frames, by J, that is among them, 0..1.
        most: the largest share that so many frames can hold.
        near: share of the worst tenth that lies within `GLANCE` frames of one of them.
        j: mean J of these frames.
        j_of_all: mean J of all scored frames.
    """

    held: float
    most: float
    near: float
    j: float
    j_of_all: float


def measure_list(played: Played, frames: Sequence[int]) -> ListFigures:
    """Compare a list of frames with the true J of its sequence."""
    j = played.frame_j
    scored = np.flatnonzero(np.isfinite(j))
    if not scored.size:
        return ListFigures(*(math.nan,) * 5)
    count = max(1, round(WORST_SHARE * scored.size))
    worst = scored[np.argsort(j[scored], kind="stable")[:count]]
    chosen = np.array(sorted(set(frames) & set(scored.tolist())), np.intp)
    held = np.isin(worst, chosen).mean()
    away = abs(worst[:, None] - chosen[None]).min(1) if chosen.size else np.full(count, np.inf)
    mean = float(j[chosen].mean()) if chosen.size else math.nan
    most = min(1.0, len(frames) / count)
    near = float((away <= GLANCE).mean())
    return ListFigures(float(held), most, near, mean, float(j[scored].mean()))


def listed(played: Played, weights: Weights, *, count: int = FIRST) -> tuple[int, ...]:
    """Return the frames of the first entries of a sequence's list."""
    entries = rank(played.tracks, count=count, weights=weights)
    return tuple(entry.frame_index for entry in entries)


def confidence_alone(weights: Weights) -> Weights:
    """Return weights with which only low confidence counts."""
    reasons = tuple(float(reason is Reason.DOUBT) for reason in REASONS)
    return Weights(reasons, weights.apart, weights.reach, 0.0)


def evenly(played: Played, *, count: int = FIRST) -> tuple[int, ...]:
    """Return so many scored frames at even distances: what one gets without any list."""
    scored = np.flatnonzero(np.isfinite(played.frame_j))
    places = (np.arange(count) + 0.5) * scored.size / count
    return tuple(int(scored[int(place)]) for place in places) if scored.size else ()


def means(figures: Sequence[ListFigures]) -> ListFigures:
    """Return the means over sequences; what is not known of one is left out."""
    rows: NDArray[np.float64] = np.array(
        [(f.held, f.most, f.near, f.j, f.j_of_all) for f in figures], np.float64
    ).reshape(-1, 5)
    return ListFigures(*(_mean(column) for column in rows.T))


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else math.nan
