"""Walks that survive: their steps are kept on disk, and taken up in the middle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.engine.propagate import Walk
from core.engine.run_record import WalkState
from core.engine.walk_log import WalkLog
from core.errors import UsageError
from core.tracking.contract import Resumable, StepResult, Tracker
from core.types import Direction, Frame, Keyframe, LabelMap


@dataclass(frozen=True, slots=True)
class Skip:
    """A part of a walk that need not be walked again.

    Attributes:
        walk: from its first frame on.
        state: where it was left; None where all of the walk that is wanted is logged.
        logged: its steps are in the log, and are wanted; else its frames have their results and
            are only passed.
    """

    walk: Walk
    state: WalkState | None
    logged: bool


class Continued:
    """A tracker that skips what was walked before, and logs walks that others wait for.

    Attributes:
        unsaved: logged steps since `state` was called last.
    """

    def __init__(
        self,
        tracker: Tracker,
        log: WalkLog,
        *,
        skips: tuple[Skip, ...] = (),
        logged: tuple[Walk, ...] = (),
    ) -> None:
        """Wrap a tracker.

        Args:
            tracker: must be `Resumable`.
            log: holds what `skips` say; once that is used, other walks replace it.
            skips: at most one for each walk.
            logged: walks whose steps are to be kept.
        """
        self.unsaved = 0
        self._tracker = tracker
        self._log = log
        self._skips = {(s.walk.first, s.walk.direction): s for s in skips}
        self._logged = {(walk.first, walk.direction): walk for walk in logged}
        self._skip: Skip | None = None
        self._logs: Walk | None = None
        self._frame_index = -1

    def add_keyframe(self, keyframe: Keyframe, frame: Frame) -> None:
        """See `Tracker.add_keyframe`."""
        self._tracker.add_keyframe(keyframe, frame)

    def remove_keyframe(self, frame_index: int) -> None:
        """See `Tracker.remove_keyframe`."""
        self._tracker.remove_keyframe(frame_index)

    def start(self, direction: Direction) -> None:
        """See `Tracker.start`; such a walk is neither skipped nor logged."""
        self._skip, self._logs, self.unsaved = None, None, 0
        self._tracker.start(direction)

    def start_walk(self, walk: Walk) -> None:
        """See `FollowsWalks.start_walk`."""
        self.start(walk.direction)
        origin = walk.first, walk.direction
        self._skip = self._skips.pop(origin, None)
        # What a later span still needs of the log is worth more than this walk.
        if origin in self._logged and not any(skip.logged for skip in self._skips.values()):
            self._logs = self._logged[origin]
            if self._skip is None:
                self._log.begin(self._logs)

    def step(self, frame_index: int, frame: Frame, object_ids: tuple[int, ...]) -> StepResult:
        """See `Tracker.step`; frames that are skipped and not logged get empty probabilities."""
        if self._skip is not None:
            return self._skipped(self._skip, frame_index, object_ids)
        result = self._tracker.step(frame_index, frame, object_ids)
        if self._logs is not None and frame_index in self._logs:
            self._log.put(frame_index, result)
            self.unsaved += 1
        self._frame_index = frame_index
        return result

    def render(
        self, probabilities: NDArray[np.float32], frame: Frame, object_ids: tuple[int, ...]
    ) -> LabelMap:
        """See `Tracker.render`."""
        return self._tracker.render(probabilities, frame, object_ids)

    def state(self) -> WalkState | None:
        """Where a walk that is being logged stands; None where none is, or nothing is new."""
        if not self.unsaved or self._logs is None or not isinstance(self._tracker, Resumable):
            return None
        self.unsaved = 0
        return WalkState(self._frame_index, self._logs.direction, self._tracker.save_state())

    def _skipped(self, skip: Skip, frame_index: int, object_ids: tuple[int, ...]) -> StepResult:
        if skip.state is not None and frame_index == skip.state.frame_index:
            _load(self._tracker, skip.state.state)
            self._skip = None
        if skip.logged and frame_index in skip.walk:
            return self._log.get(frame_index)
        return StepResult(np.zeros((1 + len(object_ids), 1, 1), np.float32), object_ids)


def _load(tracker: Tracker, state: bytes) -> None:
    if not isinstance(tracker, Resumable):
        msg = f"{type(tracker).__name__} cannot take up a walk"
        raise TypeError(msg)
    try:
        tracker.load_state(state)
    except ValueError as error:
        msg = f"The saved walk is damaged: {error}."
        raise UsageError(msg, "Leave --resume out to start anew.") from error
