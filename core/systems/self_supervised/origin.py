"""What a run of training began with, kept for the header of weights that a resumed run writes."""

from __future__ import annotations

import json
from pathlib import Path

from core.errors import CheckpointMismatch, CheckpointMissing
from core.media.atomic import write_atomic
from core.nn.checkpoints import read_info
from core.systems.self_supervised.train_request import STATE, TrainRequest

WEIGHTS = "weights.safetensors"
"""File of a run folder with what it has learned."""
START = "start.json"
"""File of a run folder that says what the run began with."""


def note_start(request: TrainRequest) -> None:
    """Keep the name of the weights that a new run starts from."""
    if not (request.out / STATE).exists():
        name = request.init.name if request.init else None
        write_atomic(request.out / START, json.dumps({"init": name}).encode())


def started_from(request: TrainRequest) -> str | None:
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
