"""Features of single frames: phi of the paper, at a quarter of the picture's size."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from core.nn.backbone import Backbone, BackboneConfig, normalized_rgb
from core.nn.blocks import bottlenecks
from core.nn.map_decoder import Lite0Decoder, MapDecoder
from core.systems.multi_granularity.config import LITE0, RESNET50, NetworkConfig


class PlainBody(MapDecoder):
    """A small residual network and a decoder on its maps, from scratch."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config.widths, config.width, config.channels)
        first = config.widths[0]
        self.backbone = Backbone(BackboneConfig(first, config.widths, (1, 2, 2), bottleneck=False))

    def forward(self, image: Tensor) -> Tensor:
        """B x 3 x H x W, 0..1, sides multiples of 16 -> B x C x H/4 x W/4."""
        return self.decode(self.backbone(normalized_rgb(image)))


class Lite0Body(Lite0Decoder):
    """A decoder on the maps of a frozen EfficientNet-Lite0."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config.width, config.channels)


class ResNetBody(Backbone):
    """The first four groups of ResNet-50; the last two keep stride 4 and are dilated (3.2)."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(BackboneConfig(64, (256, 512, 1024), (3, 4, 6), bottleneck=True))
        self.layer2 = bottlenecks(256, 512, blocks=4, stride=1, dilation=2)
        self.layer3 = bottlenecks(512, 1024, blocks=6, stride=1, dilation=4)
        self.head = nn.Conv2d(1024, config.channels, 1)

    def forward(self, image: Tensor) -> Tensor:  # type: ignore[override]
        """B x 3 x H x W, 0..1 -> B x C x H/4 x W/4."""
        _, _, last = super().forward(normalized_rgb(image))
        features: Tensor = self.head(last)
        return features


class Encoder(nn.Module):
    """Features of images, each channel normalized over the batch.

    So the product of two cells is 0 on average and sqrt(C) of a cell with itself, once divided
    by sqrt(C): affinities say something from the first step on.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        kinds: dict[str, type[nn.Module]] = {LITE0: Lite0Body, RESNET50: ResNetBody}
        self.body = kinds.get(config.encoder, PlainBody)(config)
        self.norm = nn.BatchNorm2d(config.channels)

    def forward(self, images: Tensor) -> Tensor:
        """B x 3 x H x W, 0..1, sides multiples of 16 -> B x C x H/4 x W/4."""
        features: Tensor = self.norm(self.body(images))
        return features


def pooled(features: Tensor, pool: int) -> Tensor:
    """Means of pool x pool cells of ... x C x h x w maps; what does not fill a square counts."""
    if pool == 1:
        return features
    flat = features.reshape(-1, *features.shape[-3:])
    small = F.avg_pool2d(flat, pool, ceil_mode=True, count_include_pad=False)
    return small.reshape(*features.shape[:-2], *small.shape[-2:])
