"""What one click more may change: what is near it and like it, and nothing at earlier clicks.

A pixel is the new click's where it is nearer to it than to every contrary click, as paths through
the picture go (changes of color count as distance), and where it is not much farther from it, in a
straight line, than from a contrary one. So each earlier click keeps a disk around it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.prompts.measures import Paths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.request import PointPrompt
    from core.prompts.view import View

    Mask = NDArray[np.bool_]

FARTHER = 2.0
"""How much farther from a new click than from a contrary one its pixels may be, as a factor."""
NEAR = 3.0
"""What is so many times as far as the mask's outline is near the click; beyond, doubts count."""
DOUBT = 0.4
"""How much surer an answer must be for each e-fold distance beyond `NEAR`, as a share."""
DISK = 8.0
"""Pixels around an earlier click of which the benchmark asks that a later one changes nothing."""


def changed_by(
    fine: NDArray[np.float32], mask: Mask, click: PointPrompt, *, threshold: float, slack: float
) -> Mask:
    """H x W, what an answer would change for a click: sure enough for its distance.

    A click on the wrong side of the threshold takes along what is, by its probability, at least as
    much on the side that was asked for.

    Args:
        fine: H x W probabilities of the frame.
        mask: H x W, as it is; the click is on its wrong side.
        click: the new one.
        threshold: from which probability on a pixel is the object's.
        slack: difference in probability that is none.
    """
    row, column = _pixel(click)
    side = ~mask if click.positive else mask
    depth = cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    reach = NEAR * max(2.0, float(depth[row, column]))
    doubt = DOUBT * np.log(np.maximum(_away(mask.shape, click) / reach, 1.0))
    value = float(fine[row, column])
    level, limit = threshold, value - slack if click.positive else value + slack
    wrong = (value >= threshold) is not click.positive
    if click.positive:
        sure = fine >= (min(level, limit) if wrong else level) * (1 + doubt)
    else:
        sure = fine <= (max(level, limit) if wrong else np.nextafter(level, 0)) * (1 - doubt)
    return np.asarray(sure & side)


def own_pixels(
    shape: tuple[int, ...], view: View, click: PointPrompt, others: tuple[PointPrompt, ...]
) -> Mask:
    """H x W, the pixels that are a new click's, and not one of the contrary clicks'.

    Args:
        shape: of the frame.
        view: what is looked at; outside of it nothing is the click's where there are others.
        click: the new one.
        others: the contrary ones.
    """
    own = np.ones(shape[:2], bool)
    if not others:
        return own
    paths = Paths(view.lab)
    to_click, to_others = (_marked(view, points) for points in ((click,), others))
    nearer = paths.distance(to_click) < paths.distance(to_others)
    height, width = own[view.crop.area].shape
    own[:] = False
    own[view.crop.area] = cv2.resize(nearer.astype(np.float32), (width, height)) > 0.5
    away = _away(own.shape, click)
    for other in others:
        own &= away < FARTHER * _away(own.shape, other)
    own[_pixel(click)] = True
    return own


def kept_disk(earlier: PointPrompt, later: PointPrompt) -> float:
    """Radius in pixels around an earlier click in which a later contrary one changes nothing."""
    return min(DISK, math.hypot(earlier.x - later.x, earlier.y - later.y) / (1 + FARTHER))


def is_met(mask: Mask, click: PointPrompt) -> bool:
    """True where a mask has a clicked pixel on the side that was asked for."""
    return bool(mask[_pixel(click)]) is click.positive


def _marked(view: View, points: tuple[PointPrompt, ...]) -> Mask:
    marked = np.zeros(view.shape, bool)
    for point in points:
        marked[view.crop.point(point)] = True
    return marked


def _away(shape: tuple[int, ...], click: PointPrompt) -> NDArray[np.float32]:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return np.hypot(rows + 0.5 - click.y, columns + 0.5 - click.x).astype(np.float32)


def _pixel(click: PointPrompt) -> tuple[int, int]:
    return math.floor(click.y), math.floor(click.x)
