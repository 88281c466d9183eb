"""The largest entries of long rows, faster than `torch.topk` and exactly as good."""

from __future__ import annotations

import torch
from torch import Tensor

GROUPS = 8
"""Entries are grouped by this many, and the groups again; on CPUs the fastest of 4, 8 and 16."""


def largest(rows: Tensor, k: int, *, ordered: bool = True) -> tuple[Tensor, Tensor]:
    """Values and indices of the k largest entries along the last axis.

    The k best groups by their maximum hold the k best entries, so that the exact selection has
    only those to look at. The best groups are found in the same way.

    Args:
        rows: ... x N.
        k: how many; all N where there are fewer.
        ordered: descending; else in any order.

    Returns:
        Two tensors ... x min(k, N): values, and int64 indices into the last axis.
    """
    count = rows.shape[-1]
    width = count // GROUPS
    if width <= 4 * k:
        best = rows.topk(min(k, count), dim=-1, sorted=ordered)
        return best.values, best.indices
    groups = rows[..., : width * GROUPS].view(*rows.shape[:-1], GROUPS, width)
    chosen = largest(groups.amax(-2), k, ordered=False)[1]
    steps = torch.arange(GROUPS, device=rows.device)[:, None] * width
    candidates = (chosen[..., None, :] + steps).flatten(-2)
    if width * GROUPS < count:
        rest = torch.arange(width * GROUPS, count, device=rows.device)
        candidates = torch.cat([candidates, rest.expand(*rows.shape[:-1], -1)], dim=-1)
    best = rows.gather(-1, candidates).topk(k, dim=-1, sorted=ordered)
    return best.values, candidates.gather(-1, best.indices)
