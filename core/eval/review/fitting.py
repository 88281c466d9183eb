"""Fitting what the reasons of a list of frames to check count.

The weights of reasons are those with which severity comes nearest to the J that is missing, none
of them negative: a least-squares fit within each sequence, since a list compares frames of one
video. How entries are spread is chosen from a few values by what the first entries then hold.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from core.errors import UsageError
from core.eval.review.figures import listed, means, measure_list
from core.eval.review.played import Played
from core.review.ranking import Weights
from core.review.reasons import REASONS, Reason, cues_of

APART = (6, 8)
"""Five neighbors of one drift would hold more of the worst frames, and be one frame to mend."""
REACH = (0.05, 0.1, 0.2)
CALM = 0.25
"""So many of the masks, the least severe ones, are never listed."""
FEWEST = 20
"""Cells without which nothing is fitted."""
SMALLEST = 0.02
"""Every reason counts a little: what the fit saw too rarely may still be seen."""
LOST = 1.0
"""A lost object misses all of its J; frames with one are too few for a fit."""


def fit(sequences: Sequence[Played]) -> Weights:
    """Return the weights that fit some sequences best.

    Raises:
        UsageError: they hold too few scored cells.
    """
    reasons = fit_reasons(sequences)
    least = _least(sequences, reasons)
    spreads = [
        Weights(reasons, apart, reach, least) for apart, reach in itertools.product(APART, REACH)
    ]
    return max(spreads, key=lambda weights: _worth(sequences, weights))


def fit_reasons(sequences: Sequence[Played]) -> tuple[float, ...]:
    """Return the weight of each reason, in the order of `Reason`.

    Raises:
        UsageError: there are too few scored cells.
    """
    parts = [part for played in sequences for part in [_cells(played)] if len(part[1])]
    if sum(len(missing) for _, missing in parts) < FEWEST:
        raise UsageError("There are too few scored masks to fit weights to.", "Add sequences.")
    lost = REASONS.index(Reason.LOST)
    rows, wanted = [], []
    for cues, missing in parts:
        # Each sequence counts alike, and only what differs within it.
        factor = 1 / np.sqrt(len(missing))
        rows.append((cues - cues.mean(0)) * factor)
        wanted.append((missing - missing.mean()) * factor)
    matrix = np.concatenate(rows)
    target = np.concatenate(wanted) - matrix[:, lost] * LOST
    matrix[:, lost] = 0
    found, _ = nnls(matrix, target)
    found[lost] = LOST
    return tuple(round(max(SMALLEST, float(value)), 3) for value in found)


def _cells(played: Played) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return cells x reasons, and the J that is missing in each cell that is scored and open."""
    cues, missing = [], []
    for object_id, track in played.tracks.items():
        j = played.j[object_id]
        here = np.isfinite(j) & track.open & ~track.gone
        cues.append(cues_of(track)[:, here].T.astype(np.float64))
        missing.append(1 - j[here].astype(np.float64))
    return np.concatenate(cues), np.concatenate(missing)


def _least(sequences: Sequence[Played], reasons: tuple[float, ...]) -> float:
    values = [_cells(played)[0] @ np.array(reasons) for played in sequences]
    return round(float(np.quantile(np.concatenate(values), CALM)), 3)


def _worth(sequences: Sequence[Played], weights: Weights) -> float:
    got = means([measure_list(played, listed(played, weights)) for played in sequences])
    return got.held + got.near
