"""A soft map of what stands out becomes a mask of what is an object: two labels, by color."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.ops.mean_field import FieldConfig, refined_maps
from core.ops.otsu import above_otsu
from core.types import Frame

SHORT_SIDE = 48
"""Pixels on the short side at which labels follow colors."""
FIELD = FieldConfig(radius=4, near=2.0, far=3.5)
"""Windows of 9 x 9: of so small a picture they hold as much as those of 15 x 15 of a larger one."""
MOST = 0.1
"""Share of a picture: where Otsu's threshold takes more, what it took is divided again. Better on
the average of real footage, worse for one clean and large object (ADR 0062)."""
LONGEST = 4
"""Long sides are at most so many short ones."""


def foreground(soft: NDArray[np.float32], frame: Frame) -> NDArray[np.float32]:
    """How likely each pixel is an object's: Otsu's threshold, then a mean field.

    Where the threshold takes more than `MOST` of the picture, that is taken to be more than an
    object and divided once more. The papers binarize by a CRF on all pairs of pixels; the mean
    field here is that of `core.ops.mean_field`.

    Args:
        soft: h x w of any size, 0 or more.
        frame: H x W x 3 uint8.

    Returns:
        `SHORT_SIDE` on the short side, 0..1, of the frame's shape.
    """
    height, width = frame.shape[:2]
    scale = SHORT_SIDE / min(height, width)
    most = LONGEST * SHORT_SIDE
    size = tuple(min(most, max(1, round(n * scale))) for n in (width, height))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    plane = cv2.resize(above_otsu(soft, most=MOST), size, interpolation=cv2.INTER_LINEAR)
    planes, shown = np.asarray(plane, np.float32)[None], np.asarray(small, np.uint8)
    return np.asarray(refined_maps(planes, shown, FIELD)[0], np.float32)
