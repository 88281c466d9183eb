"""Starting the process of a run so that it outlives whoever starts it. No torch."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from core.errors import OutputError
from core.media.plain_file import open_plain
from vosapp.services.training.folder import RunFolder, write_process
from vosapp.services.training.run_values import RunRequest

_STARTED: list[subprocess.Popen[bytes]] = []
"""Children of this process."""


def launch(folder: RunFolder, request: RunRequest, command: Sequence[str] | None) -> None:
    """Start the process of a run, in a session of its own, and note who it is.

    Args:
        folder: of the run.
        request: says with how many threads.
        command: what runs it, given the run's folder as last argument; None for what there is.

    Raises:
        OutputError: it cannot be started.
    """
    child = [sys.executable, "-P", "-m", "vosapp.services.training.child"]
    words = [*(command or child), str(folder.path.absolute())]
    environment = os.environ | {"OMP_NUM_THREADS": str(request.threads)}
    folder.progress.touch()
    try:
        log = open_plain(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder.path,
                env=environment,
                **_apart(),
            )
        finally:
            os.close(log)
    except OSError as error:
        msg = f"The training cannot be started: {error.strerror}."
        raise OutputError(msg, "Free some memory and space, and try again.") from error
    reap()
    _STARTED.append(process)
    write_process(folder, process.pid)


def _apart() -> dict[str, Any]:
    """What makes a process outlive the one that starts it."""
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        return {"creationflags": flags | subprocess.BELOW_NORMAL_PRIORITY_CLASS}
    return {"start_new_session": True}


def reap() -> None:
    """Look at children, so that dead ones do not stay as zombies."""
    for process in list(_STARTED):
        if process.poll() is not None:
            _STARTED.remove(process)
