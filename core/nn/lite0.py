"""EfficientNet-Lite0, an ImageNet classifier for small devices, in two parts.

The network of Tan and Le 2019 (EfficientNet-B0, table 1) as its authors published it for small
devices in 2020: no squeeze-and-excitation, ReLU6 for swish, stem and head of fixed width.
`Lite0Features` makes maps for whoever needs features; `Lite0Head` goes on from its last map to
1000 classes. Weights: `core.nn.lite0_weights`.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from core.nn.lite0_blocks import BlockShape, InvertedResidual, SameConv2d, norm

STEM = 32
_STAGES = (
    # kernel, stride, expansion, channels, blocks
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
HEAD_BLOCK = 11
"""The first block of the head; `Lite0Features` has those before it."""
STRIDES = (4, 8, 16)
"""Image pixels from one cell to the next, of the maps that `Lite0Features` returns."""
BLOCKS = (2, 4, 10)
"""The blocks that these maps are outputs of."""
CHANNELS = (24, 40, 112)
"""The channels of these maps."""
HEAD_CHANNELS = 1280
CLASSES = 1000
RGB_MEAN = 127.0
RGB_SCALE = 128.0


def _block_shapes() -> tuple[BlockShape, ...]:
    shapes, width = list[BlockShape](), STEM
    for kernel, stride, expansion, channels, count in _STAGES:
        for index in range(count):
            step = stride if index == 0 else 1
            shapes.append(BlockShape(width, channels, kernel, step, expansion))
            width = channels
    return tuple(shapes)


BLOCK_SHAPES = _block_shapes()
"""Shapes of all 16 blocks."""


class Lite0Features(nn.Module):
    """Stem and blocks 0 to 10: maps at strides 4, 8 and 16. 0.7 million weights.

    Sides may be of any length from 1; a map's side is that of the image over its stride, rounded
    up. Where its cells lie is told by `first_cell`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = SameConv2d(3, STEM, kernel=3, stride=2)
        self.bn1 = norm(STEM)
        self.relu = nn.ReLU6(inplace=True)
        self.blocks = nn.ModuleList(map(InvertedResidual, BLOCK_SHAPES[:HEAD_BLOCK]))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Feature maps of images.

        Args:
            image: B x 3 x H x W, from `normalized` or `frame_tensor`.

        Returns:
            B x 24 x ceil(H/4) x ceil(W/4), B x 40 x ceil(H/8) x ceil(W/8) and
            B x 112 x ceil(H/16) x ceil(W/16): outputs of linear layers, of either sign.
        """
        x = self.relu(self.bn1(self.conv1(image)))
        maps = dict[int, Tensor]()
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in BLOCKS:
                maps[index] = x
        quarter, eighth, sixteenth = (maps[index] for index in BLOCKS)
        return quarter, eighth, sixteenth


class Lite0Head(nn.Module):
    """Blocks 11 to 15, a 1x1 convolution and the 1000 classes. 3.9 million weights."""

    def __init__(self) -> None:
        super().__init__()
        shapes = BLOCK_SHAPES[HEAD_BLOCK:]
        self.blocks = nn.ModuleList(map(InvertedResidual, shapes))
        self.conv1 = nn.Conv2d(shapes[-1].out_channels, HEAD_CHANNELS, 1, bias=False)
        self.bn1 = norm(HEAD_CHANNELS)
        self.relu = nn.ReLU6(inplace=True)
        self.classifier = nn.Linear(HEAD_CHANNELS, CLASSES)

    def forward(self, sixteenth: Tensor) -> Tensor:
        """Scores of the ImageNet classes.

        Args:
            sixteenth: B x 112 x h x w, the last map of `Lite0Features`.

        Returns:
            B x 1000 logits: any numbers, the largest for the likeliest class.
        """
        scores: Tensor = self.classifier(self._cells(sixteenth).mean((2, 3)))
        return scores

    def class_maps(self, sixteenth: Tensor) -> Tensor:
        """Class-activation maps (Zhou et al. 2016, eq. 2): how much each cell speaks for a class.

        Args:
            sixteenth: as in `forward`.

        Returns:
            B x 1000 x ceil(h/2) x ceil(w/2); the mean over a map is the logit of its class.
        """
        cells = self._cells(sixteenth).permute(0, 2, 3, 1)
        scores: Tensor = self.classifier(cells)
        return scores.permute(0, 3, 1, 2)

    def _cells(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        cells: Tensor = self.relu(self.bn1(self.conv1(x)))
        return cells


def normalized(rgb: Tensor) -> Tensor:
    """Images as the network takes them, of numbers 0..255 of any type; float32, about -1..1."""
    return rgb.to(torch.float32, copy=True).sub_(RGB_MEAN).div_(RGB_SCALE)


def frame_tensor(frame: NDArray[np.uint8]) -> Tensor:
    """A frame, H x W x 3 RGB, as the network takes it: 1 x 3 x H x W float32, channels last."""
    return normalized(torch.from_numpy(frame).permute(2, 0, 1)[None])


def centered_maps(features: Lite0Features, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Maps whose cells lie where a ResNet has them: cell i of stride s on pixel s i.

    The padding is lopsided on even sides (see `first_cell`); one more line behind mends that.

    Args:
        features: the network.
        image: B x 3 x H x W, from `normalized`; sides multiples of 16.

    Returns:
        Maps at strides 4, 8 and 16, of H/4 x W/4 cells and so on.
    """
    maps = features(F.pad(image, (0, 1, 0, 1)))
    quarter, eighth, sixteenth = (x[..., :-1, :-1].contiguous() for x in maps)
    return quarter, eighth, sixteenth


def first_cell(side: int, stride: int) -> int:
    """Pixel that cell 0 of a map is centered on; cell i is `stride * i` further.

    The padding puts cells elsewhere where a side is even on some level (see `SameConv2d`): 16i for
    sides of 16n + 1, 16i + 15 for sides of 16n.

    Args:
        side: pixels of the image in this direction.
        stride: a power of 2, as in `STRIDES`.

    Returns:
        0 to stride - 1.
    """
    pixel, step = 0, 1
    while step < stride:
        pixel += step * (side % 2 == 0)
        side = (side + 1) // 2
        step *= 2
    return pixel
