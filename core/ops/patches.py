"""Patches of images, cut where a place of any real coordinates says, with gradient to the place."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def cut_patches(images: Tensor, corners: Tensor, side: int) -> Tensor:
    """Squares of images, by bilinear interpolation; beyond an image its border goes on.

    Args:
        images: B x C x H x W.
        corners: B x 2, x and y of the pixel that becomes a patch's first.
        side: of a patch in pixels.

    Returns:
        B x C x side x side; at whole coordinates exactly what a slice gives.
    """
    height, width = images.shape[-2:]
    steps = torch.arange(side, device=images.device, dtype=torch.float32)
    x, y = (corners[:, axis, None].float() + steps for axis in (0, 1))
    across = 2 * x[:, None].expand(-1, side, -1) / max(width - 1, 1) - 1
    down = 2 * y[:, :, None].expand(-1, -1, side) / max(height - 1, 1) - 1
    grid = torch.stack([across, down], dim=-1)
    kind = images.dtype
    return F.grid_sample(images.float(), grid, padding_mode="border", align_corners=True).to(kind)
