"""Losses for segmentation with soft, weighted targets."""

from __future__ import annotations

from torch import Tensor


def weighted_cross_entropy(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Cross-entropy against probabilities, each pixel with its own weight.

    Args:
        logits: B x C x h x w.
        target: B x C x h x w, probabilities of the classes that are wanted.
        weight: B x h x w, 0..1; 0 leaves a pixel out.

    Returns:
        A scalar; the weighted mean over pixels.
    """
    loss = -(target * logits.log_softmax(dim=1)).sum(1)
    return (loss * weight).sum() / weight.sum().clamp(min=1)


def soft_dice(logits: Tensor, target: Tensor, weight: Tensor, *, smooth: float = 1.0) -> Tensor:
    """One minus the Dice coefficient of each class but the background (Milletari et al. 2016).

    Args:
        logits: B x C x h x w.
        target: B x C x h x w, probabilities of the classes that are wanted.
        weight: B x h x w, 0..1; 0 leaves a pixel out.
        smooth: keeps empty objects from dividing by zero.

    Returns:
        A scalar 0..1, the mean over samples and objects.
    """
    probability = logits.softmax(dim=1)[:, 1:] * weight[:, None]
    wanted = target[:, 1:] * weight[:, None]
    overlap = (probability * wanted).sum((2, 3))
    total = (probability.square() + wanted.square()).sum((2, 3))
    return (1 - (2 * overlap + smooth) / (total + smooth)).mean()
