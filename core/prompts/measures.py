"""What cues are made of: how common a color is, how far a pixel is, what keys resemble."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = (15, 19, 19)
"""Bins of L, a and b."""
STEP_COST = 1.0
"""Cost in Lab units of going one pixel on, where the color stays the same."""
RIDGE = 0.1
"""Added to the covariance of keys, as a share of its mean diagonal."""


class ColorGrid:
    """A histogram over color, or over color and place, that is smooth.

    A coarse bilateral grid (Chen, Paris & Durand 2007): the density of pixels of like color in
    like places, in time linear in the number of pixels.
    """

    def __init__(self, lab: NDArray[np.float32], *, places: int) -> None:
        """Sort the pixels of an h x w x 3 Lab image into bins; `places` a side, 1 for none."""
        height, width = lab.shape[:2]
        scaled = (lab + np.array([0, 64, 64], np.float32)) / np.array([100, 128, 128], np.float32)
        binned = [
            np.rint(np.clip(scaled[..., i], 0, 1) * (n - 1)).astype(np.intp)
            for i, n in enumerate(BINS)
        ]
        self._shape: tuple[int, ...] = BINS
        if places > 1:
            rows = np.rint((np.arange(height) + 0.5) / height * (places - 1)).astype(np.intp)
            columns = np.rint((np.arange(width) + 0.5) / width * (places - 1)).astype(np.intp)
            binned += list(np.broadcast_arrays(rows[:, None], columns[None]))
            self._shape = (*BINS, places, places)
        self._index = np.ravel_multi_index(tuple(binned), self._shape)

    def density(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Weight of the pixels that are like each pixel: h x w, smoothed over neighboring bins."""
        size = int(np.prod(self._shape))
        counts = np.bincount(self._index.ravel(), weights.ravel(), size)
        grid = counts.astype(np.float32).reshape(self._shape)
        for axis in range(grid.ndim):
            grid = _smooth(grid, axis)
        return np.asarray(grid.ravel()[self._index])


def _smooth(grid: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """One binomial step (1, 2, 1) / 4 along an axis; what leaves the grid is lost."""
    source = np.moveaxis(grid, axis, 0)
    result = np.float32(0.5) * source
    result[1:] += np.float32(0.25) * source[:-1]
    result[:-1] += np.float32(0.25) * source[1:]
    return np.moveaxis(result, 0, axis)


class Paths:
    """Geodesic distances over an image: changes of color along the cheapest path."""

    def __init__(self, lab: NDArray[np.float32]) -> None:
        """Link each pixel of an h x w x 3 Lab image with its four neighbors."""
        self._shape = lab.shape[:2]
        first, second = neighbors(self._shape)
        flat = lab.reshape(-1, 3)
        cost = np.linalg.norm(flat[first] - flat[second], axis=1) + STEP_COST
        count = len(flat)
        self._graph = sparse.csr_matrix((cost, (first, second)), (count, count))

    def distance(self, start: NDArray[np.bool_]) -> NDArray[np.float32]:
        """h x w distance to the nearest of the pixels to start from, of which there is one."""
        places = np.flatnonzero(start.ravel())
        found = dijkstra(self._graph, directed=False, indices=places, min_only=True)
        return np.asarray(found, np.float32).reshape(self._shape)


def neighbors(shape: tuple[int, int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Index of the one and of the other pixel of each pair that shares an edge."""
    index = np.arange(shape[0] * shape[1]).reshape(shape)
    first = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    second = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    return first, second


def discriminant(
    keys: NDArray[np.float32], ours: NDArray[np.float32], theirs: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Fisher's linear discriminant between two weighted groups of keys.

    Args:
        keys: C x n.
        ours: n weights with a positive sum.
        theirs: likewise, of the other group.

    Returns:
        n log ratios as of two Gaussians with one covariance: positive is like ours.
    """
    means, scatter = [], np.zeros((len(keys), len(keys)), np.float32)
    for weights in (ours, theirs):
        share = weights / weights.sum()
        mean = keys @ share
        centered = keys - mean[:, None]
        scatter += (centered * share) @ centered.T
        means.append(mean)
    scatter += RIDGE * np.trace(scatter) / len(scatter) * np.eye(len(scatter), dtype=np.float32)
    scatter += np.float32(1e-6) * np.eye(len(scatter), dtype=np.float32)
    normal = np.linalg.solve(scatter, means[0] - means[1])
    return np.asarray(normal @ (keys - ((means[0] + means[1]) / 2)[:, None]), np.float32)
