"""Training steps: reconstruct a frame's color from another frame, or from a memory of frames."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.data.pairs import PairBatch
from core.losses.correspondence import color_reconstruction
from core.ops.attention import windowed_readout
from core.systems.self_supervised.config import STRIDE
from core.systems.self_supervised.spec import TRAIN_RADIUS
from core.train.team import Team
from core.train.terms import LossTerms


def pairwise_step(
    encoder: nn.Module, *, radius: int = TRAIN_RADIUS, team: Team | None = None
) -> Callable[[PairBatch], LossTerms]:
    """The training step of the first stage: each frame of a pair is rebuilt from the other.

    Args:
        encoder: makes keys of normalized Lab images.
        radius: of the window, in cells.
        team: the processes that share a batch; None works alone.
    """
    team = team or Team()

    def step(batch: PairBatch) -> LossTerms:
        keys = encoder(batch.inputs.flatten(0, 1)).float()
        return LossTerms({"color": (pair_loss(keys, batch, radius=radius, team=team), 1.0)})

    return step


def pair_loss(keys: Tensor, batch: PairBatch, *, radius: int = TRAIN_RADIUS, team: Team) -> Tensor:
    """How badly the colors of each frame of a pair are read from the other.

    Args:
        keys: (B 2) x C x h x w.
        batch: of B pairs.
        radius: of the window, in cells.
        team: the processes that share a batch.

    Returns:
        A scalar.
    """
    keys, small, other = _by_sample(keys, batch), _small_colors(batch), (1, 0)
    queries, memory, values = keys.flatten(0, 1), keys[:, other], small[:, other]
    readout = windowed_readout(
        queries, memory.flatten(0, 1)[:, None], values.flatten(0, 1)[:, None], radius=radius
    )
    counted = batch.hidden.repeat_interleave(2, dim=0)
    colors, total = batch.colors.flatten(0, 1), team.mean(counted.sum())
    return color_reconstruction(readout, colors, counted, total=total)


def memory_step(
    query: nn.Module,
    memory: nn.Module,
    *,
    radius: int = TRAIN_RADIUS,
    team: Team | None = None,
) -> Callable[[PairBatch], LossTerms]:
    """The training step of the second stage: the query is rebuilt from all references jointly.

    Args:
        query: encoder of the last frame of a sample.
        memory: encoder of those before it; no gradient reaches it (the paper's equation 6).
        radius: of the window in each reference, in cells.
        team: the processes that share a batch; None works alone.
    """
    team = team or Team()

    def step(batch: PairBatch) -> LossTerms:
        queries = query(batch.inputs[:, -1]).float()
        with torch.no_grad():
            keys = memory(batch.inputs[:, :-1].flatten(0, 1)).float()
        keys = keys.view(len(queries), -1, *keys.shape[1:])
        readout = windowed_readout(queries, keys, _small_colors(batch)[:, :-1], radius=radius)
        total = team.mean(batch.hidden.sum())
        loss = color_reconstruction(readout, batch.colors[:, -1], batch.hidden, total=total)
        return LossTerms({"color": (loss, 1.0)})

    return step


def _small_colors(batch: PairBatch) -> Tensor:
    """B x T x 2 x h x w: colors at the size of the keys."""
    return _by_sample(F.avg_pool2d(batch.colors.flatten(0, 1), STRIDE), batch)


def _by_sample(x: Tensor, batch: PairBatch) -> Tensor:
    """(B T) x ... -> B x T x ..."""
    return x.view(*batch.inputs.shape[:2], *x.shape[1:])
