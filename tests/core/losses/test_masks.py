"""Cross-entropy and Dice of label maps against the plain formulas."""

from __future__ import annotations

import math

import pytest
import torch

from core.losses.masks import bootstrapped_cross_entropy, dice_loss, union_cross_entropy

B, T, K, H, W = 2, 3, 2, 4, 5


def example():
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn(B, T, 1 + K, H, W, generator=generator, dtype=torch.float64) * 2
    label_maps = torch.randint(0, 3, (B, T, H, W), generator=generator).to(torch.uint8)
    label_maps[0, 1, :2] = 255
    masked = torch.tensor([[True, True, False], [True, False, False]])
    return logits, label_maps, masked


@pytest.mark.parametrize("top", [1.0, 0.35, 0.01])
def test_cross_entropy_of_the_worst_pixels(top):
    logits, label_maps, masked = example()
    frames = []
    for b, t in masked.nonzero().tolist():
        pixels = [
            -math.log(float(logits[b, t, :, y, x].softmax(0)[int(label_maps[b, t, y, x])]))
            for y in range(H)
            for x in range(W)
            if label_maps[b, t, y, x] != 255
        ]
        taken = max(1, math.floor(len(pixels) * top))
        frames.append(sum(sorted(pixels, reverse=True)[:taken]) / taken)
    found = bootstrapped_cross_entropy(logits, label_maps, masked, top=top)
    assert float(found) == pytest.approx(sum(frames) / len(frames), rel=1e-9)


def test_dice_is_the_mean_over_objects_and_frames():
    logits, label_maps, masked = example()
    objects = torch.tensor([[True, True], [True, False]])
    losses, m = [], logits.softmax(2)
    for b, t in masked.nonzero().tolist():
        for k in range(K):
            if objects[b, k]:
                known = label_maps[b, t] != 255
                p, q = m[b, t, k + 1][known], (label_maps[b, t] == k + 1)[known]
                losses.append(float(1 - (1 + 2 * (p * q).sum()) / (1 + p.sum() + q.sum())))
    found = dice_loss(logits, label_maps, masked, objects)
    assert float(found) == pytest.approx(sum(losses) / len(losses), rel=1e-9)


def test_what_is_right_costs_nothing():
    _, label_maps, masked = example()
    logits = torch.stack([(label_maps == k) * 80.0 for k in range(1 + K)], 2)
    assert float(bootstrapped_cross_entropy(logits, label_maps, masked, top=0.2)) < 1e-6
    assert float(dice_loss(logits, label_maps, masked, torch.ones(B, K) > 0)) < 1e-6


def test_without_masks_both_are_0():
    logits, label_maps, masked = example()
    nothing, logits = masked & False, logits.requires_grad_()
    loss = bootstrapped_cross_entropy(logits, label_maps, nothing, top=0.2)
    loss = loss + dice_loss(logits, label_maps, nothing, torch.ones(B, K) > 0)
    loss.backward()
    assert float(loss.detach()) == 0 and float(logits.grad.abs().max()) == 0


def test_a_frame_of_voids_alone_says_nothing():
    logits, label_maps, masked = example()
    label_maps[1, 0] = 255
    without = masked.clone()
    without[1, 0] = False
    for top in (1.0, 0.2):
        torch.testing.assert_close(
            bootstrapped_cross_entropy(logits, label_maps, masked, top=top),
            bootstrapped_cross_entropy(logits, label_maps, without, top=top),
        )


def test_cross_entropy_of_all_objects_together():
    logits, label_maps, masked = example()
    frames = []
    for b, t in masked.nonzero().tolist():
        pixels = []
        for y in range(H):
            for x in range(W):
                if label_maps[b, t, y, x] != 255:
                    share = 1 / (1 + math.exp(-float(logits[b, t, 0, y, x])))
                    pixels.append(-math.log(share if label_maps[b, t, y, x] else 1 - share))
        frames.append(sum(pixels) / len(pixels))
    found = union_cross_entropy(logits[:, :, 0], label_maps, masked)
    assert float(found) == pytest.approx(sum(frames) / len(frames), rel=1e-9)
    nothing = union_cross_entropy(logits[:, :, 0], label_maps, torch.zeros_like(masked))
    assert float(nothing) == 0
