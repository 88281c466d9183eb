"""Baseline: the last label map warped along dense optical flow (OpenCV's DIS)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.ops.dense_flow import FAST, MEDIUM, ULTRAFAST, DenseFlow, gray_of
from core.ops.label_maps import largest_label, merge_keyframe, one_hot
from core.tracking.contract import StepResult, TrackerRequest
from core.tracking.walk_state import direction_of, pack, unpack
from core.types import Arrays, Direction, Frame, Keyframe, LabelMap, Quality

PRESETS = {Quality.FAST: ULTRAFAST, Quality.BALANCED: FAST, Quality.FINE: MEDIUM}


class FlowTracker:
    """Warps the label map of the last frame; a keyframe on the way replaces what it speaks of."""

    def __init__(self, preset: int) -> None:
        self._flow = DenseFlow(preset)
        self._keyframes: dict[int, tuple[Keyframe, NDArray[np.uint8]]] = {}
        self._gray: NDArray[np.uint8] | None = None
        self._labels: LabelMap | None = None
        self._direction = Direction.FORWARD

    def add_keyframe(self, keyframe: Keyframe, frame: Frame) -> None:
        """See `Tracker.add_keyframe`."""
        self._keyframes[keyframe.frame_index] = keyframe, gray_of(frame)

    def remove_keyframe(self, frame_index: int) -> None:
        """See `Tracker.remove_keyframe`."""
        self._keyframes.pop(frame_index, None)

    def start(self, direction: Direction) -> None:
        """See `Tracker.start`."""
        self._gray = self._labels = None
        self._direction = direction

    def step(self, frame_index: int, frame: Frame, object_ids: tuple[int, ...]) -> StepResult:
        """See `Tracker.step`."""
        gray = gray_of(frame)
        if self._labels is None or self._gray is None:
            self._labels, self._gray = self._nearest_passed(frame_index, frame)
        self._labels = self._warp(self._labels, gray, self._gray)
        if frame_index in self._keyframes:
            self._labels = merge_keyframe(self._labels, self._keyframes[frame_index][0])
        self._gray = gray
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
        """See `Resumable.save_state`: the last frame and its labels."""
        arrays: Arrays = {"direction": np.array(self._direction.value)}
        if self._gray is not None and self._labels is not None:
            arrays |= {"gray": self._gray, "labels": self._labels}
        return pack(arrays)

    def load_state(self, state: bytes) -> None:
        """See `Resumable.load_state`."""
        arrays = unpack(state)
        self.start(direction_of(arrays))
        if "gray" in arrays and "labels" in arrays:
            self._gray = arrays["gray"].astype(np.uint8)
            self._labels = arrays["labels"].astype(np.uint8)

    def _nearest_passed(self, index: int, frame: Frame) -> tuple[LabelMap, NDArray[np.uint8]]:
        way = self._direction.value
        passed = [i for i in self._keyframes if (index - i) * way > 0]
        if not passed:
            return np.zeros(frame.shape[:2], np.uint8), gray_of(frame)
        keyframe, gray = self._keyframes[max(passed, key=lambda i: i * way)]
        return merge_keyframe(np.zeros_like(keyframe.label_map), keyframe), gray

    def _warp(self, labels: LabelMap, now: NDArray[np.uint8], last: NDArray[np.uint8]) -> LabelMap:
        """Sample the last labels where the flow from now to last points."""
        height, width = labels.shape
        flow = self._flow.between(now, last)
        grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
        where = (grid + flow).astype(np.float32)
        warped = cv2.remap(labels, where, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)  # type: ignore[call-overload]
        return np.asarray(warped, np.uint8)


def build(request: TrackerRequest) -> FlowTracker:
    """The baseline; the quality chooses the flow's preset."""
    return FlowTracker(PRESETS[request.quality])
