"""The colors that objects have until the user chooses others: easily seen on pictures.

Label-map files keep the palette of DAVIS (`core.media.palette`), whose first colors are dark.
"""

from __future__ import annotations

import colorsys
from functools import cache

from core.types import MAX_OBJECT_ID

Rgb = tuple[int, int, int]

_FIRST: tuple[Rgb, ...] = (
    (244, 81, 81),
    (52, 204, 108),
    (72, 142, 255),
    (252, 192, 44),
    (182, 99, 240),
    (40, 202, 222),
    (255, 132, 52),
    (244, 104, 186),
    (168, 218, 62),
    (130, 130, 255),
)
"""Chosen by eye so that neighbors in the list differ in hue and lightness."""
_GOLDEN = 0.618034
"""Of a turn of the color circle: no two hues in a row are alike."""
_TONES = ((0.62, 1.0), (0.78, 0.86), (0.45, 1.0), (0.9, 0.96))
"""Saturation and value in HSV, in turn."""


@cache
def usual_color(object_id: int) -> Rgb:
    """Return the color of a new object, red, green and blue; all 254 differ.

    Raises:
        ValueError: there is no such id.
    """
    if not 1 <= object_id <= MAX_OBJECT_ID:
        raise ValueError(f"no object id: {object_id}")
    if object_id <= len(_FIRST):
        return _FIRST[object_id - 1]
    saturation, value = _TONES[object_id % len(_TONES)]
    red, green, blue = colorsys.hsv_to_rgb(object_id * _GOLDEN % 1, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)
