"""What a run of training began with: so it goes on, and so the header of its weights says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.device import sound_threads
from core.errors import CheckpointMismatch, CheckpointMissing, UsageError
from core.media.atomic import write_atomic
from core.media.input_file import read_input
from core.nn.checkpoints import read_info
from core.train.labels import as_names, sequences_learned
from core.train.recipe import Recipe, Value, Values
from core.train.request import STATE, TrainRequest

WEIGHTS = "weights.safetensors"
"""File of a run folder with what it has learned."""
START = "start.json"
"""File of a run folder that says what the run began with."""
MAX_NOTE_BYTES = 1 << 20


def note_start(request: TrainRequest) -> None:
    """Keep what a new run starts from, and how it learns; of one that goes on, what may change."""
    if (request.out / STATE).exists():
        note = _note(request.out)
        if note:
            fixed = {o.name for o in request.recipe.all_options if o.fixed}
            free = {n: value for n, value in request.settings.items() if n not in fixed}
            note["settings"] = dict(begun_with(request.out)) | free
            write_atomic(request.out / START, json.dumps(note).encode())
    else:
        name = request.init.name if request.init else None
        note = {"init": name}
        note["settings"] = dict(request.settings) | dict(fixed_settings(request))
        if labels := labels_before(request):
            note["labels"] = labels
        if sequences := sequences_before(request):
            note["sequences"] = list(sequences)
        write_atomic(request.out / START, json.dumps(note).encode())


def fixed_settings(request: TrainRequest) -> dict[str, Value]:
    """What has to stay as it is from the first step of a run to the last."""
    settings = request.settings
    fixed = {o.name: settings[o.name] for o in request.recipe.all_options if o.fixed}
    return fixed if request.threads is None else fixed | {"threads": request.threads}


def begun_with(out: Path) -> Values:
    """The settings that the run in a folder began with; none where it does not say."""
    settings = _note(out).get("settings")
    known = settings.items() if isinstance(settings, dict) else ()
    return {name: value for name, value in known if isinstance(value, int | float | str)}


def settings_of(
    recipe: Recipe, given: Values, *, stage: str, out: Path, resume: bool, refines: bool
) -> Values:
    """All options: what is given, else what the run that goes on has, else the default.

    Args:
        recipe: of the system.
        given: what the user asks for, by name.
        stage: name of the stage.
        out: run folder.
        resume: the run goes on, if it has begun.
        refines: the run starts from weights.
    """
    options = [
        o for o in recipe.all_options if not o.stages or stage in o.stages or o.name in given
    ]
    begun = begun_with(out) if resume else {}
    usual = {option.name: option.usual(stage, refines=refines) for option in options}
    return {name: given.get(name, begun.get(name, value)) for name, value in usual.items()}


def threads_of(request: TrainRequest) -> int | None:
    """How many threads a run computes with: as it began, else as asked for; None for torch's own.

    Runs that are older than this setting do not say how they began.
    """
    begun = begun_with(request.out) if (request.out / STATE).exists() else {}
    return sound_threads(begun.get("threads", request.threads))


def require_same(request: TrainRequest) -> None:
    """See to it that a run that is resumed learns as it began.

    Raises:
        UsageError: another batch, crop, rate, number of threads, or the like.
    """
    if not (request.out / STATE).exists():
        return
    begun, asked = begun_with(request.out), fixed_settings(request)
    for name in sorted(begun.keys() & asked.keys()):
        if begun[name] != asked[name]:
            msg = f"The run in {request.out} began with {name} {begun[name]}, not {asked[name]}."
            raise UsageError(msg, "Leave the option out, or begin anew in another --out.")


def started_from(request: TrainRequest) -> str | None:
    """Name of the weights that the run started from, whatever it was resumed with."""
    note = _note(request.out)
    if "init" in note:
        name = note["init"]
    else:
        # Runs that are older than this file: their weights tell, if there are any.
        name = _named_in(request.out / WEIGHTS) or (request.init.name if request.init else None)
    return name if isinstance(name, str) else None


def labels_before(request: TrainRequest) -> str:
    """Labels that the weights had seen which the run started from, as headers say it; may be ""."""
    found = _note(request.out).get("labels")
    if found is None and request.init is not None:
        try:
            found = read_info(request.init).training.get("labels")
        except (CheckpointMissing, CheckpointMismatch):
            found = None
    return found if isinstance(found, str) else ""


def sequences_before(request: TrainRequest) -> tuple[str, ...]:
    """Sequences that the weights had learned from which the run started from."""
    found = _note(request.out).get("sequences")
    if found is None and request.init is not None:
        try:
            return sequences_learned(read_info(request.init))
        except (CheckpointMissing, CheckpointMismatch):
            return ()
    return as_names(found)


def _note(out: Path) -> dict[str, Any]:
    """What a run folder says of its beginning; nothing where it has not begun, or is older."""
    try:
        note = json.loads(read_input(out / START, limit=MAX_NOTE_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return note if isinstance(note, dict) else {}


def _named_in(weights: Path) -> object:
    """What the header of weights says that their run started from; None where it says nothing."""
    try:
        return read_info(weights).training.get("init")
    except (CheckpointMissing, CheckpointMismatch):
        return None
