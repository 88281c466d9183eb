"""Where a map is cut so that two parts come apart. No torch here."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]


def above_otsu(measure: Map) -> Map:
    """A map 0..1 that is 1/2 at the threshold by Otsu 1979, and 1 at twice it.

    Args:
        measure: h x w, 0 or more.
    """
    top = float(measure.max())
    if top <= 0:
        return np.zeros_like(measure)
    levels = np.rint(255 * measure / top).astype(np.uint8)
    cutoff, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    scaled = measure / (2 * max(cutoff, 1.0) * top / 255)
    return np.asarray(np.clip(scaled, 0, 1), np.float32)
