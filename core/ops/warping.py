"""Moving images along a flow, and where a flow puts the pixels of a frame.

A flow is B x 2 x H x W in pixels, x before y: at pixel p of the frame that it belongs to it says
where in another frame the same point lies, p + flow(p).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def pixel_grid(like: Tensor) -> Tensor:
    """2 x H x W: x and y of each pixel of a map ... x H x W, on its device and of its kind."""
    height, width = like.shape[-2:]
    rows = torch.arange(height, device=like.device, dtype=like.dtype)
    columns = torch.arange(width, device=like.device, dtype=like.dtype)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack([x, y])


def warp(source: Tensor, flow: Tensor) -> Tensor:
    """What the source shows at p + flow(p) (AMD, equation 7), by bilinear interpolation.

    Args:
        source: B x C x H x W.
        flow: B x 2 x H x W.

    Returns:
        B x C x H x W; outside the source its border goes on.
    """
    height, width = source.shape[-2:]
    place = pixel_grid(flow) + flow
    half = flow.new_tensor([max(width - 1, 1), max(height - 1, 1)]).view(2, 1, 1) / 2
    grid = (place / half - 1).permute(0, 2, 3, 1)
    return F.grid_sample(source, grid.to(source.dtype), padding_mode="border", align_corners=True)


def outside(flow: Tensor) -> Tensor:
    """How far from the picture the place lies that each pixel is sampled at, in pixels.

    Beyond the border sampling has no gradient; this has one, back to the picture.

    Args:
        flow: B x 2 x H x W.

    Returns:
        B x 1 x H x W, 0 inside; the sum of both directions.
    """
    height, width = flow.shape[-2:]
    last = flow.new_tensor([width - 1, height - 1]).view(2, 1, 1)
    place = pixel_grid(flow) + flow
    return (F.relu(-place) + F.relu(place - last)).sum(1, keepdim=True)


def arrivals(flow: Tensor) -> Tensor:
    """How many pixels of its frame a flow puts on each pixel of the other.

    A pixel that lands between four is shared among them as bilinear interpolation would. Where
    hardly any arrive, the other frame shows what this one does not (Wang et al. 2018, 3.2).

    Args:
        flow: B x 2 x H x W; no gradient goes back to it.

    Returns:
        B x 1 x H x W float32, 0 or more.
    """
    flow = flow.detach().float()
    batch, _, height, width = flow.shape
    place = pixel_grid(flow) + flow
    corner = place.floor()
    inside = place - corner
    counts = flow.new_zeros(batch, height * width)
    for down in (0, 1):
        for right in (0, 1):
            x, y = corner[:, 0] + right, corner[:, 1] + down
            share = (inside[:, 0] if right else 1 - inside[:, 0]) * (
                inside[:, 1] if down else 1 - inside[:, 1]
            )
            lands = (x >= 0) & (x < width) & (y >= 0) & (y < height)
            index = (y.clamp(0, height - 1) * width + x.clamp(0, width - 1)).long()
            counts.scatter_add_(1, index.flatten(1), (share * lands).flatten(1))
    return counts.view(batch, 1, height, width)
