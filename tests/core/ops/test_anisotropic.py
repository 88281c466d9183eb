"""Anisotropic similarity, its top-k softmax, and reading, against loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.ops.aggregate import aggregate
from core.ops.anisotropic import (
    as_memory,
    as_query,
    best,
    read_all,
    read_best,
    similarity,
    usage,
)
from core.ops.padding import around

MEMORY, QUERIES, CHANNELS, VALUES, TOP = 23, 7, 5, 3, 4


@pytest.fixture
def cells():
    """Key, shrinkage, query, selection and values of a small memory, in double precision."""
    generator = torch.Generator().manual_seed(3)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return (
        draw(MEMORY, CHANNELS),
        draw(MEMORY).square() + 1,
        draw(QUERIES, CHANNELS),
        torch.sigmoid(draw(QUERIES, CHANNELS)),
        draw(MEMORY, VALUES),
    )


def naive(key, shrinkage, query, selection):
    """Equation 2 of XMem, cell by cell."""
    found = torch.zeros(len(query), len(key), dtype=key.dtype)
    for i in range(len(query)):
        for j in range(len(key)):
            distance = sum(
                selection[i, c] * (key[j, c] - query[i, c]) ** 2 for c in range(key.shape[1])
            )
            found[i, j] = -shrinkage[j] * distance / math.sqrt(key.shape[1])
    return found


def naive_top(found, values, k):
    """Softmax over the k largest of each row, one query after another."""
    read, used = [], torch.zeros(found.shape[1], dtype=found.dtype)
    for row in found:
        order = sorted(range(len(row)), key=lambda j: -float(row[j]))[:k]
        weights = [math.exp(float(row[j]) - float(row[order[0]])) for j in order]
        weights = [w / sum(weights) for w in weights]
        for j, w in zip(order, weights, strict=True):
            used[j] += w
        read.append(sum(w * values[j] for j, w in zip(order, weights, strict=True)))
    return torch.stack(read), used


def test_similarity_is_the_equation(cells):
    torch.testing.assert_close(similarity(*cells[:4]), naive(*cells[:4]))


def test_reading_all_is_a_softmax_over_every_cell(cells):
    wanted, _ = naive_top(naive(*cells[:4]), cells[4], MEMORY)
    torch.testing.assert_close(read_all(similarity(*cells[:4]), cells[4]), wanted)


def test_clips_lie_before(cells):
    key, shrinkage, query, selection, _ = cells
    clips = [torch.stack([x, 2 * x]) for x in (key, shrinkage, query, selection)]
    got = similarity(*clips)
    torch.testing.assert_close(got[0], naive(key, shrinkage, query, selection))
    torch.testing.assert_close(got[1], naive(2 * key, 2 * shrinkage, 2 * query, 2 * selection))


def test_gradients_flow_to_all(cells):
    inputs = [x.clone().requires_grad_() for x in cells]
    read_all(similarity(*inputs[:4]), inputs[4]).square().sum().backward()
    assert all(x.grad.abs().sum() > 0 for x in inputs)


@pytest.mark.parametrize("k", [1, TOP, 100])
def test_top_k_reading_and_usage(cells, k):
    found = similarity(*cells[:4])
    affinity = best(found, k=k)
    read, used = naive_top(found, cells[4], k)
    torch.testing.assert_close(read_best(affinity, cells[4]), read)
    torch.testing.assert_close(usage(affinity, MEMORY), used)
    assert float(usage(affinity, MEMORY).sum()) == pytest.approx(QUERIES)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_query_that_resembles_nothing_still_reads(dtype):
    """Without subtracting the largest, 0 would be divided by 0 (systems: below -104 and -17)."""
    found = torch.tensor([[-500.0, -501.0, -900.0]], dtype=dtype)
    assert torch.exp(found).sum() == 0
    weights = best(found, k=2).weights
    assert torch.isfinite(weights).all() and float(weights[0, 0]) == pytest.approx(0.7311, abs=1e-3)


def test_the_product_of_longer_vectors_is_the_same(cells):
    key, shrinkage, query, selection, _ = cells
    got = as_query(query, selection) @ as_memory(key, shrinkage).T
    torch.testing.assert_close(got, naive(key, shrinkage, query, selection))


def test_aggregate_is_the_formula_and_sums_to_one():
    objects = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    got = aggregate(objects)
    assert got.shape == (2, 4, 4, 5)
    torch.testing.assert_close(got.sum(1), torch.ones(2, 4, 5))
    p = objects[1, :, 2, 3].tolist()
    every = [np.prod([1 - x for x in p]), *p]
    odds = [x / (1 - x) for x in np.clip(every, 1e-7, 1 - 1e-7)]
    np.testing.assert_allclose(got[1, :, 2, 3], np.array(odds) / sum(odds), rtol=1e-4)


def test_aggregate_of_certain_masks_is_finite():
    objects = torch.tensor([1.0, 0.0, 0.0]).view(3, 1, 1)
    got = aggregate(objects).flatten()
    assert torch.isfinite(got).all() and float(got[1]) > 0.999999


@pytest.mark.parametrize(
    ("size", "wanted"), [((480, 854), (0, 0, 5, 5)), ((33, 47), (7, 8, 0, 1)), ((16, 32), (0,) * 4)]
)
def test_padding_is_symmetric_with_the_odd_line_behind(size, wanted):
    padding = around(*size, 16)
    assert (padding.top, padding.bottom, padding.left, padding.right) == wanted
    image = torch.rand(3, *size)
    padded = padding.pad(image)
    assert padded.shape[1] % 16 == padded.shape[2] % 16 == 0
    assert torch.equal(padding.crop(padded), image)
    assert float(padded.sum()) == pytest.approx(float(image.sum()), rel=1e-5)
