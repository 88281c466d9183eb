"""Boxes and clicks answered by evidence: cues of color, place, distance and keys, weighed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.media.annotations.rectangles import tight_box
from core.prompts.cues import box_cues, click_cues
from core.prompts.evidence import answer
from core.prompts.finish import (
    SLACK,
    fine_plane,
    full_mask,
    joined,
    least_probability,
    obeyed,
    rough_mask,
    settled,
    touched,
)
from core.prompts.learned import LEARNED
from core.prompts.locality import changed_by, is_met, own_pixels
from core.prompts.request import PointPrompt
from core.prompts.view import View, make_view

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.crop import Edges
    from core.prompts.cues import Click
    from core.prompts.request import SegmentRequest
    from core.prompts.weights import PromptWeights


def by_evidence(request: SegmentRequest, table: PromptWeights | None = None) -> NDArray[np.bool_]:
    """The mask that a request asks for; see `core.prompts.segment.segment`.

    A box is answered first. Then one click after the other mends the mask, and changes only what
    is near it and like it (`core.prompts.locality`); one that is met already changes next to
    nothing. So clicks asked for at once give what they give one by one, each mending the last mask.

    Args:
        request: the prompts.
        table: what cues are worth; None takes what was learned for the request's features.
    """
    table = learned_for(request) if table is None else table
    mask, points, done = request.previous, request.points, 0
    if request.box is not None and (mask is None or not points):
        mask = box_mask(request, table)
    if mask is None or not mask.any():
        done = 1 + next((i for i, p in enumerate(points) if p.positive), len(points) - 1)
        if not points or not any(point.positive for point in points):
            return np.zeros(request.frame.shape[:2], bool) if mask is None else mask
        first = replace(request, points=points[:done])
        mask = settled(first, _clicked(first, table))
    for number in range(done, len(points)):
        if not _is_void(request, number):
            step = replace(request, points=points[: number + 1])
            met = is_met(mask, points[number])
            mask = settled(step, mask if met else mended(step, mask, table))
    return mask


def mended(
    request: SegmentRequest, previous: NDArray[np.bool_], table: PromptWeights
) -> NDArray[np.bool_]:
    """H x W, a mask with a pixel after the last click of a request, which it does not meet.

    A positive click only adds, a negative one only takes away: what hangs together with it.
    """
    click, earlier = request.points[-1], request.points[:-1]
    view, probabilities = _click_answer(request, previous, table)
    fine = fine_plane(view, probabilities, request.frame)
    threshold = least_probability(probabilities)
    change = changed_by(fine, previous, click, threshold=threshold, slack=SLACK)
    contrary = tuple(point for point in earlier if point.positive is not click.positive)
    change &= own_pixels(previous.shape, view, click, contrary)
    mask = previous.copy()
    mask[touched(change, [click])] = click.positive
    return obeyed(mask, request.points)


def box_mask(request: SegmentRequest, table: PromptWeights) -> NDArray[np.bool_]:
    """H x W mask of what is in the request's box."""
    view, inside = box_view(request)
    probabilities = answer(
        view,
        box_cues(view, inside),
        table["box"],
        inside & _allowed(view, request),
    )
    return full_mask(view, probabilities, request.frame)


def click_mask(
    request: SegmentRequest, previous: NDArray[np.bool_], table: PromptWeights
) -> NDArray[np.bool_]:
    """H x W mask of what was clicked on, near a mask that is to be mended."""
    view, probabilities = _click_answer(request, previous, table)
    mask = full_mask(view, probabilities, request.frame, request.points)
    return joined(obeyed(mask, request.points), request.points)


def first_mask(request: SegmentRequest, table: PromptWeights) -> NDArray[np.bool_]:
    """H x W mask of what was clicked on, sought in the whole frame; coarse."""
    view, probabilities = _click_answer(request, None, table)
    mask = obeyed(rough_mask(view, probabilities, request.frame), request.points)
    return joined(mask, request.points)


def _click_answer(
    request: SegmentRequest, previous: NDArray[np.bool_] | None, table: PromptWeights
) -> tuple[View, NDArray[np.float32]]:
    view, clicks = click_view(request, previous)
    cues = click_cues(view, clicks, None if previous is None else view.crop.mask(previous))
    passes = table["first clicks" if previous is None else "clicks"]
    return view, answer(view, cues, passes, _allowed(view, request))


def box_view(request: SegmentRequest) -> tuple[View, NDArray[np.bool_]]:
    """What is looked at for a box, and the box in it."""
    edges = request.box.box if request.box is not None else frame_edges(request)
    view = make_view(request.frame, edges, request.features)
    inside = np.zeros(view.shape, bool)
    inside[view.crop.box(edges)] = True
    return view, inside


def click_view(
    request: SegmentRequest, previous: NDArray[np.bool_] | None
) -> tuple[View, tuple[Click, ...]]:
    """What is looked at for clicks, and where they are in it."""
    edges = frame_edges(request) if previous is None else mask_edges(previous, request.points)
    view = make_view(request.frame, edges, request.features)
    points = request.points
    if previous is not None and not any(point.positive for point in points):
        points = (implied(previous, points), *points)
    clicks = tuple((*view.crop.point(point), point.positive) for point in points)
    return view, clicks


def implied(mask: NDArray[np.bool_], points: tuple[PointPrompt, ...]) -> PointPrompt:
    """A positive click that a mask stands for: deep inside it and far from the negative ones."""
    free = np.pad(mask.astype(np.uint8), 1)
    depth = cv2.distanceTransform(free, cv2.DIST_L2, cv2.DIST_MASK_5)[1:-1, 1:-1]
    rows, columns = np.ogrid[: mask.shape[0], : mask.shape[1]]
    for point in points:
        away = np.hypot(rows + 0.5 - point.y, columns + 0.5 - point.x)
        depth = np.minimum(depth, away)
    row, column = np.unravel_index(int(np.argmax(depth)), mask.shape)
    return PointPrompt(float(column) + 0.5, float(row) + 0.5)


def learned_for(request: SegmentRequest) -> PromptWeights:
    """What cues are worth beside the request's features, or without any."""
    features = request.features
    return LEARNED if features is None or features.weights is None else features.weights


def frame_edges(request: SegmentRequest) -> Edges:
    """The whole frame as a rectangle."""
    return 0, 0, request.frame.shape[1], request.frame.shape[0]


def mask_edges(mask: NDArray[np.bool_], points: tuple[PointPrompt, ...]) -> Edges:
    """The rectangle around a mask, which has a pixel, and clicks."""
    box = tight_box(mask)
    edges = [] if box is None else [box]
    edges += [(point.x, point.y, point.x + 1, point.y + 1) for point in points]
    low, high = np.min(edges, axis=0), np.max(edges, axis=0)
    return float(low[0]), float(low[1]), float(high[2]), float(high[3])


def _clicked(request: SegmentRequest, table: PromptWeights) -> NDArray[np.bool_]:
    """The mask of clicks alone: found in the whole frame, then looked at from near."""
    mask = first_mask(request, table)
    return click_mask(request, mask, table) if mask.any() else mask


def _allowed(view: View, request: SegmentRequest) -> NDArray[np.bool_]:
    if request.protected is None:
        return np.ones(view.shape, bool)
    return view.crop.mask(request.protected) < 0.5


def _is_void(request: SegmentRequest, number: int) -> bool:
    """True for a click on a protected pixel, and where a later one says the contrary of a pixel."""
    click, *later = request.points[number:]
    row, column = math.floor(click.y), math.floor(click.x)
    if request.protected is not None and request.protected[row, column]:
        return True
    return any((math.floor(p.y), math.floor(p.x)) == (row, column) for p in later)
