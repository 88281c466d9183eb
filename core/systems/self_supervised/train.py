"""Training recipe, first stage: reconstruct a frame's color from another frame (pairwise)."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from core.data.pairs import PairBatch
from core.losses.correspondence import color_reconstruction
from core.ops.attention import windowed_readout
from core.systems.self_supervised.config import STRIDE
from core.systems.self_supervised.model import KeyEncoder
from core.train.terms import LossTerms

TRAIN_RADIUS = 8
"""Window radius in cells; 32 px to each side at stride 4."""


def pairwise_step(
    encoder: KeyEncoder, *, radius: int = TRAIN_RADIUS
) -> Callable[[PairBatch], LossTerms]:
    """The training step of the first stage: each frame of a pair is rebuilt from the other."""

    def step(batch: PairBatch) -> LossTerms:
        pairs = batch.inputs.shape[0]
        keys = _by_pair(encoder(batch.inputs.flatten(0, 1)).float(), pairs)
        small = _by_pair(F.avg_pool2d(batch.colors.flatten(0, 1), STRIDE), pairs)
        other = (1, 0)
        queries, memory, values = keys.flatten(0, 1), keys[:, other], small[:, other]
        readout = windowed_readout(
            queries, memory.flatten(0, 1)[:, None], values.flatten(0, 1)[:, None], radius=radius
        )
        counted = batch.hidden.repeat_interleave(2, dim=0)
        loss = color_reconstruction(readout, batch.colors.flatten(0, 1), counted)
        return LossTerms({"color": (loss, 1.0)})

    return step


def _by_pair(x: Tensor, pairs: int) -> Tensor:
    """(B 2) x ... -> B x 2 x ..."""
    return x.view(pairs, 2, *x.shape[1:])
