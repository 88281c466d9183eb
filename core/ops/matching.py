"""Finding, for every cell of a frame, the memory cells that resemble it most: no gradients.

A search gives the k best cells of what it searched; the joint top-k of several searches is the
top-k of these, so it is exact. Similarities are computed for a few queries at a time, so that they
stay in the cache and never fill the memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from core.ops.topk import largest
from core.ops.windows import (
    inside_mask,
    join_blocks,
    memory_windows,
    query_blocks,
    window_mask,
    window_view,
)

BLOCK = 8
CHUNK = 512
"""Queries of a global search that are compared at a time."""
HIDDEN = -1e9
"""Similarity of a cell that may not be read; its affinity is exactly 0."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The best cells of one or several memory frames for each of N queries.

    Attributes:
        similarity: N x k, <q, k> / sqrt(C), descending; `HIDDEN` where there is none.
        cell: N x k int64, row-major cell index in the memory frame, or in all frames stacked.
    """

    similarity: Tensor
    cell: Tensor


def search_windows(query: Tensor, keys: list[Tensor], *, radius: int, k: int) -> Candidates:
    """The k most similar cells of several memory frames within a window around each query.

    Args:
        query: C x h x w.
        keys: T memory frames, each C x h x w.
        radius: R in cells, the window is (2R + 1) x (2R + 1); cells outside the frame are hidden.
        k: candidates a query, jointly over the frames.

    Returns:
        N = h w candidates in row-major order; cells count through the frames one after another.
    """
    channels, height, width = query.shape
    blocks = query_blocks(query[None], BLOCK) / math.sqrt(channels)
    views = [window_view(x[None], BLOCK, radius)[0] for x in keys]
    bias, cells = _window_tables(height, width, radius, query.device)
    rows, columns = views[0].shape[:2]
    parts = []
    for row in range(rows):
        chosen = slice(row * columns, (row + 1) * columns)
        windows = torch.cat([v[row].reshape(columns, channels, -1) for v in views], dim=2)
        similarity = torch.bmm(blocks[chosen], windows)
        by_frame = similarity.view(columns, BLOCK * BLOCK, len(keys), -1)
        by_frame.add_(bias[chosen, :, None])
        parts.append(largest(similarity, k))
    values, index = (torch.cat([part[i] for part in parts]) for i in (0, 1))
    frame, place = index // cells.shape[1], index % cells.shape[1]
    cell = cells[:, None].expand(-1, place.shape[1], -1).gather(2, place)
    cell += frame * (height * width)
    return Candidates(_rows(values, height, width), _rows(cell, height, width))


def _rows(blocks: Tensor, height: int, width: int) -> Tensor:
    """n x b^2 x k -> N x k in row-major order of the queries."""
    return join_blocks(blocks, height, width, BLOCK)[0].flatten(1).T


@lru_cache(maxsize=4)
def _window_tables(
    height: int, width: int, radius: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Additive mask n x b^2 x L and row-major cell index n x L of every block's window."""
    inside = inside_mask(height, width, BLOCK, radius)
    allowed = window_mask(BLOCK, radius)[None] & inside[:, None]
    bias = torch.zeros(allowed.shape).masked_fill_(~allowed, HIDDEN)
    index = torch.arange(height * width, dtype=torch.float64).view(1, 1, height, width)
    cells = memory_windows(index, BLOCK, radius)[:, 0].long()
    return bias.to(device), cells.to(device)


def search_everywhere(query: Tensor, keys: Tensor, *, k: int) -> Candidates:
    """The k most similar of a list of memory cells, wherever they are.

    Args:
        query: C x h x w.
        keys: C x M.
        k: candidates a query.
    """
    channels, cells = keys.shape
    rows = query.flatten(1).T.contiguous() / math.sqrt(channels)
    buffer = rows.new_empty(min(CHUNK, len(rows)), cells)
    parts = []
    for part in torch.split(rows, CHUNK):
        parts.append(largest(torch.mm(part, keys, out=buffer[: len(part)]), k))
    return Candidates(torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts]))


def read(found: list[Candidates], values: list[Tensor], *, k: int, temperature: float) -> Tensor:
    """Softmax over the joint top-k of several searches, and the values read with it.

    Args:
        found: candidates of each search.
        values: V x M of each search, same order.
        k: joint candidates a query.
        temperature: divides similarities before the softmax; 1 as trained.

    Returns:
        V x N.
    """
    sizes = [value.shape[1] for value in values]
    offsets = [sum(sizes[:i]) for i in range(len(sizes))]
    similarity = torch.cat([f.similarity for f in found], dim=1)
    cell = torch.cat([f.cell + offset for f, offset in zip(found, offsets, strict=True)], dim=1)
    best = similarity.topk(min(k, similarity.shape[1]), dim=1)
    affinity = (best.values / temperature).softmax(dim=1)
    stacked = torch.cat(values, dim=1).T.contiguous()
    chosen = stacked[cell.gather(1, best.indices)]
    return torch.bmm(affinity[:, None], chosen)[:, 0].T
