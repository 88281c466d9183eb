"""The RGB encoder that supervised systems start from: a ResNet cut after its third stage."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from core.nn.blocks import bottlenecks, stage

BACKBONE = "backbone"
"""Name in the headers of weights that are no system of their own but a start for others."""
RGB_MEAN = (0.485, 0.456, 0.406)
RGB_STD = (0.229, 0.224, 0.225)
"""Channel-wise normalization that public ImageNet weights were trained with."""


@dataclass(frozen=True, slots=True)
class BackboneConfig:
    """Shape of a backbone."""

    stem: int
    """Channels of the first convolution."""
    widths: tuple[int, int, int]
    """Channels of the outputs of the three stages."""
    blocks: tuple[int, int, int]
    """Residual blocks in each stage."""
    bottleneck: bool
    """Blocks of three convolutions (ResNet-50) instead of two."""

    def to_dict(self) -> dict[str, object]:
        """The config as plain values, for a checkpoint's header."""
        return asdict(self)


BACKBONES: dict[str, BackboneConfig] = {
    "resnet18-rgb": BackboneConfig(64, (64, 128, 256), (2, 2, 2), bottleneck=False),
    "resnet50-rgb": BackboneConfig(64, (256, 512, 1024), (3, 4, 6), bottleneck=True),
    "tiny-rgb": BackboneConfig(8, (8, 8, 8), (1, 1, 1), bottleneck=False),
}
"""Public weights of ResNet-18 and ResNet-50 fit the first two; `tiny-rgb` is for tests."""


def normalized_rgb(rgb: Tensor) -> Tensor:
    """... x 3 x H x W, sRGB 0..1, normalized by `RGB_MEAN` and `RGB_STD`."""
    mean, std = (rgb.new_tensor(values).view(3, 1, 1) for values in (RGB_MEAN, RGB_STD))
    return (rgb - mean) / std


class Backbone(nn.Module):
    """ResNet (He et al. 2016) up to its third stage, with maps at strides 4, 8 and 16.

    Names and strides are those of the public ImageNet weights, so that they fit unchanged; in
    bottlenecks the 3x3 convolution has the stride.
    """

    def __init__(self, config: BackboneConfig, *, channels: int = 3) -> None:
        """Random values.

        Args:
            config: its shape.
            channels: of the image: RGB, and whatever lies beside it.
        """
        super().__init__()
        self.config = config
        self.conv1 = nn.Conv2d(channels, config.stem, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(config.stem)
        w1, w2, w3 = config.widths
        n1, n2, n3 = config.blocks
        make = bottlenecks if config.bottleneck else stage
        self.layer1 = make(config.stem, w1, blocks=n1, stride=1)
        self.layer2 = make(w1, w2, blocks=n2, stride=2)
        self.layer3 = make(w2, w3, blocks=n3, stride=2)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Feature maps of an image.

        Args:
            image: B x 3 x H x W, RGB normalized by `RGB_MEAN` and `RGB_STD`; H and W multiples
                of 16. Further channels follow RGB.

        Returns:
            Maps of H/4 x W/4, H/8 x W/8 and H/16 x W/16 cells with the channels of `widths`.
        """
        x = F.relu(self.bn1(self.conv1(image)), inplace=True)
        quarter = self.layer1(F.max_pool2d(x, 3, 2, 1))
        eighth = self.layer2(quarter)
        return quarter, eighth, self.layer3(eighth)
