"""The training command of this system: raw videos in, a checkpoint out."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from core.data.frame_pack import FramePack, PackConfig, pack_folder
from core.data.pairs import PairConfig
from core.data.still_pack import pack_images
from core.device import choose_device, memory_errors, thread_count
from core.errors import CheckpointMismatch, CheckpointMissing, OutputError, UsageError
from core.jobs import CancelToken, Progress
from core.media.atomic import write_atomic
from core.nn.backbone import BACKBONES
from core.nn.checkpoints import CheckpointInfo, read_info, save_weights
from core.nn.layout import channels_last
from core.systems.self_supervised.anchored import BLEND
from core.systems.self_supervised.networks import (
    Network,
    kept_part,
    new_network,
    require_preset,
    start_from,
)
from core.systems.self_supervised.stages import (
    FIRST,
    STAGES,
    Stage,
    make_stage,
    require_stage,
    stage_radius,
    stage_samples,
)
from core.train.curve import PICTURE, draw_curve
from core.train.loop import FitConfig, TrainProgress, fit
from core.train.run_log import LOG, append_line, read_lines
from core.train.team import Team, joined, team_size

WEIGHT_DECAY = 1e-4
STATE = "state.pt"
WEIGHTS = "weights.safetensors"
START = "start.json"
"""Says what a run began with, for the header of weights that a resumed run writes."""
MAX_RADIUS = 64
MAX_SEED = (1 << 32) - 1
ENDLESS = 1 << 40
"""Length of the stream of batches; the loop decides when it is enough."""


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


def train(request: TrainRequest, token: CancelToken) -> Iterator[Progress | TrainProgress | Path]:
    """Run one stage; under torchrun, as one of the processes that share each batch.

    Yields:
        `Progress` while videos and images are packed, `TrainProgress` for each step, last the
        checkpoint.

    Raises:
        UsageError: unknown preset, stage or device; a run folder in use without `resume`; a
            later stage without `init`; an impossible seed, radius or blend.
        TrainingError: nothing to learn from; a loss that is not finite.
        CheckpointMissing, CheckpointMismatch: `init` is not there, or it or the state belong to
            another network.
        DeviceUnavailable, DeviceOutOfMemory: no such device, or too little memory on it.
        OutputError: the run folder or the cache cannot be written.
        Cancelled: by the token; the state is saved first and `resume` goes on from it.
    """
    _check(request)
    with joined(choose_device(request.device)) as team:
        if team.leads:
            _note_start(request)
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


def _check(request: TrainRequest) -> None:
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


def _note_start(request: TrainRequest) -> None:
    """Keep the name of the weights that a new run starts from."""
    if not (request.out / STATE).exists():
        name = request.init.name if request.init else None
        write_atomic(request.out / START, json.dumps({"init": name}).encode())


def _started_from(request: TrainRequest) -> str | None:
    """Name of the weights that the run started from, whatever it was resumed with."""
    try:
        name = json.loads((request.out / START).read_text())["init"]
    except (OSError, ValueError, LookupError, TypeError):
        # Runs that are older than this file: their weights tell, if there are any.
        name = _named_in(request.out / WEIGHTS) or (request.init.name if request.init else None)
    return name if isinstance(name, str) else None


def _named_in(weights: Path) -> object:
    """What the header of weights says that their run started from; None where it says nothing."""
    try:
        return read_info(weights).training.get("init")
    except (CheckpointMissing, CheckpointMismatch):
        return None


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
        "init": _started_from(request),
        "pairs": asdict(stage_samples(request.stage, request.pairs)),
        "seed": request.seed,
        "radius": stage_radius(request.stage, request.radius),
        "device": str(next(stage.module.parameters()).device),
        "processes": team_size(),
        "processor": f"{platform.machine()}, {thread_count()} cores",
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
