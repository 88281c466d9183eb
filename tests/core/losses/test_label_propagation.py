"""The loss of labels that are read from other frames."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.losses.label_propagation import cell_weights, label_propagation
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


def test_weights_equal_the_loop(target):
    generator = torch.Generator().manual_seed(0)
    soft = (target + 0.3 * torch.rand(target.shape, generator=generator)).clamp(max=1)
    soft = soft / soft.sum(1, keepdim=True)
    references = torch.rand(2, 3, 4, 12, 16, generator=generator)
    references[:, :, 2] = 0.001
    found, wanted = cell_weights(soft, references), np.zeros((2, 12, 16))
    for b in range(2):
        seen = [max(float(references[b, t, k].sum()) for t in range(3)) > 2 for k in range(4)]
        for y in range(12):
            for x in range(16):
                around = soft[b, 0, max(0, y - 4) : y + 5, max(0, x - 4) : x + 5]
                near = float((1 - around).max())
                wanted[b, y, x] = (0.1 + near) * sum(
                    float(soft[b, k, y, x]) for k in range(4) if seen[k]
                )
    assert found.numpy() == pytest.approx(wanted, rel=1e-4)


def test_near_objects_cells_count_more(target):
    weight = cell_weights(target, target[:, None])
    assert weight[0, 2, 2] == pytest.approx(1.1)
    assert weight[0, 7, 7] == pytest.approx(1.1), "four cells away"
    assert weight[0, 8, 8] == pytest.approx(0.1)


def test_unseen_labels_do_not_count(target):
    references = target[:, None].repeat(1, 2, 1, 1, 1)
    references[1, :, 3] = 0
    weight = cell_weights(target, references)
    assert (weight[1][target[1, 3] > 0] == 0).all()
    assert (weight[1][target[1, 1] > 0] > 1).all()
    wrong = target.roll(1, 1)
    wrong[:, :, :6] = target[:, :, :6]
    right = target.clone()
    right[1, :, 6:9, 10:13] = wrong[1, :, 6:9, 10:13]
    assert label_propagation(right, target, weight) == pytest.approx(0, abs=1e-6)


def test_perfect_and_wrong_readouts(target):
    weight = cell_weights(target, target[:, None])
    assert label_propagation(target, target, weight) == pytest.approx(0, abs=1e-6)
    assert label_propagation(target.roll(1, 1), target, weight) == pytest.approx(6.9078, rel=1e-3)
    even = torch.full_like(target, 0.25)
    assert label_propagation(even, target, weight) == pytest.approx(np.log(4), rel=1e-4)


def test_processes_share_the_divisor(target):
    readout = torch.softmax(torch.randn(target.shape, generator=torch.manual_seed(1)), 1)
    weight = cell_weights(target, target[:, None])
    mean = weight.sum() / 2
    halves = [label_propagation(readout[i:i + 1], target[i:i + 1], weight[i:i + 1], total=mean)
              for i in range(2)]  # fmt: skip
    whole = label_propagation(readout, target, weight)
    assert sum(halves) / 2 == pytest.approx(float(whole), rel=1e-5)


def test_gradient_reaches_the_keys(target):
    keys = torch.randn(2, 2, 8, 12, 16, generator=torch.manual_seed(2)).requires_grad_()
    references = target[:, None]
    readout = windowed_readout(keys[:, -1], keys[:, :-1], references, radius=3)
    label_propagation(readout, target, cell_weights(target, references)).backward()
    assert (keys.grad.abs().flatten(2).sum(2) > 0).all()


def test_nothing_that_counts_is_no_division_by_zero(target):
    assert float(label_propagation(target, target, torch.zeros(2, 12, 16))) == 0
