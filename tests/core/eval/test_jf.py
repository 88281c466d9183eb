"""J and F: golden values of the official tool, a naive oracle, and laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.eval.jf import (
    boundary_map,
    contour_accuracy,
    region_similarity,
    score_frame,
    tolerance,
)

SHAPE = (480, 854)
BOUNDS = st.sampled_from([0.0, 0.008, 0.05, 0.2, 1.0, 2.0, 3.0])
SMALL_SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 12))


@st.composite
def mask_pairs(draw, shapes=SMALL_SHAPES):
    shape = draw(shapes)
    return draw(arrays(np.bool_, shape)), draw(arrays(np.bool_, shape))


def disk(shift: int) -> np.ndarray:
    """Pixels less than 100 from the point (400 + shift, 240)."""
    y, x = np.ogrid[: SHAPE[0], : SHAPE[1]]
    return (x - 400 - shift) ** 2 + (y - 240) ** 2 < 100**2


def naive_boundary(mask: np.ndarray) -> list[tuple[int, int]]:
    height, width = mask.shape
    points = []
    for y in range(height):
        for x in range(width):
            neighbors = []
            if x + 1 < width:
                neighbors.append((y, x + 1))
            if y + 1 < height:
                neighbors.append((y + 1, x))
            if x + 1 < width and y + 1 < height:
                neighbors.append((y + 1, x + 1))
            if any(mask[n] != mask[y, x] for n in neighbors):
                points.append((y, x))
    return points


def naive_contour_accuracy(mask: np.ndarray, truth: np.ndarray, bound: float) -> float:
    limit = bound if bound >= 1 else math.ceil(bound * math.hypot(*mask.shape))
    ours, theirs = naive_boundary(mask), naive_boundary(truth)
    if not ours and not theirs:
        return 1.0
    if not ours or not theirs:
        return 0.0
    precision = sum(any(math.dist(p, q) <= limit for q in theirs) for p in ours) / len(ours)
    recall = sum(any(math.dist(p, q) <= limit for p in ours) for q in theirs) / len(theirs)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@pytest.mark.parametrize(
    ("shift", "j", "f"),
    [
        (2, 0.97496, 1.0),
        (5, 0.93857, 1.0),
        (8, 0.90348, 1.0),
        (12, 0.85864, 0.50251),
        (20, 0.775, 0.25628),
    ],
)
def test_shifted_disk_has_the_golden_values(shift, j, f):
    assert round(region_similarity(disk(shift), disk(0)), 5) == j
    assert round(contour_accuracy(disk(shift), disk(0)), 5) == f


def test_tolerance_at_480p_is_8_pixels():
    assert tolerance(SHAPE) == 8
    assert tolerance(SHAPE, bound=3.0) == 3
    assert tolerance(SHAPE, bound=0.0) == 0
    with pytest.raises(ValueError, match="negative"):
        tolerance(SHAPE, bound=-0.1)


def test_empty_masks():
    empty, full = np.zeros((20, 30), bool), disk(0)[200:220, 395:425]
    assert full.any()
    assert region_similarity(empty, empty) == 1
    assert contour_accuracy(empty, empty) == 1
    some = empty.copy()
    some[5:9, 5:9] = True
    for one, other in ((some, empty), (empty, some)):
        assert region_similarity(one, other) == 0
        assert contour_accuracy(one, other) == 0


def test_mask_of_the_whole_image_has_no_contour():
    full, some = np.ones((9, 9), bool), np.eye(9, dtype=bool)
    assert not boundary_map(full).any()
    assert contour_accuracy(full, full) == 1
    assert contour_accuracy(full, some) == 0


def test_boundary_at_the_last_row_column_and_corner():
    corner = np.zeros((3, 3), bool)
    corner[2, 2] = True
    expected = [[False, False, False], [False, True, True], [False, True, False]]
    assert boundary_map(corner).tolist() == expected


def test_void_pixels_do_not_count():
    truth = np.zeros((40, 40), bool)
    truth[10:30, 10:30] = True
    void = np.zeros_like(truth)
    void[:, 25:] = True
    prediction = truth.copy()
    prediction[:, 25:] = ~prediction[:, 25:]
    assert region_similarity(prediction, truth) < 0.6
    assert region_similarity(prediction, truth, void) == 1
    assert contour_accuracy(prediction, truth, void) == 1
    assert region_similarity(prediction, truth, np.ones_like(void)) == 1


@settings(max_examples=80, deadline=None)
@given(mask_pairs(), BOUNDS)
def test_contour_accuracy_equals_the_naive_distance_loop(pair, bound):
    mask, truth = pair
    expected = naive_contour_accuracy(mask, truth, bound)
    assert contour_accuracy(mask, truth, bound=bound) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(mask_pairs(), BOUNDS)
def test_scores_are_bounded_symmetric_and_perfect_on_themselves(pair, bound):
    mask, truth = pair
    for value, swapped, itself in (
        (region_similarity(*pair), region_similarity(truth, mask), region_similarity(mask, mask)),
        (
            contour_accuracy(*pair, bound=bound),
            contour_accuracy(truth, mask, bound=bound),
            contour_accuracy(mask, mask, bound=bound),
        ),
    ):
        assert 0 <= value <= 1
        assert value == pytest.approx(swapped)
        assert itself == 1


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_working_in_the_box_changes_nothing(data):
    """Small masks anywhere in a larger image, borders included, against the full frame."""
    images = []
    for _ in range(2):
        patch = data.draw(arrays(np.bool_, (5, 6)))
        top, left = data.draw(st.integers(0, 25)), data.draw(st.integers(0, 34))
        image = np.zeros((30, 40), bool)
        image[top : top + 5, left : left + 6] = patch
        images.append(image)
    expected = naive_contour_accuracy(*images, 4.0)
    assert contour_accuracy(*images, bound=4.0) == pytest.approx(expected, abs=1e-12)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="shapes"):
        region_similarity(np.zeros((4, 5)), np.zeros((5, 4)))
    with pytest.raises(ValueError, match="void"):
        contour_accuracy(np.zeros((4, 5)), np.zeros((4, 5)), np.zeros((4, 4)))
    with pytest.raises(ValueError, match="shapes"):
        region_similarity(np.zeros((2, 4, 5)), np.zeros((2, 4, 5)))


def test_score_frame_separates_objects():
    truth = np.zeros((40, 60), np.uint8)
    truth[5:15, 5:15], truth[20:35, 30:50], truth[0, 0] = 1, 2, 255
    prediction = truth.copy()
    prediction[prediction == 255] = 0
    prediction[20:35, 40:50] = 0
    scores = score_frame(prediction, truth, (1, 2, 3))
    assert scores[1] == (1, 1)
    assert scores[2].j == pytest.approx(0.5)
    assert 0 < scores[2].f < 1
    assert scores[3] == (1, 1)
    assert list(score_frame(prediction, truth, [2])) == [2]
