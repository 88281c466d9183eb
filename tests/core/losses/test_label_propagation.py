"""The loss of labels that are read from other frames."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.losses.label_propagation import (
    cell_weights,
    label_propagation,
    readable_probabilities,
    total_weight,
)
from core.ops.attention import windowed_readout


def one_hot(ids):
    return F.one_hot(ids, 4).movedim(-1, -3).float()


@pytest.fixture
def target():
    """2 x 4 x 12 x 16: an object of 3 x 3 cells in one corner, in the second picture two."""
    ids = torch.zeros(2, 12, 16, dtype=torch.long)
    ids[:, 1:4, 1:4] = 1
    ids[1, 6:9, 10:13] = 3
    return one_hot(ids)


def test_loss_equals_the_loop(target):
    generator = torch.Generator().manual_seed(0)
    soft = (target + 0.3 * torch.rand(target.shape, generator=generator)).clamp(max=1)
    soft = soft / soft.sum(1, keepdim=True)
    references = torch.rand(2, 3, 4, 12, 16, generator=generator)
    references[:, :, 2] = 0.001
    readout = torch.rand(target.shape, generator=generator)
    found = label_propagation(readout, readable_probabilities(soft, references), cell_weights(soft))
    cost = total = 0.0
    for b, y, x in np.ndindex(2, 12, 16):
        around = soft[b, 0, max(0, y - 4) : y + 5, max(0, x - 4) : x + 5]
        weight = 0.1 + float((1 - around).max())
        for k in range(4):
            if max(float(references[b, t, k].sum()) for t in range(3)) > 2:
                share = weight * float(soft[b, k, y, x])
                total += share
                cost -= share * np.log((float(readout[b, k, y, x]) + 1e-3) / 1.001)
    assert float(found) == pytest.approx(cost / total, rel=1e-4)


def test_near_objects_cells_count_more(target):
    weight = cell_weights(target)
    assert weight[0, 2, 2] == pytest.approx(1.1)
    assert weight[0, 7, 7] == pytest.approx(1.1), "four cells away"
    assert weight[0, 8, 8] == pytest.approx(0.1)


def test_unseen_labels_neither_count_nor_cost(target):
    references = target[:, None].repeat(1, 2, 1, 1, 1)
    references[1, :, 3] = 0
    half = target.clone()
    half[1, :, 6:9, 10:13] = torch.tensor([0.5, 0, 0, 0.5])[:, None, None]
    known = readable_probabilities(half, references)
    assert (known[1, 3] == 0).all()
    assert (known[1, 0, 6:9, 10:13] == 0.5).all(), "what is seen beside it does count"
    readout = half.clone()
    readout[1, :, 6:9, 10:13] = torch.tensor([1.0, 0, 0, 0])[:, None, None]
    assert label_propagation(readout, known, cell_weights(half)) == pytest.approx(0, abs=1e-6)


def test_perfect_and_wrong_readouts(target):
    weight = cell_weights(target)
    assert label_propagation(target, target, weight) == pytest.approx(0, abs=1e-6)
    assert label_propagation(target.roll(1, 1), target, weight) == pytest.approx(6.9088, rel=1e-4)
    even = torch.full_like(target, 0.25)
    assert label_propagation(even, target, weight) == pytest.approx(np.log(4), rel=3e-3)


def test_what_is_read_wholly_wrong_still_teaches(target):
    readout = target.roll(1, 1).requires_grad_()
    label_propagation(readout, target, cell_weights(target)).backward()
    assert (readout.grad[target > 0] < 0).all()


def test_processes_share_the_divisor(target):
    readout = torch.softmax(torch.randn(target.shape, generator=torch.manual_seed(1)), 1)
    weight = cell_weights(target)
    mean = total_weight(target, weight) / 2
    halves = [label_propagation(readout[i:i + 1], target[i:i + 1], weight[i:i + 1], total=mean)
              for i in range(2)]  # fmt: skip
    whole = label_propagation(readout, target, weight)
    assert sum(halves) / 2 == pytest.approx(float(whole), rel=1e-5)


def test_gradient_reaches_the_keys(target):
    keys = torch.randn(2, 2, 8, 12, 16, generator=torch.manual_seed(2)).requires_grad_()
    readout = windowed_readout(keys[:, -1], keys[:, :-1], target[:, None], radius=3)
    label_propagation(readout, target, cell_weights(target)).backward()
    assert (keys.grad.abs().flatten(2).sum(2) > 0).all()


def test_nothing_that_counts_is_no_division_by_zero(target):
    assert float(label_propagation(target, 0 * target, cell_weights(target))) == 0
