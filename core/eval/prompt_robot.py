"""The robot that prompts: boxes around true masks, and clicks where a mask is most wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.media.annotations.rectangles import mask_overlap, tight_box
from core.prompts.locality import is_met, kept_disk
from core.prompts.request import BoxPrompt, PointPrompt

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.types import Frame

    Mask = NDArray[np.bool_]
    Clicker = Callable[[tuple[PointPrompt, ...], Mask | None], Mask]
    """From all clicks, oldest first, and the mask before the last one (or None) to a mask."""

RADIUS = 5
"""Pixels around a click that plain GrabCut is given as certain, where the long side is 320."""
LONG_SIDE = 320
"""Size at which plain GrabCut answers clicks: at full size, twenty clicks take minutes."""


def tight_prompt(mask: Mask) -> BoxPrompt:
    """The smallest box around a mask, which has a pixel; `ValueError` where it has none."""
    box = tight_box(mask)
    if box is None:
        raise ValueError("no box is around an empty mask")
    return BoxPrompt(box)


def jittered(prompt: BoxPrompt, share: float, rng: np.random.Generator) -> BoxPrompt:
    """A box of which each edge is moved by up to a share of the box's side, evenly at random."""
    x0, y0, x1, y1 = prompt.box
    moved = rng.uniform(-share, share, 4) * np.array([x1 - x0, y1 - y0, x1 - x0, y1 - y0])
    a, b, c, d = (float(edge) for edge in np.array(prompt.box) + moved)
    return BoxPrompt((a, b, c, d))


def next_click(mask: Mask, truth: Mask) -> PointPrompt | None:
    """A click in the middle of the largest wrong region; None where nothing is wrong.

    Regions hang together by edges or corners and are either missing or too much. The middle is
    the pixel farthest from the region's border, of which the frame's border is a part.
    """
    missing, extra = _largest(truth & ~mask), _largest(mask & ~truth)
    positive = int(missing.sum()) >= int(extra.sum())
    wrong = missing if positive else extra
    if not wrong.any():
        return None
    padded = np.pad(wrong.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return PointPrompt(float(column) + 0.5, float(row) + 0.5, positive)


def click_until(clicker: Clicker, truth: Mask, *, target: float, most: int) -> tuple[float, ...]:
    """Overlap after each click, until a target is reached or the clicks are used up."""
    mask, overlaps = np.zeros_like(truth), list[float]()
    points: tuple[PointPrompt, ...] = ()
    while len(points) < most:
        click = next_click(mask, truth)
        if click is None:
            break
        points = (*points, click)
        mask = clicker(points, mask if len(points) > 1 else None)
        overlaps.append(mask_overlap(mask, truth))
        if overlaps[-1] >= target:
            break
    return tuple(overlaps)


def violated_clicks(before: Mask, after: Mask, points: tuple[PointPrompt, ...]) -> int:
    """How many earlier clicks a mask is worse at after the last click.

    Worse means: the clicked pixel is on the wrong side, or, where the last click is a contrary
    one, a pixel near the earlier one (`core.prompts.locality.kept_disk`) has left its side.

    Args:
        before: H x W, before the last click.
        after: the same after it.
        points: all clicks, oldest first.
    """
    last = points[-1]
    rows, columns = np.ogrid[: after.shape[0], : after.shape[1]]
    count = 0
    for point in points[:-1]:
        if (int(point.x), int(point.y)) == (int(last.x), int(last.y)):
            continue
        near = np.zeros_like(after)
        if point.positive is not last.positive:
            away = np.hypot(rows + 0.5 - point.y, columns + 0.5 - point.x)
            near = away <= kept_disk(point, last)
        left = near & (before == point.positive) & (after != point.positive)
        count += not is_met(after, point) or bool(left.any())
    return count


def clicks_needed(overlaps: tuple[float, ...], *, target: float, most: int) -> int:
    """Clicks until the target; `most` where it was not reached."""
    reached = [number for number, value in enumerate(overlaps, 1) if value >= target]
    return reached[0] if reached else most


def plain_box(frame: Frame, prompt: BoxPrompt) -> Mask:
    """OpenCV's GrabCut on the whole frame with the box as it is; five rounds."""
    height, width = frame.shape[:2]
    x0, y0, x1, y1 = (round(edge) for edge in prompt.box)
    left, top = max(0, x0), max(0, y0)
    box = (left, top, min(width, x1) - left, min(height, y1) - top)
    return _plain(frame, np.zeros((height, width), np.uint8), box, cv2.GC_INIT_WITH_RECT)


def plain_clicks(frame: Frame, points: tuple[PointPrompt, ...]) -> Mask:
    """OpenCV's GrabCut with a disk around each click, the rest likely background; five rounds."""
    height, width = frame.shape[:2]
    scale = min(1.0, LONG_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    marks = np.full(small.shape[:2], cv2.GC_PR_BGD, np.uint8)
    for point in points:
        center = (int(point.x * scale), int(point.y * scale))
        cv2.circle(marks, center, RADIUS, cv2.GC_FGD if point.positive else cv2.GC_BGD, -1)
    found = _plain(np.asarray(small, np.uint8), marks, (0, 0, 1, 1), cv2.GC_INIT_WITH_MASK)
    enlarged = cv2.resize(found.astype(np.float32), (width, height))
    return np.asarray(enlarged > 0.5)


def _plain(frame: Frame, marks: NDArray[np.uint8], box: tuple[int, ...], way: int) -> Mask:
    cv2.setRNGSeed(0)
    turned = np.ascontiguousarray(frame[..., ::-1])
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(turned, marks, box, *models, 5, way)
    return (marks & 1).astype(bool)


def _largest(mask: Mask) -> Mask:
    """The largest part of a mask; empty where that is."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count < 2:
        return np.zeros_like(mask)
    return np.asarray(parts == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))
