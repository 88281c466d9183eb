"""The blocks of the encoders, and the encoders that are made of them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core.nn.blocks import BasicBlock, stage
from core.systems.self_supervised.config import PRESETS, STRIDE
from core.systems.self_supervised.model import KeyEncoder


def parameters(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    ("channels", "stride", "size"),
    [((4, 4), 1, (12, 10)), ((4, 6), 2, (6, 5)), ((4, 6), 1, (12, 10))],
)
def test_block_changes_width_and_size(channels, stride, size):
    block = BasicBlock(*channels, stride=stride)
    assert block(torch.randn(2, 4, 12, 10)).shape == (2, channels[1], *size)
    assert (block.downsample is None) == (channels == (4, 4))


def test_shortcut_carries_what_the_convolutions_drop():
    block = BasicBlock(4, 4).eval()
    nn.init.zeros_(block.conv2.weight)
    x = torch.randn(1, 4, 6, 6)
    torch.testing.assert_close(block(x), x.relu())


def test_only_the_first_block_of_a_stage_strides():
    row = stage(4, 8, blocks=3, stride=2)
    assert len(row) == 3
    assert [block.conv1.stride for block in row] == [(2, 2), (1, 1), (1, 1)]
    assert row(torch.randn(1, 4, 16, 8)).shape == (1, 8, 8, 4)


def test_sizes_of_the_presets():
    """ResNet-18 with head is MAST's published network, to the parameter."""
    assert parameters(KeyEncoder(PRESETS["resnet18"])) == 5_291_648
    assert 0.7e6 < parameters(KeyEncoder(PRESETS["thin"])) < 1.1e6
    assert parameters(KeyEncoder(PRESETS["tiny"])) < 10_000


@pytest.mark.parametrize("preset", PRESETS)
def test_keys_have_the_stride_and_channels_of_the_config(preset):
    encoder = KeyEncoder(PRESETS[preset]).eval()
    with torch.inference_mode():
        keys = encoder(torch.randn(1, 3, 16, 24))
    assert keys.shape == (1, PRESETS[preset].key_channels, 16 // STRIDE, 24 // STRIDE)
    assert keys.min() < 0 < keys.max()


def test_a_shift_by_the_stride_shifts_the_keys():
    """No position is built in: away from the border cells move with the picture."""
    torch.manual_seed(0)
    encoder = KeyEncoder(PRESETS["tiny"]).eval()
    image = torch.randn(1, 3, 176, 176)
    with torch.inference_mode():
        keys, moved = encoder(image), encoder(image.roll((8, -4), dims=(2, 3)))
    middle = slice(18, 26)
    torch.testing.assert_close(
        moved[..., middle, middle], keys.roll((2, -1), dims=(2, 3))[..., middle, middle]
    )
