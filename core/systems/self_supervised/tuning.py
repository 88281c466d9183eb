"""Tuning weights to one video: the training of raw videos goes on, on the frames of that video.

No mask is used. What is learned is which points of this video's frames belong together, by the
first stage of training (pairwise color reconstruction; Lai et al. 2020, section 3.1). It is not
the adaptation of `core.engine.adapted`, which learns the objects of one propagation.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.data.frame_pack import FramePack, PackConfig, short_hash
from core.data.pairs import PairConfig
from core.data.video_pack import StretchConfig, pack_stretches
from core.device import choose_device, thread_count
from core.errors import OutputError, UsageError
from core.jobs import CancelToken, Progress
from core.media.atomic import write_atomic
from core.media.image_file import list_images
from core.nn.checkpoints import CheckpointInfo, read_info, require_system, save_weights
from core.nn.precision import inference_dtype
from core.systems.self_supervised.build import SYSTEM
from core.systems.self_supervised.config import TUNING, TuneConfig
from core.systems.self_supervised.networks import Network, require_preset
from core.systems.self_supervised.recipe import (
    STATE,
    TrainRequest,
    fit_stage,
    make_encoder,
    require_seed,
)
from core.systems.self_supervised.stages import make_stage
from core.train.loop import FitConfig, TrainProgress
from core.train.team import Team

SETTINGS = "tune.json"
"""File of a run folder that says which run it holds."""
LAST = "last.json"
"""File of a run folder with the step that was made last."""
_NOT_BEGUN: dict[str, Any] = {
    "step": 0, "fraction": 0.0, "losses": {"color": 0.0}, "learning_rate": 0.0, "seconds": 0.0,
}  # fmt: skip
STAGE = "tuned to one video"
SAVE_EVERY = 25
"""Steps between states of a run; a step takes a second or two on a processor."""


@dataclass(frozen=True, slots=True)
class TuneRequest:
    """What is to be tuned, to which video, and how.

    Attributes:
        video: a file or a folder of images, as `core.media` opens them.
        weights: checkpoint of this system to start from.
        out: the tuned checkpoint; its folder exists.
        config: length, rate, and how pairs are drawn.
        frames: those that are learned from; None for the whole video.
        device: "auto", "cpu", "cuda" or "mps".
        seed: of the order of the data, 0 to `MAX_SEED`.
        run: folder for packed frames and the state of the run, which is there only while the run
            is not finished; None keeps nothing of one that is stopped.
        resume: go on where `run` holds a run of the same settings; else it is thrown away.
    """

    video: Path
    weights: Path
    out: Path
    config: TuneConfig = TUNING
    frames: range | None = None
    device: str = "auto"
    seed: int = 0
    run: Path | None = None
    resume: bool = False


@dataclass(frozen=True, slots=True)
class TuneResult:
    """Tuned weights and how they came about.

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


def tune(
    request: TuneRequest, token: CancelToken
) -> Generator[Progress | TrainProgress | TuneResult]:
    """Tune weights to a video.

    Batches are a function of the seed and the step: a run of so many steps that is resumed, or
    done again, gives the same weights. On processors with AMX it computes in bfloat16, and so ends
    a little elsewhere than on others; a run can be resumed on its own kind only.

    Yields:
        `Progress` while frames are read, `TrainProgress` for each step, last the result.

    Raises:
        CheckpointMissing, CheckpointMismatch: the weights are not there, damaged or of another
            system; the state is.
        UsageError: no such device; an impossible seed; `run` holds something else.
        TrainingError: no two different frames; a loss that is not finite; an impossible length.
        VideoOpenError, VideoDecodeError: the video cannot be read.
        DeviceUnavailable, DeviceOutOfMemory: no such device, or too little memory on it.
        OutputError: the checkpoint or the run folder cannot be written.
        Cancelled: by the token; nothing is left of the run but, where it has a folder, its state.
    """
    base = _base(request)
    with _run_folder(request) as folder:
        plan = _training(request, base, folder)
        team = Team(device=choose_device(request.device))
        encoder = hold_statistics(make_encoder(plan, team.device))
        stage = make_stage("pairwise", encoder, radius=plan.radius)
        packs: list[FramePack] = []
        for item in _packs(request, folder, token):
            if isinstance(item, Progress):
                yield item
            else:
                packs = item
        last = _left_at(folder)
        try:
            for last in fit_stage(plan, stage, packs, team, token):
                yield last
        finally:
            with suppress(OutputError):
                write_atomic(folder / LAST, json.dumps(asdict(last)).encode())
        frames = sum(len(pack.times) for pack in packs)
        result = _result(request, base, last, frames=frames)
        save_weights(request.out, stage.encoder, _info(request, result, stage.encoder, base))
        # A run that is stopped here has a state to go on from until its result is taken.
        yield result


def hold_statistics(encoder: Network) -> Network:
    """Keep batch norm as it was learned: a few pairs of one video are no measure of all."""
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return encoder


def require_possible(request: TuneRequest) -> None:
    """Raise what `tune` would raise at once, for those who do something slow before.

    Raises:
        VosError: see `tune`.
    """
    _base(request)
    _length(request.config)
    if request.run is not None:
        _require_run(request, request.run)


def _left_at(folder: Path) -> TrainProgress:
    """The last step of a run that is resumed; it may have been the very last one."""
    file = folder / LAST
    values = json.loads(file.read_text()) if file.is_file() else _NOT_BEGUN
    return TrainProgress(**values)


def _base(request: TuneRequest) -> CheckpointInfo:
    """The header of the weights to start from, once the rest of the request makes sense, too."""
    info = read_info(request.weights)
    require_system(info, SYSTEM, request.weights)
    require_preset(info.preset)
    choose_device(request.device)
    require_seed(request.seed)
    if not request.out.parent.is_dir():
        raise OutputError(f"There is no folder {request.out.parent}.", "Make it first.")
    return info


def _training(request: TuneRequest, base: CheckpointInfo, folder: Path) -> TrainRequest:
    config = request.config
    return TrainRequest(
        videos=None,
        out=folder,
        preset=base.preset,
        length=replace(_length(config), bf16=_bf16(request)),
        pairs=PairConfig(batch=config.batch, crop=config.crop, gaps=config.gaps),
        init=request.weights,
        device=request.device,
        seed=request.seed,
        # A window has threads, and a process that is forked from it may hang.
        workers=0,
        radius=config.radius,
    )


def _bf16(request: TuneRequest) -> bool:
    """A step takes half as long, where the processor has the instructions."""
    return inference_dtype(choose_device(request.device)) == torch.bfloat16


def _length(config: TuneConfig) -> FitConfig:
    return FitConfig(config.steps, config.minutes, learning_rate=config.rate, save_every=SAVE_EVERY)


def _packs(
    request: TuneRequest, folder: Path, token: CancelToken
) -> Iterator[Progress | list[FramePack]]:
    config = request.config
    pack = PackConfig(short_side=config.short_side, max_fps=config.max_fps)
    spread = StretchConfig(config.max_frames, config.stretch_seconds)
    file = folder / f"video-{short_hash(_identity(request.video))}.frames"
    yield from pack_stretches(
        request.video, request.frames, file, token, config=pack, spread=spread
    )


@contextmanager
def _run_folder(request: TuneRequest) -> Iterator[Path]:
    """The folder of the run; it goes with the end of the run, or however a nameless one ends."""
    if request.run is None:
        with tempfile.TemporaryDirectory(prefix="vosapp-") as folder:
            yield Path(folder)
        return
    _claim(request, request.run)
    try:
        yield request.run
    except BaseException:
        if not (request.run / STATE).exists():
            # There is nothing to go on with.
            shutil.rmtree(request.run, ignore_errors=True)
        raise
    shutil.rmtree(request.run, ignore_errors=True)


def _claim(request: TuneRequest, folder: Path) -> None:
    """Make the folder, or take over what an earlier run of the same settings has left there."""
    _require_run(request, folder)
    with _folder_errors(folder):
        if folder.exists() and not request.resume:
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / SETTINGS, _settings(request).encode())


def _require_run(request: TuneRequest, folder: Path) -> None:
    """See to it that the folder is not there, or holds a run that may be taken over."""
    note = folder / SETTINGS
    with _folder_errors(folder):
        if folder.exists() and not note.is_file() and any(folder.iterdir()):
            msg = f"{folder} holds something else than a run."
            raise UsageError(msg, "Move it away, or choose another folder.")
        if request.resume and note.is_file() and note.read_text() != _settings(request):
            msg = f"{folder} holds a run with other settings."
            raise UsageError(msg, "Give the same ones, or begin anew without --resume.")


@contextmanager
def _folder_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = f"The run folder {folder} cannot be used: {error.strerror}."
        raise OutputError(msg, "Choose a folder that can be written to.") from error


def _settings(request: TuneRequest) -> str:
    """What makes two runs the same."""
    frames = request.frames
    values = {
        "video": _identity(request.video),
        "weights": _digest(request.weights),
        "config": asdict(request.config),
        "frames": None if frames is None else [frames.start, frames.stop],
        "seed": request.seed,
        "bf16": _bf16(request),
    }
    return json.dumps(values, sort_keys=True)


def _identity(video: Path) -> str:
    files = list_images(video) if video.is_dir() else [video]
    stats = [(file.name, file.stat()) for file in files if file.exists()]
    listed = "|".join(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in stats)
    return f"{video.name}|{short_hash(listed)}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _result(
    request: TuneRequest, base: CheckpointInfo, last: TrainProgress, *, frames: int
) -> TuneResult:
    return TuneResult(
        request.out,
        _digest(request.weights),
        base.preset,
        frames,
        last.step,
        round(last.seconds, 1),
        last.losses["color"],
    )


def _info(
    request: TuneRequest, result: TuneResult, encoder: Network, base: CheckpointInfo
) -> CheckpointInfo:
    frames = request.frames
    training: dict[str, object] = {
        "stage": STAGE,
        "init": request.weights.name,
        "init_sha256": result.base,
        "frames": result.frames,
        "range": None if frames is None else [frames.start, frames.stop],
        "steps": result.steps,
        "seconds": round(result.seconds),
        "loss": {"color": result.loss},
        "seed": request.seed,
        "tuning": asdict(request.config),
        "bf16": _bf16(request),
        "device": str(next(encoder.parameters()).device),
        "processor": f"{platform.machine()}, {thread_count()} cores",
        "torch": torch.__version__,
    }
    config = encoder.config.to_dict()
    return CheckpointInfo(SYSTEM, base.preset, config, training, license=base.license)
