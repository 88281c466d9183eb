"""What a system has to offer so that `core.train` can train it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from torch import nn
from torch.utils.data import Dataset

from core.data.frame_pack import FramePack
from core.data.pack_origin import Wanted
from core.train.finetune.config import FinetuneConfig
from core.train.recipe import Values
from core.train.team import Team
from core.train.terms import LossTerms


class Samples(Protocol):
    """How a stage draws what it learns from. Its batches can be moved to a device by `to`."""

    def __call__(self, packs: list[FramePack], *, seed: int, part: tuple[int, int]) -> Dataset[Any]:
        """A dataset whose item k is the batch of step k.

        Args:
            packs: films and images.
            seed: of everything that is drawn.
            part: which process this is, and how many share a batch.

        Raises:
            TrainingError: the batch cannot be divided evenly.
        """


@dataclass(frozen=True, slots=True)
class Weights:
    """A network as a file.

    Attributes:
        name: of the file, without extension.
        module: what is written.
        system: whose weights they are, as the header has it.
        config: of the network, as plain values.
        training: what the header says beyond what all files of the run say.
    """

    name: str
    module: nn.Module
    system: str
    config: dict[str, object]
    training: dict[str, object] = field(default_factory=dict)


def _nothing() -> None:
    pass


def _unheard(_share: float) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Stage:
    """What learns in a stage.

    Attributes:
        module: all networks of the stage; its state is what a run resumes from.
        samples: what it learns from.
        step: computes the losses of a batch.
        weights: what is written at the end, the result of the run first.
        after_step: called after each step of the optimizer.
        training: what headers say of this stage.
        before_step: is told before each step what share of the run is done, 0..1.
        labeled: names of videos, with or without suffix, whose labels are learned from.
        power: the rate falls as this power of what is left of the run; None: as half a cosine.
    """

    module: nn.Module
    samples: Samples
    step: Callable[[Any], LossTerms]
    weights: Callable[[], tuple[Weights, ...]]
    after_step: Callable[[], None] = _nothing
    training: dict[str, object] = field(default_factory=dict)
    before_step: Callable[[float], None] = _unheard
    labeled: frozenset[str] = frozenset()
    power: float | None = None


class Method(Protocol):
    """How a system learns. Made anew for each run."""

    def network(self, preset: str) -> nn.Module:
        """A network with random weights, drawn from torch's generator."""

    def start_from(self, network: nn.Module, preset: str, weights: Path) -> None:
        """Fill a network from a checkpoint.

        Raises:
            CheckpointMissing, CheckpointMismatch: not there, damaged, or of another network.
        """

    def require_possible(self, stage: str, preset: str, options: Values) -> None:
        """Refuse what cannot be trained, before anything is written.

        Raises:
            UsageError, TrainingError: the stage cannot train the preset, or not with these options.
        """

    def stage(self, name: str, network: nn.Module, options: Values, team: Team) -> Stage:
        """A stage of training.

        Args:
            name: one of the recipe's.
            network: on its device, in train mode.
            options: all of the recipe's own that the stage has.
            team: the processes that share a batch.
        """


@runtime_checkable
class ShapedByOptions(Method, Protocol):
    """A method some of whose options say what its network looks like."""

    def shaped_network(self, preset: str, options: Values) -> nn.Module:
        """A network with random weights, drawn from torch's generator.

        Args:
            preset: one of the recipe's.
            options: all of the recipe's own.
        """


@runtime_checkable
class Finetunes(Method, Protocol):
    """A method that can tune weights to one video."""

    def stage_of_video(self, network: nn.Module, config: FinetuneConfig) -> Stage:
        """How the weights of a network are tuned to the frames of one video."""

    def weights(self, network: nn.Module) -> Weights:
        """A network as a file."""


@runtime_checkable
class ChoosesVideos(Method, Protocol):
    """A method that does not learn from any video, or from certain frames."""

    def wanted(self, stage: str, options: Values) -> Wanted:
        """Which videos a stage leaves out, and which frames it needs.

        Raises:
            VosError: what says so cannot be read.
        """
