"""How far a picture that was synthesized is from the one that was seen.

Two losses for the same thing: that of the AMD paper, and that of its authors' program.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from core.losses.photometric_kind import Photometric
from core.ops.warping import arrivals

C1, C2 = 0.01**2, 0.03**2
"""Constants of SSIM for colors of 0..1 (Wang et al. 2004, equation 13)."""
OCCLUDED = 0.2
"""Fewer arrivals than this: the pixel is hidden in the other frame."""
L1_WEIGHT, SSIM_WEIGHT = 0.15, 0.85
SOFT = 0.81
"""Square, in gray levels, at which a step between two pixels counts half (ternary census)."""
CENSUS_SOFT = 0.1
"""Square of a difference of two census signs at which it counts half."""


def ssim(first: Tensor, second: Tensor) -> Tensor:
    """Structural similarity over windows of 3 x 3, all pixels alike (Wang et al. 2004).

    Args:
        first: B x C x H x W, 0..1.
        second: the same.

    Returns:
        B x C x H-2 x W-2, -1..1: the window around each inner pixel.
    """
    mean_a, mean_b = F.avg_pool2d(first, 3, 1), F.avg_pool2d(second, 3, 1)
    var_a = F.avg_pool2d(first * first, 3, 1) - mean_a * mean_a
    var_b = F.avg_pool2d(second * second, 3, 1) - mean_b * mean_b
    both = F.avg_pool2d(first * second, 3, 1) - mean_a * mean_b
    top = (2 * mean_a * mean_b + C1) * (2 * both + C2)
    return top / ((mean_a * mean_a + mean_b * mean_b + C1) * (var_a + var_b + C2))


def ssim_distance(first: Tensor, second: Tensor) -> Tensor:
    """B x 1 x H-2 x W-2, 0..1: (1 - SSIM) / 2, the mean of the channels."""
    return ((1 - ssim(first, second)) / 2).clamp(0, 1).mean(1, keepdim=True)


def census_distance(first: Tensor, second: Tensor, *, radius: int = 1) -> Tensor:
    """How much the order of a pixel and its neighbors differs (Zabih & Woodfill 1994, made soft).

    Each neighbor's step in gray levels becomes d / sqrt(0.81 + d^2), -1..1; the squares of the
    differences of these count q / (0.1 + q) (Meister et al. 2018, 3.2).

    Returns:
        B x 1 x H-2R x W-2R, 0..1.
    """
    signs = [_signs(x, radius) for x in (first, second)]
    square = (signs[0] - signs[1]).square()
    return (square / (CENSUS_SOFT + square)).mean(1, keepdim=True)


def _signs(rgb: Tensor, radius: int) -> Tensor:
    gray = 255 * rgb.mean(1, keepdim=True)
    height, width = (n - 2 * radius for n in gray.shape[-2:])
    middle = gray[..., radius : radius + height, radius : radius + width]
    steps = [
        gray[..., y : y + height, x : x + width] - middle
        for y in range(2 * radius + 1)
        for x in range(2 * radius + 1)
        if (y, x) != (radius, radius)
    ]
    step = torch.cat(steps, dim=1)
    return step / torch.sqrt(SOFT + step * step)


def seen(back: Tensor) -> Tensor:
    """Pixels that are not hidden in the other frame.

    Args:
        back: B x 2 x H x W, the flow of the other frame to this one.

    Returns:
        B x 1 x H x W of 0 and 1.
    """
    return (arrivals(back) >= OCCLUDED).float()


def distance_map(kind: Photometric, synthesized: Tensor, wanted: Tensor) -> Tensor:
    """B x 1 x H-2 x W-2: how far each inner pixel is off, by one of the losses."""
    if kind is Photometric.PAPER:
        return ssim_distance(synthesized, wanted)
    apart = (synthesized - wanted).abs().mean(1, keepdim=True)[..., 1:-1, 1:-1]
    shape: Callable[[Tensor, Tensor], Tensor] = ssim_distance
    if kind is Photometric.CENSUS:
        shape = census_distance
    return L1_WEIGHT * apart + SSIM_WEIGHT * shape(synthesized, wanted)


def weighted_mean(distance: Tensor, counts: Tensor) -> Tensor:
    """The mean over the pixels that count, a scalar.

    Args:
        distance: B x 1 x H-2 x W-2.
        counts: B x 1 x H x W of 0 and 1; nothing counts where all are 0.
    """
    inner = counts[..., 1:-1, 1:-1]
    return (distance * inner).sum() / inner.sum().clamp(min=1)
