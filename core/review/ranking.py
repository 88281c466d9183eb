"""One list of frames to check: the worst first, spread over the video, each with its reasons.

The severity of a mask is the J that is expected to be missing (ADR 0056): a weighted sum of the
figures of its reasons. A frame is as severe as its worst mask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.review.reasons import REASONS, Cues, Reason, cues_of, distances
from core.review.track import Track

SHARE = 0.2
"""A reason is named where it has at least this share of a mask's severity."""
NAMED = 3
"""Reasons that are named at most."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What reasons count, and how a list is spread; fitted by `python -m core.eval.review`.

    Attributes:
        reasons: J that each reason takes away where its figure is 1, in the order of `Reason`.
        apart: frames within which one entry stands for all.
        reach: share of the video over which an entry makes others less urgent.
        least: severity below which a frame needs no look.
    """

    reasons: tuple[float, ...] = (1.0, 0.266, 0.02, 0.243, 0.02, 0.02, 0.666, 0.511, 0.02, 0.124)
    apart: int = 6
    reach: float = 0.05
    least: float = 0.072


WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Entry:
    """A frame to check.

    Attributes:
        frame_index: which; it stands for its neighbors, too.
        object_id: whose mask is the worst there.
        severity: J that is expected to be missing, 0..1.
        reasons: why, the strongest first; at least one.
        others: further objects whose masks are nearly as bad there.
    """

    frame_index: int
    object_id: int
    severity: float
    reasons: tuple[Reason, ...]
    others: tuple[int, ...] = field(default=())


def rank(
    tracks: Mapping[int, Track],
    *,
    count: int,
    weights: Weights = WEIGHTS,
    cues: Mapping[int, Cues] | None = None,
) -> tuple[Entry, ...]:
    """Return up to `count` frames to check, the most urgent first.

    Args:
        tracks: of the objects that are to be looked at, by object id; all of one length.
        count: entries at most.
        weights: see `Weights`.
        cues: what `cues_of` says of each track, where that is known already.
    """
    if not tracks:
        return ()
    ids = sorted(tracks)
    known = {i: cues_of(tracks[i]) for i in ids} if cues is None else cues
    stacked = np.stack([known[i] for i in ids])
    return _ranked(tracks, ids, stacked, count=count, weights=weights)


def _ranked(
    tracks: Mapping[int, Track], ids: Sequence[int], cues: Cues, *, count: int, weights: Weights
) -> tuple[Entry, ...]:
    severity = severities(cues, weights)
    looked = (np.flatnonzero(tracks[object_id].looked) for object_id in ids)
    severity *= np.stack([_left_open(frames, cues.shape[-1], weights) for frames in looked])
    frames = spread(severity.max(axis=0), count=count, weights=weights)
    return tuple(_entry(ids, frame, cues[:, :, frame], weights) for frame in frames)


def severities(cues: Cues, weights: Weights = WEIGHTS) -> NDArray[np.float32]:
    """Return ... x N of ... x reasons x N: the J that is expected to be missing, 0..1."""
    factors = np.asarray(weights.reasons, np.float32)
    return np.asarray(np.clip(np.einsum("...rn,r->...n", cues, factors), 0, 1), np.float32)


def spread(
    severity: NDArray[np.float32], *, count: int, weights: Weights = WEIGHTS
) -> tuple[int, ...]:
    """Return the frames of a list, the most urgent first.

    The worst is taken, its neighbors are dropped, and what lies further off becomes less urgent
    the nearer it is: a drift fills one entry and not five. Of equal ones the earlier is taken.

    Args:
        severity: per frame, 0 for nothing to look at.
        count: frames at most.
        weights: see `Weights`.
    """
    left = np.where(severity >= weights.least, severity, 0).astype(np.float64)
    taken: list[int] = []
    while len(taken) < count and left.size and (best := int(left.argmax())) >= 0:
        if left[best] <= 0:
            break
        taken.append(best)
        left *= _left_open(np.array([best]), len(left), weights)
    return tuple(taken)


def _left_open(frames: NDArray[np.intp], count: int, weights: Weights) -> NDArray[np.float64]:
    """How urgent each frame still is, 0..1, after some frames were looked at."""
    if not frames.size:
        return np.ones(count)
    away = distances(frames, count)
    reach = max(1.0, weights.reach * count)
    return np.where(away < weights.apart, 0, 1 - np.exp(-away / reach))


def _entry(ids: Sequence[int], frame: int, cues: Cues, weights: Weights) -> Entry:
    """Make an entry; `cues` are objects x reasons on the frame."""
    parts = cues * np.asarray(weights.reasons, np.float32)
    totals = parts.sum(axis=1)
    worst = int(totals.argmax())
    order = np.argsort(-parts[worst], kind="stable")
    named = [REASONS[i] for i in order if parts[worst, i] >= SHARE * totals[worst]]
    others = [i for i in np.argsort(-totals, kind="stable") if i != worst]
    near = tuple(ids[i] for i in others if totals[i] >= max(weights.least, totals[worst] / 2))
    severity = min(1.0, float(totals[worst]))
    return Entry(frame, ids[worst], severity, tuple(named[:NAMED]), near)
