"""Baseline: each object's mask of the last keyframe that speaks of it, on every frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.ops.label_maps import largest_label, merge_keyframe, one_hot
from core.tracking.contract import StepResult, TrackerRequest
from core.tracking.walk_state import direction_of, pack, unpack
from core.types import Direction, Frame, Keyframe, LabelMap


class CopyTracker:
    """Repeats what the keyframes that the walk has passed assert, the later over the earlier."""

    def __init__(self) -> None:
        self._keyframes: dict[int, Keyframe] = {}
        self._direction = Direction.FORWARD
        self._passed: list[int] | None = None
        self._labels: LabelMap = np.zeros((0, 0), np.uint8)

    def add_keyframe(self, keyframe: Keyframe, frame: Frame) -> None:  # noqa: ARG002
        """See `Tracker.add_keyframe`."""
        self._keyframes[keyframe.frame_index] = keyframe
        self._passed = None

    def remove_keyframe(self, frame_index: int) -> None:
        """See `Tracker.remove_keyframe`."""
        self._keyframes.pop(frame_index, None)
        self._passed = None

    def start(self, direction: Direction) -> None:
        """See `Tracker.start`."""
        self._direction = direction
        self._passed = None

    def step(self, frame_index: int, frame: Frame, object_ids: tuple[int, ...]) -> StepResult:
        """See `Tracker.step`."""
        way = self._direction.value
        passed = sorted(
            (i for i in self._keyframes if (frame_index - i) * way >= 0), reverse=way < 0
        )
        if passed != self._passed:
            self._passed = passed
            self._labels = np.zeros(frame.shape[:2], np.uint8)
            for index in passed:
                self._labels = merge_keyframe(self._labels, self._keyframes[index])
        return StepResult(one_hot(self._labels, object_ids), object_ids)

    def render(
        self,
        probabilities: NDArray[np.float32],
        frame: Frame,  # noqa: ARG002 - probabilities have the frame's size
        object_ids: tuple[int, ...],
    ) -> LabelMap:
        """See `Tracker.render`."""
        return largest_label(probabilities, object_ids)

    def save_state(self) -> bytes:
        """See `Resumable.save_state`; the direction is all there is besides the keyframes."""
        return pack({"direction": np.array(self._direction.value)})

    def load_state(self, state: bytes) -> None:
        """See `Resumable.load_state`."""
        self.start(direction_of(unpack(state)))


def build(request: TrackerRequest) -> CopyTracker:  # noqa: ARG001 - one kind for every request
    """The baseline; nothing in the request matters to it."""
    return CopyTracker()
