"""Magic wand: the pixels that look like the one that was clicked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.errors import PromptError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.types import Frame


def flood_fill(
    frame: Frame,
    seed: tuple[float, float],
    *,
    tolerance: float = 10.0,
    contiguous: bool = True,
    protected: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """The region of similar color around a pixel.

    Args:
        frame: H x W x 3 uint8, RGB.
        seed: x, y in image pixels; the first pixel reaches from 0 up to, but not including, 1.
        tolerance: largest distance in CIE Lab from the clicked pixel's color; 0 takes only the
            same color, 2 is barely seen, 100 is the distance from black to white.
        contiguous: take only what hangs together with the clicked pixel (by edges, not corners).
        protected: H x W bool, pixels that are never taken and stop the region; or None.

    Returns:
        H x W bool; with the clicked pixel in it unless that is protected.

    Raises:
        PromptError: the pixel is outside the image, or the tolerance is negative.
    """
    (x, y), (height, width) = seed, frame.shape[:2]
    if not (0 <= x < width and 0 <= y < height):
        msg = f"The click at {x:g}, {y:g} is outside the image of {width} x {height}."
        raise PromptError(msg, "Click on the image.")
    if not tolerance >= 0:
        raise PromptError(f"A tolerance of {tolerance:g} is too small.", "Choose 0 or more.")
    row, column = math.floor(y), math.floor(x)
    similar = _similar(frame, row, column, tolerance)
    if protected is not None:
        similar &= ~protected
    if not contiguous or not similar[row, column]:
        return similar & bool(similar[row, column])
    _, regions = cv2.connectedComponents(similar.view(np.uint8), connectivity=4)
    return np.asarray(regions == regions[row, column])


def _similar(frame: Frame, row: int, column: int, tolerance: float) -> NDArray[np.bool_]:
    lab = cv2.cvtColor(frame.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    lab -= lab[row, column].copy()
    return np.asarray(np.einsum("ijc,ijc->ij", lab, lab) <= tolerance**2)
