"""Soft alpha of masks: what of a pixel at the boundary is the object's. No torch.

A guided filter lets the boundary follow the frame's edges (`core.ops.guided`), within a narrow band
only; and where the picture stands still, what is said of neighboring frames is averaged, so that
the boundary of what does not move does not move either (ADR 0055).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.ops.guided import guided_plane
from core.ops.masks import Mask
from core.types import Frame

Plane = NDArray[np.float32]

REACH = 2
"""Frames on either side that are looked at."""
NARROWEST, WIDEST = 3, 14
"""Pixels on either side of the boundary in which alpha is soft."""
_SHARE = 25
"""The band reaches this part of the object's side to either side of the boundary."""
_EPSILON = 1e-4
_UNSURE = 0.2
"""Soft labels that are this far from 0 and 1, times two, let alpha be as soft as it may."""
_TELLING = 0.2
"""Share of the band in which soft labels must be unsure to be heeded."""
_FITS = 0.7
"""J of soft labels and mask below which the labels are of another mask."""
_STILL = 5.0
"""Difference of colors, 0..255, at which a neighboring frame counts 1 / e."""
_SMOOTHED = 5
"""Side of the square over which colors are averaged before they are compared."""


@dataclass(frozen=True, slots=True)
class AlphaPart:
    """The alpha of one object on a frame, where it may be above 0.

    Attributes:
        rows, columns: where the part lies in the frame.
        alpha: of the part, 0..1.
        band: how far each pixel may be other than the mask: 1 at its boundary, 0 away from it.
    """

    rows: slice
    columns: slice
    alpha: Plane
    band: Plane

    @property
    def box(self) -> tuple[slice, slice]:
        """Where the part lies in the frame."""
        return self.rows, self.columns


def band_width(area: int) -> int:
    """Pixels to either side of the boundary of an object of some area in which alpha is soft."""
    return int(min(WIDEST, max(NARROWEST, round(math.sqrt(area) / _SHARE))))


def refined_alpha(mask: Mask, soft: NDArray[np.uint8] | None, frame: Frame) -> AlphaPart | None:
    """The alpha of an object on a frame, by this frame alone; None where nothing of it is there.

    Args:
        mask: H x W.
        soft: h x w, what the engine says of each cell, 0..255; None where it says nothing. Where
            it is sure, alpha is the mask. Labels of another mask are not heeded.
        frame: H x W x 3 uint8.
    """
    area = int(np.count_nonzero(mask))
    if not area:
        return None
    width = band_width(area)
    rows, columns = _box(mask, 3 * width)
    part = mask[rows, columns]
    guide = np.ascontiguousarray(frame[rows, columns])
    # What is filtered is the mask: it follows from the soft labels at the frame's own size, and
    # these themselves, some pixels a cell, would leave a haze around it.
    plane = part.astype(np.float32)
    fine = guided_plane(plane, guide, guide, radius=max(NARROWEST, width // 2), epsilon=_EPSILON)
    band = _near(part, width)
    if soft is not None and _fits(mask, soft):
        unsure = band * _unsure(soft, mask.shape)[rows, columns]
        # Of systems that are sure of everything the labels tell nothing.
        band = unsure if unsure.sum() > _TELLING * band.sum() else band
    alpha = band * fine + (1 - band) * plane
    return AlphaPart(rows, columns, np.asarray(np.clip(alpha, 0, 1), np.float32), band)


def steadied(parts: Sequence[AlphaPart], looks: Sequence[Frame], here: int) -> AlphaPart:
    """The alpha of a frame, averaged with that of others where the picture is the same.

    Args:
        parts: of one object on frames in a row.
        looks: of the same frames, as `smoothed_look` makes them.
        here: which of them is the frame.
    """
    own = parts[here]
    now = looks[here][own.box].astype(np.float32)
    total, weights = own.alpha.copy(), np.ones(own.alpha.shape, np.float32)
    for number, (part, look) in enumerate(zip(parts, looks, strict=True)):
        if number == here:
            continue
        away = np.abs(look[own.box].astype(np.float32) - now).max(2)
        weight = np.exp(-np.square(away / np.float32(_STILL)))
        total += weight * _within(part, own, look.shape[:2])
        weights += weight
    # Away from its boundary the mask of the frame itself is right, whatever its neighbors say.
    calm = own.alpha + own.band * (total / weights - own.alpha)
    return AlphaPart(own.rows, own.columns, calm, own.band)


def smoothed_look(frame: Frame) -> Frame:
    """A frame without its noise, for `steadied`."""
    side = (_SMOOTHED, _SMOOTHED)
    return np.asarray(cv2.blur(frame, side, borderType=cv2.BORDER_REPLICATE), np.uint8)


def grown_alpha(alpha: Plane, pixels: int) -> Plane:
    """An alpha whose edge lies so many pixels farther out, or farther in where less than 0."""
    if not pixels:
        return alpha
    side = 2 * abs(pixels) + 1
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    change = cv2.dilate if pixels > 0 else cv2.erode
    return np.asarray(change(alpha, disk, borderType=cv2.BORDER_REPLICATE), np.float32)


def full_alpha(part: AlphaPart | None, shape: tuple[int, int]) -> Plane:
    """The alpha of the whole frame, H x W."""
    alpha = np.zeros(shape, np.float32)
    if part is not None:
        alpha[part.box] = part.alpha
    return alpha


def _unsure(soft: NDArray[np.uint8], shape: tuple[int, ...]) -> Plane:
    """How far alpha may be other than the mask, by the engine: H x W, 0 where it is sure."""
    large = cv2.resize(soft, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    away = 1 - np.abs(2 * np.asarray(large, np.float32) / np.float32(255) - 1)
    unsure = np.clip(away / np.float32(_UNSURE), 0, 1)
    # Where labels are as fine as the frame, their edges are as sharp as the mask's.
    side = 2 * NARROWEST + 1
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(unsure, disk), np.float32)


def _fits(mask: Mask, soft: NDArray[np.uint8]) -> bool:
    height, width = soft.shape
    small = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    one, other = small > 0.5, soft > 127
    union = int(np.count_nonzero(one | other))
    return bool(union) and int(np.count_nonzero(one & other)) >= _FITS * union


def _near(mask: Mask, width: int) -> Plane:
    """1 at the boundary, 0 where it is farther than the band is wide; H x W."""
    inside, outside = (
        cv2.distanceTransform(m.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        for m in (mask, ~mask)
    )
    far = np.maximum(inside, outside) - 0.5
    return np.asarray(np.clip(2 - 2 * far / width, 0, 1), np.float32)


def _within(part: AlphaPart, own: AlphaPart, shape: tuple[int, int]) -> Plane:
    """The alpha of another frame where the own part lies."""
    if part.box == own.box:
        return part.alpha
    return full_alpha(part, shape)[own.box]


def _box(mask: Mask, margin: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (
        slice(max(int(rows[0]) - margin, 0), min(int(rows[-1]) + 1 + margin, mask.shape[0])),
        slice(max(int(columns[0]) - margin, 0), min(int(columns[-1]) + 1 + margin, mask.shape[1])),
    )
