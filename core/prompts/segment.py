"""From a box or clicks to the mask of one object on one frame. No weights of others, no torch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.prompts.checks import check_request
from core.prompts.grabcut import grabcut
from core.prompts.task import Task, make_task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.request import SegmentRequest


def segment(request: SegmentRequest) -> NDArray[np.bool_]:
    """The mask that the prompts ask for.

    Every clicked pixel ends up on the side that was asked for, protected pixels are never in the
    mask, and with a box nothing outside of it is. The same request gives the same mask.

    Returns:
        H x W bool.

    Raises:
        PromptError: no prompt, a box or click outside the image, a mask of another size.
    """
    check_request(request)
    task = make_task(request)
    share = grabcut(task)
    if not (share > 0.5).any() and request.box is not None:
        # Where no color sets the object apart, its box says more than an empty mask.
        share = (task.inside & ~task.blocked).astype(np.float32)
    return _settled(request, _enlarged(request, task, share))


def _enlarged(request: SegmentRequest, task: Task, share: NDArray[np.float32]) -> NDArray[np.bool_]:
    mask = np.zeros(request.frame.shape[:2], bool)
    crop = task.crop
    size = (crop.right - crop.left, crop.bottom - crop.top)
    mask[crop.area] = cv2.resize(share, size, interpolation=cv2.INTER_LINEAR) > 0.5
    return mask


def _settled(request: SegmentRequest, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Hold the mask to what was said: the box, the clicks, what is protected."""
    if request.box is not None:
        x0, y0, x1, y1 = request.box.box
        inside = np.zeros_like(mask)
        rows = slice(max(0, math.floor(y0)), max(0, math.ceil(y1)))
        inside[rows, max(0, math.floor(x0)) : max(0, math.ceil(x1))] = True
        mask &= inside
    for point in request.points:
        mask[math.floor(point.y), math.floor(point.x)] = point.positive
    if request.protected is not None:
        mask &= ~request.protected
    return mask
