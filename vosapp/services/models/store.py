"""The user's models as files with a note beside each, and the bundled ones. No torch.

`NAME.safetensors` is ours and says what it is; `NAME.json` says what no header knows: where it
comes from, its address and hash, scores on the user's held-out clips.
"""

from __future__ import annotations

import difflib
import json
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import OutputError, UsageError, VosError
from core.media.atomic import made_folder, write_atomic
from core.media.file_hash import sha256_of
from core.media.input_file import read_input
from core.nn.checkpoints import CheckpointInfo, read_info
from vosapp.assets import weights_dir
from vosapp.services.models.values import Model, Origin
from vosapp.services.user_folder import models_folder

ENDING = ".safetensors"
MAX_NOTE_BYTES = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")


def models(root: Path | None = None) -> tuple[Model, ...]:
    """All models: the bundled ones, then the user's by name.

    Args:
        root: folder of the user's; None takes the usual one.
    """
    bundled = [_bundled(path) for path in _files(weights_dir())]
    return (*bundled, *(_kept(path) for path in _files(root or models_folder())))


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.glob(f"*{ENDING}") if p.is_file() and p.name[0] != ".")


def find_model(name: str, *, root: Path | None = None) -> Model:
    """A model by its name.

    Raises:
        UsageError: there is none; names the nearest.
    """
    known = {model.name: model for model in models(root)}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known) or 'none'}."
    raise UsageError(f"There is no model {name!r}.", hint)


def weights_named(text: str, *, root: Path | None = None) -> Path:
    """The file that somebody names: a path, or else the name of a model.

    What is neither is taken for a path, so that who opens it says that it is missing.
    """
    path = Path(text)
    if path.exists() or not _NAME.fullmatch(text):
        return path
    found = [model.path for model in models(root) if model.name == text]
    return found[0] if found else path


def require_name(name: str, *, root: Path | None = None) -> None:
    """Refuse what cannot be the name of a new model.

    Raises:
        UsageError: it is taken, or has characters that names of files should not have.
    """
    if not _NAME.fullmatch(name) or name.endswith(ENDING):
        hint = "Use up to 64 letters, digits, and . _ + -, and begin with a letter or digit."
        raise UsageError(f"{name!r} is no name for a model.", hint)
    taken = {model.name.casefold() for model in models(root)}
    if name.casefold() in taken:
        raise UsageError(f"There is a model {name} already.", "Choose another name, or remove it.")


def add_model(
    file: Path,
    name: str,
    origin: Origin,
    *,
    license: str = "",
    address: str = "",
    scores: Mapping[str, float] | None = None,
    root: Path | None = None,
) -> Model:
    """Copy weights of ours among the user's models.

    Args:
        file: a checkpoint with our header.
        name: of the model.
        origin: where it comes from.
        license: as its source states it; empty takes that of the header.
        address: it was downloaded from; empty else.
        scores: on held-out clips, by name.
        root: folder of the user's models; None takes the usual one.

    Raises:
        UsageError: the name is taken or no name.
        CheckpointMissing, CheckpointMismatch: it is no checkpoint of ours.
        OutputError: it cannot be written.
    """
    require_name(name, root=root)
    info = read_info(file)
    folder = made_folder(root or models_folder())
    note = {
        "origin": origin.value,
        "license": license or info.license,
        "address": address,
        "sha256": sha256_of(file),
        "added": time.time(),
        "scores": dict(scores or {}),
    }
    path = folder / f"{name}{ENDING}"
    # The note first: a file without it would count as imported.
    write_atomic(path.with_suffix(".json"), json.dumps(note, indent=1).encode())
    try:
        write_atomic(path, read_input(file, limit=None))
    except VosError:
        path.with_suffix(".json").unlink(missing_ok=True)
        raise
    return _kept(path)


def remove_model(name: str, *, root: Path | None = None) -> None:
    """Remove one of the user's models for good.

    Raises:
        UsageError: there is none of that name, or it is bundled.
        OutputError: it cannot be removed.
    """
    model = find_model(name, root=root)
    if model.origin is Origin.BUNDLED:
        raise UsageError(f"{name} is bundled and stays.", "Only models of your own are removed.")
    try:
        model.path.unlink()
        model.path.with_suffix(".json").unlink(missing_ok=True)
    except OSError as error:
        msg = f"{model.path} cannot be removed: {error.strerror}."
        raise OutputError(msg, "Check the permissions of its folder.") from error


def export_model(name: str, out: Path, *, root: Path | None = None) -> Path:
    """Copy a model's weights to a file of the user's choice.

    Args:
        name: of the model.
        out: the new file, or the folder that it goes to.
        root: folder of the user's models; None takes the usual one.

    Raises:
        UsageError: there is no such model, or a file already.
        OutputError: it cannot be written.
    """
    model = find_model(name, root=root)
    target = out / model.path.name if out.is_dir() else out
    if target.exists():
        raise UsageError(f"There is a file {target} already.", "Choose another name.")
    write_atomic(target, read_input(model.path, limit=None))
    return target


def hash_of(model: Model) -> str:
    """The SHA-256 of a model's file, computed where nobody has yet."""
    return model.sha256 or sha256_of(model.path)


def _bundled(path: Path) -> Model:
    return _model(path, Origin.BUNDLED, {}, scores=_bundled_scores(path))


def _kept(path: Path) -> Model:
    note = _note(path)
    try:
        origin = Origin(note.get("origin"))
    except ValueError:
        origin = Origin.IMPORTED
    scores = note.get("scores")
    return _model(path, origin, note, scores=scores if isinstance(scores, dict) else {})


def _model(
    path: Path, origin: Origin, note: Mapping[str, Any], *, scores: Mapping[str, Any]
) -> Model:
    info, problem = CheckpointInfo("", "", {}), ""
    try:
        info = read_info(path)
    except VosError as error:
        problem = error.message
    card, added = path.with_suffix(".md"), note.get("added")
    return Model(
        path.stem,
        path,
        origin,
        info.system,
        info.preset,
        path.stat().st_size,
        _text(note, "license") or info.license,
        _text(note, "address"),
        _text(note, "sha256"),
        float(added) if isinstance(added, int | float) else 0.0,
        {str(n): float(x) for n, x in scores.items() if isinstance(x, int | float)},
        info.training,
        card if card.is_file() else None,
        problem,
    )


def _text(note: Mapping[str, Any], name: str) -> str:
    value = note.get(name)
    return value if isinstance(value, str) and len(value) < 2000 else ""


def _note(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads(read_input(path.with_suffix(".json"), limit=MAX_NOTE_BYTES))
        if isinstance(found, dict):
            return found
    return {}


def _bundled_scores(path: Path) -> dict[str, float]:
    """J&F beside bundled weights, by data set and quality (`core.eval.scores_file`)."""
    with suppress(OSError, ValueError, LookupError, TypeError, RecursionError):
        file = path.with_suffix(".scores.json")
        rows = json.loads(read_input(file, limit=MAX_NOTE_BYTES))["scores"]
        first = [row for row in rows if row["given"] == "the first mask"]
        return {f"{row['data']}, {row['quality']}": float(row["j_and_f"]) for row in first}
    return {}
