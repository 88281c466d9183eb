"""Batch norm folded into convolutions."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from core.nn.fuse import fuse_batch_norm
from core.systems.self_supervised.config import PRESETS
from core.systems.self_supervised.model import KeyEncoder


def lived_in(module):
    """A module whose norms have statistics and weights far from those of a new one."""
    generator = torch.Generator().manual_seed(0)
    for child in module.modules():
        if isinstance(child, nn.BatchNorm2d):
            for tensor, low, high in (
                (child.running_mean, -0.5, 0.5),
                (child.running_var, 0.3, 2.0),
                (child.weight.data, 0.5, 1.5),
                (child.bias.data, -0.3, 0.3),
            ):
                tensor.copy_(torch.rand(tensor.shape, generator=generator) * (high - low) + low)
    return module.eval()


@pytest.mark.parametrize("preset", ["tiny", "thin"])
def test_outputs_stay(preset):
    torch.manual_seed(0)
    encoder = lived_in(KeyEncoder(PRESETS[preset]))
    image = torch.randn(2, 3, 24, 32)
    with torch.inference_mode():
        before = encoder(image)
        after = fuse_batch_norm(copy.deepcopy(encoder))(image)
    assert before.std() > 1e-2
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)


def test_no_norm_is_left():
    encoder = KeyEncoder(PRESETS["tiny"]).eval()
    assert any(isinstance(child, nn.BatchNorm2d) for child in encoder.modules())
    fuse_batch_norm(encoder)
    assert not any(isinstance(child, nn.BatchNorm2d) for child in encoder.modules())


def test_fusing_twice_does_no_harm():
    torch.manual_seed(0)
    encoder = fuse_batch_norm(lived_in(KeyEncoder(PRESETS["tiny"])))
    image = torch.randn(1, 3, 16, 16)
    with torch.inference_mode():
        once = encoder(image)
        assert torch.equal(fuse_batch_norm(encoder)(image), once)


def test_other_layers_are_left_alone():
    norm = nn.BatchNorm2d(4)
    module = nn.Sequential(nn.Linear(3, 3), norm).eval()
    assert fuse_batch_norm(module)[1] is norm
