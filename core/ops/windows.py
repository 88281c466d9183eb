"""Cutting feature maps into blocks of queries and the windows of memory that they may see.

A block of b x b queries shares one window of (b + 2R) x (b + 2R) memory cells, so that restricted
attention becomes one batched matrix product. Unfolding every cell's own window would need
(2R + 1)^2 copies of the features; this needs (1 + 2R/b)^2.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import Function, once_differentiable


def query_blocks(x: Tensor, block: int) -> Tensor:
    """B x C x h x w -> (B n) x b^2 x C, the last blocks padded with zeros."""
    batch, channels, height, width = x.shape
    padded = F.pad(x, (0, (-width) % block, 0, (-height) % block))
    rows, columns = padded.shape[2] // block, padded.shape[3] // block
    split = padded.view(batch, channels, rows, block, columns, block)
    return split.permute(0, 2, 4, 3, 5, 1).reshape(-1, block * block, channels)


def memory_windows(x: Tensor, block: int, radius: int) -> Tensor:
    """B x C x h x w -> (B n) x C x (b + 2R)^2, cells outside the map zero."""
    windows: Tensor = _Windows.apply(x, block, radius)  # type: ignore[no-untyped-call]
    return windows


class _Windows(Function):
    """`memory_windows`; its gradient is added up window by window, a third of autograd's time."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, block: int, radius: int) -> Tensor:
        height, width = x.shape[-2:]
        ctx.cut = height, width, block, radius
        side = block + 2 * radius
        pad = (radius, radius + (-width) % block, radius, radius + (-height) % block)
        cut = F.pad(x, pad).unfold(2, side, block).unfold(3, side, block)
        return cut.permute(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1], side * side)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        height, width, block, radius = ctx.cut
        side = block + 2 * radius
        rows, columns = -(-height // block), -(-width // block)
        windows = gradient.view(-1, rows, columns, gradient.shape[1], side, side)
        size = rows * block + 2 * radius, columns * block + 2 * radius
        padded = gradient.new_zeros(len(windows), windows.shape[3], *size)
        for row in range(rows):
            # Strip by strip: so the sums are rounded as autograd's are.
            strip = gradient.new_zeros(len(windows), windows.shape[3], side, size[1])
            for column in range(columns):
                left = column * block
                strip[..., left : left + side] += windows[:, row, column]
            padded[..., row * block : row * block + side, :] += strip
        return padded[..., radius : radius + height, radius : radius + width], None, None


def framed(maps: list[Tensor], block: int, radius: int) -> Tensor:
    """T maps C x h x w -> W x T x H x (C + 1), for `window_row`.

    Padded on all sides as far as windows reach. A last channel is 0 inside the maps, 1 outside;
    the others are 0 there.
    """
    channels, height, width = maps[0].shape
    padded_height = height + (-height) % block + 2 * radius
    padded_width = width + (-width) % block + 2 * radius
    result = maps[0].new_zeros(padded_width, len(maps), padded_height, channels + 1)
    result[..., -1] = 1
    for index, x in enumerate(maps):
        inside = result[radius : radius + width, index, radius : radius + height]
        inside[..., :-1] = x.permute(2, 1, 0)
        inside[..., -1] = 0
    return result


def window_row(maps: Tensor, row: int, block: int, radius: int) -> Tensor:
    """Windows of one row of blocks, columns x (s T s) x (C + 1) with s = b + 2R.

    A window's cells are ordered by column, map and row. So neighboring windows are overlapping
    parts of one strip, and only the strip is copied.

    Args:
        maps: of `framed`.
        row: of blocks.
        block: b.
        radius: R.
    """
    side = block + 2 * radius
    strip = maps[:, :, row * block : row * block + side].contiguous()
    cut = strip.flatten(1).unfold(0, side, block).transpose(1, 2)
    return cut.view(len(cut), -1, maps.shape[-1])


def join_blocks(blocks: Tensor, height: int, width: int, block: int) -> Tensor:
    """(B n) x b^2 x C -> B x C x h x w: the inverse of `query_blocks`."""
    rows, columns = -(-height // block), -(-width // block)
    channels = blocks.shape[-1]
    split = blocks.view(-1, rows, columns, block, block, channels).permute(0, 5, 1, 3, 2, 4)
    return split.reshape(-1, channels, rows * block, columns * block)[..., :height, :width]


@lru_cache(maxsize=16)
def window_distance(block: int, radius: int) -> Tensor:
    """b^2 x (b + 2R)^2 int64: from each query of a block to the cells of its window.

    Along the longer axis, in cells; windows are row-major.
    """
    query = torch.arange(block) + radius
    apart = (query[:, None] - torch.arange(block + 2 * radius)[None]).abs()
    return torch.maximum(apart[:, None, :, None], apart[None, :, None, :]).view(block**2, -1)


@lru_cache(maxsize=16)
def window_mask(block: int, radius: int) -> Tensor:
    """b^2 x (b + 2R)^2 bool: which window cells lie within R of which query of the block."""
    return window_distance(block, radius) <= radius


@lru_cache(maxsize=16)
def inside_mask(height: int, width: int, block: int, radius: int) -> Tensor:
    """n x (b + 2R)^2 bool: which window cells of which block lie inside the h x w map."""
    ones = torch.ones(1, 1, height, width)
    return memory_windows(ones, block, radius)[:, 0] > 0
