"""The stages of training: which networks learn in each, by which step, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import nn

from core.data.pairs import PairBatch, PairConfig
from core.errors import UsageError
from core.nn.synced_norm import sync_batch_norm
from core.systems.self_supervised.momentum import MOMENTUM, MomentumPair
from core.systems.self_supervised.networks import Network
from core.systems.self_supervised.train import TRAIN_RADIUS, memory_step, pairwise_step
from core.train.team import Team
from core.train.terms import LossTerms

STAGES = {
    "pairwise": "pairwise color reconstruction",
    "memory": "color reconstruction from a momentum memory",
}
REFERENCES = 5
"""Frames in the memory of the second stage, the first of the clip among them (paper, 3.2)."""
MEMORY_GAPS = (0.07, 0.14, 0.21, 0.34)
"""Seconds between neighbors in the memory stage; four of them lead back to the second reference."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage trains.

    Attributes:
        module: all networks of the stage; its state is what a run resumes from.
        encoder: the network that the run is for.
        averaged: its moving average, where the stage has one.
        step: computes the losses of a batch.
        after_step: to be called after each step of the optimizer.
    """

    module: nn.Module
    encoder: Network
    averaged: Network | None
    step: Callable[[PairBatch], LossTerms]
    after_step: Callable[[], None]


def make_stage(
    name: str, encoder: Network, *, radius: int = TRAIN_RADIUS, team: Team | None = None
) -> Stage:
    """A stage of training.

    Args:
        name: one in `STAGES`.
        encoder: on its device, in train mode.
        radius: of the windows, in cells.
        team: the processes that share a batch; None trains alone.

    Raises:
        UsageError: no such stage.
    """
    if name not in STAGES:
        raise UsageError(f"There is no stage {name!r}.", f"Choose one of {', '.join(STAGES)}.")
    team = team or Team()
    if team.size > 1:
        sync_batch_norm(encoder)
    if name == "pairwise":
        step = pairwise_step(team.parallel(encoder), radius=radius, team=team)
        return Stage(encoder, encoder, None, step, lambda: None)
    pair = MomentumPair(encoder, momentum=MOMENTUM).train()
    step = memory_step(team.parallel(encoder), pair.memory, radius=radius, team=team)
    return Stage(pair, encoder, pair.memory, step, pair.follow)


def stage_samples(name: str, config: PairConfig) -> PairConfig:
    """How the stage draws its samples."""
    if name == "pairwise":
        return config
    return replace(config, references=REFERENCES, gaps=MEMORY_GAPS)
