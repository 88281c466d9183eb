"""Refuses prompts that make no sense, with what to do instead."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from core.errors import PromptError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.request import BoxPrompt, PointPrompt, SegmentRequest


def check_request(request: SegmentRequest) -> None:
    """Refuse a request that cannot be answered.

    Raises:
        PromptError: no prompt at all, a box or a click outside the image or without a finite
            place, or a mask of another size than the frame.
    """
    height, width = request.frame.shape[:2]
    size = (height, width)
    _check_mask(request.previous, size, "mask to refine")
    _check_mask(request.protected, size, "mask of locked objects")
    if not _says_where(request):
        msg = "There is nothing that says where the object is."
        raise PromptError(msg, "Draw a box around it, or click on it.")
    if request.box is not None:
        _check_box(request.box, width, height)
    for point in request.points:
        _check_point(point, width, height)


def _says_where(request: SegmentRequest) -> bool:
    if request.box is not None or any(point.positive for point in request.points):
        return True
    previous = request.previous
    return bool(request.points) and previous is not None and bool(previous.any())


def _check_box(prompt: BoxPrompt, width: int, height: int) -> None:
    x0, y0, x1, y1 = prompt.box
    text = f"The box {x0:g}, {y0:g} to {x1:g}, {y1:g}"
    if not all(math.isfinite(edge) for edge in prompt.box) or x1 <= x0 or y1 <= y0:
        raise PromptError(f"{text} has no area.", "Drag from one corner of the object to another.")
    if x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
        msg = f"{text} lies outside the image of {width} x {height} pixels."
        raise PromptError(msg, "Draw it on the image.")


def _check_point(point: PointPrompt, width: int, height: int) -> None:
    if not (0 <= point.x < width and 0 <= point.y < height):
        msg = f"The click at {point.x:g}, {point.y:g} is outside the image of {width} x {height}."
        raise PromptError(msg, "Click on the image.")


def _check_mask(mask: NDArray[np.bool_] | None, size: tuple[int, int], name: str) -> None:
    if mask is None:
        return
    if mask.shape != size or mask.dtype != np.bool_:
        shape = " x ".join(str(side) for side in mask.shape)
        msg = f"The {name} is {shape} {mask.dtype}, the frame {size[0]} x {size[1]}."
        raise PromptError(msg, "Give a bool mask of the frame's size.")
