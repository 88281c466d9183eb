"""Where a map is cut so that two parts come apart. No torch here."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]


def otsu_threshold(measure: Map, *, most: float = 1.0) -> float:
    """The threshold by Otsu 1979 between two parts of a map, of 256 levels; 0 where all is 0.

    Args:
        measure: of any shape, 0 or more.
        most: share of the map: where more is above the threshold, that is divided once more.
    """
    top = float(measure.max(initial=0))
    if top <= 0:
        return 0.0
    levels = np.rint(255 * measure / top).astype(np.uint8).reshape(1, -1)
    cutoff = _cutoff(levels)
    upper = levels[levels > cutoff].reshape(1, -1)
    if upper.size > most * levels.size:
        # Of a single level OpenCV says 0.
        cutoff = max(cutoff, _cutoff(upper))
    # The cutoff is the last level of the lower part.
    return (cutoff + 0.5) * top / 255


def _cutoff(levels: NDArray[np.uint8]) -> float:
    return cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0]


def above_otsu(measure: Map, *, most: float = 1.0) -> Map:
    """A map 0..1 that is 1/2 at `otsu_threshold`, and 1 at twice it.

    Args:
        measure: h x w, 0 or more.
        most: see `otsu_threshold`.
    """
    threshold = otsu_threshold(measure, most=most)
    if not threshold:
        return np.zeros_like(measure)
    return np.asarray(np.clip(measure / (2 * threshold), 0, 1), np.float32)
