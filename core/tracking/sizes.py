"""The size at which frames are encoded."""

from __future__ import annotations

import cv2

from core.types import Frame

LONGEST = 2.5
"""Longest working image, as a multiple of its short side; longer ones are shrunk to it."""


def shrunk(frame: Frame, short_side: int, *, stride: int) -> Frame:
    """A frame at its working size."""
    height, width = working_size(frame.shape[0], frame.shape[1], short_side, stride=stride)
    way = cv2.INTER_AREA if height < frame.shape[0] else cv2.INTER_LINEAR
    return cv2.resize(frame, (width, height), interpolation=way)  # type: ignore[return-value]


def working_size(height: int, width: int, short_side: int, *, stride: int) -> tuple[int, int]:
    """Height and width at which a frame is encoded.

    They are multiples of twice the stride of the features, so that every cell covers the same
    share of the frame, at half the size as well.
    """
    step = 2 * stride
    scale = short_side / min(height, width)
    scale = min(scale, LONGEST * short_side / max(height, width))
    rows, columns = (max(1, round(n * scale / step)) * step for n in (height, width))
    return rows, columns
