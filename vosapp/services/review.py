"""Which frames of a project to check, for window and command line. No Qt, no torch.

What label maps say is measured once and kept while the project is open; after a change only the
frames that changed are looked at again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import VosError
from core.jobs import CancelToken, Progress
from core.review.facts import measure
from core.review.ranking import WEIGHTS, Entry, Weights, rank
from core.review.reasons import REASONS, Cues, Reason, cues_of
from core.review.track import Measured, Track
from core.types import LabelMap
from vosapp.project.lanes import Lane
from vosapp.project.model import FrameState, Review
from vosapp.project.review_reading import REVIEWS, reviews_of
from vosapp.project.store import Project

LISTED = 50
"""Frames in a list, at most."""
STRETCHES = 500
"""Stretches of frames that were reviewed in a list, at most."""
SMALL = 96
"""Pixels of the height of a label map beside a thumbnail."""


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """What of a project is listed.

    Attributes:
        review: frames to check, those that need work, or those that were checked.
        object_id: of one object alone; 0 for all that are visible.
        reason: of frames to check, only those with this reason; None for any.
    """

    review: Review = Review.UNREVIEWED
    object_id: int = 0
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One line of a list.

    Attributes:
        frame_index: first frame.
        stop: one past the last; frames to check come one by one.
        object_ids: whose masks, the worst first.
        severity: J that is expected to be missing, 0..1; 0 for what was reviewed.
        reasons: why it is to be checked, the strongest first.
        review: what was found of it.
    """

    frame_index: int
    stop: int
    object_ids: tuple[int, ...]
    severity: float = 0.0
    reasons: tuple[Reason, ...] = ()
    review: Review = Review.UNREVIEWED


class ReviewBook:
    """What is known of a project's masks. To be used from one thread at a time.

    Args:
        project: open; only read.
        weights: what reasons count.
    """

    def __init__(self, project: Project, weights: Weights = WEIGHTS) -> None:
        self._project, self._weights = project, weights
        self._count = project.video.frame_count
        self._facts: dict[int, Measured] = {}
        self._measured = np.zeros(self._count, np.bool_)
        self._cues: dict[int, tuple[Track, Cues]] = {}

    def forget(self, frames: Iterable[int]) -> None:
        """The masks of some frames have changed."""
        for frame in frames:
            self._measured[frame] = False

    def unmeasured(self) -> NDArray[np.intp]:
        """Return the frames with masks that were not looked at since they changed, ascending."""
        some = np.zeros(self._count, np.bool_)
        for object_id in self._ids():
            some |= self._project.lane(object_id).states != FrameState.EMPTY
        for frame in self._project.keyframe_indices():
            some[frame] = True
        return np.flatnonzero(some & ~self._measured)

    def measure(self, frame_index: int) -> None:
        """Look at the masks of a frame."""
        try:
            found = measure(self._project.label_map(frame_index))
        except VosError:
            # Whoever shows the frame tells of it.
            found = {}
        for object_id in self._ids():
            facts = self._facts.setdefault(object_id, Measured(self._count))
            facts.put(frame_index, found.get(object_id))
        self._measured[frame_index] = True

    def measure_all(self, token: CancelToken) -> Iterator[Progress]:
        """Look at all that was not looked at yet, as a job."""
        frames = self.unmeasured()
        for done, frame in enumerate(frames.tolist(), start=1):
            token.check()
            self.measure(frame)
            yield Progress(done, len(frames), "looking at masks")

    def rows(self, wanted: ReviewFilter, *, count: int = LISTED) -> tuple[ReviewRow, ...]:
        """Return the lines of a list; frames to check come with the most urgent first."""
        ids = self._chosen(wanted.object_id)
        if wanted.review is Review.UNREVIEWED:
            return tuple(map(_row, self._entries(ids, wanted.reason, count)))
        return _stretches({i: self._project.cells(i) for i in ids}, wanted.review)

    def counts(self, object_id: int = 0) -> dict[Review, int]:
        """Count masks by what was found of them, of one object or all that are visible."""
        return self._project.review_counts(self._chosen(object_id))

    def small_map(self, frame_index: int) -> LabelMap | None:
        """Return what a frame shows, thinned for a thumbnail; None where it cannot be read."""
        try:
            label_map = self._project.label_map(frame_index)
        except VosError:
            return None
        step = max(1, -(-label_map.shape[0] // SMALL))
        return np.ascontiguousarray(label_map[step // 2 :: step, step // 2 :: step])

    def _entries(
        self, ids: Collection[int], reason: Reason | None, count: int
    ) -> tuple[Entry, ...]:
        weights = self._weights if reason is None else _alone(self._weights, reason)
        known = {i: self._known(i) for i in ids}
        tracks = {i: track for i, (track, _) in known.items()}
        cues = {i: found for i, (_, found) in known.items()}
        return rank(tracks, count=count, weights=weights, cues=cues)

    def _known(self, object_id: int) -> tuple[Track, Cues]:
        facts = self._facts.get(object_id) or Measured(self._count)
        track = track_of(self._project.cells(object_id), facts)
        kept = self._cues.get(object_id)
        if kept is None or not track.same(kept[0]):
            kept = self._cues[object_id] = track, cues_of(track)
        return kept

    def _ids(self) -> list[int]:
        return [item.object_id for item in self._project.objects()]

    def _chosen(self, object_id: int) -> list[int]:
        objects = self._project.objects()
        if object_id:
            return [o.object_id for o in objects if o.object_id == object_id]
        return [o.object_id for o in objects if o.visible]


def track_of(lane: Lane, facts: Measured) -> Track:
    """Return what is known of an object; the lane is one of `Project.cells`."""
    states = lane.states
    computed = (states == FrameState.PROPAGATED) | (states == FrameState.STALE)
    asserted = (states == FrameState.KEYFRAME) | (states == FrameState.ABSENT)
    checked = states == FrameState.CHECKED
    return facts.track(
        known=states != FrameState.EMPTY,
        open_=computed & ~lane.needs_work,
        looked=checked | (computed & lane.needs_work),
        sure=asserted | checked,
        gone=(states == FrameState.ABSENT) | (lane.gone & ~asserted),
        confidence=np.where(asserted, np.nan, lane.confidence).astype(np.float32),
        disagreement=lane.disagreement,
    )


def _alone(weights: Weights, reason: Reason) -> Weights:
    """Weights with which only one reason counts, and that much that no such frame is left out."""
    place = REASONS.index(reason)
    return replace(weights, reasons=tuple(float(i == place) for i in range(len(REASONS))))


def _row(entry: Entry) -> ReviewRow:
    ids = (entry.object_id, *entry.others)
    frame = entry.frame_index
    return ReviewRow(frame, frame + 1, ids, entry.severity, entry.reasons)


def _stretches(lanes: dict[int, Lane], review: Review) -> tuple[ReviewRow, ...]:
    found: list[ReviewRow] = []
    for object_id, lane in lanes.items():
        marked = np.concatenate([[False], reviews_of(lane) == REVIEWS.index(review), [False]])
        edges = np.flatnonzero(marked[1:] != marked[:-1]).reshape(-1, 2).tolist()
        found += [ReviewRow(a, b, (object_id,), review=review) for a, b in edges]
    return tuple(sorted(found, key=lambda row: (row.frame_index, row.object_ids))[:STRETCHES])
