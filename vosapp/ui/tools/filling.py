"""Which pixels the fill tool takes. No Qt; runs beside the window."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from core.prompts.fill import flood_fill
from core.types import Frame, LabelMap


def fill_at(
    frame: Frame,
    label_map: LabelMap,
    seed: tuple[float, float],
    *,
    object_id: int,
    locked: NDArray[np.bool_] | None,
    tolerance: float,
) -> NDArray[np.bool_]:
    """Return the hole of the object that was clicked, else the region of similar color.

    Args:
        frame: H x W x 3 uint8, RGB.
        label_map: H x W ids.
        seed: x, y in image pixels.
        object_id: whose outline may enclose the click.
        locked: H x W bool, pixels that are never taken, or None.
        tolerance: as in `core.prompts.fill.flood_fill`.

    Returns:
        H x W bool.

    Raises:
        PromptError: the click is outside the image.
    """
    found = hole_at(label_map, seed, object_id)
    if found is None:
        return flood_fill(frame, seed, tolerance=tolerance, protected=locked)
    return found if locked is None else found & ~locked


def hole_at(
    label_map: LabelMap, seed: tuple[float, float], object_id: int
) -> NDArray[np.bool_] | None:
    """Return the background that an object encloses around a pixel; None where it does not."""
    row, column = math.floor(seed[1]), math.floor(seed[0])
    height, width = label_map.shape
    if not (0 <= row < height and 0 <= column < width) or label_map[row, column]:
        return None
    others = (label_map != object_id).view(np.uint8)
    _, regions = cv2.connectedComponents(others, connectivity=4)
    region = regions == regions[row, column]
    edge = (region[0], region[-1], region[:, 0], region[:, -1])
    if any(side.any() for side in edge):
        return None
    return np.asarray(region & (label_map == 0))
