"""The appearance network: one frame becomes soft segments (the paper's equations 1 and 2)."""

from __future__ import annotations

from torch import Tensor, nn

from core.nn.backbone import Backbone, BackboneConfig, normalized_rgb
from core.nn.blocks import bottlenecks
from core.nn.map_decoder import Lite0Decoder
from core.nn.unet import UNet
from core.systems.appearance_motion.config import LITE0, RESNET50, NetworkConfig

DILATION = 6
"""Of the head's convolutions."""
DROPPED = 0.1
"""Share of the channels that the head's dropout hides."""


class UNetSegments(nn.Module):
    """A small U-Net, for processors."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.net = UNet(config.widths, config.segments)

    def forward(self, image: Tensor) -> Tensor:
        """B x 3 x H x W, 0..1 -> logits B x M x H/2 x W/2."""
        logits: Tensor = self.net(2 * image - 1)
        return logits


class Lite0Segments(Lite0Decoder):
    """A decoder on the maps of a frozen EfficientNet-Lite0; logits at stride 4."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config.widths[0], config.segments)


class ResNetSegments(nn.Module):
    """ResNet-50 at stride 8, its last two stages without strides, the last one dilated by 2."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.encoder = DilatedResNet()
        width = config.widths[0]
        self.head = nn.Sequential(
            _dilated(DilatedResNet.CHANNELS, width),
            _dilated(width, width),
            nn.Dropout2d(DROPPED),
            nn.Conv2d(width, config.segments, 1),
        )

    def forward(self, image: Tensor) -> Tensor:
        """B x 3 x H x W, 0..1 -> logits B x M x H/8 x W/8."""
        logits: Tensor = self.head(self.encoder(normalized_rgb(image)))
        return logits


class DilatedResNet(Backbone):
    """All four stages of ResNet-50, named as torchvision names them; 2048 channels at stride 8."""

    CHANNELS = 2048

    def __init__(self) -> None:
        super().__init__(BackboneConfig(64, (256, 512, 1024), (3, 4, 6), bottleneck=True))
        self.layer3 = bottlenecks(512, 1024, blocks=6, stride=1)
        self.layer4 = bottlenecks(1024, self.CHANNELS, blocks=3, stride=1, dilation=2)

    def forward(self, image: Tensor) -> Tensor:  # type: ignore[override]
        """B x 3 x H x W, normalized RGB -> B x 2048 x H/8 x W/8."""
        _, _, last = super().forward(image)
        deepest: Tensor = self.layer4(last)
        return deepest


def new_appearance(config: NetworkConfig) -> nn.Module:
    """The appearance network of a config, with random values; logits of B x 3 x H x W images."""
    kinds: dict[str, type[nn.Module]] = {LITE0: Lite0Segments, RESNET50: ResNetSegments}
    return kinds.get(config.appearance, UNetSegments)(config)


def _dilated(in_channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, width, 3, padding=DILATION, dilation=DILATION, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )
