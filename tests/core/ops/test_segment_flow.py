"""Means of segments and composed flows, against loops and closed forms."""

from __future__ import annotations

import pytest
import torch

from core.ops.segment_flow import (
    ORDERS,
    composed_flow,
    fitted_flows,
    polynomial_masks,
    polynomial_terms,
    segment_means,
)


def soft_masks(batch=2, count=3, size=(5, 6)):
    torch.manual_seed(0)
    return torch.randn(batch, count, *size).softmax(1)


def test_segment_means_follow_equation_4():
    masks, features = soft_masks(), torch.randn(2, 4, 5, 6)
    found = segment_means(features, masks)
    for batch in range(2):
        for m in range(3):
            top, bottom = torch.zeros(4), 0.0
            for y in range(5):
                for x in range(6):
                    top += features[batch, :, y, x] * masks[batch, m, y, x]
                    bottom += masks[batch, m, y, x].item()
            torch.testing.assert_close(found[batch, m], top / bottom)


def test_constant_flows_are_mixed_by_the_masks():
    masks, vectors = soft_masks(), torch.randn(2, 3, 1, 2)
    found = composed_flow(vectors, polynomial_masks(masks, 0))
    for batch in range(2):
        for y in range(5):
            for x in range(6):
                wanted = sum(vectors[batch, m, 0] * masks[batch, m, y, x] for m in range(3))
                torch.testing.assert_close(found[batch, :, y, x], wanted)


@pytest.mark.parametrize("order", [1, 2])
def test_polynomials_are_measured_from_the_middle_of_each_segment(order):
    masks = soft_masks(1, 2).double()
    coefficients = torch.randn(1, 2, ORDERS[order], 2, dtype=torch.float64)
    found = composed_flow(coefficients, polynomial_masks(masks, order))
    wanted, scale = torch.zeros(2, 5, 6, dtype=torch.float64), 3
    for m in range(2):
        cells = [(x, y, masks[0, m, y, x].item()) for y in range(5) for x in range(6)]
        area = sum(s for _, _, s in cells)
        cx, cy = (sum(s * p[i] for *p, s in cells) / area for i in range(2))
        at = [((x - cx) / scale, (y - cy) / scale, s) for x, y, s in cells]
        squares = [sum(s * f(x, y) for x, y, s in at) / area for f in SQUARES]
        for (x, y, s), (column, row, _) in zip(at, cells, strict=True):
            terms = [1, x, y, *(f(x, y) - v for f, v in zip(SQUARES, squares, strict=True))]
            for t in range(ORDERS[order]):
                wanted[:, row, column] += s * terms[t] * coefficients[0, m, t]
    torch.testing.assert_close(found[0], wanted)


SQUARES = (lambda x, _: x * x, lambda x, y: x * y, lambda _, y: y * y)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_the_first_coefficient_is_the_mean_flow_of_a_segment(order):
    masks = torch.zeros(1, 2, 8, 8)
    masks[:, 0, :, :3] = 1
    masks[:, 1, :, 3:] = 1
    coefficients = torch.randn(1, 2, ORDERS[order], 2)
    flow = composed_flow(coefficients, polynomial_masks(masks, order))
    torch.testing.assert_close(segment_means(flow, masks), coefficients[:, :, 0])


def test_an_empty_segment_has_mean_zero():
    assert segment_means(torch.ones(1, 2, 3, 3), torch.zeros(1, 1, 3, 3)).eq(0).all()


@pytest.mark.parametrize("order", [0, 1, 2])
def test_a_fit_finds_the_polynomial_of_each_segment(order):
    torch.manual_seed(0)
    masks = torch.zeros(1, 2, 12, 16)
    masks[:, 0, :, :8], masks[:, 1, :, 8:] = 1, 1
    terms = polynomial_terms(masks, order)
    wanted = torch.einsum("mtk,thw->mkhw", torch.randn(2, len(terms), 2), terms)[None]
    found = fitted_flows((wanted * masks[:, :, None]).sum(1), masks, order)
    # Beyond its segment a polynomial goes on as it will.
    inside = masks[:, :, None]
    torch.testing.assert_close(found * inside, wanted * inside, atol=0.02, rtol=0)


def test_a_fit_is_the_least_squares_one():
    torch.manual_seed(0)
    flow, masks = torch.randn(1, 2, 6, 7), torch.rand(1, 1, 6, 7)
    found = fitted_flows(flow, masks, 1)
    terms = polynomial_terms(masks, 1).flatten(1).T
    root = masks.flatten()[:, None].sqrt()
    wanted = terms @ torch.linalg.lstsq(root * terms, root * flow[0].flatten(1).T).solution
    torch.testing.assert_close(found[0, 0].flatten(1).T, wanted, atol=0.01, rtol=0)


def test_an_empty_segment_has_a_fit_too():
    found = fitted_flows(torch.randn(1, 2, 6, 7), torch.zeros(1, 1, 6, 7), 2)
    assert found.abs().max() == 0
