"""Manifold ranking: what it solves, and what stands out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.ops.foreground import MOST, foreground
from core.ops.otsu import above_otsu
from core.ops.saliency import COLOR, KEPT, _Ranking, ranked_saliency, ties


def disk(height=60, width=90, *, radius=0.2, seed=0):
    """A red disk on green, with some noise; and its mask."""
    y, x = np.mgrid[:height, :width]
    mask = (y - height / 2) ** 2 + (x - 0.6 * width) ** 2 < (radius * height) ** 2
    frame = np.where(mask[..., None], (200, 40, 40), (60, 140, 70))
    noise = np.random.default_rng(seed).integers(-12, 12, frame.shape)
    return np.clip(frame + noise, 0, 255).astype(np.uint8), mask


def test_ties_are_those_of_the_paper():
    colors = np.random.default_rng(0).random((4, 5, 3))
    found = ties(colors)
    flat, tied = colors.reshape(-1, 3), {}
    for a in range(20):
        for b in range(20):
            (y, x), (v, u) = divmod(a, 5), divmod(b, 5)
            edge = [r in (0, 3) or c in (0, 4) for r, c in ((y, x), (v, u))]
            if a != b and (abs(y - v) + abs(x - u) <= 2 or all(edge)):
                tied[a, b] = math.dist(flat[a], flat[b])
    low, high = min(tied.values()), max(tied.values())
    for a in range(20):
        for b in range(20):
            wanted = 0.0
            if (a, b) in tied:
                wanted = math.exp(-(tied[a, b] - low) / (high - low) / COLOR)
            assert math.isclose(found[a, b], wanted, rel_tol=1e-6, abs_tol=1e-12)


def test_ranks_solve_the_equation():
    weights = ties(np.random.default_rng(1).random((3, 4, 3)))
    queries = np.arange(12) % 5 == 0
    found = _Ranking(weights).ranks(queries.reshape(3, 4))
    left = (np.diag(weights.sum(1) + 1e-6) - KEPT * weights) @ found
    np.testing.assert_allclose(left, queries, atol=1e-6)


def overlap(found, mask):
    """IoU of foreground of 48 x 72 and a mask of 60 x 90."""
    large = np.kron(found > 0.5, np.ones((5, 5), bool))[::4, ::4]
    return (large & mask).sum() / (large | mask).sum()


def test_a_disk_stands_out_and_its_mask_is_found():
    frame, mask = disk()
    soft = ranked_saliency(frame)
    assert soft.shape == (16, 24) and soft.dtype == np.float32
    found = foreground(soft, frame)
    assert found.shape == (48, 72)
    assert overlap(found, mask) > 0.8


def test_of_an_object_over_a_tenth_of_the_picture_a_part_is_found():
    """The price of `MOST`: without the second division all of it would be found."""
    frame, mask = disk(radius=0.25)
    assert mask.mean() > MOST
    assert 0.3 < overlap(foreground(ranked_saliency(frame), frame), mask) < 0.6


@pytest.mark.parametrize("size", [(8, 8), (16, 500), (300, 20), (1, 1)])
def test_any_picture_has_a_map(size):
    plain = np.full((*size, 3), 90, np.uint8)
    soft = ranked_saliency(plain)
    assert np.isfinite(soft).all() and soft.min() >= 0 and soft.max() <= 1
    found = foreground(soft, plain)
    assert np.isfinite(found).all() and max(found.shape) <= 4 * 48


def test_nothing_is_above_a_threshold_of_nothing():
    assert not above_otsu(np.zeros((3, 3), np.float32)).any()
    assert not above_otsu(np.zeros((3, 3), np.float32), most=0).any()


def test_what_is_too_large_is_divided_once_more():
    rng = np.random.default_rng(0)
    steps = np.repeat(np.float32([0.1, 0.5, 0.9]), [200, 60, 40]).reshape(15, 20)
    soft = np.clip(steps + rng.normal(0, 0.02, steps.shape), 0, 1).astype(np.float32)
    assert ((above_otsu(soft, most=0.4) > 0.5) == (steps > 0.3)).all()
    assert ((above_otsu(soft, most=0.2) > 0.5) == (steps > 0.7)).all()
    flat = np.full((4, 4), 0.5, np.float32)
    assert np.array_equal(above_otsu(flat, most=0), above_otsu(flat))
    two = np.repeat(np.float32([0.2, 1]), [80, 20])
    assert ((above_otsu(two, most=0.1) > 0.5) == (two == 1)).all()
