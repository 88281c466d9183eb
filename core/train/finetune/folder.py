"""The folder of a run that tunes weights: whose it is, and how long it stays."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import OutputError, UsageError
from core.media.atomic import write_atomic
from core.media.input_file import read_input
from core.media.scratch import scratch_folder
from core.train.finetune.request import SETTINGS, FinetuneRequest, settings_of
from core.train.loop import TrainProgress
from core.train.request import STATE

LAST = "last.json"
"""File of a run folder with the step that was made last."""
_NOT_BEGUN: dict[str, Any] = {
    "step": 0, "fraction": 0.0, "losses": {"color": 0.0}, "learning_rate": 0.0, "seconds": 0.0,
}  # fmt: skip


@contextmanager
def run_folder(request: FinetuneRequest) -> Iterator[Path]:
    """The folder of the run: a named one stays until `discard_run`, others go with the run."""
    if request.run is None:
        with scratch_folder() as folder:
            yield folder
        return
    _claim(request, request.run)
    try:
        yield request.run
    except BaseException:
        if not (request.run / STATE).exists():
            # There is nothing to go on with.
            discard_run(request.run)
        raise


def discard_run(folder: Path | None) -> None:
    """Remove the folder of a run whose result was taken; None is a run that had none."""
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def _claim(request: FinetuneRequest, folder: Path) -> None:
    """Make the folder, or take over what an earlier run of the same settings has left there."""
    require_run(request, folder)
    with _folder_errors(folder):
        if folder.exists() and not request.resume:
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / SETTINGS, settings_of(request).encode())


def require_run(request: FinetuneRequest, folder: Path) -> None:
    """See to it that the folder is not there, or holds a run that may be taken over.

    Raises:
        UsageError: it holds something else, or with `resume` a run of other settings.
        OutputError: it cannot be read.
    """
    note = folder / SETTINGS
    if folder.is_symlink():
        # It is emptied, and removed in the end.
        msg = f"{folder} is a symbolic link, not the folder of a run."
        raise UsageError(msg, "Move it away, or choose another folder.")
    with _folder_errors(folder):
        if folder.exists() and not note.is_file() and any(folder.iterdir()):
            msg = f"{folder} is there already and holds no run."
            raise UsageError(msg, "Move it away, or choose another folder.")
        if request.resume and note.is_file() and not _is_of(note.read_text(), request):
            msg = f"{folder} holds a run with other settings."
            raise UsageError(msg, "Give the same ones, or begin anew without --resume.")


def _is_of(note: str, request: FinetuneRequest) -> bool:
    """Whether a run was begun by an equal request; older ones do not say with how many threads."""
    wanted = json.loads(settings_of(request))
    try:
        found = json.loads(note)
    except ValueError:
        return False
    if isinstance(found, dict) and "threads" not in found:
        del wanted["threads"]
    return bool(found == wanted)


@contextmanager
def _folder_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = f"The run folder {folder} cannot be used: {error.strerror}."
        raise OutputError(msg, "Choose a folder that can be written to.") from error


def left_at(folder: Path) -> TrainProgress:
    """The last step of a run that is resumed; it may have been the very last one."""
    file = folder / LAST
    try:
        return TrainProgress(**json.loads(read_input(file, limit=None)))
    except (OSError, ValueError, TypeError):
        # Not begun, or killed before it was written; the state tells the step all the same.
        return TrainProgress(**_NOT_BEGUN)
