"""A request in the form that the methods take: cropped, small, with what is certain marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.media.annotations.rectangles import tight_box
from core.prompts.crop import Crop, Edges, crop_around

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.request import SegmentRequest
    from core.types import Frame

WORKING_SIDE = 320
"""Longest side in pixels at which prompts are worked on."""
MARGIN = 0.4
"""What is looked at around a box, as a share of its sides."""
CLICK_RADIUS = 3
"""Pixels at working size around a click that are as certain as the click itself."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a method sees: h x w is the working size.

    Attributes:
        crop: where this lies in the frame.
        image: h x w x 3 uint8, RGB.
        inside: h x w bool, where the object may be: the box, or everything.
        prior: h x w float32, 0..1: the mask to refine, or what nothing is known of (0.5).
        positive, negative: h x w bool, pixels that are certain.
        blocked: h x w bool, pixels of protected objects.
    """

    crop: Crop
    image: Frame
    inside: NDArray[np.bool_]
    prior: NDArray[np.float32]
    positive: NDArray[np.bool_]
    negative: NDArray[np.bool_]
    blocked: NDArray[np.bool_]


def make_task(request: SegmentRequest) -> Task:
    """Crop the request to what it is about and scale it down."""
    size = request.frame.shape[:2]
    crop = crop_around(_edges(request), size, margin=MARGIN, side=WORKING_SIDE)
    shape = (crop.height, crop.width)
    inside = np.zeros(shape, bool)
    inside[crop.box(request.box.box) if request.box is not None else ...] = True
    prior = np.full(shape, 0.5, np.float32)
    if request.previous is not None:
        prior = crop.mask(request.previous)
    blocked = np.zeros(shape, bool)
    if request.protected is not None:
        blocked = crop.mask(request.protected) > 0.5
    positive, negative = _disks(request, crop)
    return Task(crop, crop.image(request.frame), inside, prior, positive, negative, blocked)


def _edges(request: SegmentRequest) -> Edges:
    """The rectangle that a request is about: box, mask and clicks; the frame for clicks alone."""
    height, width = request.frame.shape[:2]
    edges = [request.box.box] if request.box is not None else []
    if request.previous is not None and (box := tight_box(request.previous)) is not None:
        edges.append(box)
    if not edges:
        return (0, 0, width, height)
    edges += [(point.x, point.y, point.x + 1, point.y + 1) for point in request.points]
    low, high = np.min(edges, axis=0), np.max(edges, axis=0)
    return float(low[0]), float(low[1]), float(high[2]), float(high[3])


def _disks(request: SegmentRequest, crop: Crop) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Pixels around positive and around negative clicks; later clicks win over earlier ones."""
    rows, columns = np.ogrid[: crop.height, : crop.width]
    said = np.zeros((crop.height, crop.width), np.int8)
    for point in request.points:
        row, column = crop.point(point)
        disk = (rows - row) ** 2 + (columns - column) ** 2 <= CLICK_RADIUS**2
        said[disk] = 1 if point.positive else -1
    for point in request.points:
        said[crop.point(point)] = 1 if point.positive else -1
    return said > 0, said < 0
