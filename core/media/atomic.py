"""Writing a file so that its final name never holds half of it, and making its folder."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import OutputError
from core.media.scratch import scratch_file


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` beside `path` and rename it into place; on any failure nothing is left over.

    Raises:
        OutputError: the file cannot be written; names the path and the system's reason.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OutputError(f"Cannot write {path}: it is a pipe or a device.", "Choose another name.")
    try:
        with scratch_file(path) as temporary:
            temporary.write_bytes(data)
            os.replace(temporary, path)  # noqa: PTH105
    except OSError as exc:
        raise OutputError(
            f"Cannot write {path}: {exc.strerror or exc}.",
            "Choose a folder that exists, that you may write to, and that has free space.",
        ) from exc


def made_folder(path: Path) -> Path:
    """Make a folder where there is none, and return it.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"Cannot create the folder {path}: {error.strerror}."
        raise OutputError(msg, "Choose a folder you may write.") from error
    return path
