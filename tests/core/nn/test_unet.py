"""The U-Net that learns one video."""

from __future__ import annotations

import pytest
import torch

from core.nn.unet import UNet


@pytest.mark.parametrize(("height", "width"), [(64, 96), (40, 56)])
def test_logits_at_half_the_size(height, width):
    net = UNet((8, 16, 24), 3, key_channels=5)
    logits = net(torch.randn(2, 3, height, width), torch.randn(2, 5, height // 4, width // 4))
    assert logits.shape == (2, 3, height // 2, width // 2)


def test_keys_tell_apart_what_the_image_does_not():
    torch.manual_seed(0)
    net = UNet((8, 8), 2, key_channels=4)
    image, keys = torch.zeros(1, 3, 32, 32), torch.zeros(1, 4, 8, 8)
    keys[..., 4:] = 1
    logits = net(image, keys)
    assert (logits[..., 2:4] - logits[..., 12:14]).abs().min() > 0
    plain = UNet((8, 8), 2)(image)
    assert plain.shape == logits.shape


def test_widths_that_crash_torch_are_refused():
    with pytest.raises(ValueError, match="multiples of 8"):
        UNet((12, 32), 2)
