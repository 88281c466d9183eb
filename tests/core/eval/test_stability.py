"""Time stability T: calm shapes cost nothing, frayed ones do."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from core.eval.stability import (
    POINT_COUNT,
    StabilityMeter,
    _warp,
    match_cost,
    shape_context,
)


def time_instability(mask: np.ndarray, following: np.ndarray) -> float:
    """T of two consecutive masks; NaN where one has no contour."""
    meter = StabilityMeter()
    meter.add(mask)
    meter.add(following)
    return meter.value


def ellipse(x: float, y: float, wide: float = 30, high: float = 18) -> np.ndarray:
    rows, columns = np.ogrid[:120, :160]
    return ((columns - x) / wide) ** 2 + ((rows - y) / high) ** 2 < 1


def frayed(mask: np.ndarray, seed: int) -> np.ndarray:
    """Blocks of 6 pixels knocked out of the mask's outer region at random."""
    grid = np.random.default_rng(seed).random((20, 27)) < 0.35
    holes = np.kron(grid, np.ones((6, 6), bool))[:120, :160]
    return mask & (~holes | ellipse(80, 60, 20, 10))


def naive_warp(cost: np.ndarray) -> tuple[float, int]:
    """Cheapest sum over all monotone paths of a small table, and its fewest pairs."""
    count = len(cost)

    def best(i: int, j: int) -> tuple[float, int]:
        if (i, j) == (0, 0):
            return cost[0, 0], 1
        ways = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        total, pairs = min(best(*way) for way in ways if min(way) >= 0)
        return total + cost[i, j], pairs + 1

    return best(count - 1, count - 1)


def test_a_shape_that_only_moves_is_stable():
    assert time_instability(ellipse(60, 50), ellipse(60, 50)) == 0
    assert time_instability(ellipse(60, 50), ellipse(75, 61)) == 0


def test_smooth_deformation_costs_less_than_fraying():
    calm = time_instability(ellipse(80, 60), ellipse(83, 60, 32, 19))
    rough = time_instability(frayed(ellipse(80, 60), 1), frayed(ellipse(80, 60), 2))
    assert 0 < calm < 0.2
    assert rough > 2 * calm
    assert rough <= 1


def test_the_start_of_the_contour_does_not_matter():
    context = shape_context(ellipse(60, 50) | ellipse(80, 60, 10, 25))
    assert match_cost(context, np.roll(context, 37, axis=0)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_warp_finds_the_cheapest_path(seed):
    cost = np.random.default_rng(seed).random((5, 5))
    total, pairs = naive_warp(cost)
    assert _warp(cost) == pytest.approx(total / pairs)


def test_shape_context_rows_are_histograms_of_the_other_points():
    context = shape_context(ellipse(60, 50))
    assert context.shape == (POINT_COUNT, 60)
    assert (context >= 0).all()
    assert context.sum(axis=1) == pytest.approx(np.ones(POINT_COUNT))
    again = shape_context(ellipse(90, 60))
    assert (context == again).all()


def test_masks_without_a_contour_are_left_out():
    empty = np.zeros((120, 160), bool)
    dot = empty.copy()
    dot[3, 3] = True
    assert shape_context(empty) is None
    assert shape_context(dot) is None
    assert math.isnan(time_instability(empty, ellipse(60, 50)))
    meter = StabilityMeter()
    for mask in (ellipse(60, 50), ellipse(61, 50), empty, frayed(ellipse(80, 60), 3)):
        meter.add(mask)
    assert meter.value == 0


def test_the_mean_is_over_pairs():
    masks = [ellipse(80, 60), ellipse(80, 60, 40, 18), ellipse(80, 60, 40, 30)]
    meter = StabilityMeter()
    for mask in masks:
        meter.add(mask)
    pairs = [time_instability(a, b) for a, b in itertools.pairwise(masks)]
    assert meter.value == pytest.approx(sum(pairs) / 2)
    assert all(0 < pair < 1 for pair in pairs)


def test_the_largest_region_is_followed():
    lone = ellipse(60, 50)
    with_speck = lone | ellipse(140, 100, 4, 4)
    assert time_instability(lone, with_speck) == 0
