"""Cleaning up masks: islands, holes, parts, edges. Pure functions of arrays. No torch.

Parts of a mask touch each other at corners, too; holes do not, as it has to be: else a thin
diagonal line would be in one piece and yet let what it encloses leak out.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cleaning import AUTO, Cleaning, Outline
from core.media.annotations.polygons import fill_ring

Mask = NDArray[np.bool_]

ISLAND_SHARE = 0.01
"""By default parts of at least this share of the object's area are no islands (ADR 0054)."""
WHOLE_SHARE = 0.9
"""By default nothing goes where the largest part has less of the object than this."""
APART = 0.2
"""By default islands nearer than this stay; in sides of a square that is as large as the object."""
SPECK = 0.025
"""By default islands of at least this share of their squared distance stay."""
HOLE_SHARE = 0.0001
"""Holes of less than this share of the object's area are filled by default."""
LEAST = 4
"""By default holes of fewer pixels go, however small the object is."""
_PARTS, _HOLES = 8, 4
"""Neighbors that belong together in a mask, and outside of it."""


def without_islands(mask: Mask, size: int) -> Mask:
    """A mask without its parts of fewer than `size` pixels; the largest part always stays.

    Args:
        mask: H x W.
        size: in pixels; `AUTO` takes what is small and far from the rest, see `ISLAND_SHARE`.
    """
    parts, areas = _parts(mask, _PARTS)
    if len(areas) < 3:
        return mask
    areas[0] = 0
    limit = ISLAND_SHARE * areas.sum() if size == AUTO else size
    stays = areas >= limit
    stays[areas.argmax()] = True
    stays[0] = False
    if size == AUTO:
        stays[1:] |= _belongs(parts, areas, stays)[1:]
    return np.asarray(stays[parts])


def _belongs(parts: NDArray[np.int32], areas: NDArray[np.int64], large: Mask) -> Mask:
    """Which parts stay by default, since they are near the large ones, or not that small.

    Args:
        parts: H x W numbers of parts, 0 for none.
        areas: of each number; 0 for none.
        large: which of them are no islands.
    """
    whole = areas.sum()
    if large[1:].all() or areas.max() < WHOLE_SHARE * whole:
        return np.ones_like(large)
    rest = ~large[parts]
    small = rest & (parts > 0)
    # A few percent too near or too far do not matter here, and take a third of the time.
    far = cv2.distanceTransform(rest.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    away = np.full(len(areas), np.inf)
    np.minimum.at(away, parts[small], far[small])
    return np.asarray((away < APART * whole**0.5) | (areas >= SPECK * away**2))


def largest_parts(mask: Mask, count: int) -> Mask:
    """A mask with at most `count` of its parts, the largest; of equal ones the upper."""
    parts, areas = _parts(mask, _PARTS)
    if len(areas) - 1 <= count:
        return mask
    order = np.argsort(-areas[1:], kind="stable") + 1
    stays = np.zeros(len(areas), np.bool_)
    stays[order[:count]] = True
    return np.asarray(stays[parts])


def holes_of(mask: Mask, size: int) -> Mask:
    """The holes of a mask that have fewer than `size` pixels; what touches the border is none.

    Args:
        mask: H x W.
        size: in pixels; `AUTO` takes a share of the mask's area.
    """
    area = int(np.count_nonzero(mask))
    limit = max(LEAST, round(area * HOLE_SHARE)) if size == AUTO else size
    parts, areas = _parts(~mask, _HOLES)
    fills = areas < limit
    fills[0] = False
    for edge in (parts[0], parts[-1], parts[:, 0], parts[:, -1]):
        fills[edge] = False
    return np.asarray(fills[parts])


def filled(mask: Mask, size: int) -> Mask:
    """A mask with its holes of fewer than `size` pixels filled; see `holes_of`."""
    return mask | holes_of(mask, size)


def grown(mask: Mask, pixels: int) -> Mask:
    """A mask whose edge lies so many pixels farther out, or farther in where less than 0.

    Distances are straight ones. What reaches the picture's border goes on behind it.
    """
    if pixels == 0 or not mask.any() or mask.all():
        return mask
    far = _distance(mask if pixels < 0 else ~mask)
    return np.asarray(far > -pixels) if pixels < 0 else np.asarray(far <= pixels)


def smoothed(mask: Mask, radius: int) -> Mask:
    """A mask without bumps and notches narrower than about twice `radius` pixels.

    Half of a disk around a pixel decides, so that straight edges stay where they are. A mask that
    would be lost keeps its largest part as it is.
    """
    if radius == 0 or not mask.any():
        return mask
    side = 2 * radius + 1
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.float32)
    values = mask.astype(np.float32)
    share = cv2.filter2D(values, cv2.CV_32F, disk / disk.sum(), borderType=cv2.BORDER_REPLICATE)
    smooth = np.asarray(share > 0.5)
    return smooth if smooth.any() else largest_parts(mask, 1)


def feathered(alpha: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    """A soft edge about `width` pixels wide, half of it on either side; 0 leaves it as it is.

    Args:
        alpha: H x W, 0..1.
        width: in pixels.
    """
    if width <= 0:
        return alpha
    # Of a step blurred by a Gaussian, 95 percent lie within four standard deviations.
    soft = cv2.GaussianBlur(alpha, (0, 0), max(width / 4, 0.05), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(soft, np.float32)


def area_of(outlines: Sequence[Outline], shape: tuple[int, int]) -> Mask:
    """The pixels, H x W, whose center lies in one of some areas."""
    inside = np.zeros(shape, np.bool_)
    for outline in outlines:
        inside |= fill_ring(np.array(outline, np.float64), height=shape[0], width=shape[1])
    return inside


def cleaned(mask: Mask, cleaning: Cleaning) -> Mask:
    """A mask after all steps of a clean-up, but for feathering."""
    if cleaning.erased and mask.any():
        mask = mask & ~area_of(cleaning.erased, (mask.shape[0], mask.shape[1]))
    mask = trimmed(mask, cleaning)
    if cleaning.holes:
        mask = filled(mask, cleaning.holes)
    return shaped(mask, cleaning)


def trimmed(mask: Mask, cleaning: Cleaning) -> Mask:
    """The part of a mask that islands and parts to keep leave."""
    if cleaning.islands:
        mask = without_islands(mask, cleaning.islands)
    if cleaning.keep:
        mask = largest_parts(mask, cleaning.keep)
    return mask


def shaped(mask: Mask, cleaning: Cleaning) -> Mask:
    """A mask with its edge smoothed and moved."""
    return grown(smoothed(mask, cleaning.smooth), cleaning.grow)


def _parts(mask: Mask, neighbors: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The number of each pixel's part, 0 for none, and the area of each number."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=neighbors
    )
    return np.asarray(parts, np.int32), np.asarray(stats[:, cv2.CC_STAT_AREA], np.int64)


def _distance(mask: Mask) -> NDArray[np.float32]:
    """Of each pixel to the nearest one outside of the mask; 0 there."""
    found = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(found, np.float32)
