"""Dense optical flow by OpenCV's DIS (Kroeger et al. 2016). No torch here."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.types import Frame

Gray = NDArray[np.uint8]
Flow = NDArray[np.float32]
ULTRAFAST = cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST
FAST = cv2.DISOPTICAL_FLOW_PRESET_FAST
MEDIUM = cv2.DISOPTICAL_FLOW_PRESET_MEDIUM
SMALLEST = 64
"""Smaller images are padded to this: OpenCV's DIS refuses or crashes on some below 32 pixels."""


class DenseFlow:
    """Computes flows one after the other; each by itself."""

    def __init__(self, preset: int) -> None:
        self._flow = cv2.DISOpticalFlow.create(preset)

    def between(self, now: Gray, other: Gray) -> Flow:
        """H x W x 2 pixels, x before y: where each pixel of `now` lies in `other`, less its own.

        Args:
            now: H x W gray levels.
            other: H x W gray levels.
        """
        height, width = now.shape
        found = self._flow.calc(_padded(now), _padded(other), None)[:height, :width]  # type: ignore[call-overload]
        return np.asarray(found, np.float32)


def gray_of(frame: Frame) -> Gray:
    """H x W gray levels of a frame."""
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)  # type: ignore[return-value]


def _padded(image: Gray) -> Gray:
    height, width = image.shape
    below, right = max(0, SMALLEST - height), max(0, SMALLEST - width)
    if not below and not right:
        return image
    return cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)  # type: ignore[return-value]
