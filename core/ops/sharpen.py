"""Sharpening probabilities without making objects larger or smaller.

A label that is read as a mean of memory cells is a little wider and paler than what was read. From
frame to frame that adds up: the paler half of a thin object falls below the background and is lost,
or the wide margin takes in what lies beside it. Sharpening alone only makes the loss certain; so
the threshold of each object is moved until the object has the mass that was read.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.ops.probabilities import with_background

HALVINGS = 24
"""Steps of the search for the threshold; leaves 80 / 2^24 of a logit."""
REACH = 40.0
"""Logits between which the threshold lies."""


def sharpened(soft: Tensor, power: float, *, like: Tensor | None = None) -> Tensor:
    """Probabilities nearer to 0 and 1, each object's mass kept.

    Each object's plane p becomes sigmoid(power logit(p) + b), with b such that its sum stays.
    Probabilities of 0 and 1 stay what they are.

    Args:
        soft: (1 + K) x h x w probabilities, 0..1, background first.
        power: 1 leaves a plane as it is; larger sharpens.
        like: probabilities of the same shape whose masses the objects are to have; None keeps those
            of `soft`.

    Returns:
        (1 + K) x h x w probabilities that sum to 1. Where objects that are sharpened apart claim
        more than a whole cell they share it in proportion.
    """
    planes = soft[1:]
    if not len(planes):
        return torch.ones_like(soft)
    planes = planes.clamp(0, 1)
    # As `torch.logit`, which takes ten times as long on CPUs.
    logits = power * (torch.log(planes) - torch.log1p(-planes))
    masses = (soft if like is None else like)[1:].sum((1, 2), keepdim=True)
    return with_background(torch.sigmoid(logits + _offsets(logits, masses)))


def _offsets(logits: Tensor, masses: Tensor) -> Tensor:
    """K x 1 x 1 offsets that give sigmoid(logits + offset) its mass, by bisection."""
    low = torch.full_like(masses, -REACH)
    high = -low
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        heavy = torch.sigmoid(logits + middle).sum((1, 2), keepdim=True) > masses
        high = torch.where(heavy, middle, high)
        low = torch.where(heavy, low, middle)
    return (low + high) / 2
