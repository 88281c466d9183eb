"""Losses with soft, weighted targets, against the plain formulas."""

from __future__ import annotations

import pytest
import torch

from core.losses.segmentation import soft_dice, weighted_cross_entropy


def example():
    generator = torch.Generator().manual_seed(5)
    logits = torch.randn(2, 3, 4, 5, generator=generator)
    target = torch.rand(2, 3, 4, 5, generator=generator).softmax(1)
    return logits, target, torch.rand(2, 4, 5, generator=generator)


def test_cross_entropy_is_the_weighted_mean_over_pixels():
    logits, target, weight = example()
    total = 0.0
    for b in range(2):
        for y in range(4):
            for x in range(5):
                log = torch.log_softmax(logits[b, :, y, x], 0)
                total += float(-(target[b, :, y, x] * log).sum() * weight[b, y, x])
    expected = total / float(weight.sum())
    assert float(weighted_cross_entropy(logits, target, weight)) == pytest.approx(
        expected, rel=1e-5
    )


def test_dice_by_object():
    logits, target, weight = example()
    found, losses = logits.softmax(1), []
    for b in range(2):
        for c in (1, 2):
            p, t = found[b, c] * weight[b], target[b, c] * weight[b]
            losses.append(1 - (2 * (p * t).sum() + 1) / ((p**2).sum() + (t**2).sum() + 1))
    expected = float(torch.stack(losses).mean())
    assert float(soft_dice(logits, target, weight)) == pytest.approx(expected, rel=1e-5)


def test_certain_and_right_costs_nothing():
    target = torch.eye(3)[torch.randint(3, (2, 4, 5))].permute(0, 3, 1, 2)
    logits, weight = target * 60, torch.ones(2, 4, 5)
    assert float(weighted_cross_entropy(logits, target, weight)) < 1e-5
    assert float(soft_dice(logits, target, weight)) < 1e-5


def test_pixels_of_no_weight_do_not_count():
    logits, target, weight = example()
    weight[:, 2:] = 0
    changed = logits.clone()
    changed[:, :, 2:] += torch.tensor([9.0, -4.0, 2.0]).view(1, 3, 1, 1)
    for loss in (weighted_cross_entropy, soft_dice):
        torch.testing.assert_close(loss(changed, target, weight), loss(logits, target, weight))
