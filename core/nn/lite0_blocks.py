"""What EfficientNet-Lite0 is made of: inverted residuals, and TensorFlow's padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

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
        zeros = self.zeros_behind(x)
        return self.convolve(pad_behind(x, zeros), zeros)

    def zeros_behind(self, x: Tensor) -> tuple[int, int]:
        """Rows and columns of zeros, 0 or 1 each, that an input gets behind but not in front."""
        down, right = (int(self.stride[0] == 2 and n % 2 == 0) for n in x.shape[-2:])
        return down, right

    def convolve(self, x: Tensor, zeros: tuple[int, int]) -> Tensor:
        """What `forward` does of an input that has got its `zeros_behind`."""
        half = self.kernel_size[0] // 2
        padding = (half - zeros[0], half - zeros[1])
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
        zeros = self.conv2.zeros_behind(x)
        y = self.relu(self.bn2(self.conv2.convolve(self._widened(x, zeros), zeros)))
        out: Tensor = self.bn3(self.conv3(y))
        return out + x if self.has_shortcut else out

    def _widened(self, x: Tensor, zeros: tuple[int, int]) -> Tensor:
        """What goes into the depthwise convolution, with the zeros behind that it wants.

        To copy the input for them is cheaper than to copy the six times wider result; only
        statistics of a batch must not see them.
        """
        if not self.widens:
            return pad_behind(x, zeros)
        if self.training:
            return pad_behind(self.relu(self.bn1(self.conv1(x))), zeros)
        y: Tensor = self.bn1(self.conv1(pad_behind(x, zeros)))
        y[:, :, y.shape[2] - zeros[0] :] = 0
        y[:, :, :, y.shape[3] - zeros[1] :] = 0
        return cast("Tensor", self.relu(y))


def pad_behind(x: Tensor, zeros: tuple[int, int]) -> Tensor:
    """B x C x H x W with so many rows of zeros below, and columns at the right."""
    return F.pad(x, (0, zeros[1], 0, zeros[0])) if any(zeros) else x


def norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm as the public weights have it."""
    return nn.BatchNorm2d(channels, eps=NORM_EPSILON)
