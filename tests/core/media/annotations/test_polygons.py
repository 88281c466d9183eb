"""Outlines along pixel edges: exact both ways, and as other readers fill them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco_mask

from core.media.annotations import polygons
from core.media.annotations.polygons import fill_ring, fill_rings, trace_outlines

masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=24))
coordinates = st.floats(-30, 60, allow_nan=False)


def naive_fill(points, height, width):
    """Even-odd by counting, for each pixel's center, the edges to its left."""
    mask = np.zeros((height, width), bool)
    for row in range(height):
        for column in range(width):
            x, y = column + 0.5, row + 0.5
            crossings = 0
            for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
                if (y0 <= y) != (y1 <= y):
                    crossings += x0 + (y - y0) / (y1 - y0) * (x1 - x0) <= x
            mask[row, column] = crossings % 2
    return mask


@given(masks)
def test_a_mask_comes_back_from_its_outlines(mask):
    rings = tuple(line.points for line in trace_outlines(mask))
    found, holes = fill_rings(rings, height=mask.shape[0], width=mask.shape[1])
    assert np.array_equal(found, mask)
    assert holes == sum(line.is_hole for line in trace_outlines(mask))


@given(masks)
def test_parts_are_those_that_opencv_counts(mask):
    parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)[0] - 1
    lines = trace_outlines(mask)
    assert sum(not line.is_hole for line in lines) == parts
    areas = sum(line.area * (-1 if line.is_hole else 1) for line in lines)
    assert areas == np.count_nonzero(mask)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@given(masks.filter(np.any))
def test_cocos_own_reader_fills_the_parts_alike(mask):
    height, width = mask.shape
    parts = [line.points for line in trace_outlines(mask) if not line.is_hole]
    ours = np.any([fill_ring(part, height=height, width=width) for part in parts], axis=0)
    runs = coco_mask.frPyObjects([part.ravel().tolist() for part in parts], height, width)
    assert np.array_equal(coco_mask.decode(coco_mask.merge(runs)).astype(bool), ours)


@settings(max_examples=50)
@given(st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=9))
def test_filling_is_the_naive_rule(points):
    ring = np.array(points)
    assert np.array_equal(fill_ring(ring, height=12, width=15), naive_fill(ring, 12, 15))


def test_small_blocks_give_the_same(monkeypatch):
    ring = np.random.default_rng(3).uniform(-5, 40, (60, 2))
    whole = fill_ring(ring, height=30, width=30)
    monkeypatch.setattr(polygons, "_BLOCK", 7)
    assert np.array_equal(fill_ring(ring, height=30, width=30), whole)


def test_rings_with_the_same_turn_add_up_and_others_cut_holes():
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], float)
    inner = np.array([[2, 2], [6, 2], [6, 6], [2, 6]], float)
    assert fill_rings((square, inner), height=12, width=12)[0].sum() == 100
    assert fill_rings((square, inner[::-1]), height=12, width=12)[0].sum() == 84
    beside = inner[::-1] + 7
    assert fill_rings((square, beside), height=12, width=14)[0].sum() == 100 + 3 * 4 - 1


def test_absurd_rings_are_refused(monkeypatch):
    monkeypatch.setattr(polygons, "_MAX_CROSSINGS", 100)
    ring = np.array([[0, 0], [1, 100], [2, 0]] * 50, float)
    with pytest.raises(polygons.TooManyCrossings, match="150 corners"):
        fill_ring(ring, height=90, width=90)


@pytest.mark.parametrize("far", [1e5, 1e12, 1e300])
def test_far_corners_take_no_memory(far):
    ring = np.array([[-far, -far], [far, -far], [far, far], [-far, far]])
    assert fill_ring(ring, height=20, width=30).all()


def test_degenerate_rings_are_empty():
    assert not fill_ring(np.zeros((2, 2)), height=4, width=4).any()
    assert not fill_ring(np.full((5, 2), 2.0), height=4, width=4).any()
