"""Scoring a sequence frame by frame, for results on disk and while they are made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from core.eval.jf import DEFAULT_BOUND, FrameScore, score_frame
from core.eval.records import ObjectScore, SequenceScore
from core.eval.stability import StabilityMeter
from core.eval.statistics import summarize

if TYPE_CHECKING:
    from numpy.typing import NDArray


class SequenceScorer:
    """Collects the scores of one sequence whose results carry the ground truth's ids.

    Holds a few numbers a frame and object, never masks. Hand it the frames that count, in order;
    which those are is the protocol's matter (DAVIS leaves out the first and the last).
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
        """Start a sequence.

        Args:
            name: the sequence's name.
            object_ids: the objects that are scored.
            compat: decay as the official tool computes it; see `core.eval.statistics.decay`.
            stability: measure T of the results, too.
            bound: contour tolerance; see `core.eval.jf.contour_accuracy`.
        """
        self.name = name
        self.object_ids = tuple(sorted(set(object_ids)))
        self._compat = compat
        self._bound = bound
        self._frame_count = 0
        self._scores: dict[int, list[FrameScore]] = {i: [] for i in self.object_ids}
        self._meters = {i: StabilityMeter() for i in self.object_ids} if stability else {}

    def add(
        self,
        prediction: NDArray[Any],
        truth: NDArray[Any],
        *,
        object_ids: Iterable[int] | None = None,
        void: NDArray[Any] | None = None,
    ) -> dict[int, FrameScore]:
        """Score the next frame.

        Args:
            prediction: H x W label map.
            truth: H x W label map.
            object_ids: those that count on this frame; None means all.
            void: H x W, not zero = pixel that does not count.

        Returns:
            J and F of each object that counts.

        Raises:
            ValueError: the shapes differ.
        """
        active = self.object_ids if object_ids is None else tuple(object_ids)
        scores = score_frame(prediction, truth, active, void=void, bound=self._bound)
        for object_id, score in scores.items():
            self._scores[object_id].append(score)
            if self._meters:
                self._meters[object_id].add(prediction == object_id)
        self._frame_count += 1
        return scores

    def finish(self) -> SequenceScore:
        """Statistics of what was added; objects that never counted have no row."""
        rows = [self._row(object_id) for object_id in self.object_ids if self._scores[object_id]]
        return SequenceScore(self.name, self._frame_count, tuple(rows))

    def _row(self, object_id: int) -> ObjectScore:
        scores = self._scores[object_id]
        meter = self._meters.get(object_id)
        return ObjectScore(
            sequence=self.name,
            object_id=object_id,
            frame_count=len(scores),
            j=summarize([score.j for score in scores], compat=self._compat),
            f=summarize([score.f for score in scores], compat=self._compat),
            result_id=object_id,
            stability=None if meter is None else meter.value,
        )
