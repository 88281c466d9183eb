"""What EfficientNet-Lite0 is made of: inverted residuals, and TensorFlow's padding."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

NORM_EPSILON = 1e-3
"""Added to variances in batch norm, as the public weights were trained."""


@dataclass(frozen=True, slots=True)
class BlockShape:
    """Shape of one `InvertedResidual`."""

    in_channels: int
    out_channels: int
    kernel: int
    """Side of the depthwise convolution, odd."""
    stride: int
    expansion: int
    """How many times wider it is inside; with 1 there is no first convolution."""


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's padding "SAME": H x W -> ceil(H/stride) x ceil(W/stride).

    A side of n pixels gets max((ceil(n/stride) - 1) * stride + kernel - n, 0) zeros, the odd one
    at its end. With stride 2 cell i of an even side therefore looks at pixels around 2i + 1, of
    an odd side around 2i.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(in_channels, out_channels, kernel, stride, groups=groups, bias=False)
        if stride not in (1, 2) or kernel % 2 == 0:
            msg = f"stride {stride} with kernel {kernel} is not supported"
            raise ValueError(msg)

    def forward(self, x: Tensor) -> Tensor:
        """B x C_in x H x W -> B x C_out x ceil(H/stride) x ceil(W/stride)."""
        # On even sides one zero less in front than behind; what is equal the convolution pads.
        down, right = (int(self.stride[0] == 2 and n % 2 == 0) for n in x.shape[-2:])
        if down or right:
            x = F.pad(x, (0, right, 0, down))
        half = self.kernel_size[0] // 2
        padding = (half - down, half - right)
        return F.conv2d(x, self.weight, self.bias, self.stride, padding, 1, self.groups)


class InvertedResidual(nn.Module):
    """Inverted residual with a linear bottleneck (Sandler et al. 2018, MobileNetV2, fig. 3).

    1x1 convolution to `expansion` times the channels, depthwise convolution, 1x1 convolution;
    batch norm after each, ReLU6 after the first two; a shortcut where the shape stays.
    """

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        inner = shape.in_channels * shape.expansion
        if shape.expansion != 1:
            self.conv1 = nn.Conv2d(shape.in_channels, inner, 1, bias=False)
            self.bn1 = norm(inner)
        self.conv2 = SameConv2d(
            inner, inner, kernel=shape.kernel, stride=shape.stride, groups=inner
        )
        self.bn2 = norm(inner)
        self.conv3 = nn.Conv2d(inner, shape.out_channels, 1, bias=False)
        self.bn3 = norm(shape.out_channels)
        self.relu = nn.ReLU6(inplace=True)
        self.widens = shape.expansion != 1
        self.has_shortcut = shape.stride == 1 and shape.in_channels == shape.out_channels

    def forward(self, x: Tensor) -> Tensor:
        """B x C_in x H x W -> B x C_out x ceil(H/stride) x ceil(W/stride)."""
        y = self.relu(self.bn1(self.conv1(x))) if self.widens else x
        y = self.relu(self.bn2(self.conv2(y)))
        out: Tensor = self.bn3(self.conv3(y))
        return out + x if self.has_shortcut else out


def norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm as the public weights have it."""
    return nn.BatchNorm2d(channels, eps=NORM_EPSILON)
