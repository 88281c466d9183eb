"""The weights of a run as files, with all that their headers say of it."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path

import torch

from core.data.box_tables import clip_names
from core.data.frame_pack import FramePack
from core.device import thread_count
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.train.labels import united
from core.train.loop import TrainProgress
from core.train.method import Stage
from core.train.origin import labels_before, sequences_before, started_from
from core.train.request import TrainRequest
from core.train.team import team_size

LICENSE = "Apache-2.0"
SUFFIX = ".safetensors"
NO_METRICS: Mapping[str, object] = {}


def write_weights(
    request: TrainRequest,
    stage: Stage,
    packs: list[FramePack],
    last: TrainProgress | None,
    *,
    mark: str = "",
    metrics: Mapping[str, object] = NO_METRICS,
) -> tuple[Path, ...]:
    """Write what a stage has learned.

    Args:
        request: of the run.
        stage: its networks, as they are now.
        packs: what it learns from.
        last: its last step; None where it has made none.
        mark: follows the names of the files.
        metrics: what the headers say that these weights score.

    Returns:
        The files, the result of the run first.

    Raises:
        OutputError: a file cannot be written.
    """
    training = _training(request, stage, packs, last)
    sequences = sorted({*sequences_in(packs, stage.labeled), *sequences_before(request)})
    files = []
    for kept in stage.weights():
        said = training | kept.training
        said["labels"] = united(str(said["labels"]), labels_before(request))
        if sequences:
            said["sequences"] = sequences
        info = CheckpointInfo(
            kept.system, request.preset_name, kept.config, said, dict(metrics), license=LICENSE
        )
        files.append(request.out / f"{kept.name}{mark}{SUFFIX}")
        save_weights(files[-1], kept.module, info)
    return tuple(files)


def sequences_in(packs: list[FramePack], labeled: frozenset[str]) -> frozenset[str]:
    """Names of what is scored nowhere any more: sequences of data sets, and what has labels."""
    origins = [pack.origin for pack in packs if pack.origin is not None]
    found = (o for o in origins if o.names or not labeled.isdisjoint(clip_names(o.video)))
    return frozenset(Path(origin.video).stem for origin in found if origin.video)


def _training(
    request: TrainRequest, stage: Stage, packs: list[FramePack], last: TrainProgress | None
) -> dict[str, object]:
    return {
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
