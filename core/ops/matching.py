"""Finding, for every cell of a frame, the memory cells that resemble it most: no gradients.

A search gives the k best cells of what it searched; the joint top-k of several searches is the
top-k of these, so it is exact. Similarities are computed for a few queries at a time, so that they
stay in the cache and never fill the memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from core.ops.topk import largest
from core.ops.windows import (
    framed,
    join_blocks,
    query_blocks,
    window_distance,
    window_mask,
    window_row,
)

BLOCK = 8
IN_CACHE, ELSEWHERE = 3 << 20, 64 << 20
"""Bytes of similarities that are computed at a time: on CPUs what a core's own cache holds, which
halves the time of a global search; elsewhere enough to be busy."""
HIDDEN = -1e9
"""Similarity of a cell that may not be read; its affinity is exactly 0."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The best cells of one or several memory frames for each of some queries.

    Attributes:
        similarity: ... x k, <q, k> / sqrt(C), descending; `HIDDEN` where there is none.
        cell: ... x k int64, row-major cell index in the memory frame, or in all frames stacked.
    """

    similarity: Tensor
    cell: Tensor


def block_grid(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of the blocks of queries that a frame of h x w cells has."""
    return -(-height // BLOCK), -(-width // BLOCK)


def in_rows(found: Candidates, height: int, width: int) -> Candidates:
    """What was found for all blocks of a frame, N x k in row-major order of its h w cells."""
    similarity, cell = (
        join_blocks(one, height, width, BLOCK)[0].flatten(1).T
        for one in (found.similarity, found.cell)
    )
    return Candidates(similarity, cell)


def search_windows(
    query: Tensor, keys: list[Tensor], *, radius: int, k: int, blocks: Tensor | None = None
) -> Candidates:
    """The k most similar cells of several memory frames within a window around each query.

    Args:
        query: C x h x w.
        keys: T memory frames, each C x h x w.
        radius: R in cells, the window is (2R + 1) x (2R + 1); cells outside the frame are hidden.
        k: candidates a query, jointly over the frames.
        blocks: n int64, the blocks of the frame that are searched, ascending; None for all.

    Returns:
        n x b^2 candidates; cells count through the frames one after another. Queries of a block
        that lie outside the frame find anything.
    """
    far, cells = _window_tables(*query.shape[1:], len(keys), radius, query.device)
    chosen = _all_blocks(query) if blocks is None else blocks
    seen = _in_windows(query, keys, radius=radius, blocks=chosen)
    parts = [largest(similarity.add_(far), k) for similarity in seen]
    values, index = (torch.cat([part[i] for part in parts]) for i in (0, 1))
    cell = cells[chosen][:, None].expand(-1, index.shape[1], -1).gather(2, index)
    return Candidates(values, cell)


def kth_around(
    query: Tensor, keys: Tensor, *, radius: int, loss: Tensor, k: int, blocks: Tensor
) -> Tensor:
    """The k-th largest similarity of each query to the cells in and around its block.

    Args:
        query: C x h x w.
        keys: of a memory frame, C x h x w.
        radius: R in cells, around the block: all its queries look at the same (b + 2R)^2 cells.
        loss: what a similarity loses by the distance along the longer axis, 0 to b + R - 1 cells.
        k: at most (b + 2R)^2.
        blocks: n int64, at least one, ascending.

    Returns:
        n x b^2; about `HIDDEN` where fewer than k of them are inside the frame.
    """
    side = BLOCK + 2 * radius
    apart = window_distance(BLOCK, radius).view(-1, side, side).transpose(1, 2).flatten(1)
    table = loss[apart.to(query.device)]
    seen = _in_windows(query, [keys], radius=radius, blocks=blocks)
    return torch.cat([largest(similarity.sub_(table), k)[0][..., -1] for similarity in seen])


def _in_windows(
    query: Tensor, keys: list[Tensor], *, radius: int, blocks: Tensor
) -> Iterator[Tensor]:
    """Similarities of some blocks to the cells of their windows, some blocks x b^2 x (s T s)."""
    channels, height, width = query.shape
    queries = query_blocks(query[None], BLOCK) / math.sqrt(channels)
    # Meets the channel that tells whether a cell is outside.
    queries = F.pad(queries, (0, 1), value=HIDDEN)
    memory = framed(keys, BLOCK, radius)
    columns = block_grid(height, width)[1]
    most = _at_a_time(BLOCK**2 * len(keys) * (BLOCK + 2 * radius) ** 2, query.device)
    made, windows = -1, memory
    for first, stop in _stretches(blocks, columns, most):
        row, column = divmod(first, columns)
        if row != made:
            made, windows = row, window_row(memory, row, BLOCK, radius).transpose(1, 2)
        yield torch.bmm(queries[first:stop], windows[column : column + stop - first])


def _all_blocks(query: Tensor) -> Tensor:
    rows, columns = block_grid(query.shape[1], query.shape[2])
    return torch.arange(rows * columns, device=query.device)


def _stretches(blocks: Tensor, columns: int, most: int) -> Iterator[tuple[int, int]]:
    """Blocks as stretches, first and one past the last, each in one row and not too long."""
    first = stop = -1
    for block in blocks.tolist():
        if block != stop or block % columns == 0 or stop - first == most:
            if stop > first:
                yield first, stop
            first = block
        stop = block + 1
    if stop > first:
        yield first, stop


def _at_a_time(entries: int, device: torch.device) -> int:
    """How many rows or blocks of so many float32 similarities are computed at a time."""
    size = IN_CACHE if device.type == "cpu" else ELSEWHERE
    return max(1, size // (4 * entries))


@lru_cache(maxsize=8)
def _window_tables(
    height: int, width: int, frames: int, radius: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """For windows as `window_row` has them, L = s T s cells each.

    Additive mask b^2 x L of what is too far from a query, and n x L int64: which cell of the
    stacked frames it is, for every block.
    """
    side = BLOCK + 2 * radius
    near = window_mask(BLOCK, radius).view(-1, side, side).transpose(1, 2)
    near = near[:, :, None].expand(-1, -1, frames, -1).flatten(1)
    far = torch.zeros(near.shape).masked_fill_(~near, HIDDEN)
    index = torch.arange(frames * height * width, dtype=torch.float64)
    maps = framed(list(index.view(frames, 1, height, width)), BLOCK, radius)
    rows = [window_row(maps, row, BLOCK, radius)[..., 0] for row in range(-(-height // BLOCK))]
    return far.to(device), torch.cat(rows).long().to(device)


def search_everywhere(query: Tensor, keys: Tensor, *, k: int) -> Candidates:
    """The k most similar of a list of memory cells, wherever they are.

    Args:
        query: C x h x w.
        keys: C x M.
        k: candidates a query.
    """
    channels, cells = keys.shape
    rows = query.flatten(1).T.contiguous() / math.sqrt(channels)
    chunk = _at_a_time(cells, rows.device)
    buffer = rows.new_empty(min(chunk, len(rows)), cells)
    parts = []
    for part in torch.split(rows, chunk):
        parts.append(largest(torch.mm(part, keys, out=buffer[: len(part)]), k))
    return Candidates(torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts]))


def search_frames(
    query: Tensor, keys: list[Tensor], *, handicap: Tensor, k: int, blocks: Tensor | None = None
) -> Candidates:
    """The k most similar cells of several memory frames, those near the query preferred.

    What is found for a block does not depend on which others are searched, bit by bit.

    Args:
        query: C x h x w.
        keys: T memory frames, each C x h x w.
        handicap: what a similarity loses, by offset; see `distance_handicap`.
        k: candidates a query, jointly over the frames.
        blocks: n int64, the blocks of the frame that are searched, ascending; None for all.

    Returns:
        n x b^2 candidates; cells count through the frames one after another. Queries of a block
        that lie outside the frame find anything.
    """
    channels, height, width = query.shape
    cells = torch.cat([frame.flatten(1) for frame in keys], dim=1)[None]
    # From the last query of a block to its first: what each loses then is a part of the table.
    queries = query_blocks(query[None], BLOCK).flip(1) / math.sqrt(channels)
    tables = handicap.unfold(0, height, 1).unfold(1, width, 1)
    tables = tables.unfold(0, BLOCK, BLOCK).unfold(1, BLOCK, BLOCK).permute(0, 1, 4, 5, 2, 3)
    rows, columns = block_grid(height, width)
    chosen = _all_blocks(query) if blocks is None else blocks
    # One at a time on CPUs: a product of more rows may be rounded otherwise.
    count = 1 if query.device.type == "cpu" else _at_a_time(BLOCK**2 * cells.shape[2], query.device)
    parts = []
    for part in torch.split(chosen, count):
        seen = torch.bmm(queries[part], cells.expand(len(part), -1, -1))
        down, across = rows - 1 - part // columns, columns - 1 - part % columns
        loss = tables[down, across] if len(part) > 1 else tables[int(down), int(across)][None]
        seen.view(len(part), BLOCK, BLOCK, -1, height, width).sub_(loss[:, :, :, None])
        parts.append(largest(seen, k))
    values, index = (torch.cat([part[i] for part in parts]).flip(1) for i in (0, 1))
    return Candidates(values, index)


@lru_cache(maxsize=8)
def distance_handicap(
    height: int, width: int, *, reach: float, limit: float, device: torch.device
) -> Tensor:
    """What a memory cell's similarity loses by its distance from the query: min(limit, (d / r)^2).

    The distance d is the larger of the two along the axes, as of windows.

    Args:
        height: h of the frames, in cells.
        width: w of the frames, in cells.
        reach: r as a share of the short side of the frame.
        limit: the most that is lost.
        device: of the result.

    Returns:
        (2H - 1) x (2W - 1) by offset, that of the query itself in the middle; H and W are h and w
        as far as the last blocks of queries reach.
    """
    rows, columns = (
        torch.arange(1 - n * BLOCK, n * BLOCK).abs() for n in block_grid(height, width)
    )
    distance = torch.maximum(rows[:, None], columns[None])
    return loss_by_distance(distance, reach * min(height, width), limit).to(device)


def loss_by_distance(cells: Tensor, reach: float, limit: float) -> Tensor:
    """What similarities lose by distances in cells: min(limit, (d / reach)^2)."""
    return (cells / reach).square().clamp(max=limit)


def read(found: list[Candidates], values: list[Tensor], *, k: int, temperature: float) -> Tensor:
    """Softmax over the joint top-k of several searches, and the values read with it.

    Args:
        found: N x k candidates of each search.
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
    if similarity.shape[1] > k:
        best = similarity.topk(k, dim=1)
        similarity, cell = best.values, cell.gather(1, best.indices)
    affinity = (similarity / temperature).softmax(dim=1)
    chosen = torch.cat(values, dim=1).T.contiguous()[cell]
    return torch.bmm(affinity[:, None], chosen)[:, 0].T
