"""The correlation of two feature maps over small displacements (PWC-Net's cost volume)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def correlation(first: Tensor, second: Tensor, radius: int) -> Tensor:
    """How well each cell of one map fits those around its place in the other.

    Sun et al. 2018, equation 3: the mean over channels of the products.

    Args:
        first: B x C x h x w.
        second: B x C x h x w.
        radius: R, the largest displacement in cells.

    Returns:
        B x (2R + 1)^2 x h x w, displacements in rows of dy, dx; 0 for cells outside the map.
    """
    height, width = first.shape[-2:]
    padded, side = F.pad(second, (radius,) * 4), 2 * radius + 1
    found = [
        (first * padded[..., y : y + height, x : x + width]).mean(1)
        for y in range(side)
        for x in range(side)
    ]
    return torch.stack(found, dim=1)
