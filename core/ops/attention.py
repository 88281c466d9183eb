"""Differentiable restricted attention, for training."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from core.ops.windows import (
    inside_mask,
    join_blocks,
    memory_windows,
    query_blocks,
    window_mask,
)

BLOCK = 8
"""Side of a block of queries; the fastest on CPUs and small enough for GPUs."""


def windowed_readout(query: Tensor, keys: Tensor, values: Tensor, *, radius: int) -> Tensor:
    """Read `values` where `query` resembles `keys`, within a window (MAST eq. 1 to 3, sqrt(C) fix).

    Softmax over all memory frames and window cells of <q, k> / sqrt(C); cells outside the image
    take no part. Autocast has no say here: similarities in 16 bits would be off by a tenth and
    more, at a saving that is lost beside what the encoder costs.

    Args:
        query: B x C x h x w.
        keys: B x T x C x h x w, T memory frames.
        values: B x T x V x h x w.
        radius: R in cells; the window is (2R + 1) x (2R + 1).

    Returns:
        B x V x h x w, a convex combination of values.
    """
    with torch.autocast(query.device.type, enabled=False):
        return _readout(query, keys, values, radius)


def _readout(query: Tensor, keys: Tensor, values: Tensor, radius: int) -> Tensor:
    batch, frames, channels, height, width = keys.shape
    blocks = query_blocks(query, BLOCK) / math.sqrt(channels)
    folded = keys.flatten(0, 1), values.flatten(0, 1)
    windows = [memory_windows(x, BLOCK, radius) for x in folded]
    key_windows, value_windows = (_join_frames(x, batch, frames) for x in windows)
    similarity = torch.bmm(blocks, key_windows)
    hidden = _hidden(height, width, radius, similarity.device)
    # A constant is added, so the gradient stays; in place, as this is a step's largest tensor.
    by_frame = similarity.detach().view(batch, *hidden.shape[:2], frames, -1)
    by_frame.add_(hidden[:, :, None])
    affinity = similarity.softmax(dim=-1)
    readout = torch.bmm(affinity, value_windows.transpose(1, 2))
    return join_blocks(readout, height, width, BLOCK)


def _join_frames(windows: Tensor, batch: int, frames: int) -> Tensor:
    """(B T n) x C x L -> (B n) x C x (T L)."""
    channels, cells = windows.shape[1:]
    split = windows.view(batch, frames, -1, channels, cells)
    return split.permute(0, 2, 3, 1, 4).reshape(-1, channels, frames * cells)


@lru_cache(maxsize=4)
def _hidden(height: int, width: int, radius: int, device: torch.device) -> Tensor:
    """n x b^2 x L: 0 for cells a query may read, near it and inside the image; else -1e4."""
    inside = inside_mask(height, width, BLOCK, radius)
    allowed = window_mask(BLOCK, radius)[None] & inside[:, None]
    return torch.zeros(allowed.shape).masked_fill_(~allowed, -1e4).to(device)


def key_length(similarity: float, channels: int) -> float:
    """Length of keys whose similarity to themselves, <k, k> / sqrt(C), is so much."""
    return math.sqrt(similarity * math.sqrt(channels))


def dense_affinity(query: Tensor, keys: Tensor) -> Tensor:
    """How much each query cell reads of every memory cell: softmax over memory, with gradient.

    The similarity is <q, k> / sqrt(C), as everywhere here; autocast has no say, as above.

    Args:
        query: B x C x h x w.
        keys: B x C x M, cells of one or several memory frames.

    Returns:
        B x M x (h w) float32; each column sums to 1.
    """
    with torch.autocast(query.device.type, enabled=False):
        flat = query.flatten(2).float() / math.sqrt(query.shape[1])
        return torch.bmm(keys.float().transpose(1, 2), flat).softmax(dim=1)


def dense_readout(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """`windowed_readout` without a window, of memory frames of any size.

    Args:
        query: B x C x h x w.
        keys: B x T x C x h' x w', T memory frames.
        values: B x T x V x h' x w'.

    Returns:
        B x V x h x w float32, a convex combination of values.
    """
    cells = [x.transpose(1, 2).flatten(2) for x in (keys, values)]
    affinity = dense_affinity(query, cells[0])
    readout = torch.bmm(cells[1].float(), affinity)
    return torch.unflatten(readout, 2, query.shape[-2:])
