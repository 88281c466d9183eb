"""The stages of training: which networks learn in each, on what, by which step; what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from torch import nn
from torch.utils.data import Dataset

from core.data.composites.batches import MixedDataset
from core.data.frame_pack import FramePack
from core.data.pairs import PairConfig, PairDataset
from core.errors import UsageError
from core.nn.synced_norm import sync_batch_norm
from core.systems.self_supervised.networks import Network
from core.systems.self_supervised.train import TRAIN_RADIUS, memory_step, pairwise_step
from core.systems.self_supervised.train_labels import LABEL_RADIUS, EachApart, labels_step
from core.train.anchored import BLEND, Anchored
from core.train.momentum import MOMENTUM, MomentumPair
from core.train.team import Team
from core.train.terms import LossTerms

STAGES = {
    "pairwise": "pairwise color reconstruction",
    "memory": "color reconstruction from a momentum memory",
    "labels": "label propagation on composite clips, beside pairwise color reconstruction",
}
FIRST = "pairwise"
"""The stage that needs no weights of another."""
REFERENCES = 5
"""Frames in the memory of the second stage, the first of the clip among them (paper, 3.2)."""
MEMORY_GAPS = (0.07, 0.14, 0.21, 0.34)
"""Seconds between neighbors in the memory stage; four of them lead back to the second reference."""


class Samples(Protocol):
    """How a dataset is made: as `PairDataset` is. Its batches can be moved to a device."""

    def __call__(
        self, packs: list[FramePack], config: PairConfig, *, seed: int, part: tuple[int, int]
    ) -> Dataset[Any]:
        """Item k is the batch of step k, or the part of one of several processes."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A network that a run writes at its end.

    Attributes:
        name: of its file, without extension.
        network: its weights are written.
        training: what its header says beyond that of the others.
    """

    name: str
    network: Network
    training: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage trains.

    Attributes:
        module: all networks of the stage; its state is what a run resumes from.
        encoder: the network that the run is for.
        samples: what it learns from.
        step: computes the losses of a batch.
        after_step: to be called after each step of the optimizer.
        kept: what is written at the end, the result of the run first.
    """

    module: nn.Module
    encoder: Network
    samples: Samples
    step: Callable[[Any], LossTerms]
    after_step: Callable[[], None]
    kept: Callable[[], tuple[Kept, ...]]


def make_stage(
    name: str,
    encoder: Network,
    *,
    radius: int | None = None,
    blend: float = BLEND,
    team: Team | None = None,
) -> Stage:
    """A stage of training.

    Args:
        name: one in `STAGES`.
        encoder: on its device, in train mode.
        radius: of the windows, in cells; None takes that of the stage.
        blend: share of what is learned that is kept, in the stage of labels.
        team: the processes that share a batch; None trains alone.

    Raises:
        UsageError: no such stage.
    """
    require_stage(name)
    team = team or Team()
    if team.size > 1:
        sync_batch_norm(encoder)
    radius = stage_radius(name, radius)
    if name == "labels":
        return _labels_stage(encoder, radius=radius, blend=blend, team=team)
    if name == "memory":
        return _memory_stage(encoder, radius=radius, team=team)
    step = pairwise_step(team.parallel(encoder), radius=radius, team=team)
    kept = Kept("weights", encoder)
    return Stage(encoder, encoder, PairDataset, step, _nothing, lambda: (kept,))


def _memory_stage(encoder: Network, *, radius: int, team: Team) -> Stage:
    pair = MomentumPair(encoder, momentum=MOMENTUM).train()
    step = memory_step(team.parallel(encoder), pair.memory, radius=radius, team=team)
    said: dict[str, object] = {"encoder": "of references, the moving average"}
    kept = Kept("weights", encoder), Kept("averaged", pair.memory, said)
    return Stage(pair, encoder, PairDataset, step, pair.follow, lambda: kept)


def _labels_stage(encoder: Network, *, radius: int, blend: float, team: Team) -> Stage:
    anchored = Anchored(encoder).train()
    step = labels_step(team.parallel(EachApart(encoder)), radius=radius, team=team)

    def kept() -> tuple[Kept, ...]:
        result = Kept("weights", anchored.blend(blend), {"blend": blend})
        return result, Kept("trained", encoder, {"blend": 1.0})

    return Stage(anchored, encoder, MixedDataset, step, _nothing, kept)


def _nothing() -> None:
    pass


def require_stage(name: str) -> None:
    """Raise `UsageError` unless a stage is known."""
    if name not in STAGES:
        raise UsageError(f"There is no stage {name!r}.", f"Choose one of {', '.join(STAGES)}.")


def stage_radius(name: str, asked: int | None) -> int:
    """Radius of the windows of a stage in cells, unless another is asked for."""
    if asked is not None:
        return asked
    return LABEL_RADIUS if name == "labels" else TRAIN_RADIUS


def stage_samples(name: str, config: PairConfig) -> PairConfig:
    """How the stage draws its samples.

    In the stage of labels half of a batch are pairs, and as many clips stand for the other.
    """
    if name == "labels":
        return replace(config, batch=max(1, config.batch // 2))
    if name == "memory":
        return replace(config, references=REFERENCES, gaps=MEMORY_GAPS)
    return config
