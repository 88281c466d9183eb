"""From soft maps to masks at the frame's own size."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from core.discovery.maps import Map
from core.media.annotations.rectangles import mask_overlap
from core.ops.guided import GuidedConfig, guided_labels
from core.prompts.grabcut import cut
from core.types import Frame, LabelMap

Mask = NDArray[np.bool_]
THRESHOLD = 0.5
"""Of a map, from which a pixel is the object's."""
CUT_MARGIN = 1 / 24
"""Around a mask, of the short side of the map: how far GrabCut may let it grow."""
CUT_OVERLAP = 0.25
"""Of a mask and what GrabCut makes of it, below which that is another thing. Masks of learned
segments are too wide by half and more, so that much may go."""
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
    CUT = "cut"
    """GrabCut in and around the mask, then the filter."""


USUAL = Refinement.CUT
"""Learned segments are too wide: of all that was measured this is the best (ADR 0060)."""


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


def label_map_of(maps: Sequence[Map], frame: Frame, refinement: Refinement = USUAL) -> LabelMap:
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
    refined = soft
    if refinement is Refinement.FIELD:
        from core.ops.mean_field import refined_maps

        refined = refined_maps(soft, small)
    if refinement is Refinement.CUT:
        refined = np.stack([cut_map(plane, small) for plane in soft])
    return guided_labels(_surest(refined, soft), small, frame, GuidedConfig())


def _surest(refined: NDArray[np.float32], soft: NDArray[np.float32]) -> NDArray[np.float32]:
    """Refined maps in which a pixel that several claim is left to the one that was surest of it."""
    claims = refined > THRESHOLD
    owner = np.where(claims, soft, -1).argmax(0)
    lost = claims & (owner != np.arange(len(soft))[:, None, None])
    return np.where(lost, np.float32(0), refined)


def cut_map(plane: Map, small: Frame) -> Map:
    """What GrabCut makes of a map's mask; the map itself where that is another thing.

    A mask of a few pixels stays as it is.

    Args:
        plane: h x w, 0..1.
        small: h x w x 3 uint8, the frame at that size.
    """
    mask = plane > THRESHOLD
    radius = max(1, round(CUT_MARGIN * min(mask.shape)))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    near = cv2.dilate(mask.astype(np.uint8), disk) > 0
    marks = np.where(near, cv2.GC_PR_BGD, cv2.GC_BGD).astype(np.uint8)
    marks[mask] = cv2.GC_PR_FGD
    found = cut(small, marks)
    return found if mask_overlap(found > 0, mask) >= CUT_OVERLAP else plane


def _enlarged(soft: NDArray[np.float32], frame: Frame) -> LabelMap:
    height, width = frame.shape[:2]
    planes = [cv2.resize(p, (width, height), interpolation=cv2.INTER_LINEAR) for p in soft]
    best = np.stack(planes)
    labels = best.argmax(0) + 1
    return np.where(best.max(0) > THRESHOLD, labels, 0).astype(np.uint8)
