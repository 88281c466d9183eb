"""How a system is trained, as a value: its networks, its stages, its options.

The command line, the record of a run and the window are made from it, so that a new system or a
new option is one entry here and nowhere else. No torch: what learns is loaded by `Recipe.load`.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from core.errors import UsageError
from core.train.finetune.config import FinetuneConfig

Value = int | float | bool | str
"""Of an option."""
Values = Mapping[str, Value]
"""Options by their names."""
MAX_SEED = (1 << 32) - 1
RATE, USUAL_RATE = "rate", 1e-3
"""An option of every recipe, and what it is where a recipe says nothing else."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of training.

    Attributes:
        name: on the command line `--name`, in a run's record `name`.
        kind: `int`, `float`, `bool` (a flag), `str`, or `Path`, whose value is a `str`, too: what
            a run's record keeps.
        help: one line for people; the default is added to it.
        default: where nothing else is said.
        refining: default of a run that starts from weights; None for the same.
        by_stage: default of the stages that have another.
        least, most: limits, both included.
        stages: those that have this option; empty for all.
        fixed: it stays as it is from the first step of a run to the last.
        metavar: what stands for the value in help texts.
        choices: the words that a `str` may be, beside its default; empty for any text.
    """

    name: str
    kind: type
    help: str
    default: Value
    refining: Value | None = None
    by_stage: Values = field(default_factory=dict)
    least: float = -math.inf
    most: float = math.inf
    stages: tuple[str, ...] = ()
    fixed: bool = True
    metavar: str = ""
    choices: tuple[str, ...] = ()

    def usual(self, stage: str, *, refines: bool) -> Value:
        """The default in a stage.

        Args:
            stage: name of the stage.
            refines: the run starts from weights that have learned already.
        """
        if refines and self.refining is not None:
            return self.refining
        return self.by_stage.get(stage, self.default)

    def require_possible(self, value: Value) -> None:
        """Raise `UsageError` unless a value is within the limits, or one of the choices."""
        if self.choices and value not in (*self.choices, self.default):
            msg = f"--{self.name} cannot be {value!r}."
            raise UsageError(msg, f"Give --{self.name} one of {', '.join(self.choices)}.")
        if isinstance(value, int | float) and not self.least <= value <= self.most:
            limits = f"from {_plain(self.least)} to {_plain(self.most)}"
            if self.most == math.inf:
                limits = f"of {_plain(self.least)} or more"
            msg = f"A {self.name} of {value} is not possible."
            raise UsageError(msg, f"Give --{self.name} a number {limits}.")


@dataclass(frozen=True, slots=True)
class StageSpec:
    """A stage of training.

    Attributes:
        name: as in `--stage`.
        title: what is learned, as headers of weights have it.
        after: the stage whose weights it starts from; empty where it starts from random ones.
    """

    name: str
    title: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a system is trained.

    Attributes:
        system: its name in the registry.
        help: one line for people.
        method: "module:class" of the `core.train.method.Method` that does it.
        presets: networks that it can train, by name, each with a line for people; the first one
            is the default.
        stages: in their order; the first one is the default.
        options: those that it has beyond `COMMON_OPTIONS` and `VALIDATION_OPTIONS`.
        sources: what it learns from: "videos", "images" (still images in motion), or both.
        labels: what labels its weights have seen by this training: "none", "boxes" or "masks".
        finetuning: how its weights are tuned to one video; None where they cannot be.
        rate: peak of the learning rate of a run that starts from nothing.
    """

    system: str
    help: str
    method: str
    presets: Mapping[str, str]
    stages: tuple[StageSpec, ...]
    options: tuple[Option, ...] = ()
    sources: tuple[str, ...] = ("videos", "images")
    labels: str = "none"
    finetuning: FinetuneConfig | None = None
    rate: float = USUAL_RATE

    @property
    def default_preset(self) -> str:
        """Name of the preset that is trained where no other is asked for."""
        return next(iter(self.presets))

    @property
    def default_stage(self) -> str:
        """Name of the first stage."""
        return self.stages[0].name

    @property
    def loop_options(self) -> tuple[Option, ...]:
        """What the training loop is told, with the defaults of this recipe."""
        return tuple(
            replace(option, default=self.rate) if option.name == RATE else option
            for option in COMMON_OPTIONS
        )

    @property
    def all_options(self) -> tuple[Option, ...]:
        """Those of this recipe, then those of every recipe."""
        return (*self.options, *self.loop_options, *VALIDATION_OPTIONS)

    def usual(self, stage: str, *, refines: bool) -> dict[str, Value]:
        """What all options are where nothing else is said.

        Args:
            stage: name of the stage.
            refines: the run starts from weights.
        """
        return {option.name: option.usual(stage, refines=refines) for option in self.all_options}

    def stage(self, name: str) -> StageSpec:
        """A stage by its name.

        Raises:
            UsageError: there is none of that name.
        """
        for stage in self.stages:
            if stage.name == name:
                return stage
        names = ", ".join(stage.name for stage in self.stages)
        raise UsageError(f"There is no stage {name!r}.", f"Choose one of {names}.")

    def require_preset(self, name: str) -> None:
        """Raise `UsageError` unless a preset is known."""
        if name not in self.presets:
            msg = f"There is no preset {name!r}."
            raise UsageError(msg, f"Choose one of {', '.join(self.presets)}.")

    def require_finetuning(self) -> FinetuneConfig:
        """How weights are tuned to one video.

        Raises:
            UsageError: weights of this system cannot be.
        """
        if self.finetuning is None:
            msg = f"Weights of {self.system} cannot be fine-tuned on one video."
            raise UsageError(msg, "Train on a folder of videos instead: `vosapp train`.")
        return self.finetuning

    def load(self) -> Any:
        """The `core.train.method.Method` of this recipe; imports torch."""
        module, name = self.method.split(":")
        return cast("Any", getattr(importlib.import_module(module), name)())


def _plain(number: float) -> str:
    return f"{number:.0f}" if number % 1 == 0 else f"{number:g}"


COMMON_OPTIONS = (
    Option(RATE, float, "peak of the learning rate", USUAL_RATE, refining=1e-4),
    Option(
        "bf16",
        bool,
        "forward pass in bfloat16, for GPUs and processors with AMX; slower on others",
        default=False,
    ),
    Option("seed", int, "seed of weights and data", 0, least=0, most=MAX_SEED),
)
"""Options of every recipe: what the training loop itself is told. `Recipe.loop_options` has the
defaults of a recipe."""
VALIDATION_OPTIONS = (
    Option(
        "validate",
        Path,
        "measure weights on the way, and keep the best: J&F on a data set with masks, or how they "
        "agree with a table of boxes on --videos, on its held-out clips if it has any",
        "",
        fixed=False,
        metavar="PATH",
    ),
    Option(
        "interval",
        float,
        "with --validate: minutes of training from one measurement to the next; 0 takes those of "
        "--snapshots, else 15",
        0.0,
        least=0,
        fixed=False,
        metavar="MINUTES",
    ),
    Option(
        "patience",
        float,
        "with --validate: end the run where the best has gained less than --gain in so many "
        "minutes of training; 0 never does",
        60.0,
        least=0,
        fixed=False,
        metavar="MINUTES",
    ),
    Option(
        "gain",
        float,
        "with --validate: what the best has to gain within --patience",
        0.005,
        least=0,
        most=1,
        fixed=False,
    ),
)
"""Options of every recipe: what is measured on the way, and when that ends a run."""
