"""The log of a run: a line of JSON for each step, and for scores that are added later.

A run that is killed may leave half a line; it is ended before the next one, and skipped in reading.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from core.errors import OutputError
from core.media.plain_file import open_plain

LOG = "log.jsonl"
"""Name of the log in a run's folder."""


def append_line(log: Path, values: dict[str, Any] | None = None) -> None:
    """Add a line to a log, which is made where it is missing; None only tries whether one could.

    Raises:
        OutputError: the log cannot be written.
    """
    try:
        with os.fdopen(open_plain(log, os.O_RDWR | os.O_CREAT | os.O_APPEND), "a+b") as file:
            end = file.seek(0, 2)
            file.seek(max(0, end - 1))
            broken = end > 0 and file.read() != b"\n"
            if values is not None:
                line = json.dumps(values).encode() + b"\n"
                file.write(b"\n" + line if broken else line)
    except OSError as error:
        msg = f"{log} cannot be written: {error.strerror}."
        raise OutputError(msg, "Check the folder's permissions and the free space.") from error


def read_lines(log: Path) -> Iterator[dict[str, Any]]:
    """Return what was logged, in order, without lines that make no sense; nothing of no log."""
    text = log.read_text(errors="replace") if log.is_file() else ""
    return sound_lines(text.splitlines())


def sound_lines(lines: Iterable[str | bytes]) -> Iterator[dict[str, Any]]:
    """Yield the values of lines of JSON; those that make no sense are skipped."""
    for line in lines:
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(values, dict):
            yield values
