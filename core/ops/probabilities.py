"""Probabilities of objects and background: what the objects of a cell leave is the background's."""

from __future__ import annotations

import torch
from torch import Tensor


def with_background(objects: Tensor) -> Tensor:
    """(1 + K) x h x w probabilities that sum to 1 of K x h x w planes, which may exceed 1 together.

    Where they do, the objects share the cell in proportion.
    """
    objects = objects / objects.sum(0).clamp(min=1)
    return torch.cat([(1 - objects.sum(0)).clamp(min=0)[None], objects])
