"""Color tables of 256 entries, as 0xAARRGGBB. No Qt: changing how masks look changes only these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.media.label_lines import vivid
from vosapp.project.colors import usual_color
from vosapp.project.model import TrackedObject

Table = list[int]
TRANSPARENT = 0
BLACK, WHITE = 0xFF000000, 0xFFFFFFFF


def argb(color: tuple[int, int, int], opacity: float = 1.0) -> int:
    """Return a color as one number; `opacity` is 0..1."""
    red, green, blue = color
    return round(255 * opacity) << 24 | red << 16 | green << 8 | blue


def line_table(objects: Iterable[TrackedObject], solo: int, opacity: float = 1.0) -> Table:
    """Return objects in brighter tones of their colors, all else transparent."""
    brighter = (replace(item, color=vivid(item.color)) for item in objects)
    return object_table(brighter, solo, opacity)


def shown_ids(objects: Iterable[TrackedObject], solo: int) -> NDArray[np.bool_]:
    """Return which of 256 ids are drawn: the solo object alone, else all that are visible."""
    shown = np.zeros(256, np.bool_)
    for item in objects:
        shown[item.object_id] = item.object_id == solo if solo else item.visible
    return shown


def object_table(objects: Iterable[TrackedObject], solo: int, opacity: float) -> Table:
    """Return objects in their colors, all else transparent."""
    objects = tuple(objects)
    shown = shown_ids(objects, solo)
    table = [TRANSPARENT] * 256
    for item in objects:
        if shown[item.object_id]:
            table[item.object_id] = argb(item.color, opacity)
    return table


def candidate_table() -> Table:
    """Return the colors of candidates by their numbers: those that objects would get in order."""
    return [TRANSPARENT, *(argb(vivid(usual_color(number))) for number in range(1, 255)), 0]


def matte_table(objects: Iterable[TrackedObject], solo: int) -> Table:
    """Return shown objects in white, all else in black."""
    return [WHITE if shown else BLACK for shown in shown_ids(objects, solo)]
