"""Soft aggregation: probabilities of objects that were found apart become those of labels.

Oh et al. 2018 (RGMP), equation 1, with the background as the product of what no object claims.
"""

from __future__ import annotations

import torch
from torch import Tensor

LEAST = 1e-7
"""Probabilities are kept so far from 0 and 1 that their logits are finite."""


def aggregate(objects: Tensor) -> Tensor:
    """Probabilities of background and objects, each cell's sum being 1.

    Args:
        objects: ... x K x H x W, 0..1, float32: half precision knows no `1 - LEAST`.

    Returns:
        ... x (1 + K) x H x W, background first.
    """
    background = (1 - objects).prod(-3, keepdim=True)
    every = torch.cat([background, objects], -3).clamp(LEAST, 1 - LEAST)
    return (every / (1 - every)).log().softmax(-3)
