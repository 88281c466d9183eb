"""Fusing what two walks say of a frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.tracking.overlap import soft_overlap

Probabilities = NDArray[np.float32]
ABSENCE_TRUST = 0.3
"""What a walk that finds an object absent counts for; see `Opinion.trust`."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one walk says of a frame.

    Attributes:
        object_ids: the objects it knows, ascending.
        probabilities: (1 + K) x h x w float32, background first, 0..1.
        confidence: per object 0..1; an object that is missing counts as 1.
        distance: per object, frames to the keyframe that asserts it.
        absent: the objects that it finds not to be on the frame.
        disagreement: how little two walks agreed on an object, 0..1; of fused opinions alone.
    """

    object_ids: tuple[int, ...]
    probabilities: Probabilities
    confidence: dict[int, float]
    distance: dict[int, int]
    absent: frozenset[int] = frozenset()
    disagreement: dict[int, float] = field(default_factory=dict)

    def plane(self, object_id: int) -> Probabilities:
        """h x w probabilities of an object."""
        plane: Probabilities = self.probabilities[1 + self.object_ids.index(object_id)]
        return plane

    def trust(self, object_id: int) -> float:
        """How much this walk counts for an object, never quite zero.

        Absence has the trust of a doubtful mask: a walk that has lost an object too early must
        not outweigh one that still follows it well.
        """
        if object_id in self.absent:
            return ABSENCE_TRUST
        return max(self.confidence.get(object_id, 1.0), 1e-3)


def fuse(first: Opinion, second: Opinion) -> Opinion:
    """One opinion of two, object by object: linear in time where confidences tie.

    Between keyframes at distance a and b the weights are c_first b / (a + b) and
    c_second a / (a + b); an object that only one of the two knows is taken from that one. The
    confidence of an object that both know is the weighted one times how well the two agree; it
    is missing where neither has one. An object is absent where most of the weight says so, and
    then has no probability.
    """
    object_ids = tuple(sorted({*first.object_ids, *second.object_ids}))
    planes = np.zeros((len(object_ids), *first.probabilities.shape[1:]), np.float32)
    confidence, distance, absent = {}, {}, set()
    disagreement = {}
    for plane, object_id in zip(planes, object_ids, strict=True):
        knowing = [o for o in (first, second) if object_id in o.object_ids]
        weights = _weights(knowing, object_id)
        pairs = list(zip(weights, knowing, strict=True))
        if sum(w for w, o in pairs if object_id in o.absent) > 0.5:
            absent.add(object_id)
        else:
            plane[:] = sum(w * o.plane(object_id) for w, o in pairs)
        agreement = _agreement(knowing, object_id)
        if len(knowing) > 1:
            disagreement[object_id] = min(1.0, max(0.0, 1 - agreement))
        if any(object_id in o.confidence for o in knowing):
            certainty = sum(w * o.confidence.get(object_id, 1.0) for w, o in pairs)
            confidence[object_id] = min(1.0, certainty * agreement)
        distance[object_id] = min(o.distance[object_id] for o in knowing)
    probabilities = _with_background(planes)
    gone = frozenset(absent)
    return Opinion(object_ids, probabilities, confidence, distance, gone, disagreement)


def _weights(knowing: list[Opinion], object_id: int) -> list[float]:
    if len(knowing) == 1:
        return [1.0]
    first, second = knowing
    raw = [
        first.trust(object_id) * second.distance[object_id],
        second.trust(object_id) * first.distance[object_id],
    ]
    total = sum(raw)
    return [w / total for w in raw] if total else [0.5, 0.5]


def _agreement(knowing: list[Opinion], object_id: int) -> float:
    """Soft intersection over union of what two walks say; 1 where only one speaks."""
    if len(knowing) == 1:
        return 1.0
    first, second = knowing
    return soft_overlap(first.plane(object_id), second.plane(object_id))


def _with_background(objects: Probabilities) -> Probabilities:
    """Put the rest, the background, before K planes; where they exceed 1, scale them down."""
    total = objects.sum(0)
    background = np.clip(1 - total, 0, 1)
    probabilities: Probabilities = np.concatenate(
        [background[None], objects / np.maximum(total, 1)]
    )
    return probabilities
