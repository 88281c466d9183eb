"""Foreground learned from a prior that is wrong in places (MuG, Lu et al. 2020, eq. 2 and 15)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from core.losses.precision import full_precision


def bootstrapped_target(prior: Tensor, predicted: Tensor, *, alpha: float) -> Tensor:
    """What a further round learns: mostly what the round before has found (eq. 15).

    Args:
        prior: Q, ... of 0 and 1: the foreground by the first, noisy knowledge.
        predicted: probabilities 0..1 of the network of the round before, of the same shape;
            P-bar of the paper is what of them is above 1/2.
        alpha: share of the prior; 1 is the first round, 0 trusts the network alone.

    Returns:
        alpha Q + (1 - alpha) P-bar.
    """
    return alpha * prior + (1 - alpha) * (predicted > 0.5).to(prior)


def foreground_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of foreground probabilities, the mean over all cells (eq. 2 and 15).

    Args:
        logits: of any shape, before the sigmoid.
        target: of the same shape, 0..1.
    """
    return F.binary_cross_entropy_with_logits(full_precision(logits), full_precision(target))
