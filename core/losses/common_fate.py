"""What belongs together moves together: segments explain an optical flow, not a picture.

After Choudhury et al. 2022 (a polynomial of second order for each segment, fitted in closed form)
and Lian et al. 2023, who explain a given flow by segments, too.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from core.ops.segment_flow import fitted_flows

GRID = 4
"""Rows and columns of places at which segments may not be by habit."""
SOFT = 0.1
"""Pixels up to which a miss counts by its square, and beyond by its length."""
STILL = 0.05
"""Mean miss of one polynomial for the whole picture, in pixels, below which nothing is learned."""


def flow_misses(flow: Tensor, masks: Tensor, order: int) -> Tensor:
    """By how much the polynomial of each segment misses a flow, B x M x h x w.

    Args:
        flow: B x 2 x h x w.
        masks: B x M x h x w, segments; each polynomial is fitted to its own.
        order: of the polynomials.
    """
    apart = flow[:, None] - fitted_flows(flow, masks, order)
    return (apart.square().sum(2) + SOFT**2).sqrt() - SOFT


def common_fate(flow: Tensor, masks: Tensor, order: int) -> tuple[Tensor, Tensor]:
    """What segments leave of what a single polynomial for the whole picture misses.

    Pairs of frames count alike, however much moves in them.

    Args:
        flow: B x 2 x h x w pixels.
        masks: B x M x h x w, segments, sum 1.
        order: of the polynomials.

    Returns:
        The loss, a scalar, 0 to about 1; and the misses, B x 1 x h x w pixels.
    """
    missed = (masks * flow_misses(flow, masks, order)).sum(1, keepdim=True)
    with torch.no_grad():
        whole = flow_misses(flow, torch.ones_like(masks[:, :1]), order).mean((1, 2, 3))
    return (missed.mean((1, 2, 3)) / (whole + STILL)).mean(), missed.detach()


def tiling(masks: Tensor) -> Tensor:
    """How much of where segments are is the same in all pictures of a batch, a scalar.

    A flow is explained better by quarters of the picture than by one part, whatever is shown;
    objects are now here, now there.

    Args:
        masks: B x M x h x w, segments of B different pictures.
    """
    usual = F.adaptive_avg_pool2d(masks, GRID).mean(0)
    return (usual - usual.mean((1, 2), keepdim=True)).square().sum(0).mean()
