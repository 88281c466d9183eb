"""What a run of training began with: so it goes on, and so the header of its weights says."""

from __future__ import annotations

import json
from pathlib import Path

from core.errors import CheckpointMismatch, CheckpointMissing, UsageError
from core.media.atomic import write_atomic
from core.media.input_file import read_input
from core.nn.checkpoints import read_info
from core.systems.self_supervised.stages import stage_radius
from core.systems.self_supervised.train_request import STATE, TrainRequest

Settings = dict[str, int | float]
"""Options of the training command by their names, `bf16` as truth."""

WEIGHTS = "weights.safetensors"
"""File of a run folder with what it has learned."""
START = "start.json"
"""File of a run folder that says what the run began with."""
MAX_NOTE_BYTES = 1 << 20


def note_start(request: TrainRequest) -> None:
    """Keep what a new run starts from, and how it learns."""
    if not (request.out / STATE).exists():
        name = request.init.name if request.init else None
        note = {"init": name, "settings": settings_of(request)}
        write_atomic(request.out / START, json.dumps(note).encode())


def settings_of(request: TrainRequest) -> Settings:
    """What has to stay as it is from the first step of a run to the last."""
    return {
        "batch": request.pairs.batch,
        "crop": request.pairs.crop,
        "widen": request.pairs.widen,
        "radius": stage_radius(request.stage, request.radius),
        "rate": request.length.learning_rate,
        "bf16": request.length.bf16,
        "seed": request.seed,
    }


def begun_with(out: Path) -> Settings:
    """The settings that the run in a folder began with; none where it does not say."""
    try:
        settings = json.loads(read_input(out / START, limit=MAX_NOTE_BYTES))["settings"]
    except (OSError, ValueError, LookupError, TypeError):
        # Not begun, or older than the note.
        return {}
    known = settings.items() if isinstance(settings, dict) else ()
    return {name: value for name, value in known if isinstance(value, (int, float))}


def require_same(request: TrainRequest) -> None:
    """See to it that a run that is resumed learns as it began.

    Raises:
        UsageError: another batch, crop, rate, or the like.
    """
    if not (request.out / STATE).exists():
        return
    begun, asked = begun_with(request.out), settings_of(request)
    for name in sorted(begun.keys() & asked.keys()):
        if begun[name] != asked[name]:
            msg = f"The run in {request.out} began with {name} {begun[name]}, not {asked[name]}."
            raise UsageError(msg, "Leave the option away, or begin anew in another --out.")


def started_from(request: TrainRequest) -> str | None:
    """Name of the weights that the run started from, whatever it was resumed with."""
    try:
        name = json.loads(read_input(request.out / START, limit=MAX_NOTE_BYTES))["init"]
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
