"""A run of training, of any system: raw videos in, weights out."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Generator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from core.data.frame_pack import FramePack, PackConfig, pack_folder
from core.data.pack_origin import EVERY_VIDEO, Wanted
from core.data.still_pack import pack_images
from core.device import choose_device, computing_with, memory_errors, thread_count
from core.jobs import CancelToken, Progress
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.nn.layout import channels_last
from core.train.config import FitConfig
from core.train.curve import PICTURE, draw_curve
from core.train.labels import united
from core.train.loop import TrainProgress, fit
from core.train.method import ChoosesVideos, Method, Stage
from core.train.origin import (
    WEIGHTS,
    labels_before,
    note_start,
    require_same,
    started_from,
    threads_of,
)
from core.train.request import STATE, TrainRequest, check_request
from core.train.run_log import LOG, append_line, read_lines
from core.train.team import Team, joined, team_size

WEIGHT_DECAY = 1e-4
ENDLESS = 1 << 40
"""Length of the stream of batches; the loop decides when it is enough."""
LICENSE = "Apache-2.0"

Steps = Generator[Progress | TrainProgress, None, Path]


class Moment:
    """The weights of a run as they are between two of its steps, for whoever drives it."""

    def __init__(self) -> None:
        self._write: Callable[[str], Path] | None = None

    def binds(self, write: Callable[[str], Path]) -> None:
        """Say how they are written, with a mark in the file's name."""
        self._write = write

    def write(self, mark: str) -> Path:
        """Write them beside the result of the run, before the next step is asked for.

        Args:
            mark: what the name of the file has in addition, as "-now".

        Returns:
            The file, which is replaced if it is there.

        Raises:
            OutputError: it cannot be written.
            ValueError: the run has not made its network yet.
        """
        if self._write is None:
            msg = "The run has no weights yet."
            raise ValueError(msg)
        return self._write(mark)


def train(request: TrainRequest, token: CancelToken, *, moment: Moment | None = None) -> Steps:
    """Run one stage; under torchrun, as one of the processes that share each batch.

    What is done between two steps, by whoever asks for them, does not count as time of the run.

    Args:
        request: what is trained.
        token: cancels between steps.
        moment: gives the weights between two steps; None where nobody wants them.

    Yields:
        `Progress` while videos and images are packed, `TrainProgress` for each step.

    Returns:
        The checkpoint.

    Raises:
        UsageError: unknown preset, stage, option or device; a run folder in use without `resume`,
            or with other settings; a later stage without `init`; an impossible option or number
            of threads.
        TrainingError: nothing to learn from; a loss that is not finite.
        CheckpointMissing, CheckpointMismatch: `init` is not there, or it or the state belong to
            another network.
        DeviceUnavailable, DeviceOutOfMemory: no such device, or too little memory on it.
        OutputError: the run folder or the cache cannot be written.
        Cancelled: by the token; the state is saved first and `resume` goes on from it.
    """
    method: Method = request.recipe.load()
    check_request(request, method)
    require_same(request)
    with (
        computing_with(threads_of(request)) as threads,
        joined(choose_device(request.device)) as team,
    ):
        request = replace(request, threads=threads)
        if team.leads:
            note_start(request)
        yield from _train_in(team, request, method, token, moment=moment or Moment())
        team.wait()
    return request.out / WEIGHTS


def _train_in(
    team: Team, request: TrainRequest, method: Method, token: CancelToken, *, moment: Moment
) -> Generator[Progress | TrainProgress]:
    """Run the stage in a team; on its own, so that what holds the team's group ends with it."""
    network = make_network(request, method, team.device)
    stage = method.stage(request.stage_name, network, request.settings, team)
    packs = yield from _pack_in_turn(request, method, team, token)
    log = request.out / LOG
    before = _last_logged(log)
    due = _next_snapshot(request, before.seconds / 60 if before else 0.0)
    last = before

    def write(mark: str) -> Path:
        _write_weights(request, stage, packs, last, mark=mark)
        return request.out / f"{Path(WEIGHTS).stem}{mark}.safetensors"

    moment.binds(write)
    try:
        for last in fit_stage(request, stage, packs, team, token):
            if team.leads:
                append_line(log, asdict(last))
                if (minutes := last.seconds / 60) >= due:
                    _write_weights(request, stage, packs, last, mark=f"-{last.step:06d}")
                    due = _next_snapshot(request, minutes)
            yield last
    finally:
        if team.leads:
            draw_curve(log, request.out / PICTURE)
    if team.leads:
        _write_weights(request, stage, packs, last)


def make_network(request: TrainRequest, method: Method, device: torch.device) -> nn.Module:
    """The network to be trained, on a device, from `init` or from the seed."""
    torch.manual_seed(request.seed)
    network = method.network(request.preset_name)
    if request.init is not None:
        method.start_from(network, request.preset_name, request.init)
    return channels_last(network, device).train()


def _pack_in_turn(
    request: TrainRequest, method: Method, team: Team, token: CancelToken
) -> Generator[Progress, None, list[FramePack]]:
    """The leader packs; the others then find everything packed."""
    wanted = EVERY_VIDEO
    if isinstance(method, ChoosesVideos):
        wanted = method.wanted(request.stage_name, request.settings)
    if not team.leads:
        team.wait()
    packs = yield from _pack(request, wanted, token)
    if team.leads:
        team.wait()
    return packs


def _pack(
    request: TrainRequest, wanted: Wanted, token: CancelToken
) -> Generator[Progress, None, list[FramePack]]:
    cache = request.cache or request.out / "frames"
    packs: list[FramePack] = []
    if request.videos is not None:
        packs += yield from pack_folder(request.videos, cache, PackConfig(), token, wanted=wanted)
    if request.images is not None:
        packs += yield from pack_images(request.images, cache, PackConfig(), token)
    return packs


def fit_stage(
    request: TrainRequest,
    stage: Stage,
    packs: list[FramePack],
    team: Team,
    token: CancelToken,
) -> Generator[TrainProgress]:
    """Train a stage on packed frames; goes on from the state in the run folder, if there is one.

    Raises:
        TrainingError, CheckpointMismatch, OutputError, DeviceOutOfMemory, Cancelled: see `train`.
    """
    dataset = stage.samples(packs, seed=request.seed, part=(team.rank, team.size))
    yield from fit_samples(
        dataset,
        stage,
        request.length,
        state_file=request.out / STATE,
        workers=request.workers,
        team=team,
        token=token,
    )


def fit_samples(
    dataset: Any,
    stage: Stage,
    length: FitConfig,
    *,
    state_file: Path,
    workers: int,
    team: Team,
    token: CancelToken,
) -> Generator[TrainProgress]:
    """Train a stage on a dataset whose item k is the batch of step k.

    Raises:
        TrainingError, CheckpointMismatch, OutputError, DeviceOutOfMemory, Cancelled: see `train`.
    """

    def batches(start: int) -> DataLoader[Any]:
        return DataLoader(
            dataset,
            batch_size=None,
            sampler=range(start, ENDLESS),
            num_workers=workers,
            prefetch_factor=4 if workers else None,
        )

    learning = [p for p in stage.module.parameters() if p.requires_grad]
    with memory_errors("training"):
        yield from fit(
            lambda batch: stage.step(batch.to(team.device)),
            batches,
            stage.module,
            torch.optim.AdamW(learning, weight_decay=WEIGHT_DECAY),
            length,
            state_file=state_file,
            token=token,
            before_step=stage.before_step,
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


def _next_snapshot(request: TrainRequest, minutes: float) -> float:
    """When the weights of the moment are written next, in minutes of the run; infinite for never.

    Args:
        request: says how often.
        minutes: since the run began; what is due at whole multiples is due after this.
    """
    often = request.snapshots
    return often * (minutes // often + 1) if often else math.inf


def _write_weights(
    request: TrainRequest,
    stage: Stage,
    packs: list[FramePack],
    last: TrainProgress | None,
    *,
    mark: str = "",
) -> None:
    training: dict[str, object] = {
        "stage": request.recipe.stage(request.stage_name).title,
        "labels": request.recipe.labels,
        "videos": sum(not pack.still for pack in packs),
        "frames": sum(len(pack.times) for pack in packs if not pack.still),
        "images": sum(len(pack.times) for pack in packs if pack.still),
        "init": started_from(request),
        **stage.training,
        "seed": request.seed,
        **({"command": request.command} if request.command else {}),
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
    for kept in stage.weights():
        said = training | kept.training
        said["labels"] = united(str(said["labels"]), labels_before(request))
        info = CheckpointInfo(kept.system, request.preset_name, kept.config, said, license=LICENSE)
        save_weights(request.out / f"{kept.name}{mark}.safetensors", kept.module, info)
