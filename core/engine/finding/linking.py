"""Proposals of single frames become tracks: what one frame's become on the next is propagated.

From each frame to the next the masks are carried by a tracker; a proposal there that overlaps a
carried mask is the same object (Hungarian method on IoU), or that lies within it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from core.discovery.maps import PackedMaps
from core.discovery.masks import Mask
from core.discovery.parts import Proposal
from core.media.annotations.rectangles import mask_overlap
from core.tracking.contract import Tracker
from core.types import Direction, Frame, Keyframe

SAME = 0.5
"""Overlap from which a proposal is the object that was carried there."""
WITHIN = 0.8
"""Share of the smaller of two masks within the other from which they are one, if nothing fits
better."""
PATIENCE = 3
"""Frames over which an object is carried on without a proposal."""
MOST_AT_ONCE = 40
"""Objects that are followed at a time."""
LEAST_PIXELS = 8
"""A carried mask with fewer is gone."""


@dataclass(slots=True)
class GrowingTrack:
    """An object so far.

    Attributes:
        masks: by frame, at working size.
        scores: of the proposals, by frame; frames on which it was only carried have none.
        last: its mask on the last frame.
        missed: frames since the last proposal.
    """

    masks: PackedMaps
    scores: dict[int, float]
    last: Mask
    missed: int = 0

    def take(self, index: int, proposal: Proposal) -> None:
        """Go on with a proposal."""
        self.masks.add(index, proposal.mask)
        self.scores[index] = proposal.score
        self.last, self.missed = proposal.mask, 0

    def carry(self, index: int, mask: Mask) -> None:
        """Go on without one."""
        self.masks.add(index, mask)
        self.last, self.missed = mask, self.missed + 1

    def end(self) -> None:
        """Forget frames after the last proposal: there it was only carried."""
        for index in [i for i in self.masks if i > max(self.scores)]:
            self.masks.drop(index)


@dataclass(slots=True)
class Linker:
    """Grows tracks frame by frame.

    Attributes:
        make_tracker: builds what carries masks; called once, when it is first needed.
    """

    make_tracker: Callable[[], Tracker]
    _tracker: Tracker | None = None
    _alive: list[GrowingTrack] = field(default_factory=list)
    _done: list[GrowingTrack] = field(default_factory=list)
    _before: tuple[int, Frame] | None = None

    def add(self, index: int, small: Frame, found: Sequence[Proposal]) -> None:
        """The proposals of the next frame, at working size."""
        carried = self._carried(index, small)
        taken = matched(carried, found)
        free: Mask = np.ones(small.shape[:2], bool)
        for proposal in found:
            free &= ~proposal.mask
        for number, track in enumerate(self._alive):
            if number in taken:
                track.take(index, found[taken[number]])
            else:
                track.carry(index, carried[number] & free)
        self._retire()
        for number, proposal in enumerate(found):
            if number not in taken.values() and len(self._alive) < MOST_AT_ONCE:
                track = GrowingTrack(PackedMaps(), {}, proposal.mask)
                track.take(index, proposal)
                self._alive.append(track)
        self._before = index, small

    def finish(self) -> list[GrowingTrack]:
        """All tracks, in the order of their first frames."""
        tracks = self._done + self._alive
        for track in tracks:
            track.end()
        return sorted(tracks, key=lambda track: min(track.scores))

    def _retire(self) -> None:
        gone = [t for t in self._alive if t.missed > PATIENCE or t.last.sum() < LEAST_PIXELS]
        self._alive = [t for t in self._alive if not any(t is g for g in gone)]
        self._done += gone

    def _carried(self, index: int, small: Frame) -> list[Mask]:
        """Where the living tracks are on a frame, from the frame before."""
        if not self._alive or self._before is None:
            return []
        if self._tracker is None:
            self._tracker = self.make_tracker()
        before, frame = self._before
        ids = tuple(range(1, len(self._alive) + 1))
        labels = np.zeros(small.shape[:2], np.uint8)
        for number, track in zip(ids, self._alive, strict=True):
            labels[track.last] = number
        self._tracker.add_keyframe(Keyframe(before, ids, labels), frame)
        self._tracker.start(Direction.FORWARD)
        self._tracker.step(before, frame, ids)
        step = self._tracker.step(index, small, ids)
        self._tracker.remove_keyframe(before)
        found = self._tracker.render(step.probabilities, small, ids)
        return [found == number for number in ids]


def matched(carried: Sequence[Mask], found: Sequence[Proposal]) -> dict[int, int]:
    """Which carried object is which proposal of the same frame, by their numbers.

    What overlaps no proposal enough is the one that it holds, or that holds it: else an object that
    is seen in part for a while would be two.
    """
    if not carried or not found:
        return {}
    overlaps = np.array([[mask_overlap(c, p.mask) for p in found] for c in carried])
    pairs = _pairs(overlaps, SAME)
    shares = np.array([[_share_within(c, p.mask) for p in found] for c in carried])
    shares[list(pairs)] = 0
    shares[:, list(pairs.values())] = 0
    return pairs | _pairs(shares, WITHIN)


def _pairs(likeness: NDArray[np.float64], least: float) -> dict[int, int]:
    """Row by column, so that the sum is largest; pairs below the least are none."""
    rows, columns = linear_sum_assignment(-likeness)
    pairs = zip(rows, columns, strict=True)
    return {int(r): int(c) for r, c in pairs if likeness[r, c] >= least}


def _share_within(first: Mask, second: Mask) -> float:
    """The share of the smaller mask that lies within the other."""
    smaller = min(int(first.sum()), int(second.sum()))
    return float((first & second).sum() / smaller) if smaller else 0.0
