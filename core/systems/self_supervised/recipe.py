"""The training command of this system: raw videos in, a checkpoint out."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader

from core.data.frame_pack import FramePack, PackConfig, pack_folder
from core.data.pairs import PairBatch, PairConfig, PairDataset
from core.device import choose_device, memory_errors, thread_count
from core.errors import CheckpointMismatch, OutputError, UsageError
from core.jobs import CancelToken, Progress
from core.nn.checkpoints import (
    CheckpointInfo,
    load_weights,
    read_info,
    require_system,
    save_weights,
)
from core.nn.layout import channels_last
from core.systems.self_supervised.build import SYSTEM
from core.systems.self_supervised.config import PRESETS, EncoderConfig
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.train import pairwise_step
from core.train.loop import FitConfig, TrainProgress, fit

WEIGHT_DECAY = 1e-4
ENDLESS = 1 << 40
"""Length of the stream of batches; the loop decides when it is enough."""


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What is to be trained, on what, and for how long.

    Attributes:
        videos: a folder of raw videos (searched deeply) or one video.
        out: run folder; gets `state.pt`, `log.jsonl` and `weights.safetensors`.
        preset: a name in `PRESETS`.
        length: steps or minutes, rate, precision.
        pairs: how training pairs are drawn.
        init: weights of this preset to start from; None starts from random ones.
        resume: go on where the run folder has a state; else the run starts.
        device: "auto", "cpu", "cuda" or "mps".
        seed: of the weights and of the order of the data.
        cache: where packed frames are kept; None takes a folder within `out`.
        workers: processes that prepare batches; 0 prepares them in between.
    """

    videos: Path
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


def train(request: TrainRequest, token: CancelToken) -> Iterator[Progress | TrainProgress | Path]:
    """Run the pairwise stage.

    Yields:
        `Progress` while videos are packed, `TrainProgress` for each step, last the checkpoint.

    Raises:
        UsageError: unknown preset or device; a run folder in use without `resume`.
        TrainingError: no usable video; a loss that is not finite.
        CheckpointMissing, CheckpointMismatch: `init` is not there, or it or the state belong to
            another network.
        DeviceUnavailable, DeviceOutOfMemory: no such device, or too little memory on it.
        OutputError: the run folder or the cache cannot be written.
        Cancelled: by the token; the state is saved first and `resume` goes on from it.
    """
    state_file = _check(request)
    encoder = make_encoder(request)
    packs: list[FramePack] = []
    cache = request.cache or request.out / "frames"
    for item in pack_folder(request.videos, cache, PackConfig(), token):
        if isinstance(item, Progress):
            yield item
        else:
            packs = item
    last = None
    for progress in _fit(request, encoder, packs, state_file, token):
        last = progress
        _log(request.out / "log.jsonl", progress)
        yield progress
    yield _finish(request, encoder, packs, last or _last_logged(request.out / "log.jsonl"))


def _check(request: TrainRequest) -> Path:
    if request.preset not in PRESETS:
        msg = f"There is no preset {request.preset!r}."
        raise UsageError(msg, f"Choose one of {', '.join(PRESETS)}.")
    if request.workers < 0:
        msg = f"There cannot be {request.workers} workers."
        raise UsageError(msg, "Give --workers 0 or more.")
    state_file = request.out / "state.pt"
    if state_file.exists() and not request.resume:
        msg = f"{request.out} holds a run already."
        raise UsageError(msg, "Add --resume to go on with it, or choose another --out.")
    try:
        request.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"The run folder {request.out} cannot be made: {error.strerror}."
        raise OutputError(msg, "Choose a folder that can be written to.") from error
    return state_file


def make_encoder(request: TrainRequest) -> KeyEncoder:
    """The network to be trained, on its device, from `init` or from the seed."""
    torch.manual_seed(request.seed)
    encoder = KeyEncoder(PRESETS[request.preset])
    if request.init is not None:
        info = read_info(request.init)
        require_system(info, SYSTEM, request.init)
        if EncoderConfig.from_dict(info.config) != encoder.config:
            msg = f"{request.init} holds the preset {info.preset}, not {request.preset}."
            raise CheckpointMismatch(msg, f"Use --preset {info.preset}, or other weights.")
        load_weights(request.init, encoder)
    return channels_last(encoder, choose_device(request.device)).train()


def _fit(
    request: TrainRequest,
    encoder: KeyEncoder,
    packs: list[FramePack],
    state_file: Path,
    token: CancelToken,
) -> Iterator[TrainProgress]:
    device = next(encoder.parameters()).device
    dataset = PairDataset(packs, request.pairs, seed=request.seed)
    pairwise = pairwise_step(encoder)

    def batches(start: int) -> DataLoader[PairBatch]:
        return DataLoader(
            dataset,
            batch_size=None,
            sampler=range(start, ENDLESS),
            num_workers=request.workers,
            prefetch_factor=4 if request.workers else None,
        )

    optimizer = torch.optim.AdamW(encoder.parameters(), weight_decay=WEIGHT_DECAY)
    with memory_errors("training"):
        yield from fit(
            lambda batch: pairwise(batch.to(device)),
            batches,
            encoder,
            optimizer,
            request.length,
            state_file=state_file,
            token=token,
        )


def _log(path: Path, progress: TrainProgress) -> None:
    with path.open("a") as file:
        file.write(json.dumps(asdict(progress)) + "\n")


def _last_logged(path: Path) -> TrainProgress | None:
    """The last step of a run that was complete before it was resumed."""
    lines = path.read_text().splitlines() if path.exists() else []
    return TrainProgress(**json.loads(lines[-1])) if lines else None


def _finish(
    request: TrainRequest, encoder: nn.Module, packs: list[FramePack], last: TrainProgress | None
) -> Path:
    training: dict[str, object] = {
        "stage": "pairwise color reconstruction",
        "videos": len(packs),
        "frames": sum(len(pack.times) for pack in packs),
        "pairs": asdict(request.pairs),
        "seed": request.seed,
        "device": str(next(encoder.parameters()).device),
        "processor": f"{platform.machine()}, {thread_count()} cores",
        "torch": torch.__version__,
        "steps": last.step if last else 0,
        "seconds": round(last.seconds) if last else 0,
        "loss": last.losses if last else {},
    }
    config = encoder.config.to_dict() if isinstance(encoder, KeyEncoder) else {}
    info = CheckpointInfo(SYSTEM, request.preset, config, training, license="Apache-2.0")
    path = request.out / "weights.safetensors"
    save_weights(path, encoder, info)
    return path
