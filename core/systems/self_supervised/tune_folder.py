"""The folder of a run that tunes weights: whose it is, and how long it stays."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import OutputError, UsageError
from core.media.atomic import write_atomic
from core.media.input_file import read_input
from core.systems.self_supervised.train_request import STATE
from core.systems.self_supervised.tune_request import TuneRequest, settings_of
from core.train.loop import TrainProgress

SETTINGS = "tune.json"
"""File of a run folder that says which run it holds."""
LAST = "last.json"
"""File of a run folder with the step that was made last."""
_NOT_BEGUN: dict[str, Any] = {
    "step": 0, "fraction": 0.0, "losses": {"color": 0.0}, "learning_rate": 0.0, "seconds": 0.0,
}  # fmt: skip


@contextmanager
def run_folder(request: TuneRequest) -> Iterator[Path]:
    """The folder of the run; it goes with the end of the run, or however a nameless one ends."""
    if request.run is None:
        with tempfile.TemporaryDirectory(prefix="vosapp-") as folder:
            yield Path(folder)
        return
    _claim(request, request.run)
    try:
        yield request.run
    except BaseException:
        if not (request.run / STATE).exists():
            # There is nothing to go on with.
            shutil.rmtree(request.run, ignore_errors=True)
        raise
    shutil.rmtree(request.run, ignore_errors=True)


def _claim(request: TuneRequest, folder: Path) -> None:
    """Make the folder, or take over what an earlier run of the same settings has left there."""
    require_run(request, folder)
    with _folder_errors(folder):
        if folder.exists() and not request.resume:
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / SETTINGS, settings_of(request).encode())


def require_run(request: TuneRequest, folder: Path) -> None:
    """See to it that the folder is not there, or holds a run that may be taken over.

    Raises:
        UsageError: it holds something else, or with `resume` a run of other settings.
        OutputError: it cannot be read.
    """
    note = folder / SETTINGS
    with _folder_errors(folder):
        if folder.exists() and not note.is_file() and any(folder.iterdir()):
            msg = f"{folder} holds something else than a run."
            raise UsageError(msg, "Move it away, or choose another folder.")
        if request.resume and note.is_file() and note.read_text() != settings_of(request):
            msg = f"{folder} holds a run with other settings."
            raise UsageError(msg, "Give the same ones, or begin anew without --resume.")


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
