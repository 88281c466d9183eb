"""A decoder from a backbone's maps at strides 4, 8 and 16 to one map at stride 4."""

from __future__ import annotations

from typing import Self, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.nn.lite0 import CHANNELS, Lite0Features, centered_maps, normalized


class MapDecoder(nn.Module):
    """Each map through a 1x1 convolution, the coarse ones added to the finer ones."""

    def __init__(self, channels: tuple[int, ...], width: int, out_channels: int) -> None:
        """Build with random weights.

        Args:
            channels: of the maps, the finest first.
            width: of the decoder.
            out_channels: of the answer.
        """
        super().__init__()
        self.sides = nn.ModuleList(_side(n, width) for n in channels)
        self.mix = nn.ModuleList(_mix(width) for _ in channels[:-1])
        self.head = nn.Conv2d(width, out_channels, 1)

    def decode(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Maps, the finest first, each half as fine as the one before -> B x out x H/4 x W/4."""
        *finer_ones, x = (side(m) for side, m in zip(self.sides, maps, strict=True))
        for mix, finer in zip(self.mix, reversed(finer_ones), strict=True):
            size = cast("tuple[int, int]", finer.shape[-2:])
            x = mix(finer + F.interpolate(x, size=size, mode="bilinear", align_corners=False))
        answer: Tensor = self.head(x)
        return answer


class Lite0Decoder(MapDecoder):
    """A decoder on the maps of a frozen EfficientNet-Lite0, which is no part of a checkpoint."""

    def __init__(self, width: int, out_channels: int) -> None:
        super().__init__(CHANNELS, width, out_channels)
        # Reached by a tuple, the backbone is no module of this one: nothing saves or trains it.
        self._backbone: tuple[Lite0Features, ...] = ()

    def attach(self, backbone: Lite0Features) -> None:
        """Take the backbone that makes the maps; frozen, in eval mode."""
        self._backbone = (backbone.requires_grad_(requires_grad=False).eval(),)

    def forward(self, image: Tensor) -> Tensor:
        """B x 3 x H x W, 0..1, sides multiples of 16 -> B x out x H/4 x W/4."""
        (backbone,) = self._backbone
        with torch.no_grad():
            maps = centered_maps(backbone, normalized(255 * image.float()))
        return self.decode(maps)

    def _apply(self, fn: object, recurse: bool = True) -> Self:  # noqa: FBT001, FBT002 - as torch has it
        """Move the backbone with the rest."""
        for backbone in self._backbone:
            backbone._apply(fn)  # type: ignore[no-untyped-call]
        return cast("Self", super()._apply(fn, recurse))  # type: ignore[no-untyped-call]


def _side(in_channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(in_channels, width, 1, bias=False), nn.BatchNorm2d(width))


def _mix(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    )
