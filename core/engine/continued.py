"""Taking up a walk in the middle: a tracker that knows its beginning from a saved state."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.engine.propagate import Walk
from core.engine.run_record import WalkState
from core.errors import UsageError
from core.systems.base import Resumable, StepResult, Tracker
from core.types import Direction, Frame, Keyframe, LabelMap


class Continued:
    """A tracker that skips the part of one walk that a saved state stands for."""

    def __init__(self, tracker: Tracker, walk: Walk, state: WalkState) -> None:
        """Wrap a tracker.

        Args:
            tracker: must be `Resumable`.
            walk: the walk that was broken off, from its first frame on.
            state: where it was left.
        """
        self._tracker = tracker
        self._walk = walk
        self._state: WalkState | None = state
        self._skips = False
        self._starts: Direction | None = None

    def add_keyframe(self, keyframe: Keyframe, frame: Frame) -> None:
        """See `Tracker.add_keyframe`."""
        self._tracker.add_keyframe(keyframe, frame)

    def remove_keyframe(self, frame_index: int) -> None:
        """See `Tracker.remove_keyframe`."""
        self._tracker.remove_keyframe(frame_index)

    def start(self, direction: Direction) -> None:
        """See `Tracker.start`."""
        self._starts = direction
        self._tracker.start(direction)

    def step(self, frame_index: int, frame: Frame, object_ids: tuple[int, ...]) -> StepResult:
        """See `Tracker.step`; frames that are skipped get empty shares."""
        if self._starts is not None:
            begins = (frame_index, self._starts) == (self._walk.first, self._walk.direction)
            self._skips, self._starts = begins, None
        if not self._skips or self._state is None:
            return self._tracker.step(frame_index, frame, object_ids)
        if frame_index == self._state.frame_index:
            _load(self._tracker, self._state.state)
            self._state, self._skips = None, False
        return StepResult(np.zeros((1 + len(object_ids), 1, 1), np.float32), object_ids)

    def render(
        self, shares: NDArray[np.float32], frame: Frame, object_ids: tuple[int, ...]
    ) -> LabelMap:
        """See `Tracker.render`."""
        return self._tracker.render(shares, frame, object_ids)


def _load(tracker: Tracker, state: bytes) -> None:
    if not isinstance(tracker, Resumable):
        msg = f"{type(tracker).__name__} cannot take up a walk"
        raise TypeError(msg)
    try:
        tracker.load_state(state)
    except ValueError as error:
        msg = f"The saved walk is damaged: {error}."
        raise UsageError(msg, "Leave --resume away to start anew.") from error
