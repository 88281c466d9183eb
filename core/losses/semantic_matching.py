"""Distant frames match where one geometric transformation agrees (MuG, eq. 6 to 8).

What is consistent is counted as Rocco et al. 2018 count it ("soft inliers"): the 0 and 1 of each
cell's neighborhood are sampled where the transformation leads to, which has a gradient.
"""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

REACH = 1.0
"""Cells by which a match may miss and still be consistent (eq. 8)."""


def transformed_grid(affine: Tensor, size: tuple[int, int]) -> Tensor:
    """tau: where each cell of the other frame lies in this one (eq. 7).

    Args:
        affine: B x 2 x 3; coordinates run from -1 to 1 from the first cell to the last, x first.
        size: h and w of the lattice.

    Returns:
        B x h x w x 2, in the same coordinates.
    """
    height, width = size
    x, y = (
        torch.linspace(-1, 1, n, device=affine.device, dtype=affine.dtype) for n in (width, height)
    )
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    places = torch.stack([columns, rows, torch.ones_like(rows)], dim=-1)
    return torch.einsum("hwk,bck->bhwc", places, affine)


def consistency(affine: Tensor, size: tuple[int, int], *, reach: float = REACH) -> Tensor:
    """iota: which cells of one frame the cells of another are consistent with.

    Args:
        affine: B x 2 x 3, see `transformed_grid`.
        size: h and w of both lattices.
        reach: cells that count as one.

    Returns:
        B x (h w) x (h w), 0..1: row m is a cell of this frame, column o one of the other. For an
        affine that leads from cells to cells it is 1 where |m - tau(o)| <= reach, else 0.
    """
    near = _neighborhoods(*size, reach).to(affine)
    grid = transformed_grid(affine, size)
    planes = near[None].expand(len(affine), -1, -1, -1)
    return F.grid_sample(planes, grid, align_corners=True).flatten(2)


@lru_cache(maxsize=4)
def _neighborhoods(height: int, width: int, reach: float) -> Tensor:
    """(h w) x h x w: 1 on cells within reach of each cell."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    square = (x.flatten()[:, None] - x.flatten()) ** 2 + (y.flatten()[:, None] - y.flatten()) ** 2
    return (square <= reach**2).float().view(-1, height, width)


def semantic_matching(
    there: Tensor, back: Tensor, *, affines: tuple[Tensor, Tensor], size: tuple[int, int]
) -> Tensor:
    """Minus the share of affinity that is consistent, both ways (eq. 8).

    Args:
        there: A_ij, B x (h w) x (h w), columns sum to 1: of each cell of j over those of i.
        back: A_ji likewise.
        affines: tau_ij, which leads from j to i, and tau_ji; B x 2 x 3 each.
        size: h and w of the lattice.

    Returns:
        A scalar -2..0. The paper sums over cells; the mean here makes it independent of the
        lattice, as that of `core.losses.bootstrap` is.
    """
    ways = zip((there, back), affines, strict=True)
    return -sum(  # type: ignore[return-value]
        (affinity * consistency(affine, size)).sum(1).mean() for affinity, affine in ways
    )
