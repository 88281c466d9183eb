"""Videos told apart by what their frames have in common (MuG, eq. 12 to 14)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from core.losses.precision import full_precision

NEVER = 1e-6
"""1 - P is never taken for less."""


def video_scores(queries: Tensor, instances: Tensor) -> Tensor:
    """GAP(r^T r') of each query with each instance, before the exponential of eq. 12 and 13.

    The mean over all pairs of cells of their products is the product of their means, which is
    what is computed; divided by the root of the channels, as similarities are everywhere here.

    Args:
        queries: N x D x h x w, global features of a frame of each of N videos.
        instances: N x D x h' x w', of another frame of each of the same videos.

    Returns:
        N x N; the diagonal compares frames of one video.
    """
    first, second = (full_precision(x).mean((2, 3)) for x in (queries, instances))
    with torch.autocast(first.device.type, enabled=False):
        return first @ second.T / math.sqrt(first.shape[1])


def video_discrimination(scores: Tensor) -> Tensor:
    """Each query's instance is that of its video, and no other one is (eq. 14).

    Args:
        scores: N x N, from `video_scores`.

    Returns:
        A scalar, 0 or more: the mean over videos of -log P(n|X^n) - sum log(1 - P(n|X^n')).
    """
    told = scores.log_softmax(dim=1)
    own = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    others = torch.log((1 - told.exp()).clamp(min=NEVER)).masked_fill(own, 0)
    return (-told.diagonal() - others.sum(1)).mean()
