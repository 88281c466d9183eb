"""From soft maps to masks at the frame's own size."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from core.discovery.maps import Map
from core.ops.guided import GuidedConfig, guided_labels
from core.types import Frame, LabelMap

Mask = NDArray[np.bool_]
THRESHOLD = 0.5
"""Of a map, from which a pixel is the object's."""
KEPT_SHARE = 0.9
"""Of an object's mass that the largest of its parts have to hold; smaller ones are dropped."""


class Refinement(Enum):
    """How masks come to follow the edges of a frame."""

    NONE = "none"
    """Maps are enlarged, and no more."""
    GUIDED = "guided"
    """A guided filter (`core.ops.guided`)."""
    FIELD = "field"
    """A mean field over windows of 15 x 15 pixels (`core.ops.mean_field`), then the filter."""


def working_frame(frame: Frame, plane: Map) -> Frame:
    """A frame at the size of a map."""
    height, width = plane.shape
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def largest_parts(plane: Map, *, share: float = KEPT_SHARE) -> Map:
    """A map without the small parts of its mask.

    Args:
        plane: h x w, 0..1.
        share: of the mass above the threshold that is kept, in the largest connected parts.
    """
    mask = plane > THRESHOLD
    count, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    if count <= 2:
        return plane
    mass = np.bincount(parts.ravel(), (plane * mask).ravel(), minlength=count)
    mass[0] = 0
    order = np.argsort(-mass, kind="stable")
    needed = int(np.searchsorted(np.cumsum(mass[order]), share * mass.sum())) + 1
    dropped = mask & ~np.isin(parts, order[:needed])
    return np.where(dropped, np.float32(0), plane)


def label_map_of(
    maps: Sequence[Map], frame: Frame, refinement: Refinement = Refinement.GUIDED
) -> LabelMap:
    """Label map of a frame from the maps of its objects.

    Args:
        maps: of one size; object i + 1 is the i-th.
        frame: H x W x 3 uint8.
        refinement: how edges are followed.

    Returns:
        H x W uint8; where several claim a pixel, the surest has it.
    """
    if not maps:
        return np.zeros(frame.shape[:2], np.uint8)
    soft = np.stack(maps).astype(np.float32)
    if refinement is Refinement.NONE:
        return _enlarged(soft, frame)
    small = working_frame(frame, maps[0])
    if refinement is Refinement.FIELD:
        from core.ops.mean_field import refined_maps

        soft = refined_maps(soft, small)
    return guided_labels(soft, small, frame, GuidedConfig())


def _enlarged(soft: NDArray[np.float32], frame: Frame) -> LabelMap:
    height, width = frame.shape[:2]
    planes = [cv2.resize(p, (width, height), interpolation=cv2.INTER_LINEAR) for p in soft]
    best = np.stack(planes)
    labels = best.argmax(0) + 1
    return np.where(best.max(0) > THRESHOLD, labels, 0).astype(np.uint8)
