"""Baseline: the last keyframe's label map on every frame."""

from __future__ import annotations

import numpy as np

from core.systems.base import StepResult, TrackerRequest
from core.types import VOID, Direction, Frame, Keyframe


class CopyTracker:
    """Repeats the keyframe that the walk passed last, at first the nearest one."""

    def __init__(self) -> None:
        self._keyframes: dict[int, Keyframe] = {}
        self._direction = Direction.FORWARD

    def add_keyframe(self, keyframe: Keyframe, frame: Frame) -> None:  # noqa: ARG002
        """See `Tracker.add_keyframe`."""
        self._keyframes[keyframe.frame_index] = keyframe

    def remove_keyframe(self, frame_index: int) -> None:
        """See `Tracker.remove_keyframe`."""
        self._keyframes.pop(frame_index, None)

    def start(self, direction: Direction) -> None:
        """See `Tracker.start`."""
        self._direction = direction

    def step(self, frame_index: int, frame: Frame, object_ids: tuple[int, ...]) -> StepResult:
        """See `Tracker.step`."""
        way = self._direction.value
        passed = [i for i in self._keyframes if (frame_index - i) * way >= 0]
        if not passed:
            return StepResult(np.zeros(frame.shape[:2], np.uint8), object_ids)
        label_map = self._keyframes[max(passed, key=lambda i: i * way)].label_map
        wanted = np.isin(label_map, object_ids) & (label_map != VOID)
        return StepResult(np.where(wanted, label_map, 0).astype(np.uint8), object_ids)


def build(request: TrackerRequest) -> CopyTracker:  # noqa: ARG001 - one kind for every request
    """The baseline; nothing in the request matters to it."""
    return CopyTracker()
