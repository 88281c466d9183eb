"""Region similarity J and contour accuracy F as the DAVIS benchmark defines them.

Perazzi et al., "A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation",
CVPR 2016, section 4: J is intersection over union, F the harmonic mean of the precision and the
recall of contour pixels that find a counterpart within a small distance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    AnyMask = NDArray[Any]
    """H x W, not zero = inside."""

DEFAULT_BOUND = 0.008
"""Contour tolerance of DAVIS as a share of the image diagonal."""


class FrameScore(NamedTuple):
    """J and F of one object on one frame, both 0..1."""

    j: float
    f: float


@dataclass(frozen=True, slots=True)
class Contour:
    """The contour of one mask, ready to be compared with others of the same image size.

    Attributes:
        points: flat indices (row-major) of the contour pixels, ascending.
        near: H*W bool, True within the tolerance of a contour pixel.
    """

    points: NDArray[np.intp]
    near: NDArray[np.bool_]


def region_similarity(mask: AnyMask, truth: AnyMask, void: AnyMask | None = None) -> float:
    """Jaccard index J of two masks, 0..1.

    Args:
        mask: H x W, not zero = inside.
        truth: H x W, not zero = inside.
        void: H x W, not zero = pixel that does not count.

    Returns:
        |mask and truth| / |mask or truth| over the pixels that are not void; 1 where both are
        empty there.

    Raises:
        ValueError: the shapes differ.
    """
    inside, expected = _prepare(mask, truth, void)
    union = int(np.count_nonzero(inside | expected))
    return int(np.count_nonzero(inside & expected)) / union if union else 1.0


def contour_accuracy(
    mask: AnyMask, truth: AnyMask, void: AnyMask | None = None, *, bound: float = DEFAULT_BOUND
) -> float:
    """Contour accuracy F of two masks, 0..1.

    Void pixels are emptied in both masks before the contours are drawn. Both contours empty give
    1, only one empty gives 0. A mask that fills the whole image has no contour.

    Args:
        mask: H x W, not zero = inside.
        truth: H x W, not zero = inside.
        void: H x W, not zero = pixel that does not count.
        bound: tolerance; under 1 a share of the diagonal (rounded up), from 1 on pixels.

    Raises:
        ValueError: the shapes differ or the bound is negative.
    """
    inside, expected = _prepare(mask, truth, void)
    radius = tolerance(inside.shape, bound=bound)
    return contour_agreement(
        trace_contour(inside, radius=radius), trace_contour(expected, radius=radius)
    )


def score_frame(
    prediction: AnyMask,
    truth: AnyMask,
    object_ids: Iterable[int],
    *,
    void: AnyMask | None = None,
    bound: float = DEFAULT_BOUND,
) -> dict[int, FrameScore]:
    """J and F of each object on one frame.

    Args:
        prediction: H x W label map.
        truth: H x W label map of the same size; 255 belongs to no object.
        object_ids: the ids to score; one that neither map shows gets J = F = 1.
        void: H x W, not zero = pixel that does not count.
        bound: contour tolerance as in `contour_accuracy`.

    Raises:
        ValueError: the shapes differ.
    """
    scores = {}
    for object_id in object_ids:
        mask, expected = prediction == object_id, truth == object_id
        scores[object_id] = FrameScore(
            region_similarity(mask, expected, void),
            contour_accuracy(mask, expected, void, bound=bound),
        )
    return scores


def tolerance(shape: tuple[int, ...], *, bound: float = DEFAULT_BOUND) -> int:
    """Contour tolerance in whole pixels for an H x W image.

    Raises:
        ValueError: the bound is negative.
    """
    if bound < 0:
        raise ValueError(f"contour bound {bound} is negative")
    return int(bound) if bound >= 1 else math.ceil(bound * math.hypot(*shape))


def boundary_map(mask: AnyMask) -> NDArray[np.bool_]:
    """Contour pixels of a mask, H x W bool.

    A pixel is on the contour where it differs from its right, lower or lower right neighbor; the
    last row looks only to the right, the last column only down, the last corner is never on it.
    """
    inside = np.asarray(mask) != 0
    edge = np.zeros(inside.shape, np.bool_)
    edge[:, :-1] |= inside[:, :-1] != inside[:, 1:]
    edge[:-1, :] |= inside[:-1, :] != inside[1:, :]
    edge[:-1, :-1] |= inside[:-1, :-1] != inside[1:, 1:]
    return edge


def trace_contour(mask: AnyMask, *, radius: int) -> Contour:
    """Contour of a mask and the pixels within `radius` of it.

    Only the box around the mask is worked on. That changes nothing: contour pixels lie in the
    mask's box or one pixel above or left of it, and dilation reaches `radius` farther.
    """
    inside = (np.asarray(mask) != 0).view(np.uint8)
    height, width = inside.shape
    near = np.zeros((height, width), np.bool_)
    left, top, box_width, box_height = cv2.boundingRect(inside)
    if box_width == 0:
        return Contour(np.empty(0, np.intp), near.ravel())
    margin = radius + 1
    rows = slice(max(0, top - margin), min(height, top + box_height + margin))
    columns = slice(max(0, left - margin), min(width, left + box_width + margin))
    edge = boundary_map(inside[rows, columns])
    y, x = np.nonzero(edge)
    near[rows, columns] = cv2.dilate(edge.view(np.uint8), _disk(radius)) != 0
    return Contour((y + rows.start) * width + (x + columns.start), near.ravel())


def contour_agreement(contour: Contour, truth: Contour) -> float:
    """F of two traced contours, 0..1; see `contour_accuracy`."""
    if not contour.points.size or not truth.points.size:
        return float(contour.points.size == truth.points.size)
    precision = int(np.count_nonzero(truth.near[contour.points])) / contour.points.size
    recall = int(np.count_nonzero(contour.near[truth.points])) / truth.points.size
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


@lru_cache(maxsize=16)
def _disk(radius: int) -> NDArray[np.uint8]:
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(x * x + y * y <= radius * radius, np.uint8)


def _prepare(
    mask: AnyMask, truth: AnyMask, void: AnyMask | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    inside, expected = np.asarray(mask) != 0, np.asarray(truth) != 0
    if inside.ndim != 2 or inside.shape != expected.shape:
        raise ValueError(f"masks of shapes {inside.shape} and {expected.shape} cannot be compared")
    if void is None:
        return inside, expected
    if np.shape(void) != inside.shape:
        raise ValueError(f"void of shape {np.shape(void)} does not fit masks of {inside.shape}")
    counts = np.asarray(void) == 0
    return inside & counts, expected & counts
