"""One map of all that is an object, taken apart into single objects of a frame. No torch here.

Connected parts first; within a part, colors: what is made of two or more large areas of clearly
different colors becomes as many proposals.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.discovery.maps import Map
from core.discovery.masks import THRESHOLD, Mask
from core.types import Frame

Labels = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class PartsConfig:
    """When a part is an object of its own."""

    least_area: float = 0.001
    """Share of the frame below which a part is nothing."""
    alike: float = 8.0
    """Difference in Lab below which neighboring areas are one."""
    cell: float = 0.0025
    """Share of the frame that an area of equal color has at first."""
    most_cells: int = 24
    """Areas of one part at first, at most."""
    large: float = 0.3
    """Share of a part that an area needs to become a proposal of its own."""
    place_weight: float = 0.2
    """How much a pixel of distance counts beside a unit of Lab when areas are formed."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What may be an object on a frame.

    Attributes:
        mask: h x w bool.
        score: 0..1, the mean of the map on the mask.
    """

    mask: Mask
    score: float


def proposals(
    plane: Map, small: Frame, config: PartsConfig | None = None, *, most: int = 20
) -> list[Proposal]:
    """The objects of a frame, which do not overlap, the largest first.

    Args:
        plane: h x w, 0..1, what is an object.
        small: h x w x 3 uint8, the frame at that size.
        config: when a part is an object.
        most: so many at most.
    """
    config = config or PartsConfig()
    lab = _lab(small)
    found = [
        piece
        for part in connected_parts(plane > THRESHOLD, least=config.least_area)
        for piece in color_parts(part, lab, config)
    ]
    found.sort(key=lambda mask: -int(mask.sum()))
    return [Proposal(mask, float(plane[mask].mean())) for mask in found[:most]]


def connected_parts(mask: Mask, *, least: float) -> list[Mask]:
    """Parts of a mask that do not touch each other, the largest first.

    Args:
        mask: h x w bool.
        least: share of the frame that a part must have.
    """
    count, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    sizes = np.bincount(parts.ravel(), minlength=count)
    kept = [i for i in range(1, count) if sizes[i] >= max(1.0, least * mask.size)]
    return [parts == i for i in sorted(kept, key=lambda i: -int(sizes[i]))]


def color_parts(part: Mask, lab: NDArray[np.float32], config: PartsConfig) -> list[Mask]:
    """A connected part, cut where its colors change, if the pieces are large.

    Args:
        part: h x w bool.
        lab: h x w x 3, CIE Lab in its own scale.
        config: how large, how different.

    Returns:
        The part itself, or two and more masks that cover it.
    """
    areas = _areas(part, lab, config)
    if areas is None:
        return [part]
    areas = _merged(areas, lab, config.alike)
    names, counts = np.unique(areas[part], return_counts=True)
    large = [int(n) for n, c in zip(names, counts, strict=True) if c >= config.large * part.sum()]
    if len(large) < 2:
        return [part]
    means = {name: lab[areas == name].mean(0) for name in map(int, names)}
    result = areas.copy()
    for name in set(means) - set(large):
        nearest = min(large, key=lambda n: float(np.linalg.norm(means[n] - means[name])))
        result[areas == name] = nearest
    return [result == name for name in large]


def _areas(part: Mask, lab: NDArray[np.float32], config: PartsConfig) -> Labels | None:
    """h x w: areas of like color and place, from 1 on; None where the part is too small."""
    count = min(config.most_cells, int(part.sum() / max(1.0, config.cell * part.size)))
    if count < 2:
        return None
    y, x = np.nonzero(part)
    place = config.place_weight * np.stack([x, y], 1)
    points = np.concatenate([lab[part], place], 1).astype(np.float32)
    # The seed belongs to this thread; without it areas start at random.
    cv2.setRNGSeed(0)
    rule = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 0.5)
    names = cv2.kmeans(points, count, None, rule, 1, cv2.KMEANS_PP_CENTERS)[1]  # type: ignore[call-overload]
    areas = np.zeros(part.shape, np.int32)
    areas[part] = names.ravel() + 1
    return areas


def _merged(areas: Labels, lab: NDArray[np.float32], alike: float) -> Labels:
    """Areas with neighbors of like mean color joined, the most alike first."""
    areas = areas.copy()
    while True:
        names = [int(n) for n in np.unique(areas) if n]
        means = {name: lab[areas == name].mean(0) for name in names}
        apart = {(a, b): float(np.linalg.norm(means[a] - means[b])) for a, b in _touching(areas)}
        pair = min(apart, key=lambda p: apart[p], default=None)
        if pair is None or apart[pair] >= alike:
            return areas
        areas[areas == pair[1]] = pair[0]


def _touching(areas: Labels) -> set[tuple[int, int]]:
    """Pairs of areas that lie side by side, the smaller name first."""
    found: set[tuple[int, int]] = set()
    for a, b in ((areas[:, 1:], areas[:, :-1]), (areas[1:], areas[:-1])):
        border = (a != b) & (a > 0) & (b > 0)
        pairs = np.stack([np.minimum(a[border], b[border]), np.maximum(a[border], b[border])], 1)
        found |= {(int(p), int(q)) for p, q in np.unique(pairs, axis=0)}
    return found


def _lab(small: Frame) -> NDArray[np.float32]:
    scaled = np.asarray(small, np.float32) / np.float32(255)
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB), np.float32)
