"""What cells are compared by: products of features, and projections that keep them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from core.nn.lite0 import centered_maps, normalized
from core.nn.lite0_encoder import SPREAD, Lite0Encoder, keep_products, matched_features


def cosine(a, b):
    return float(a @ b / (a.norm() * b.norm()))


def test_products_are_sums_of_two_cosines():
    torch.manual_seed(0)
    eighth, sixteenth = torch.randn(1, 3, 8, 12), 7 * torch.randn(1, 5, 4, 6)
    found = matched_features(eighth, sixteenth)
    assert found.shape == (1, 8, 4, 6)
    around = {}
    for y in range(4):
        for x in range(6):
            rows, columns = slice(max(0, 2 * y - 1), 2 * y + 2), slice(max(0, 2 * x - 1), 2 * x + 2)
            around[y, x] = eighth[0, :, rows, columns].mean((1, 2))
    for (y, x), (v, u) in [((0, 0), (3, 5)), ((1, 2), (2, 2)), ((3, 1), (3, 1))]:
        wanted = cosine(around[y, x], around[v, u])
        wanted += cosine(sixteenth[0, :, y, x], sixteenth[0, :, v, u])
        assert float(found[0, :, y, x] @ found[0, :, v, u]) == pytest.approx(wanted, abs=1e-5)


def test_empty_cells_are_finite():
    assert torch.isfinite(matched_features(torch.zeros(1, 3, 4, 4), torch.zeros(1, 5, 2, 2))).all()


@pytest.mark.parametrize(("kernel", "made"), [(1, 40), (3, 40), (3, 100)])
def test_projections_of_the_same_size_or_larger_keep_products(kernel, made):
    torch.manual_seed(0)
    layer = nn.Conv2d(40, made, kernel, padding=kernel // 2)
    keep_products(layer, 3.0)
    x = nn.functional.normalize(torch.randn(1, 40, 6, 6), dim=1)
    flat, seen = x.flatten(2)[0], layer(x).flatten(2)[0]
    torch.testing.assert_close(seen.T @ seen, 9 * flat.T @ flat, atol=1e-4, rtol=0)


def test_smaller_projections_keep_them_about():
    """Off by about one over the root of the channels, on average by nothing."""
    torch.manual_seed(0)
    layer = nn.Conv2d(152, 64, 3, padding=1)
    keep_products(layer, 1.0)
    x = nn.functional.normalize(torch.randn(1, 152, 20, 20), dim=1)
    flat, seen = x.flatten(2)[0], layer(x).flatten(2)[0]
    off = (seen.T @ seen - flat.T @ flat).detach().numpy()
    assert np.std(off) < 0.12 and abs(float(np.mean(off))) < 0.01
    assert not layer.weight[:, :, 0].any() and not layer.bias.any()


def test_maps_are_those_of_the_backbone_over_their_spread():
    torch.manual_seed(0)
    encoder, image = Lite0Encoder().eval(), torch.zeros(1, 3, 32, 32)
    with torch.no_grad():
        found = encoder(image)
        colors = normalized(255 * (image * encoder.std + encoder.mean))
        wanted = centered_maps(encoder.features, colors)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other / SPREAD)
        assert other.std() > 0
