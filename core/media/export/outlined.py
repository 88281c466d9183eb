"""Frames with their objects in color, outlined as the window outlines them."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from core.media.annotations.values import ObjectInfo
from core.media.label_lines import edges, rounded, vivid
from core.types import VOID, Frame, LabelMap

FINER = 2
"""Lines are drawn at so many times the frame's resolution, and so have no stairs in it."""
LEAST, LINES = 2.0, 270
"""Pixels of a line's width at least; lines of a frame for each pixel of it."""


class OutlinePainter:
    """Paints objects in their colors, with solid lines in brighter tones of them.

    Args:
        objects: whose colors are taken; others are white.
        opacity: of the colors, 0..1.
    """

    def __init__(self, objects: Iterable[ObjectInfo], opacity: float) -> None:
        # With the colors multiplied by their opacity, as the mean of neighbors needs them.
        inside = np.full((256, 4), round(255 * opacity), np.uint8)
        line = np.full((256, 4), 255, np.uint8)
        for info in objects:
            if info.object_id < VOID:
                color = np.array(info.color)
                inside[info.object_id, :3] = np.rint(color * opacity)
                line[info.object_id, :3] = vivid(info.color)
        inside[[0, VOID]] = line[[0, VOID]] = 0
        # Four bytes as one number: a fifth of the time of a lookup of rows.
        self._table = np.concatenate([inside, line]).view(np.uint32).ravel()

    def paint(self, frame: Frame, label_map: LabelMap) -> Frame:
        """Return a copy of a frame with its objects in color.

        Args:
            frame: H x W x 3 RGB.
            label_map: H x W; background and void stay as they are.
        """
        painted = frame.copy()
        width = max(LEAST, frame.shape[0] / LINES)
        part = _extent(label_map, round(width) + 2)
        if part is None:
            return painted
        shown = painted[part]
        shown[:] = self._laid_over(shown, np.ascontiguousarray(label_map[part]), width)
        return painted

    def _laid_over(self, frame: Frame, label_map: LabelMap, width: float) -> Frame:
        height, length = label_map.shape
        large = (length * FINER, height * FINER)
        labels = cv2.resize(label_map, large, interpolation=cv2.INTER_NEAREST)
        labels[labels == VOID] = 0
        labels = rounded(np.asarray(labels, np.uint8), 5)
        reach = round(width * FINER)
        # A border of background, so that an object that leaves the picture has its line there.
        framed = cv2.copyMakeBorder(labels, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        line = edges(np.asarray(framed, np.uint8), reach)[1:-1, 1:-1]
        places = labels.astype(np.uint16) + np.where(line > 0, np.uint16(256), np.uint16(0))
        fine = self._table[places].view(np.uint8).reshape(*labels.shape, 4)
        layer = cv2.resize(fine, (length, height), interpolation=cv2.INTER_AREA)
        rest = np.float32(1) - layer[..., 3:] * np.float32(1 / 255)
        mixed = frame * rest + layer[..., :3]
        return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _extent(label_map: LabelMap, margin: int) -> tuple[slice, slice] | None:
    """Return the part of a frame in which objects lie, with a margin; None without any."""
    inside = (label_map > 0) & (label_map != VOID)
    if not inside.any():
        return None
    found = []
    for axis, size in ((1, label_map.shape[0]), (0, label_map.shape[1])):
        places = np.flatnonzero(inside.any(axis))
        found.append(slice(max(0, places[0] - margin), min(size, places[-1] + 1 + margin)))
    return found[0], found[1]
