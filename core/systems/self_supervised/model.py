"""The networks: encoders from a Lab image to keys at a quarter of its size.

`KeyEncoder` tracks. `RgbKeys` learns the same lesson for a backbone that other systems start from.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.nn.backbone import RGB_MEAN, RGB_STD, Backbone, BackboneConfig
from core.nn.blocks import stage
from core.ops.color import lab_to_rgb
from core.systems.self_supervised.config import EncoderConfig

KEY_CHANNELS = 64
"""Of `RgbKeys`; `KeyEncoder` has those of its config."""


class KeyEncoder(nn.Module):
    """Encoder of system 001 (Lai et al. 2020, MAST; ResNet-18 layout without max-pool).

    7x7 convolution with stride 2, four residual stages of which the second halves the size once
    more, 3x3 convolution to the key, which is not normalized: similarities are divided by sqrt(C)
    instead.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        w1, w2, w3, w4 = config.widths
        n1, n2, n3, n4 = config.blocks
        self.conv1 = nn.Conv2d(3, w1, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(w1)
        self.layer1 = stage(w1, w1, blocks=n1, stride=1)
        self.layer2 = stage(w1, w2, blocks=n2, stride=2)
        self.layer3 = stage(w2, w3, blocks=n3, stride=1)
        self.layer4 = stage(w3, w4, blocks=n4, stride=1)
        self.head = nn.Conv2d(w4, config.key_channels, 3, 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Keys of an image.

        Args:
            image: B x 3 x H x W, normalized Lab (`core.ops.color`), H and W multiples of 4.

        Returns:
            B x C x H/4 x W/4, not normalized.
        """
        x = F.relu(self.bn1(self.conv1(image)), inplace=True)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        key: Tensor = self.head(x)
        return key


class RgbKeys(nn.Module):
    """A backbone whose maps at strides 4, 8 and 16 are added up to keys at stride 4.

    It is given Lab images of which a channel may be hidden, as every encoder of this system, and
    paints them in RGB: a picture without a or b tells nothing of the hidden channel. Each map has
    a 1x1 convolution of its own to the keys, so that the loss reaches all stages; only the
    backbone is kept after training.
    """

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        self.lateral = nn.ModuleList(nn.Conv2d(w, KEY_CHANNELS, 1) for w in config.widths)
        for name, values in (("mean", RGB_MEAN), ("std", RGB_STD)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)
        self.mean: Tensor
        self.std: Tensor

    def forward(self, image: Tensor) -> Tensor:
        """Keys of an image.

        Args:
            image: B x 3 x H x W, normalized Lab (`core.ops.color`), H and W multiples of 4.

        Returns:
            B x 64 x H/4 x W/4, not normalized.
        """
        maps = self.backbone((lab_to_rgb(image) - self.mean) / self.std)
        size = maps[0].shape[-2:]
        keys: Tensor = self.lateral[0](maps[0])
        for lateral, coarse in zip(self.lateral[1:], maps[1:], strict=True):
            keys = keys + F.interpolate(
                lateral(coarse), size=size, mode="bilinear", align_corners=False
            )
        return keys
