"""Lines around objects of a label map: what the window and videos for people draw alike."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def vivid(color: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return a brighter tone of a color, for lines that must be seen on a picture."""
    top = max(color)
    if not top:
        return 96, 96, 96
    red, green, blue = (round(c * (0.35 + 0.65 * 255 / top)) for c in color)
    return red, green, blue


def edges(labels: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """Return 255 on pixels that have another label within reach, background included; else 0."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    higher, lower = cv2.dilate(labels, kernel), cv2.erode(labels, kernel)
    return np.asarray(cv2.compare(higher, lower, cv2.CMP_NE), np.uint8)


def rounded(labels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Round off the stairs of pixels, but keep every speck.

    Args:
        labels: H x W label map.
        size: 3 or 5: pixels of the window whose median is taken.
    """
    smooth = cv2.medianBlur(labels, size)
    near = cv2.dilate(smooth, np.ones((3, 3), np.uint8))
    specks = cv2.bitwise_and(labels, cv2.compare(near, np.zeros_like(near), cv2.CMP_EQ))
    return np.asarray(cv2.bitwise_or(smooth, specks), np.uint8)
