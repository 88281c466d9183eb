"""Attention gates on channels and places (Woo et al. 2018, CBAM).

Children are called as in the public weights that use them, so that these fit unchanged.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

REDUCTION = 16
"""How many times narrower the channel gate is inside."""


class ChannelGate(nn.Module):
    """Weighs channels by their mean and their largest value (equation 2)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(1, channels // REDUCTION)
        self.mlp = nn.Sequential(
            nn.Flatten(), nn.Linear(channels, inner), nn.ReLU(), nn.Linear(inner, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """B x C x H x W, weighed."""
        score = self.mlp(x.mean((2, 3))) + self.mlp(x.amax((2, 3)))
        gated: Tensor = x * torch.sigmoid(score)[:, :, None, None]
        return gated


class SpatialGate(nn.Module):
    """Weighs places by the largest and the mean of their channels (equation 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.spatial = nn.Sequential()
        self.spatial.add_module("conv", nn.Conv2d(2, 1, 7, 1, 3))

    def forward(self, x: Tensor) -> Tensor:
        """B x C x H x W, weighed."""
        seen = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1)
        gated: Tensor = x * torch.sigmoid(self.spatial(seen))
        return gated


class GatedAttention(nn.Module):
    """First the channel gate, then the spatial one."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.ChannelGate = ChannelGate(channels)
        self.SpatialGate = SpatialGate()

    def forward(self, x: Tensor) -> Tensor:
        """B x C x H x W, weighed."""
        gated: Tensor = self.SpatialGate(self.ChannelGate(x))
        return gated
