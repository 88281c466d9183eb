"""What the training command is asked for, and whether that is possible."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from core.data.pairs import PairConfig
from core.device import require_threads
from core.errors import OutputError, UsageError
from core.nn.backbone import BACKBONES
from core.systems.self_supervised.anchored import BLEND
from core.systems.self_supervised.networks import require_preset
from core.systems.self_supervised.stages import FIRST, require_stage
from core.train.loop import FitConfig

STATE = "state.pt"
"""File of a run folder that a run is resumed from."""
MAX_RADIUS = 64
MAX_SEED = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What is to be trained, on what, and for how long.

    Attributes:
        videos: a folder of raw videos (searched deeply) or one video; None where there are images.
        out: run folder; gets `start.json`, `state.pt`, `log.jsonl`, `curve.png` and
            `weights.safetensors`, in the memory stage also `averaged.safetensors`, the encoder of
            references, in the stage of labels also `trained.safetensors`, of which the weights
            are a blend with `init`.
        preset: a name in `PRESETS`, or in `BACKBONES`, of which the backbone is kept.
        length: steps or minutes, rate, precision.
        pairs: how training pairs are drawn.
        init: weights of this preset to start from; None starts from random ones.
        resume: go on where the run folder has a state; else the run starts.
        device: "auto", "cpu", "cuda" or "mps".
        seed: of the weights and of the order of the data.
        cache: where packed frames are kept; None takes a folder within `out`.
        workers: processes that prepare batches; 0 prepares them in between.
        stage: a name in `STAGES`; all but "pairwise" start from weights of that one.
        images: a folder of still images, over which a moving camera makes clips.
        radius: of the windows that are searched, in cells; None takes that of the stage.
        blend: share of what the stage of labels has learned that its weights take on, 0..1.
        threads: of the processor; None takes those that the run began with, at its start as many
            as torch has.
    """

    videos: Path | None
    out: Path
    preset: str
    length: FitConfig
    pairs: PairConfig = field(default_factory=PairConfig)
    init: Path | None = None
    resume: bool = False
    device: str = "auto"
    seed: int = 0
    cache: Path | None = None
    workers: int = 1
    stage: str = "pairwise"
    images: Path | None = None
    radius: int | None = None
    blend: float = BLEND
    threads: int | None = None


def check_request(request: TrainRequest) -> None:
    """Raise what is wrong with a request, and make its run folder.

    Raises:
        UsageError, OutputError: see `core.systems.self_supervised.recipe.train`.
    """
    require_preset(request.preset)
    require_stage(request.stage)
    if request.videos is None and request.images is None:
        raise UsageError("There is nothing to learn from.", "Give --videos, --images, or both.")
    if request.workers < 0:
        msg = f"There cannot be {request.workers} workers."
        raise UsageError(msg, "Give --workers 0 or more.")
    require_seed(request.seed)
    if request.radius is not None and not 1 <= request.radius <= MAX_RADIUS:
        msg = f"A window radius of {request.radius} cells is not possible."
        raise UsageError(msg, f"Give --radius a number from 1 to {MAX_RADIUS}.")
    if not 0 <= request.blend <= 1:
        msg = f"A blend of {request.blend} is not possible."
        raise UsageError(msg, "Give --blend a number from 0 to 1.")
    require_threads(request.threads)
    _check_stage(request)
    try:
        request.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"The run folder {request.out} cannot be made: {error.strerror}."
        raise OutputError(msg, "Choose a folder that can be written to.") from error


def require_seed(seed: int) -> None:
    """Raise `UsageError` unless a seed is one that all generators take."""
    if not 0 <= seed <= MAX_SEED:
        raise UsageError(f"The seed {seed} is not possible.", f"Give 0 to {MAX_SEED}.")


def _check_stage(request: TrainRequest) -> None:
    state_file = request.out / STATE
    if state_file.exists() and not request.resume:
        msg = f"{request.out} holds a run already."
        raise UsageError(msg, "Add --resume to go on with it, or choose another --out.")
    if request.stage == FIRST:
        return
    if request.preset in BACKBONES:
        msg = (
            f"There is no {request.stage} stage for {request.preset}: of its keys nothing is kept."
        )
        raise UsageError(msg, f"Use --stage {FIRST}.")
    if request.init is None and not state_file.exists():
        msg = f"The {request.stage} stage starts from weights of the {FIRST} stage."
        raise UsageError(msg, "Give them with --init.")
