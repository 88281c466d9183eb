"""What stands out of a picture, by rules alone. No torch here.

Manifold ranking (Yang et al. 2013): what a graph of colors does not reach from the picture's
sides is salient, and what is ranked close to that is the answer. The nodes are cells of a grid,
where the paper has superpixels, which OpenCV has in its contributed modules only.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

from core.types import Frame

Map = NDArray[np.float32]
Graph = NDArray[np.float64]

CELLS = 16
"""Cells of the picture's short side."""
COLOR = 0.05
"""sigma^2 of equation 4: distance of colors over which a tie falls by 1/e; the distances between
tied cells of a picture run from 0 to 1."""
KEPT = 0.99
"""alpha of equation 2: how far ranks travel."""
HIGH = 95
"""Percentile of ranks from which on they are 1."""
MIDDLE = 0.3
"""Shares of a side over which what is off the middle falls by exp(-1/2)."""
REACH = 2
"""Cells over which neighbors are tied: neighbors, and their neighbors."""


def ranked_saliency(frame: Frame) -> Map:
    """How much each cell of a picture stands out, h x w, 0..1, with `CELLS` on the short side.

    Args:
        frame: H x W x 3 uint8.
    """
    colors = _cell_colors(frame)
    size = colors.shape[:2]
    solve = _Ranking(ties(colors))
    salient = np.ones(size)
    for side in _sides(size):
        salient *= 1 - _scaled(solve.ranks(side)).reshape(size)
    # Equation 6: what is above the mean asks the second time.
    ranks = _scaled(solve.ranks(salient > salient.mean())).reshape(size)
    return np.asarray(ranks * _central(size), np.float32)


def ties(colors: NDArray[np.float64]) -> Graph:
    """Weights of a graph of cells (equation 4), n x n, symmetric, 0 on the diagonal.

    Cells are tied to those within `REACH` of them, and all cells of the picture's sides to each
    other, so that a background that an object divides is one.

    Args:
        colors: h x w x 3, Lab of 0..1.
    """
    height, width = colors.shape[:2]
    y, x = (grid.ravel() for grid in np.mgrid[:height, :width])
    near = (abs(y[:, None] - y) + abs(x[:, None] - x)) <= REACH
    edge = (y == 0) | (y == height - 1) | (x == 0) | (x == width - 1)
    tied = near | (edge[:, None] & edge)
    np.fill_diagonal(tied, val=False)
    first, second = np.nonzero(tied)
    flat = colors.reshape(-1, 3)
    apart = np.linalg.norm(flat[first] - flat[second], axis=-1)
    scaled = (apart - apart.min()) / max(np.ptp(apart), 1e-9)
    weights = np.zeros(tied.shape)
    weights[first, second] = np.exp(-scaled / COLOR)
    return weights


class _Ranking:
    """Ranks of cells by queries: (D - alpha W)^-1 y, the paper's equation 3."""

    def __init__(self, weights: Graph) -> None:
        # Sparse, and by one thread: dense factors wait for each other's threads longer than they
        # compute, and depend on how many there are in their last bits.
        self._factor = splu(csc_array(np.diag(weights.sum(1) + 1e-6) - KEPT * weights))

    def ranks(self, queries: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Of each cell, 0 or more."""
        found: NDArray[np.float64] = self._factor.solve(queries.ravel().astype(np.float64))
        return found


def _cell_colors(frame: Frame) -> NDArray[np.float64]:
    height, width = frame.shape[:2]
    scale = CELLS / min(height, width)
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    # A panorama has no more cells than four squares: the graph has their square.
    size = (min(size[0], 4 * CELLS), min(size[1], 4 * CELLS))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    return np.asarray(lab, np.float64) / 255


def _sides(size: tuple[int, int]) -> list[NDArray[np.bool_]]:
    found = []
    for part in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        side = np.zeros(size, bool)
        side[part] = True
        found.append(side)
    return found


def _scaled(ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 for the least and 1 for what is high; zeros where all are alike.

    A cell between two colors is tied to nothing but itself, and first of all by far.
    """
    low, high = float(ranks.min()), float(np.percentile(ranks, HIGH))
    if high - low < 1e-12:
        return np.zeros_like(ranks)
    return np.clip((ranks - low) / (high - low), 0, 1)


def _central(size: tuple[int, int]) -> NDArray[np.float64]:
    """1 in the middle of the picture, less towards its sides: who films points at it."""
    down, across = (((np.arange(n) + 0.5) / n - 0.5) ** 2 for n in size)
    return np.asarray(np.exp(-(down[:, None] + across) / (2 * MIDDLE**2)), np.float64)
