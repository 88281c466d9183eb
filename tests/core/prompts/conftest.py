"""Shapes whose masks are known, on blotchy grounds."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def disk():
    """Make the mask of a disk: its size, its center x, y and its radius."""

    def make(size, center, radius):
        rows, columns = np.ogrid[: size[0], : size[1]]
        return (rows + 0.5 - center[1]) ** 2 + (columns + 0.5 - center[0]) ** 2 <= radius**2

    return make


@pytest.fixture
def scene():
    """Make a blotchy green ground with a reddish object from the object's mask."""

    def make(mask, seed=0):
        rng = np.random.default_rng(seed)
        ground = rng.integers(0, 60, (*mask.shape, 3)) + np.array([40, 90, 40])
        thing = rng.integers(0, 60, (*mask.shape, 3)) + np.array([150, 60, 50])
        return np.where(mask[..., None], thing, ground).astype(np.uint8)

    return make


@pytest.fixture
def truth(disk):
    """A disk of radius 40 around x 120, y 90 on 200 x 300 pixels."""
    return disk((200, 300), (120, 90), 40)


@pytest.fixture
def iou():
    """Intersection over union."""
    return lambda a, b: (a & b).sum() / (a | b).sum()
