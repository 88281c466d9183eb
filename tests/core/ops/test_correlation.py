"""The cost volume, against a loop."""

from __future__ import annotations

import torch

from core.ops.correlation import correlation


def test_correlation_is_the_mean_product_at_each_displacement():
    torch.manual_seed(0)
    first, second = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 4, 5)
    found = correlation(first, second, 2)
    assert found.shape == (2, 25, 4, 5)
    for batch in range(2):
        for place in range(25):
            dy, dx = place // 5 - 2, place % 5 - 2
            for y in range(4):
                for x in range(5):
                    wanted = 0.0
                    if 0 <= y + dy < 4 and 0 <= x + dx < 5:
                        products = first[batch, :, y, x] * second[batch, :, y + dy, x + dx]
                        wanted = products.mean().item()
                    assert abs(found[batch, place, y, x].item() - wanted) < 1e-6


def test_a_shifted_map_correlates_best_at_its_shift():
    torch.manual_seed(1)
    second = torch.randn(1, 64, 12, 12)
    first = torch.roll(second, (-1, 2), (2, 3))
    best = correlation(first, second, 3).argmax(1)[0, 3:-3, 3:-3]
    assert (best == (1 + 3) * 7 + (-2 + 3)).all()
