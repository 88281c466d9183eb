"""Copies of a project while it is open."""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from core.errors import OutputError
from core.jobs import CancelToken, Progress
from vosapp.project.connection import plain_errors
from vosapp.project.filesystem import sync_folder

PAGES_AT_ONCE = 2_048
"""Pages copied between two looks at the token: 8 MB."""


def copy_database(
    connection: sqlite3.Connection, target: Path, token: CancelToken | None = None
) -> Iterator[Progress]:
    """Copy an open database to a file, which appears under its name when it is whole.

    Changes made meanwhile are in the copy, or in none of it.

    Args:
        connection: what is copied.
        target: the copy; a file of this name is replaced.
        token: stops it.

    Yields:
        Progress in pages of the file.

    Raises:
        OutputError: the copy cannot be written; nothing is left of it.
        Cancelled: by the token; nothing is left of the copy.
    """
    temporary = target.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        temporary.touch(exist_ok=False)
        with plain_errors(target), closing(sqlite3.connect(temporary)) as copy:
            yield from _pages(connection, copy, token)
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()
        _sync(temporary)
        os.replace(temporary, target)  # noqa: PTH105
        sync_folder(target.parent)
    except OSError as exc:
        raise OutputError(
            f"Cannot write {target}: {exc.strerror}.", "Choose another folder."
        ) from exc
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            temporary.with_name(temporary.name + suffix).unlink(missing_ok=True)


def _pages(
    connection: sqlite3.Connection, copy: sqlite3.Connection, token: CancelToken | None
) -> Iterator[Progress]:
    """Copy in a thread of its own: sqlite3 tells progress only by a callback, a job yields it."""
    stop = CancelToken()
    told: queue.SimpleQueue[Progress | None] = queue.SimpleQueue()
    problems: list[BaseException] = []

    def note(_status: int, remaining: int, total: int) -> None:
        told.put(Progress(total - remaining, total, "copying the project"))
        stop.check()

    def work() -> None:
        try:
            connection.backup(copy, pages=PAGES_AT_ONCE, progress=note)
        except BaseException as exc:
            problems.append(exc)
        told.put(None)

    thread = threading.Thread(target=work, name="project-copy")
    thread.start()
    try:
        while (progress := told.get()) is not None:
            yield progress
            if token is not None:
                token.check()
    finally:
        stop.cancel()
        thread.join()
    if problems:
        raise problems[0]


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
