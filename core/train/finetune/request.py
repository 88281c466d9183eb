"""What fine-tuning to one video is asked for, and what makes two requests the same run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from core.data.frame_pack import short_hash
from core.device import choose_device, require_threads, sound_threads
from core.errors import OutputError
from core.media.file_hash import sha256_of
from core.media.image_file import list_images
from core.media.input_file import read_input
from core.nn.checkpoints import CheckpointInfo, read_info, require_system
from core.nn.precision import inference_dtype
from core.train.config import FitConfig
from core.train.finetune.config import FinetuneConfig
from core.train.recipe import COMMON_OPTIONS, Recipe

SETTINGS = "tune.json"
"""File of a run folder that says which run it holds."""
SAVE_EVERY = 25
"""Steps between states of a run; a step takes a second or two on a processor."""


@dataclass(frozen=True, slots=True)
class FinetuneRequest:
    """What is to be tuned, to which video, and how.

    Attributes:
        recipe: of the system.
        video: a file or a folder of images, as `core.media` opens them.
        weights: checkpoint of the system to start from.
        out: the tuned checkpoint; its folder exists.
        config: length, rate, and how pairs are drawn.
        frames: those that are learned from; None for the whole video.
        device: "auto", "cpu", "cuda" or "mps".
        seed: of the order of the data.
        run: folder for packed frames and the state of the run, which is there only while the run
            is not finished; None keeps nothing of one that is stopped.
        resume: go on where `run` holds a run of the same settings; else it is thrown away.
        threads: of the processor; None takes those of the run that goes on, else as many as torch
            has.
    """

    recipe: Recipe
    video: Path
    weights: Path
    out: Path
    config: FinetuneConfig
    frames: range | None = None
    device: str = "auto"
    seed: int = 0
    run: Path | None = None
    resume: bool = False
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class FinetuneResult:
    """Finetuned weights and how they came about.

    Attributes:
        path: the checkpoint.
        base: SHA-256 of the file that was started from, hexadecimal.
        preset: size of the network.
        frames: frames that were learned from.
        steps: optimizer steps.
        seconds: of learning.
        loss: of the last step.
    """

    path: Path
    base: str
    preset: str
    frames: int
    steps: int
    seconds: float
    loss: float


def base_info(request: FinetuneRequest) -> CheckpointInfo:
    """The header of the weights to start from, once the rest of the request makes sense, too."""
    request.recipe.require_finetuning()
    info = read_info(request.weights)
    require_system(info, request.recipe.system, request.weights)
    request.recipe.require_preset(info.preset)
    choose_device(request.device)
    require_seed(request.seed)
    require_threads(request.threads)
    if not request.out.parent.is_dir():
        raise OutputError(f"There is no folder {request.out.parent}.", "Make it first.")
    return info


def require_seed(seed: int) -> None:
    """Raise `UsageError` unless a seed is one that all generators take."""
    next(option for option in COMMON_OPTIONS if option.name == "seed").require_possible(seed)


def computes_bf16(request: FinetuneRequest) -> bool:
    """A step takes half as long, where the processor has the instructions."""
    return inference_dtype(choose_device(request.device)) == torch.bfloat16


def length_of(request: FinetuneRequest) -> FitConfig:
    """Length, rate and precision of the run.

    Raises:
        TrainingError: an impossible length.
    """
    config = request.config
    length = FitConfig(
        config.steps, config.minutes, learning_rate=config.rate, save_every=SAVE_EVERY
    )
    return replace(length, bf16=computes_bf16(request))


def settings_of(request: FinetuneRequest) -> str:
    """What makes two runs the same."""
    frames = request.frames
    values = {
        "video": identity(request.video),
        "weights": sha256_of(request.weights),
        "config": asdict(request.config),
        "frames": None if frames is None else [frames.start, frames.stop],
        "seed": request.seed,
        "bf16": computes_bf16(request),
        "threads": threads_of(request),
    }
    return json.dumps(values, sort_keys=True)


def threads_of(request: FinetuneRequest) -> int:
    """How many threads a run computes with: as asked for, as it began, or as torch has them."""
    begun = _begun_with(request.run) if request.run is not None and request.resume else None
    return request.threads or begun or torch.get_num_threads()


def _begun_with(run: Path) -> int | None:
    """The number of threads that the run in a folder began with; None where it does not say."""
    try:
        return sound_threads(json.loads(read_input(run / SETTINGS, limit=None))["threads"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def identity(video: Path) -> str:
    """What tells a video from others, and from itself once it was changed."""
    files = list_images(video) if video.is_dir() else [video]
    stats = [(file.name, file.stat()) for file in files if file.exists()]
    listed = "|".join(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in stats)
    return f"{video.name}|{short_hash(listed)}"
