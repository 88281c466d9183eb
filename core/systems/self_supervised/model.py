"""The network: an encoder from a Lab image to keys at a quarter of its size."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from core.nn.blocks import stage
from core.systems.self_supervised.config import EncoderConfig


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
