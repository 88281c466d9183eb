"""Tuning weights to one video: the training of raw videos goes on, on the frames of that video.

No mask is used. What is learned is which points of this video's frames belong together, by the
first stage of training (pairwise color reconstruction; Lai et al. 2020, section 3.1). It is not
the adaptation of `core.engine.adapted`, which learns the objects of one propagation.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import nn

from core.data.frame_pack import FramePack, PackConfig, short_hash
from core.data.pairs import PairConfig
from core.data.video_pack import StretchConfig, pack_stretches
from core.device import choose_device, computing_with, thread_count
from core.errors import OutputError
from core.jobs import CancelToken, Progress
from core.media.atomic import write_atomic
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.systems.self_supervised.build import SYSTEM
from core.systems.self_supervised.networks import Network
from core.systems.self_supervised.recipe import fit_stage, make_encoder
from core.systems.self_supervised.stages import make_stage
from core.systems.self_supervised.train_request import TrainRequest
from core.systems.self_supervised.tune_folder import LAST, left_at, require_run, run_folder
from core.systems.self_supervised.tune_request import (
    TuneRequest,
    TuneResult,
    base_info,
    computes_bf16,
    digest,
    identity,
    length_of,
    threads_of,
)
from core.train.loop import TrainProgress
from core.train.team import Team

STAGE = "tuned to one video"
SAVE_EVERY = 25
"""Steps between states of a run; a step takes a second or two on a processor."""


def tune(
    request: TuneRequest, token: CancelToken
) -> Generator[Progress | TrainProgress | TuneResult]:
    """Tune weights to a video.

    Batches are a function of the seed and the step: a run of so many steps that is resumed, or
    done again with as many threads, gives the same weights; one that is resumed takes the number
    that it began with. On processors with AMX it computes in bfloat16, and so ends a little
    elsewhere than on others; a run can be resumed on its own kind only.

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
    base = base_info(request)
    with computing_with(threads_of(request)), run_folder(request) as folder:
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
        last = left_at(folder)
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
    base_info(request)
    length_of(request.config)
    if request.run is not None:
        require_run(request, request.run)


def _training(request: TuneRequest, base: CheckpointInfo, folder: Path) -> TrainRequest:
    config = request.config
    return TrainRequest(
        videos=None,
        out=folder,
        preset=base.preset,
        length=replace(length_of(config), bf16=computes_bf16(request)),
        pairs=PairConfig(batch=config.batch, crop=config.crop, gaps=config.gaps),
        init=request.weights,
        device=request.device,
        seed=request.seed,
        # A window has threads, and a process that is forked from it may hang.
        workers=0,
        radius=config.radius,
    )


def _packs(
    request: TuneRequest, folder: Path, token: CancelToken
) -> Iterator[Progress | list[FramePack]]:
    config = request.config
    pack = PackConfig(short_side=config.short_side, max_fps=config.max_fps)
    spread = StretchConfig(config.max_frames, config.stretch_seconds)
    file = folder / f"video-{short_hash(identity(request.video))}.frames"
    yield from pack_stretches(
        request.video, request.frames, file, token, config=pack, spread=spread
    )


def _result(
    request: TuneRequest, base: CheckpointInfo, last: TrainProgress, *, frames: int
) -> TuneResult:
    return TuneResult(
        request.out,
        digest(request.weights),
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
        "bf16": computes_bf16(request),
        "device": str(next(encoder.parameters()).device),
        "processor": f"{platform.machine()}, {thread_count()} cores",
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }
    config = encoder.config.to_dict()
    return CheckpointInfo(SYSTEM, base.preset, config, training, license=base.license)
