"""What a project tells of reviewing: what was found of its masks, and what they were before."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from core.types import LabelMap
from vosapp.project.box_reading import BoxReading
from vosapp.project.codec import decode_map
from vosapp.project.lanes import Lane
from vosapp.project.model import FrameState, Review, check
from vosapp.project.schema import ASSERTIONS, RESULTS

REVIEWS = tuple(Review)
"""By the number that stands for each in `reviews_of`."""
NOTHING = 255
"""Where there is nothing to review: keyframes, and cells without a mask."""
_STEPS_BACK = 20
_EARLIER = (
    "SELECT changes.data FROM history CROSS JOIN changes ON changes.entry_id = history.entry_id"
    " WHERE changes.table_name = 'results' AND changes.key_1 = ? AND changes.key_2 = 0"
    " AND changes.existed <> 0 AND history.undone = 0"
    f" ORDER BY history.entry_id DESC LIMIT {_STEPS_BACK}"
)


class ReviewReading(BoxReading):
    """The part of `vosapp.project.store.Project` that reviewing reads."""

    def earlier_map(self, frame_index: int) -> LabelMap | None:
        """Return what a frame showed before its results were last changed, read-only.

        The undo history keeps it (ADR 0056); what the user asserts is as it is now. None where
        there was no other result, or where the history does not reach back to it.
        """
        with self._reading():
            frame = self._editor.frame(frame_index)
            now = self._editor.rows.get(RESULTS, frame)
            for (data,) in self._connection.execute(_EARLIER, (frame,)):
                if now is None or data != now[0]:
                    return self._composed(frame, data)
            return None

    def review_counts(self, object_ids: Collection[int]) -> dict[Review, int]:
        """Count the propagated masks of some objects by what was found of them."""
        totals = np.zeros(len(REVIEWS), np.int64)
        with self._reading():
            for object_id in object_ids:
                found = reviews_of(self.cells(object_id))
                totals += np.bincount(found[found != NOTHING], minlength=len(REVIEWS))
        return {review: int(totals[i]) for i, review in enumerate(REVIEWS)}

    def cells(self, object_id: int) -> Lane:
        """Return an object's lane with what the user asserts among its states."""
        with self._reading():
            lane = self._editor.lanes.read(object_id)
            where = "object_id = ?"
            for frame, _, area, _ in self._editor.rows.scan(ASSERTIONS, where, (object_id,)):
                inside = type(frame) is int and 0 <= frame < self._video.frame_count
                check(inside, "a keyframe lies outside the video")
                state = FrameState.KEYFRAME if area else FrameState.ABSENT
                lane.states[frame] = state
            return lane

    def _composed(self, frame: int, data: bytes) -> LabelMap:
        results = decode_map(data, self._video.height, self._video.width)
        shown = self._editor.shown_of(frame, results)
        shown.flags.writeable = False
        return shown


def reviews_of(lane: Lane) -> NDArray[np.uint8]:
    """Return what was found of each cell: a place in `REVIEWS`, or `NOTHING`."""
    states = lane.states
    open_cells = (states == FrameState.PROPAGATED) | (states == FrameState.STALE)
    found = np.full(len(states), NOTHING, np.uint8)
    found[open_cells] = REVIEWS.index(Review.UNREVIEWED)
    found[open_cells & lane.needs_work] = REVIEWS.index(Review.NEEDS_WORK)
    found[states == FrameState.CHECKED] = REVIEWS.index(Review.CHECKED)
    return found
