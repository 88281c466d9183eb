"""A small U-Net, for learning one video's objects from scratch."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.nn.blocks import BasicBlock


class UNet(nn.Module):
    """Residual encoder with stride 2 a stage, decoder with skips, logits at half the input's size.

    Ronneberger et al. 2015 with the residual blocks of ResNet-18, as appendix B of system 001 has
    it; widths are free so that a CPU can train it within a video's time.
    """

    def __init__(self, widths: tuple[int, ...], classes: int) -> None:
        super().__init__()
        first = widths[0]
        self.stem = nn.Sequential(
            nn.Conv2d(3, first, 3, 2, 1, bias=False), nn.BatchNorm2d(first), nn.ReLU(inplace=True)
        )
        self.down = nn.ModuleList(BasicBlock(a, b, stride=2) for a, b in pairwise(widths))
        self.up = nn.ModuleList(BasicBlock(a + b, a) for a, b in pairwise(widths))
        self.head = nn.Conv2d(first, classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        """B x 3 x H x W, about -1..1 -> logits B x classes x H/2 x W/2."""
        levels = [self.stem(image)]
        for block in self.down:
            levels.append(block(levels[-1]))
        x = levels.pop()
        for block in reversed(self.up):
            skip = levels.pop()
            larger = F.interpolate(x, size=skip.shape[-2:], mode="bilinear", align_corners=False)
            x = block(torch.cat([skip, larger], dim=1))
        logits: Tensor = self.head(x)
        return logits
