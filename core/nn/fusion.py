"""Blocks without batch norm that bring features of images and of objects together.

As in STM (Oh et al. 2019), STCN and XMem (Cheng et al. 2021, 2022). Children are called as in the
public weights. Tensors of several objects lie as B x K x C x H x W.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.nn.gates import GatedAttention


def each(module: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """B x K x C x H x W through what takes N x C x H x W: every object by itself."""
    return torch.unflatten(module(x.flatten(0, 1)), 0, x.shape[:2])


def beside(image: Tensor, objects: Tensor) -> Tensor:
    """Features of an image, B x C x H x W, put before those of each object on it."""
    shape = (-1, objects.shape[1], -1, -1, -1)
    return torch.cat([image[:, None].expand(shape), objects], 2)


class PreResidual(nn.Module):
    """Two 3x3 convolutions, each after a ReLU, around a shortcut (He et al. 2016b).

    The shortcut is the identity, or a 3x3 convolution where the number of channels changes.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        same = in_channels == out_channels
        self.downsample = None if same else nn.Conv2d(in_channels, out_channels, 3, 1, 1)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, 1, 1)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """N x C_in x H x W -> N x C_out x H x W."""
        y: Tensor = self.conv2(F.relu(self.conv1(F.relu(x))))
        return y + (x if self.downsample is None else self.downsample(x))


class FusionBlock(nn.Module):
    """Joins features of an image with features of each object on it."""

    def __init__(self, image_channels: int, object_channels: int, out_channels: int) -> None:
        super().__init__()
        self.block1 = PreResidual(image_channels + object_channels, out_channels)
        self.attention = GatedAttention(out_channels)
        self.block2 = PreResidual(out_channels, out_channels)

    def forward(self, image: Tensor, objects: Tensor) -> Tensor:
        """B x C_i x H x W and B x K x C_o x H x W -> B x K x C x H x W."""
        x = each(self.block1, beside(image, objects))
        return each(self.block2, x + each(self.attention, x))


class UpBlock(nn.Module):
    """Takes features of objects to twice the size, with the image's features of that size."""

    def __init__(self, skip_channels: int, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.skip_conv = nn.Conv2d(skip_channels, in_channels, 3, 1, 1)
        self.out_conv = PreResidual(in_channels, out_channels)

    def forward(self, skip: Tensor, objects: Tensor) -> Tensor:
        """B x C_s x 2H x 2W and B x K x C_in x H x W -> B x K x C_out x 2H x 2W."""
        finer = each(enlarged, objects)
        return each(self.out_conv, self.skip_conv(skip)[:, None] + finer)


def enlarged(x: Tensor, times: int = 2) -> Tensor:
    """N x C x H x W with so many times the height and width, bilinear between cells' centers."""
    return F.interpolate(x, scale_factor=times, mode="bilinear", align_corners=False)
