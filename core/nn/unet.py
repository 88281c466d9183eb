"""A small U-Net, for learning one video's objects from scratch."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class UNet(nn.Module):
    """Encoder with stride 2 a level, decoder with skips, logits at half the input's size.

    Ronneberger et al. 2015, narrow, so that a CPU can train it within a video's time (section 4.1
    of system 001 has one with the layout of ResNet-18). Keys of a frame, which the tracker has
    computed anyway, can join at stride 4; the coarsest level is dilated and sees twice as far.
    """

    def __init__(self, widths: tuple[int, ...], classes: int, *, key_channels: int = 0) -> None:
        """Build with random weights.

        Args:
            widths: channels at stride 2, 4, 8 and so on; multiples of 8.
            classes: channels of the answer.
            key_channels: of the keys; 0 for a network that sees the image alone.
        """
        super().__init__()
        # WORKAROUND(torch 2.13): on a processor, the backward pass of a convolution with 12
        # channels, stored channels last, was seen to write out of its memory.
        if any(width % 8 for width in widths):
            msg = f"widths must be multiples of 8, not {widths}"
            raise ValueError(msg)
        pairs = list(pairwise(widths))
        self.stem = _conv(3, widths[0], size=3, stride=2)
        self.shrink = nn.ModuleList(_linear(a, b, stride=2) for a, b in pairs)
        self.keys: nn.Sequential | None = None
        if key_channels:
            self.keys = nn.Sequential(
                nn.BatchNorm2d(key_channels, affine=False), nn.Conv2d(key_channels, widths[1], 1)
            )
        last = len(pairs) - 1
        self.down = nn.ModuleList(
            _conv(b, b, size=3, dilation=2 if number == last > 0 else 1)
            for number, (_, b) in enumerate(pairs)
        )
        self.up = nn.ModuleList(
            _conv(a + b, a, size=3)
            if number == 0
            else nn.Sequential(_conv(a + b, a, size=1), _conv(a, a, size=3))
            for number, (a, b) in enumerate(pairs)
        )
        self.head = nn.Conv2d(widths[0], classes, 1)

    def forward(self, image: Tensor, keys: Tensor | None = None) -> Tensor:
        """Logits of an image.

        Args:
            image: B x 3 x H x W, about -1..1; H and W multiples of 4.
            keys: B x C x H/4 x W/4, for a network with keys.

        Returns:
            B x classes x H/2 x W/2.
        """
        levels = [self.stem(image)]
        for number, (shrink, block) in enumerate(zip(self.shrink, self.down, strict=True)):
            level = shrink(levels[-1])
            if number == 0 and self.keys is not None and keys is not None:
                level = level + self.keys(keys)
            levels.append(block(F.relu(level)))
        x = levels.pop()
        for block in reversed(self.up):
            skip = levels.pop()
            larger = F.interpolate(x, size=skip.shape[-2:], mode="bilinear", align_corners=False)
            x = block(torch.cat([skip, larger], dim=1))
        logits: Tensor = self.head(x)
        return logits


def _linear(in_channels: int, out_channels: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False), nn.BatchNorm2d(out_channels)
    )


def _conv(
    in_channels: int, out_channels: int, *, size: int, stride: int = 1, dilation: int = 1
) -> nn.Sequential:
    padding = dilation * (size // 2)
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, size, stride, padding, dilation, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )
