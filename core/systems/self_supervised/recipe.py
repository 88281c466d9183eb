"""The training command of this system: raw videos in, a checkpoint out."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from core.data.frame_pack import FramePack, PackConfig, pack_folder
from core.data.still_pack import pack_images
from core.device import choose_device, computing_with, memory_errors, thread_count
from core.jobs import CancelToken, Progress
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.nn.layout import channels_last
from core.systems.self_supervised.networks import (
    Network,
    kept_part,
    new_network,
    start_from,
)
from core.systems.self_supervised.origin import (
    WEIGHTS,
    note_start,
    require_same,
    started_from,
    threads_of,
)
from core.systems.self_supervised.stages import (
    STAGES,
    Stage,
    make_stage,
    stage_radius,
    stage_samples,
)
from core.systems.self_supervised.train_request import STATE, TrainRequest, check_request
from core.train.curve import PICTURE, draw_curve
from core.train.loop import TrainProgress, fit
from core.train.run_log import LOG, append_line, read_lines
from core.train.team import Team, joined, team_size

WEIGHT_DECAY = 1e-4
ENDLESS = 1 << 40
"""Length of the stream of batches; the loop decides when it is enough."""


def train(request: TrainRequest, token: CancelToken) -> Iterator[Progress | TrainProgress | Path]:
    """Run one stage; under torchrun, as one of the processes that share each batch.

    Yields:
        `Progress` while videos and images are packed, `TrainProgress` for each step, last the
        checkpoint.

    Raises:
        UsageError: unknown preset, stage or device; a run folder in use without `resume`, or with
            other settings; a later stage without `init`; an impossible seed, radius, blend or
            number of threads.
        TrainingError: nothing to learn from; a loss that is not finite.
        CheckpointMissing, CheckpointMismatch: `init` is not there, or it or the state belong to
            another network.
        DeviceUnavailable, DeviceOutOfMemory: no such device, or too little memory on it.
        OutputError: the run folder or the cache cannot be written.
        Cancelled: by the token; the state is saved first and `resume` goes on from it.
    """
    check_request(request)
    require_same(request)
    with (
        computing_with(threads_of(request)) as threads,
        joined(choose_device(request.device)) as team,
    ):
        request = replace(request, threads=threads)
        if team.leads:
            note_start(request)
        encoder = make_encoder(request, team.device)
        stage = make_stage(
            request.stage, encoder, radius=request.radius, blend=request.blend, team=team
        )
        packs: list[FramePack] = []
        for item in _pack_in_turn(request, team, token):
            if isinstance(item, Progress):
                yield item
            else:
                packs += item
        last, log = None, request.out / LOG
        try:
            for last in fit_stage(request, stage, packs, team, token):
                if team.leads:
                    append_line(log, asdict(last))
                yield last
        finally:
            if team.leads:
                draw_curve(log, request.out / PICTURE)
        if team.leads:
            _finish(request, stage, packs, last or _last_logged(log))
        team.wait()
    # After the team has parted: who asks for no more items would leave it open.
    yield request.out / WEIGHTS


def make_encoder(request: TrainRequest, device: torch.device) -> Network:
    """The network to be trained, on a device, from `init` or from the seed."""
    torch.manual_seed(request.seed)
    encoder = new_network(request.preset)
    if request.init is not None:
        start_from(encoder, request.preset, request.init)
    return channels_last(encoder, device).train()


def _pack_in_turn(
    request: TrainRequest, team: Team, token: CancelToken
) -> Iterator[Progress | list[FramePack]]:
    """The leader packs; the others then find everything packed."""
    if not team.leads:
        team.wait()
    yield from _pack(request, token)
    if team.leads:
        team.wait()


def _pack(request: TrainRequest, token: CancelToken) -> Iterator[Progress | list[FramePack]]:
    cache = request.cache or request.out / "frames"
    if request.videos is not None:
        yield from pack_folder(request.videos, cache, PackConfig(), token)
    if request.images is not None:
        yield from pack_images(request.images, cache, PackConfig(), token)


def fit_stage(
    request: TrainRequest,
    stage: Stage,
    packs: list[FramePack],
    team: Team,
    token: CancelToken,
) -> Iterator[TrainProgress]:
    """Train a stage on packed frames; goes on from the state in the run folder, if there is one.

    Raises:
        TrainingError, CheckpointMismatch, OutputError, DeviceOutOfMemory, Cancelled: see `train`.
    """
    samples = stage_samples(request.stage, request.pairs)
    part = (team.rank, team.size)
    dataset = stage.samples(packs, samples, seed=request.seed, part=part)

    def batches(start: int) -> DataLoader[Any]:
        return DataLoader(
            dataset,
            batch_size=None,
            sampler=range(start, ENDLESS),
            num_workers=request.workers,
            prefetch_factor=4 if request.workers else None,
        )

    learning = [p for p in stage.module.parameters() if p.requires_grad]
    with memory_errors("training"):
        yield from fit(
            lambda batch: stage.step(batch.to(team.device)),
            batches,
            stage.module,
            torch.optim.AdamW(learning, weight_decay=WEIGHT_DECAY),
            request.length,
            state_file=request.out / STATE,
            token=token,
            after_step=stage.after_step,
            team=team,
        )


def _last_logged(path: Path) -> TrainProgress | None:
    """The last step of a run that was complete before it was resumed."""
    # Who scores weights of a run may add lines of scores, which the curve shows.
    steps = [values for values in read_lines(path) if "losses" in values]
    try:
        return TrainProgress(**steps[-1]) if steps else None
    except TypeError:
        return None


def _finish(
    request: TrainRequest, stage: Stage, packs: list[FramePack], last: TrainProgress | None
) -> None:
    training: dict[str, object] = {
        "stage": STAGES[request.stage],
        "videos": sum(not pack.still for pack in packs),
        "frames": sum(len(pack.times) for pack in packs if not pack.still),
        "images": sum(len(pack.times) for pack in packs if pack.still),
        "init": started_from(request),
        "pairs": asdict(stage_samples(request.stage, request.pairs)),
        "seed": request.seed,
        "radius": stage_radius(request.stage, request.radius),
        "device": str(next(stage.module.parameters()).device),
        "processes": team_size(),
        "processor": f"{platform.machine()}, {thread_count()} cores",
        "threads": request.threads,
        "torch": torch.__version__,
        "learning_rate": request.length.learning_rate,
        "bf16": request.length.bf16,
        "steps": last.step if last else 0,
        "seconds": round(last.seconds) if last else 0,
        "loss": last.losses if last else {},
    }
    config = stage.encoder.config.to_dict()
    for kept in stage.kept():
        system, part = kept_part(kept.network)
        said = training | kept.training
        info = CheckpointInfo(system, request.preset, config, said, license="Apache-2.0")
        save_weights(request.out / f"{kept.name}.safetensors", part, info)
