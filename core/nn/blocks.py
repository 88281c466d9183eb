"""Convolution blocks that several encoders are made of."""

from __future__ import annotations

from torch import Tensor, nn


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with batch norm around a shortcut (He et al. 2016, ResNet-18 block).

    The shortcut is the identity, or a 1x1 convolution with batch norm where the shape changes.
    """

    def __init__(self, in_channels: int, out_channels: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _downsample(in_channels, out_channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        """B x C_in x H x W -> B x C_out x H/stride x W/stride."""
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        out: Tensor = self.relu(self.bn2(self.conv2(y)) + shortcut)
        return out


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolution with batch norm around a shortcut (ResNet-50 block).

    The 3x3 convolution, a quarter as wide as the output, has the stride and the dilation.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: int = 1, dilation: int = 1
    ) -> None:
        super().__init__()
        inner = out_channels // 4
        self.conv1 = nn.Conv2d(in_channels, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, dilation, dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _downsample(in_channels, out_channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        """B x C_in x H x W -> B x C_out x H/stride x W/stride."""
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))
        out: Tensor = self.relu(self.bn3(self.conv3(y)) + shortcut)
        return out


def _downsample(in_channels: int, out_channels: int, stride: int) -> nn.Sequential | None:
    """The shortcut of a block that changes the shape; None for the identity."""
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
    )


def stage(in_channels: int, out_channels: int, *, blocks: int, stride: int) -> nn.Sequential:
    """A row of `BasicBlock`s of which the first changes size and width."""
    first = BasicBlock(in_channels, out_channels, stride=stride)
    rest = [BasicBlock(out_channels, out_channels) for _ in range(blocks - 1)]
    return nn.Sequential(first, *rest)


def bottlenecks(
    in_channels: int, out_channels: int, *, blocks: int, stride: int, dilation: int = 1
) -> nn.Sequential:
    """A row of `Bottleneck`s of which the first changes size and width."""
    first = Bottleneck(in_channels, out_channels, stride=stride, dilation=dilation)
    rest = [Bottleneck(out_channels, out_channels, dilation=dilation) for _ in range(blocks - 1)]
    return nn.Sequential(first, *rest)
