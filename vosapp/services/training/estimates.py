"""What a run will take, before it starts: about, and told as such. torch only to look for devices.

Where the user has trained the same network on this machine before, its own speed and memory count;
else figures that were measured once, on one core of a server's processor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import psutil

from core.engine.registry import recipe_of, system_spec
from vosapp.services.training.offers import device_of, stage_of
from vosapp.services.training.run_values import (
    Estimate,
    RunRequest,
    RunStatus,
    minutes_between_scores,
)
from vosapp.services.training.runs import find_requests, run_status
from vosapp.services.training.values import Part, Survey

START_SECONDS = 12.0
"""Loading the libraries and the network."""
FRAME_SECONDS, MEGAPIXEL_SECONDS = 0.002, 0.012
"""Reading a frame, and each million of its pixels."""
SCORE_SECONDS = 20.0
GPU_TIMES = 20.0
"""How much faster a graphics processor is than one core, about."""
PACKED_BYTES, PACKED_FPS = 35_000, 16.0
KEPT_FILES = 8
"""Weights and states of a run, in sizes of the weights."""


@dataclass(frozen=True, slots=True)
class _Cost:
    """Of a network with its usual batch: seconds of a step, bytes of memory, bytes of weights."""

    seconds: float
    memory: int
    weights: int


BASE_MEMORY = 450 << 20
"""Of a process with torch in it."""
_COSTS = {
    "tiny": _Cost(0.8, 300 << 20, 1 << 18),
    "small": _Cost(1.6, 700 << 20, 8 << 20),
    "thin": _Cost(1.0, 500 << 20, 4 << 20),
    "thin-imagenet": _Cost(1.2, 600 << 20, 4 << 20),
    "resnet18": _Cost(4.0, 1500 << 20, 50 << 20),
    "resnet50": _Cost(20.0, 6000 << 20, 250 << 20),
}
_USUAL = _Cost(3.0, 1500 << 20, 64 << 20)


def estimate(request: RunRequest, found: Survey, *, root: Path | None = None) -> Estimate:
    """What a run will take.

    Args:
        request: what is asked for.
        found: what it learns from.
        root: folder of earlier runs; None takes the user's.
    """
    device = device_of(request.device)
    cost = _COSTS.get(_preset(request), _USUAL)
    size = _relative_size(request)
    earlier = _earlier(request, root)
    faster = 1.0 if device == "cpu" else GPU_TIMES
    seconds = earlier.seconds / earlier.step if earlier else cost.seconds * size / faster
    network = int(cost.memory * size)
    memory = BASE_MEMORY + (network if device == "cpu" else network // 4)
    if earlier and earlier.memory:
        memory = earlier.memory
    training = [clip for clip in found.clips if clip.part is not Part.HELD_OUT]
    frames = sum(clip.frame_count for clip in training)
    prepare = START_SECONDS + sum(
        clip.frame_count * (FRAME_SECONDS + MEGAPIXEL_SECONDS * clip.size[0] * clip.size[1] / 1e6)
        for clip in training
    )
    scored = bool(found.held_out) and system_spec(request.system).tracks
    scores = _scores_seconds(request.minutes, device) if scored else 0.0
    packed = min(frames, int(PACKED_FPS * sum(clip.counted.seconds for clip in training)))
    free = int(psutil.virtual_memory().available)
    return Estimate(
        device,
        prepare,
        prepare + 60 * request.minutes + scores,
        max(1, int(60 * request.minutes / seconds)),
        memory,
        0 if device == "cpu" else network,
        free,
        packed * PACKED_BYTES + KEPT_FILES * cost.weights,
        _warnings(request, found, memory=memory, free=free, steps=60 * request.minutes / seconds),
    )


def _scores_seconds(minutes: float, device: str) -> float:
    """Seconds for the score before training, and those on the way."""
    count = 1 + math.ceil(minutes / minutes_between_scores(minutes))
    return count * SCORE_SECONDS / (1 if device == "cpu" else 4)


def _preset(request: RunRequest) -> str:
    if request.start is not None and not request.preset:
        from core.errors import VosError
        from core.nn.checkpoints import read_info

        try:
            return read_info(request.start).preset
        except VosError:
            return ""
    return request.preset or recipe_of(request.system).default_preset


def _relative_size(request: RunRequest) -> float:
    """Pixels of a batch, by those of the usual one."""
    recipe = recipe_of(request.system)
    stage = stage_of(recipe, request.stage, labels=True)
    usual = recipe.usual(stage, refines=True)
    size = 1.0
    for name, power in (("batch", 1), ("frames", 1), ("crop", 2)):
        if name in request.options and name in usual:
            size *= (float(request.options[name]) / float(usual[name])) ** power
    return size


def _earlier(request: RunRequest, root: Path | None) -> RunStatus | None:
    """The last run of the same network and batch on this machine that went on for a while."""
    for folder, one in find_requests(root):
        same = (one.system, one.device, one.threads) == (
            request.system, request.device, request.threads,
        )  # fmt: skip
        same = same and _preset(one) == _preset(request)
        if not same or dict(one.options) != dict(request.options):
            continue
        # What a run has said is long, so only what fits is read.
        status = run_status(folder.path)
        if status.step >= 20:
            return status
    return None


def _warnings(
    request: RunRequest, found: Survey, *, memory: int, free: int, steps: float
) -> tuple[str, ...]:
    said = []
    if memory > 0.9 * free:
        said.append(
            f"It needs about {memory / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free:"
            " take a smaller batch or crop, or close other programs."
        )
    if steps < 50:
        said.append(f"About {steps:.0f} steps fit into this time: that is hardly worth while.")
    if not system_spec(request.system).tracks:
        said.append("It carries no masks, so nothing scores it: the latest weights are kept.")
    elif not found.held_out:
        said.append("Nothing is held out, so nobody can say whether it helps: label one more.")
    elif all(clip.part is Part.BOTH for clip in found.held_out):
        said.append("Only one video has labels: scores on its last frames say little of others.")
    return tuple(said)
