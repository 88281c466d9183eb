"""Fine-tuning to one video: training goes on, on the frames of that video.

No mask is used. What is learned is which points of this video's frames belong together, by the
stage that the system's recipe names. It is not adaptation (`core.engine.adapted`), which learns
the objects of one propagation.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Generator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import torch

from core.data.frame_pack import FramePack, PackConfig, short_hash
from core.data.video_pack import StretchConfig, pack_stretches
from core.device import choose_device, computing_with, thread_count
from core.errors import OutputError
from core.jobs import CancelToken, Job, Progress
from core.media.atomic import write_atomic
from core.media.file_hash import sha256_of
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.train.finetune.folder import LAST, left_at, require_run, run_folder
from core.train.finetune.request import (
    FinetuneRequest,
    FinetuneResult,
    base_info,
    computes_bf16,
    identity,
    length_of,
    threads_of,
)
from core.train.labels import sequences_learned
from core.train.loop import TrainProgress
from core.train.method import Finetunes, Stage, Weights
from core.train.request import STATE, TrainRequest
from core.train.run import fit_samples, make_network
from core.train.team import Team

TITLE = "tuned to one video"
"""Stage in the header of tuned weights."""


def finetune(
    request: FinetuneRequest, token: CancelToken
) -> Generator[Progress | TrainProgress, None, FinetuneResult]:
    """Tune weights to a video.

    Batches are a function of the seed and the step: a run of so many steps that is resumed, or
    done again with as many threads, gives the same weights; one that is resumed takes the number
    that it began with. On processors with AMX it computes in bfloat16, and so ends a little
    elsewhere than on others; a run can be resumed on its own kind only.

    Yields:
        `Progress` while frames are read, `TrainProgress` for each step.

    Returns:
        The tuned weights. A run that has a folder can still be resumed: whoever has kept the
        weights calls `discard_run`.

    Raises:
        CheckpointMissing, CheckpointMismatch: the weights are not there, damaged or of another
            system; the state is.
        UsageError: no such device; an impossible seed; `run` holds something else; weights of
            this system cannot be tuned.
        TrainingError: no two different frames; a loss that is not finite; an impossible length.
        VideoOpenError, VideoDecodeError: the video cannot be read.
        DeviceUnavailable, DeviceOutOfMemory: no such device, or too little memory on it.
        OutputError: the checkpoint or the run folder cannot be written.
        Cancelled: by the token; nothing is left of the run but, where it has a folder, its state.
    """
    base = base_info(request)
    with computing_with(threads_of(request)), run_folder(request) as folder:
        device = choose_device(request.device)
        method: Finetunes = request.recipe.load()
        network = make_network(_start(request, base, folder), method, device)
        stage = method.stage_of_video(network, request.config)
        packs = yield from _packs(request, folder, token)
        last = left_at(folder)
        try:
            steps = _fit(request, stage, packs, state_file=folder / STATE, token=token)
            for last in steps:
                yield last
        finally:
            with suppress(OutputError):
                write_atomic(folder / LAST, json.dumps(asdict(last)).encode())
        frames = sum(len(pack.times) for pack in packs)
        result = _result(request, base, last, frames=frames)
        kept = method.weights(network)
        save_weights(request.out, kept.module, _info(request, result, last, kept, base))
        return result


def require_possible(request: FinetuneRequest) -> None:
    """Raise what `finetune` would raise at once, for those who do something slow before.

    Raises:
        VosError: see `finetune`.
    """
    base_info(request)
    length_of(request)
    if request.run is not None:
        require_run(request, request.run)


def _start(request: FinetuneRequest, base: CheckpointInfo, folder: Path) -> TrainRequest:
    return TrainRequest(
        request.recipe,
        folder,
        length_of(request),
        base.preset,
        init=request.weights,
        seed=request.seed,
    )


def _fit(
    request: FinetuneRequest,
    stage: Stage,
    packs: list[FramePack],
    *,
    state_file: Path,
    token: CancelToken,
) -> Generator[TrainProgress]:
    return fit_samples(
        stage.samples(packs, seed=request.seed, part=(0, 1)),
        stage,
        length_of(request),
        state_file=state_file,
        # A window has threads, and a process that is forked from it may hang.
        workers=0,
        team=Team(device=next(stage.module.parameters()).device),
        token=token,
    )


def _packs(request: FinetuneRequest, folder: Path, token: CancelToken) -> Job[list[FramePack]]:
    config = request.config
    pack = PackConfig(short_side=config.short_side, max_fps=config.max_fps)
    spread = StretchConfig(config.max_frames, config.stretch_seconds)
    file = folder / f"video-{short_hash(identity(request.video))}.frames"
    return pack_stretches(request.video, request.frames, file, token, config=pack, spread=spread)


def _result(
    request: FinetuneRequest, base: CheckpointInfo, last: TrainProgress, *, frames: int
) -> FinetuneResult:
    return FinetuneResult(
        request.out,
        sha256_of(request.weights),
        base.preset,
        frames,
        last.step,
        round(last.seconds, 1),
        last.total_loss,
    )


def _info(
    request: FinetuneRequest,
    result: FinetuneResult,
    last: TrainProgress,
    kept: Weights,
    base: CheckpointInfo,
) -> CheckpointInfo:
    frames = request.frames
    training: dict[str, object] = {
        "stage": TITLE,
        "labels": base.training.get("labels", request.recipe.labels),
        **({"sequences": list(learned)} if (learned := sequences_learned(base)) else {}),
        "init": request.weights.name,
        "init_sha256": result.base,
        "frames": result.frames,
        "range": None if frames is None else [frames.start, frames.stop],
        "steps": result.steps,
        "seconds": round(result.seconds),
        "loss": last.losses,
        "seed": request.seed,
        "tuning": asdict(request.config),
        "bf16": computes_bf16(request),
        "threads": torch.get_num_threads(),
        "device": str(next(kept.module.parameters()).device),
        "processor": f"{platform.machine()}, {thread_count()} cores",
        "torch": torch.__version__,
    }
    return CheckpointInfo(
        kept.system,
        base.preset,
        kept.config,
        training,
        license=base.license,
        calibration=base.calibration,
    )
