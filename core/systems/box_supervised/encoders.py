"""What the memory network encodes with: frames to maps and keys, masks to what is remembered.

Module names of the preset `resnet50` are those of the public weights. Tensors of several objects
lie as B x K x C x H x W; B is clips.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.nn.blocks import bottlenecks, stage
from core.nn.fusion import FusionBlock, beside, each
from core.nn.lite0_encoder import MATCHED_CHANNELS, begin_matching
from core.nn.sensory import Reinforcement
from core.systems.box_supervised.config import NetworkConfig


class KeyEncoder(nn.Module):
    """ResNet up to its third stage; the first stage is called `res2` as in the public weights."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        make = stage if config.backbone == "basic" else bottlenecks
        w1, w2, w3 = config.widths
        n1, n2, n3 = config.blocks
        self.conv1 = nn.Conv2d(3, config.stem, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(config.stem)
        self.res2 = make(config.stem, w1, blocks=n1, stride=1)
        self.layer2 = make(w1, w2, blocks=n2, stride=2)
        self.layer3 = make(w2, w3, blocks=n3, stride=2)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """B x 3 x H x W, normalized RGB -> maps at strides 4, 8 and 16."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(image))), 3, 2, 1)
        quarter = self.res2(x)
        eighth = self.layer2(quarter)
        return quarter, eighth, self.layer3(eighth)


class KeyProjection(nn.Module):
    """Key, shrinkage and selection of cells of stride 16 (equation 2 and section 3.2)."""

    def __init__(self, in_channels: int, key_channels: int) -> None:
        super().__init__()
        self.key_proj = nn.Conv2d(in_channels, key_channels, 3, 1, 1)
        self.d_proj = nn.Conv2d(in_channels, 1, 3, 1, 1)
        self.e_proj = nn.Conv2d(in_channels, key_channels, 3, 1, 1)
        nn.init.orthogonal_(self.key_proj.weight)
        nn.init.zeros_(cast("Tensor", self.key_proj.bias))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """B x C x h x w -> key, shrinkage and selection."""
        # Squares of keys cancel in the similarity: half precision is too little, in training too.
        with torch.autocast(x.device.type, enabled=False):
            x = x.to(self.key_proj.weight)
            return self.key_proj(x), self.d_proj(x).square() + 1, torch.sigmoid(self.e_proj(x))


def matched_projection(key_channels: int) -> KeyProjection:
    """A key projection of `matched_features`, which matches cells before it has learned anything.

    Selections begin about 1/2 and shrinkages about 1, so that the similarity of two cells (eq. 2)
    begins as -`core.nn.lite0_encoder.SHARPNESS` times what their two cosines together lack of 2.
    """
    made = KeyProjection(MATCHED_CHANNELS, key_channels)
    begin_matching(made.key_proj)
    return made


class ValueEncoder(nn.Module):
    """Encodes each object's mask on a frame to what is remembered of it.

    It sees the frame, the object's mask and the sum of all others'. The pooling comes before the
    first ReLU, as in the public network; that changes nothing, for both keep the order of numbers.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        w1, w2, w3 = config.value_widths
        n1, n2, n3 = config.value_blocks
        self.conv1 = nn.Conv2d(5, config.value_stem, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(config.value_stem)
        self.layer1 = stage(config.value_stem, w1, blocks=n1, stride=1)
        self.layer2 = stage(w1, w2, blocks=n2, stride=2)
        self.layer3 = stage(w2, w3, blocks=n3, stride=2)
        self.fuser = FusionBlock(config.widths[2], w3, config.value_channels)
        self.hidden_reinforce = (
            Reinforcement(config.value_channels, config.sensory_channels)
            if config.sensory_channels
            else None
        )

    def forward(self, image: Tensor, sixteenth: Tensor, masks: Tensor) -> Tensor:
        """Image B3HW, features at stride 16 and masks B x K x H x W -> B x K x C_v x h x w."""
        others = masks.sum(1, keepdim=True) - masks
        x = each(self._encode, beside(image, torch.stack([masks, others], 2).to(image)))
        value: Tensor = self.fuser(sixteenth, x)
        return value

    def _encode(self, x: Tensor) -> Tensor:
        x = F.relu(F.max_pool2d(self.bn1(self.conv1(x)), 3, 2, 1))
        coded: Tensor = self.layer3(self.layer2(self.layer1(x)))
        return coded
