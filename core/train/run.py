"""A run of training, of any system: raw videos in, weights out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from core.data.frame_pack import FramePack, PackConfig, pack_folder
from core.data.pack_origin import EVERY_VIDEO, Wanted
from core.data.still_pack import pack_images
from core.device import choose_device, computing_with, keep_freed_memory, memory_errors
from core.jobs import CancelToken, Progress
from core.nn.layout import channels_last
from core.train.board import Board, require_board
from core.train.config import FitConfig
from core.train.curve import PICTURE, draw_curve
from core.train.loop import TrainProgress, fit
from core.train.method import ChoosesVideos, Method, ShapedByOptions, Stage
from core.train.moment import Moment
from core.train.origin import WEIGHTS, note_start, require_same, threads_of
from core.train.request import STATE, TrainRequest, check_request
from core.train.run_log import LOG, append_line, read_lines
from core.train.team import Team, joined
from core.train.validating import Validating
from core.train.validation import Rules, Validator, next_time
from core.train.written import write_weights

WEIGHT_DECAY = 1e-4
ENDLESS = 1 << 40
"""Length of the stream of batches; the loop decides when it is enough."""

Steps = Generator[Progress | TrainProgress, None, Path]


@dataclass(frozen=True, slots=True)
class _Driven:
    """What those who drive a run want of it on the way."""

    moment: Moment
    validator: Validator | None


def train(
    request: TrainRequest,
    token: CancelToken,
    *,
    moment: Moment | None = None,
    validator: Validator | None = None,
) -> Steps:
    """Run one stage; under torchrun, as one of the processes that share each batch.

    What is done between two steps, by whoever asks for them, does not count as time of the run.

    Args:
        request: what is trained.
        token: stops it; the state is kept.
        moment: gives the weights between two steps; None where nobody wants them.
        validator: measures weights on the way (`core.train.validating`): the best are the result
            then, and the run may end before its time. None measures nothing.

    Yields:
        `Progress` while videos and images are packed and while weights are measured,
        `TrainProgress` for each step.

    Returns:
        The checkpoint: the best weights that were measured, else the last.

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
    if request.board is not None:
        require_board()
    check_request(request, method)
    require_same(request)
    keep_freed_memory()
    with (
        computing_with(threads_of(request)) as threads,
        joined(choose_device(request.device)) as team,
    ):
        request = replace(request, threads=threads)
        if team.leads:
            note_start(request)
        driven = _Driven(moment or Moment(), validator)
        yield from _train_in(team, request, method, token, driven)
        team.wait()
    return request.out / WEIGHTS


def _train_in(
    team: Team, request: TrainRequest, method: Method, token: CancelToken, driven: _Driven
) -> Generator[Progress | TrainProgress]:
    """Run the stage in a team; on its own, so that what holds the team's group ends with it."""
    network = make_network(request, method, team.device)
    stage = method.stage(request.stage_name, network, request.settings, team)
    packs = yield from _pack_in_turn(request, method, team, token)
    if team.leads:
        leader = _Leader(request, stage, packs, driven)
        yield from leader.lead(team, token)
    else:
        yield from fit_stage(request, stage, packs, team, token)


class _Leader:
    """What the one process does that writes: log, weights, picture, and measuring."""

    def __init__(
        self,
        request: TrainRequest,
        stage: Stage,
        packs: list[FramePack],
        driven: _Driven,
    ) -> None:
        self._request, self._stage, self._packs = request, stage, packs
        self._log = request.out / LOG
        self._last = _last_logged(self._log)
        minutes = self._last.seconds / 60 if self._last else 0.0
        self._due = next_time(request.snapshots, minutes)
        self._validating = None
        driven.moment.binds(self.write_now)
        if driven.validator is not None:
            rules = Rules.of(request.settings, request.snapshots)
            self._validating = Validating(
                request.out, driven.validator, rules, self._write, minutes=minutes
            )

    def write_now(self, mark: str) -> Path:
        """See `Moment.write`."""
        return self._write(self._last, mark, {})[0]

    def lead(self, team: Team, token: CancelToken) -> Generator[Progress | TrainProgress]:
        """Run the stage to its end."""
        folder, begun = self._request.board, self._last.step if self._last else 0
        board = None if folder is None else Board(folder, step=begun)
        try:
            with nullcontext() if board is None else closing(board):
                yield from self._steps(team, token, board)
        finally:
            draw_curve(self._log, self._request.out / PICTURE)
        if self._validating is None:
            self._write(self._last, "", {})
            return
        yield from self._validating.end(self._last)
        draw_curve(self._log, self._request.out / PICTURE)

    def _steps(
        self, team: Team, token: CancelToken, board: Board | None
    ) -> Generator[Progress | TrainProgress]:
        """All steps, with what is due after them."""
        validating = self._validating
        if self._last is None and self._request.init is not None:
            yield from self._measure(token, board)
        ended = (lambda: False) if validating is None else (lambda: validating.settled)
        for last in fit_stage(self._request, self._stage, self._packs, team, token, ended=ended):
            self._last = last
            append_line(self._log, asdict(last))
            if board is not None:
                board.add(last)
            self._snapshot(last)
            yield last
            if validating is not None and validating.is_due(last):
                yield from self._measure(token, board)
        end = self._last
        if validating is not None and end is not None and not validating.knows(end.step):
            yield from self._measure(token, board)
            token.check()

    def _measure(self, token: CancelToken, board: Board | None) -> Generator[Progress]:
        validating = self._validating
        if validating is None:
            return
        new = yield from validating.measure(self._last, token)
        if board is not None and new is not None:
            board.add_score(validating.name, new.value, new.step)

    def _snapshot(self, last: TrainProgress) -> None:
        """Write the weights of the moment, if it is time."""
        if (minutes := last.seconds / 60) >= self._due:
            self._write(last, f"-{last.step:06d}", {})
            self._due = next_time(self._request.snapshots, minutes)

    def _write(
        self, last: TrainProgress | None, mark: str, metrics: dict[str, object]
    ) -> tuple[Path, ...]:
        write = partial(write_weights, self._request, self._stage, self._packs)
        return write(last, mark=mark, metrics=metrics)


def make_network(request: TrainRequest, method: Method, device: torch.device) -> nn.Module:
    """The network to be trained, on a device, from `init` or from the seed."""
    torch.manual_seed(request.seed)
    if isinstance(method, ShapedByOptions):
        network = method.shaped_network(request.preset_name, request.settings)
    else:
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
    *,
    ended: Callable[[], bool] = lambda: False,
) -> Generator[TrainProgress]:
    """Train a stage on packed frames; goes on from the state in the run folder, if there is one.

    Args:
        request: of the run.
        stage: what learns.
        packs: what it learns from.
        team: the processes that share each batch.
        token: stops it; the state is kept.
        ended: see `core.train.loop.fit`.

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
        ended=ended,
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
    ended: Callable[[], bool] = lambda: False,
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
            ended=ended,
            power=stage.power,
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
