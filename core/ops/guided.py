"""Guided upsampling: probabilities of a coarse grid become masks that follow the frame's edges.

He, Sun & Tang 2013 (guided filter, color guide) in the fast form of He & Sun 2015: the linear
coefficients are computed on a small guide and applied to the frame at its full size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.types import Frame, LabelMap

KEPT = 0.5
"""Share of an object's area that the filter must leave; else the object is left unfiltered."""

Plane = NDArray[np.float32]
Exact = NDArray[np.float64]
Box = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class GuidedConfig:
    """How probabilities are upsampled."""

    radius: int = 9
    """Largest radius of the filter window in pixels of the small guide; small objects get less."""
    epsilon: float = 1e-5
    """Smoothness: edges weaker than sqrt(epsilon) of the guide (0..1) are smoothed over."""
    margin: int = 16
    """Pixels of the small guide around an object's soft mask that are looked at."""


def guided_labels(
    soft: NDArray[np.float32], small: Frame, frame: Frame, config: GuidedConfig
) -> LabelMap:
    """Label map at full size from probabilities at feature size.

    Args:
        soft: K x h x w float32, soft mask of each object, 0..1; the background is the rest.
        small: h' x w' x 3 uint8, the frame at working size.
        frame: H x W x 3 uint8.
        config: window and smoothness.

    Returns:
        H x W uint8: 0 for background, i + 1 where object i is the most probable. Ties go to
        the background, then to the lower index.
    """
    planes = []
    background = np.ones(frame.shape[:2], np.float32)
    for index, plane in enumerate(soft):
        box = _box(plane, small.shape[:2], config.margin)
        if box is not None:
            area, fine = _filtered(plane, box, small, frame, config)
            background[area] -= fine
            planes.append((index + 1, area, fine))
    return _largest(background, planes)


def guided_probabilities(
    soft: NDArray[np.float32], small: Frame, config: GuidedConfig
) -> NDArray[np.float32]:
    """Probabilities at feature size that follow the edges of the frame at working size.

    Args:
        soft: K x h x w float32, soft mask of each object, 0..1.
        small: h' x w' x 3 uint8, the frame at working size.
        config: window and smoothness.

    Returns:
        K x h x w float32, 0..1: the part of each cell that the filtered mask covers. Each object
        is filtered alone, so several may claim more than a whole cell.
    """
    height, width = soft.shape[1:]
    planes = np.empty_like(soft)
    for index, plane in enumerate(soft):
        fine = _resized(plane, (small.shape[1], small.shape[0]))
        box = _box(plane, small.shape[:2], config.margin)
        if box is not None:
            fine[box] = _filtered(plane, box, small, small, config)[1]
        planes[index] = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    return planes


def guided_plane(plane: Plane, small: Frame, full: Frame, *, radius: int, epsilon: float) -> Plane:
    """One soft mask, taken from a small image to the same image at its full size.

    Args:
        plane: h x w float32, 0..1.
        small: h x w x 3 uint8.
        full: H x W x 3 uint8.
        radius: of the filter window, in pixels of the small image.
        epsilon: see `GuidedConfig`.

    Returns:
        H x W float32, 0..1.
    """
    return _applied(*_coefficients(small / 255, plane, radius, epsilon), full)


def _largest(best: Plane, planes: list[tuple[int, Box, Plane]]) -> LabelMap:
    """The label with the largest probability of each pixel; `best` starts as the background's."""
    labels = np.zeros(best.shape, np.uint8)
    for label, area, plane in planes:
        won = plane > best[area]
        labels[area][won] = label
        np.maximum(best[area], plane, out=best[area])
    return labels


def _box(plane: Plane, size: tuple[int, int], margin: int) -> Box | None:
    """Rows and columns of the working image in which an object may be, or None."""
    rows, columns = np.flatnonzero(plane.max(1) > 0.05), np.flatnonzero(plane.max(0) > 0.05)
    if not len(rows):
        return None
    scale = size[0] / plane.shape[0], size[1] / plane.shape[1]
    top, bottom = int(rows[0] * scale[0]) - margin, int((rows[-1] + 1) * scale[0]) + margin
    left, right = int(columns[0] * scale[1]) - margin, int((columns[-1] + 1) * scale[1]) + margin
    return slice(max(0, top), min(size[0], bottom)), slice(max(0, left), min(size[1], right))


def _filtered(
    plane: Plane, box: Box, small: Frame, frame: Frame, config: GuidedConfig
) -> tuple[Box, Plane]:
    """One object's probabilities within the part of the full frame that belongs to `box`."""
    height, width = small.shape[:2]
    coarse = _resized(plane, (width, height))[box]
    radius = _radius(coarse, config.radius)
    slope, offset = _coefficients(small[box] / 255, coarse, radius, config.epsilon)
    area = _enlarge(box, small.shape[:2], frame.shape[:2])
    fine = _applied(slope, offset, frame[area])
    plain = _resized(coarse, (fine.shape[1], fine.shape[0]))
    # An object without visible edges would be smoothed away; then its soft mask must do.
    lost = (fine > 0.5).sum() < KEPT * (plain > 0.5).sum()
    return area, plain if lost else fine


def _applied(slope: Plane, offset: Plane, full: Frame) -> Plane:
    """H x W probabilities of a guide of H x W, from coefficients of any size."""
    size = (full.shape[1], full.shape[0])
    products = full.astype(np.float32)
    products *= np.float32(1 / 255)
    products *= _resized(slope, size)
    # A sum over channels; einsum takes four times as long.
    raw = cv2.transform(products, np.ones((1, 3), np.float32))
    clipped: Plane = np.clip(raw + _resized(offset, size), 0, 1)
    return clipped


def _resized(x: Plane, size: tuple[int, int]) -> Plane:
    """Width and height come first in `size`, as OpenCV has it."""
    return cv2.resize(x, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def _enlarge(box: Box, size: tuple[int, int], full: tuple[int, int]) -> Box:
    rows, columns = (
        slice(round(part.start * f / s), round(part.stop * f / s))
        for part, s, f in zip(box, size, full, strict=True)
    )
    return rows, columns


def _coefficients(guide: Exact, p: Plane, radius: int, epsilon: float) -> tuple[Plane, Plane]:
    """Slope (h x w x 3) and offset (h x w) of p as a locally linear function of the guide.

    In double precision: with channels that resemble each other the determinant is of the order
    of epsilon squared, which single precision loses in rounding. Channel by channel, since
    planes that lie together in memory are twice as fast.
    """
    side = (2 * radius + 1, 2 * radius + 1)

    def mean(x: Exact) -> Exact:
        return cv2.blur(x, side, borderType=cv2.BORDER_REFLECT)  # type: ignore[return-value]

    channels, exact = [np.ascontiguousarray(guide[..., i]) for i in range(3)], p.astype(np.float64)
    means, mean_p = [mean(channel) for channel in channels], mean(exact)
    right = [
        mean(channel * exact) - own * mean_p for channel, own in zip(channels, means, strict=True)
    ]
    left = _covariance(channels, means, mean, epsilon)
    slope = _solve(left, right, epsilon**3)
    offset = mean_p - sum(s * own for s, own in zip(slope, means, strict=True))
    planes = [mean(s).astype(np.float32) for s in slope]
    return cv2.merge(planes), mean(offset).astype(np.float32)  # type: ignore[return-value]


def _radius(p: Plane, largest: int) -> int:
    """Window radius for an object: a quarter of its side, so that small ones are not blurred."""
    side = math.sqrt(max(float(p.sum()), 1.0))
    return int(min(largest, max(2, side / 4)))


def _covariance(
    guide: list[Exact], means: list[Exact], mean: Callable[[Exact], Exact], epsilon: float
) -> list[Exact]:
    """Upper triangle (rr, rg, rb, gg, gb, bb) of the guide's local covariance + epsilon I."""
    pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    return [
        mean(guide[i] * guide[j]) - means[i] * means[j] + (epsilon if i == j else 0)
        for i, j in pairs
    ]


def _solve(covariance: list[Exact], right: list[Exact], floor: float) -> list[Exact]:
    """Solve the symmetric 3 x 3 system of every pixel by its adjugate.

    `floor` is the smallest determinant there can be but for rounding.
    """
    rr, rg, rb, gg, gb, bb = covariance
    inverse = [
        gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb,
        rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg,
    ]  # fmt: skip
    determinant = np.maximum(rr * inverse[0] + rg * inverse[1] + rb * inverse[2], floor)
    r, g, b = right
    return [
        (inverse[0] * r + inverse[1] * g + inverse[2] * b) / determinant,
        (inverse[1] * r + inverse[3] * g + inverse[4] * b) / determinant,
        (inverse[2] * r + inverse[4] * g + inverse[5] * b) / determinant,
    ]
