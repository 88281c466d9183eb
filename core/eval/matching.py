"""Scoring proposals that carry ids of their own, by the best assignment to the true objects.

DAVIS 2019 unsupervised: every proposal is compared with every object on every frame; the
assignment that maximizes the sum of the means of (J + F) / 2 counts (Hungarian method). Objects
that get no proposal score zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from core.eval.jf import (
    DEFAULT_BOUND,
    Contour,
    FrameScore,
    contour_agreement,
    region_similarity,
    tolerance,
    trace_contour,
)
from core.eval.records import ObjectScore, SequenceScore
from core.eval.stability import StabilityMeter
from core.eval.statistics import Statistic, summarize

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_PROPOSALS = 20
NOTHING = 0
"""Stands for a proposal that shows nothing; 0 is no id."""


@dataclass(frozen=True, slots=True)
class _Shape:
    mask: NDArray[np.bool_]
    contour: Contour


class ProposalScorer:
    """Collects the scores of all pairs of proposals and objects, frame by frame.

    Holds two numbers a frame and pair, never masks. A proposal that turns up late counts as
    empty before.
    """

    def __init__(
        self,
        name: str,
        object_ids: Iterable[int],
        *,
        compat: bool = False,
        stability: bool = False,
        bound: float = DEFAULT_BOUND,
    ) -> None:
        """Start a sequence; the arguments are those of `core.eval.scoring.SequenceScorer`."""
        self.name = name
        self.object_ids = tuple(sorted(set(object_ids)))
        self._compat = compat
        self._stability = stability
        self._bound = bound
        self._frame_count = 0
        self._scores: dict[tuple[int, int], list[FrameScore]] = {
            (NOTHING, object_id): [] for object_id in self.object_ids
        }
        self._meters: dict[int, StabilityMeter] = {}
        self._proposals: list[int] = []

    @property
    def proposal_ids(self) -> tuple[int, ...]:
        """Ids of the results so far, in the order of their appearance."""
        return tuple(self._proposals)

    def add(
        self, prediction: NDArray[Any], truth: NDArray[Any], *, void: NDArray[Any] | None = None
    ) -> None:
        """Score the next frame.

        Args:
            prediction: H x W label map, 0 = no proposal.
            truth: H x W label map.
            void: H x W, not zero = pixel that does not count.

        Raises:
            ValueError: the shapes differ.
        """
        if prediction.shape != truth.shape:
            raise ValueError(f"label maps of {prediction.shape} and {truth.shape} do not fit")
        self._welcome(prediction)
        counts = np.ones(truth.shape, np.bool_) if void is None else np.asarray(void) == 0
        truths = {o: self._shape((truth == o) & counts) for o in self.object_ids}
        for proposal in [NOTHING, *self._proposals]:
            shown = prediction == proposal if proposal != NOTHING else np.zeros_like(counts)
            shape = self._shape(shown & counts)
            for object_id, expected in truths.items():
                self._scores[proposal, object_id].append(_compare(shape, expected))
            if proposal in self._meters:
                self._meters[proposal].add(shown)
        self._frame_count += 1

    def finish(self) -> SequenceScore:
        """Statistics of the objects under the best assignment."""
        matches = self._assign()
        rows = [self._row(object_id, matches.get(object_id)) for object_id in self.object_ids]
        return SequenceScore(self.name, self._frame_count, tuple(rows))

    def _welcome(self, prediction: NDArray[Any]) -> None:
        for label in np.unique(prediction):
            proposal = int(label)
            if proposal == NOTHING or proposal in self._proposals:
                continue
            self._proposals.append(proposal)
            for object_id in self.object_ids:
                self._scores[proposal, object_id] = list(self._scores[NOTHING, object_id])
            if self._stability:
                self._meters[proposal] = StabilityMeter()

    def _shape(self, mask: NDArray[np.bool_]) -> _Shape:
        return _Shape(mask, trace_contour(mask, radius=tolerance(mask.shape, bound=self._bound)))

    def _assign(self) -> dict[int, int]:
        """Proposal of each object that has one."""
        if not self._proposals or not self._frame_count:
            return {}
        values = np.array(
            [[_mean_jf(self._scores[p, o]) for o in self.object_ids] for p in self._proposals]
        )
        chosen = zip(*linear_sum_assignment(values, maximize=True), strict=True)
        return {self.object_ids[column]: self._proposals[row] for row, column in chosen}

    def _row(self, object_id: int, proposal: int | None) -> ObjectScore:
        if proposal is None:
            j = f = Statistic(0.0, 0.0, 0.0)
        else:
            scores = self._scores[proposal, object_id]
            j = summarize([score.j for score in scores], compat=self._compat)
            f = summarize([score.f for score in scores], compat=self._compat)
        meter = self._meters.get(proposal or NOTHING)
        value = meter.value if meter else float("nan")
        return ObjectScore(
            sequence=self.name,
            object_id=object_id,
            frame_count=self._frame_count,
            j=j,
            f=f,
            result_id=proposal,
            stability=value if self._stability else None,
        )


def _compare(shape: _Shape, truth: _Shape) -> FrameScore:
    return FrameScore(
        region_similarity(shape.mask, truth.mask),
        contour_agreement(shape.contour, truth.contour),
    )


def _mean_jf(scores: list[FrameScore]) -> float:
    return sum((score.j + score.f) / 2 for score in scores) / len(scores)
