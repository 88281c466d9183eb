"""Copies of a project while it is open."""

from __future__ import annotations

import filecmp
import os
import queue
import sqlite3
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from core.errors import OutputError
from core.jobs import CancelToken, Progress
from core.media.plain_file import plain_problem
from core.media.scratch import remove_leftovers, scratch_file
from vosapp.project.connection import plain_errors
from vosapp.project.filesystem import FULL, sync_folder

PAGES_AT_ONCE = 2_048
"""Pages copied between two looks at the token: 8 MB."""


def copy_database(
    connection: sqlite3.Connection,
    target: Path,
    token: CancelToken | None = None,
    *,
    earlier: Sequence[Path] = (),
) -> Generator[Progress, None, Path]:
    """Copy an open database to a file, which appears under its name when it is whole.

    Changes made meanwhile are in the copy, or in none of it. What copies that were killed have
    left in the folder is removed.

    Args:
        connection: what is copied.
        target: the copy; a file of this name is replaced.
        token: stops it.
        earlier: copies; where one of them holds the same already, no other one is made.

    Yields:
        Progress in pages of the file.

    Returns:
        Where the copy is.

    Raises:
        OutputError: the copy cannot be written; nothing is left of it.
        Cancelled: by the token; nothing is left of the copy.
    """
    remove_leftovers(target.parent)
    try:
        with scratch_file(target) as temporary:
            with plain_errors(target), closing(sqlite3.connect(temporary)) as copy:
                yield from _pages(connection, copy, token)
                copy.execute("PRAGMA journal_mode = DELETE").fetchall()
            same = next((one for one in earlier if _is_same(one, temporary)), None)
            if same is not None:
                return same
            _sync(temporary)
            os.replace(temporary, target)  # noqa: PTH105
            sync_folder(target.parent)
            return target
    except OSError as exc:
        hint = "Free some space." if exc.errno in FULL else "Choose another folder."
        raise OutputError(f"Cannot write {target}: {exc.strerror}.", hint) from exc


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


def _is_same(path: Path, other: Path) -> bool:
    return not plain_problem(path) and path.is_file() and filecmp.cmp(path, other, shallow=False)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
