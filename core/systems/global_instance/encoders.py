"""What encodes frames, frames with masks, and labels (Ge et al. 2021, sections 3.2 and 3.3).

Tensors of several objects lie as B x K x C x H x W; B is clips.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.nn.backbone import Backbone, BackboneConfig
from core.nn.fusion import PreResidual, each
from core.nn.lite0_encoder import Lite0Encoder
from core.systems.global_instance.config import AT_ONCE, FINEST, NetworkConfig

MASKED = 4
"""Channels of a support frame: RGB, and the mask of all objects together."""


def query_encoder(config: NetworkConfig) -> Backbone | Lite0Encoder:
    """What makes maps of a frame at strides 4, 8 and 16."""
    if config.is_lite0:
        return Lite0Encoder()
    bottleneck = config.backbone == "resnet50"
    return Backbone(BackboneConfig(config.stem, config.widths, config.blocks, bottleneck))


class SupportEncoder(nn.Module):
    """A frame and the mask of all its objects to m, at stride 16.

    A thin one sees the query encoder's features of the frame as well, which cost nothing more.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        bottleneck = config.backbone == "resnet50"
        shape = BackboneConfig(
            config.support_stem, config.support_widths, config.support_blocks, bottleneck
        )
        self.encoder = Backbone(shape, channels=MASKED)
        own, wanted = config.support_widths[2], config.widths[2]
        self.fuser = PreResidual(wanted + own, wanted) if config.is_thin else None

    def forward(self, image: Tensor, sixteenth: Tensor, union: Tensor) -> Tensor:
        """Image B3HW, its features at stride 16 and B1HW of all objects -> B x C x h x w."""
        coded: Tensor = self.encoder(torch.cat([image, union.to(image)], 1))[2]
        return coded if self.fuser is None else self.fuser(torch.cat([sixteenth, coded], 1))


class LabelEncoder(nn.Module):
    """Labels to what each object's values are multiplied with (eq. 7).

    An object sees three channels: itself, all the others, and the background. They are averaged to
    stride 4 first; two convolutions with batch norm lead to stride 16.
    """

    def __init__(self, hidden: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, hidden, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.conv2 = nn.Conv2d(hidden, out_channels, 3, 2, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def forward(self, masks: Tensor) -> Tensor:
        """B x K x H/4 x W/4, 0..1, the sum at most 1 -> B x K x C_v x h x w."""
        labels = three_channels(masks).to(self.conv1.weight)
        return torch.cat(
            [each(self._encode, group) for group in torch.split(labels, AT_ONCE, 1)], 1
        )

    def _encode(self, x: Tensor) -> Tensor:
        y: Tensor = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return y


def three_channels(masks: Tensor) -> Tensor:
    """B x K x H x W masks -> B x K x 3 x H x W: this object, the others, the background."""
    every = masks.sum(1, keepdim=True)
    ground = (1 - every).clamp(min=0).expand_as(masks)
    return torch.stack([masks, every - masks, ground], 2)


def quartered(masks: Tensor, size: tuple[int, int]) -> Tensor:
    """Masks ... x H x W as means at stride 4 of an image of this size; they may be that already."""
    times = masks.shape[-1] // (size[1] // FINEST)
    return masks if times == 1 else F.avg_pool2d(masks, times)
