"""The loss of color reconstruction."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from core.losses.correspondence import HUBER_SCALE, color_reconstruction

COUNTED = torch.tensor([[1.0, 0.0]])


def flat(*levels):
    """1 x V x 2 x 3 planes of a level each."""
    return torch.tensor(levels).view(1, -1, 1, 1).expand(1, -1, 2, 3)


def full(x):
    return F.interpolate(x, scale_factor=4, mode="nearest")


def test_zero_for_equal_colors():
    colors = flat(0.3, -0.7)
    assert color_reconstruction(colors, full(colors), torch.ones(1, 2)) < 1e-12


def test_zero_for_what_bilinear_upsampling_gives():
    readout = torch.rand(2, 2, 4, 5, generator=torch.Generator().manual_seed(0))
    colors = F.interpolate(readout, size=(16, 20), mode="bilinear")
    assert color_reconstruction(readout, colors, torch.ones(2, 2)) < 1e-12
    assert color_reconstruction(readout, colors.roll(4, dims=3), torch.ones(2, 2)) > 0.1


@pytest.mark.parametrize("error", [0.01, 0.03, 0.049])
def test_quadratic_for_small_errors(error):
    colors = flat(0.2, 0.0)
    loss = color_reconstruction(colors + error, full(colors), COUNTED)
    assert loss.item() == pytest.approx(0.5 * (HUBER_SCALE * error) ** 2, rel=1e-4)


@pytest.mark.parametrize("error", [0.06, 0.5, -1.0])
def test_linear_for_large_errors(error):
    colors = flat(0.2, 0.0)
    loss = color_reconstruction(colors + error, full(colors), COUNTED)
    assert loss.item() == pytest.approx(HUBER_SCALE * abs(error) - 0.5, rel=1e-4)


def test_only_counted_channels_count():
    colors = flat(0.2, 0.4)
    wrong = colors + torch.tensor([0.0, 9.0]).view(1, 2, 1, 1)
    assert color_reconstruction(wrong, full(colors), COUNTED) < 1e-12
    assert color_reconstruction(wrong, full(colors), 1 - COUNTED) > 100


def test_mean_over_all_counted_channels_of_a_batch():
    """Three channels count, one of them is wrong: a third of its own loss."""
    colors = flat(0.2, 0.4).repeat(2, 1, 1, 1)
    readout = colors.clone()
    readout[1, 0] += 0.02
    counted = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    loss = color_reconstruction(readout, full(colors), counted)
    assert loss.item() == pytest.approx(0.5 * 0.4**2 / 3, rel=1e-4)


def test_nothing_counted_is_zero_and_no_nan():
    assert color_reconstruction(flat(0.1, 0.1), full(flat(0.9, 0.9)), torch.zeros(1, 2)) == 0


def test_hidden_channel_alone_gets_gradients():
    readout = flat(0.1, 0.1).clone().requires_grad_()
    color_reconstruction(readout, full(flat(0.9, 0.9)), COUNTED).backward()
    assert readout.grad is not None
    assert readout.grad[:, 0].abs().min() > 0
    assert readout.grad[:, 1].abs().max() == 0
