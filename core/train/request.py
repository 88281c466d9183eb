"""What a run of training is asked for, and whether that is possible."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from core.device import require_threads
from core.errors import OutputError, UsageError
from core.train.config import FitConfig
from core.train.method import Method
from core.train.recipe import Recipe, Values

STATE = "state.pt"
"""File of a run folder that a run is resumed from."""


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What is to be trained, on what, and for how long.

    Attributes:
        recipe: of the system.
        out: run folder; gets `start.json`, `state.pt`, `log.jsonl`, `curve.png` and the weights
            of the stage, `weights.safetensors` first.
        length: steps or minutes, rate, precision.
        preset: a name in the recipe; empty for its default.
        stage: a name in the recipe; empty for its first.
        options: of the recipe; what is missing has its default.
        videos: a folder of raw videos (searched deeply) or one video.
        images: a folder of still images, over which a moving camera makes clips.
        init: weights of this preset to start from; None starts from random ones.
        resume: go on where the run folder has a state; else the run starts.
        device: "auto", "cpu", "cuda" or "mps".
        seed: of the weights and of the order of the data.
        cache: where packed frames are kept; None takes a folder within `out`.
        workers: processes that prepare batches; 0 prepares them in between.
        threads: of the processor; None takes those that the run began with, at its start as many
            as torch has.
        snapshots: minutes after which the weights of the moment are written beside the result, each
            time; 0 for never.
        command: what the user typed, for the header of the weights; empty where nothing was.
        board: folder that TensorBoard is pointed at; None for none.
    """

    recipe: Recipe
    out: Path
    length: FitConfig
    preset: str = ""
    stage: str = ""
    options: Values = field(default_factory=dict)
    videos: Path | None = None
    images: Path | None = None
    init: Path | None = None
    resume: bool = False
    device: str = "auto"
    seed: int = 0
    cache: Path | None = None
    workers: int = 1
    threads: int | None = None
    snapshots: float = 0.0
    command: str = ""
    board: Path | None = None

    @property
    def preset_name(self) -> str:
        """The preset, or the recipe's default."""
        return self.preset or self.recipe.default_preset

    @property
    def stage_name(self) -> str:
        """The stage, or the recipe's first."""
        return self.stage or self.recipe.default_stage

    @property
    def settings(self) -> Values:
        """All options by their names, those of every recipe included."""
        stage, refines = self.stage_name, self.init is not None
        usual = self.recipe.usual(stage, refines=refines)
        loop = {"rate": self.length.learning_rate, "bf16": self.length.bf16, "seed": self.seed}
        return usual | dict(self.options) | loop


def check_request(request: TrainRequest, method: Method) -> None:
    """Raise what is wrong with a request, and make its run folder.

    Raises:
        UsageError, TrainingError, OutputError: see `core.train.run.train`.
    """
    recipe = request.recipe
    recipe.require_preset(request.preset_name)
    recipe.stage(request.stage_name)
    if request.videos is None and request.images is None:
        wanted = ", ".join(f"--{source}" for source in recipe.sources)
        raise UsageError("There is nothing to learn from.", f"Give one or more of: {wanted}.")
    if request.workers < 0:
        msg = f"There cannot be {request.workers} workers."
        raise UsageError(msg, "Give --workers 0 or more.")
    if not 0 <= request.snapshots < math.inf:
        msg = f"Weights cannot be written every {request.snapshots} minutes."
        raise UsageError(msg, "Give --snapshots a number above 0, or leave it out.")
    require_threads(request.threads)
    _check_options(request)
    _check_start(request)
    method.require_possible(request.stage_name, request.preset_name, request.settings)
    try:
        request.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"The run folder {request.out} cannot be made: {error.strerror}."
        raise OutputError(msg, "Choose a folder that can be written to.") from error


def _check_options(request: TrainRequest) -> None:
    options = {option.name: option for option in request.recipe.all_options}
    for name in request.options:
        option = options.get(name)
        if option is None:
            raise UsageError(f"{request.recipe.system} has no option {name!r}.")
        if option.stages and request.stage_name not in option.stages:
            msg = f"The stage {request.stage_name} has no --{name}."
            raise UsageError(msg, f"Leave it out, or take --stage {option.stages[0]}.")
    for name, value in request.settings.items():
        options[name].require_possible(value)


def _check_start(request: TrainRequest) -> None:
    begun = (request.out / STATE).exists()
    if begun and not request.resume:
        msg = f"{request.out} holds a run already."
        raise UsageError(msg, "Add --resume to go on with it, or choose another --out.")
    stage = request.recipe.stage(request.stage_name)
    if stage.after and request.init is None and not begun:
        msg = f"The {stage.name} stage starts from weights of the {stage.after} stage."
        raise UsageError(msg, "Give them with --init.")
