"""From an answer at working size to a mask of the frame that keeps to what was said."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.ops.guided import guided_plane
from core.prompts.evidence import best_threshold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.request import PointPrompt, SegmentRequest
    from core.prompts.view import View
    from core.types import Frame

RADIUS = 4
"""Window of the guided filter, in pixels of the view."""
EPSILON = 1e-4
"""Its smoothness; see `core.ops.guided`."""
SLACK = 0.02
"""Difference in probability that is none."""


def fine_plane(view: View, probabilities: NDArray[np.float32], frame: Frame) -> NDArray[np.float32]:
    """H x W probabilities with edges as the frame has them; 0 outside of the view."""
    fine = np.zeros(frame.shape[:2], np.float32)
    part = frame[view.crop.area]
    fine[view.crop.area] = guided_plane(
        probabilities, view.image, part, radius=RADIUS, epsilon=EPSILON
    )
    return fine


def least_probability(probabilities: NDArray[np.float32]) -> float:
    """From which probability on a pixel is taken; above 0."""
    return max(best_threshold(probabilities), 1e-3)


def full_mask(
    view: View,
    probabilities: NDArray[np.float32],
    frame: Frame,
    points: tuple[PointPrompt, ...] = (),
) -> NDArray[np.bool_]:
    """H x W mask from the probabilities of a view, with edges as the frame has them.

    A click on the wrong side of the threshold takes along what hangs together with it and is, by
    its probability, at least as much on the side that was asked for.
    """
    fine, threshold = fine_plane(view, probabilities, frame), least_probability(probabilities)
    mask = fine >= threshold
    for point in points:
        value = float(fine[math.floor(point.y), math.floor(point.x)])
        if (value >= threshold) is not point.positive:
            level = fine >= value - SLACK if point.positive else fine <= value + SLACK
            mask[touched(level, [point])] = point.positive
    return mask


def rough_mask(view: View, probabilities: NDArray[np.float32], frame: Frame) -> NDArray[np.bool_]:
    """H x W mask with edges as coarse as the view: enough to see where to look from near."""
    mask = np.zeros(frame.shape[:2], bool)
    found = (probabilities >= least_probability(probabilities)).astype(np.uint8)
    crop = view.crop
    size = (crop.right - crop.left, crop.bottom - crop.top)
    mask[crop.area] = cv2.resize(found, size, interpolation=cv2.INTER_NEAREST) > 0
    return mask


def local_change(
    mask: NDArray[np.bool_], previous: NDArray[np.bool_], points: tuple[PointPrompt, ...]
) -> NDArray[np.bool_]:
    """The previous mask with only those changes that hang together with a click.

    A positive click only adds, a negative one only takes away.
    """
    result = previous.copy()
    for positive in (True, False):
        change = mask & ~previous if positive else previous & ~mask
        asked = [point for point in points if point.positive is positive]
        if asked:
            result[touched(change, asked)] = positive
    return result


def joined(mask: NDArray[np.bool_], points: tuple[PointPrompt, ...]) -> NDArray[np.bool_]:
    """The parts of a mask that hang together with a positive click; all where there is none."""
    asked = [point for point in points if point.positive]
    found = touched(mask, asked)
    return found if found.any() else mask


def settled(request: SegmentRequest, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Hold a mask to what was said: the box, the clicks, what is protected."""
    if request.box is not None:
        x0, y0, x1, y1 = request.box.box
        inside = np.zeros_like(mask)
        rows = slice(max(0, math.floor(y0)), max(0, math.ceil(y1)))
        inside[rows, max(0, math.floor(x0)) : max(0, math.ceil(x1))] = True
        mask = mask & inside if (mask & inside).any() else inside
    mask = obeyed(mask, request.points)
    return mask if request.protected is None else mask & ~request.protected


def obeyed(mask: NDArray[np.bool_], points: tuple[PointPrompt, ...]) -> NDArray[np.bool_]:
    """The mask with a small disk around each click on the side that was asked for.

    A disk ends well before a contrary click.
    """
    radius = max(1, round(min(mask.shape) / 200))
    drawn = mask.astype(np.uint8)
    for point in points:
        center = (math.floor(point.x), math.floor(point.y))
        room = min([_apart(point, p) for p in points if p.positive is not point.positive] or [99])
        cv2.circle(drawn, center, min(radius, int(room / 3)), int(point.positive), -1)
    for point in points:
        drawn[math.floor(point.y), math.floor(point.x)] = point.positive
    return drawn.astype(bool)


def _apart(one: PointPrompt, other: PointPrompt) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)


def touched(mask: NDArray[np.bool_], points: list[PointPrompt]) -> NDArray[np.bool_]:
    """The parts of a mask that hang together with a point."""
    count, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    wanted = np.zeros(count, bool)
    for point in points:
        wanted[parts[math.floor(point.y), math.floor(point.x)]] = True
    wanted[0] = False
    return np.asarray(wanted[parts])
