"""A moving camera over a still image: clips from which correspondence is learned without videos.

The paper trains on 100 still images this way (system 001, section 4.2, "simple homography
transformations"); its amounts are not given, these are ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.types import Frame

PAN = 0.25
"""Largest way of the image as a whole, as a share of its short side."""
BEND = 0.1
"""Largest way of each corner on its own: turns, zooms and tilts."""
SWINGS = (0.5, 3.0)
"""Slowest and fastest motion in radians a second."""


def moved_views(image: Frame, seconds: Sequence[float], rng: np.random.Generator) -> list[Frame]:
    """Views of an image at points in time of one smooth random motion.

    Args:
        image: H x W x 3 uint8; the view at time 0.
        seconds: points in time.
        rng: draws the motion.

    Returns:
        One H x W x 3 view a point in time; what moves in from outside is mirrored.
    """
    height, width = image.shape[:2]
    paths = draw_motion(min(height, width), rng)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    views: list[Frame] = []
    for time in seconds:
        moved = (corners + paths.at(time)).astype(np.float32)
        view = cv2.warpPerspective(
            image,
            cv2.getPerspectiveTransform(corners, moved),
            (width, height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        views.append(view)  # type: ignore[arg-type]
    return views


class Motion:
    """Ways of the four corners: swings about the place where they are at time 0."""

    def __init__(self, size: NDArray[np.float64], speed: float, phase: float) -> None:
        self._size = size
        self._speed = speed
        self._phase = phase

    def at(self, time: float) -> NDArray[np.float64]:
        """4 x 2 pixels, x before y; zero at time 0."""
        swing = np.sin(self._speed * time + self._phase) - np.sin(self._phase)
        ways: NDArray[np.float64] = self._size * (0.5 * swing)
        return ways


def draw_motion(side: int, rng: np.random.Generator) -> Motion:
    """A random motion whose ways stay within `PAN` and `BEND` of a side in pixels."""
    pan = rng.uniform(-PAN, PAN, (1, 2))
    bend = rng.uniform(-BEND, BEND, (4, 2))
    return Motion(side * (pan + bend), rng.uniform(*SWINGS), rng.uniform(0, 2 * np.pi))
