"""The files that SQLite keeps beside a project: what may be under their names, and removing them.

SQLite opens whatever it finds there. In a folder that somebody else has made, that may be a link
to any file of the user's, or a journal that tells SQLite to remove one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from core.media.plain_file import open_plain, plain_problem

_JOURNAL, _LOG, _INDEX = "-journal", "-wal", "-shm"
_NAMES_ANOTHER = bytes.fromhex("d9d505f920a163d7")
"""A rollback journal that ends with its own mark names a super-journal, a file that is removed
after recovery. SQLite writes such only for changes of several databases at once: never here."""


def side_files(path: Path) -> tuple[Path, ...]:
    """Return the files that hold changes of a project which is open, or was not closed properly."""
    return tuple(path.with_name(path.name + ending) for ending in (_LOG, _JOURNAL))


def side_problem(path: Path) -> str:
    """Say why SQLite must not see what lies beside a project; empty where nothing is wrong."""
    for ending in (_LOG, _INDEX, _JOURNAL):
        side = path.with_name(path.name + ending)
        problem = plain_problem(side)
        if not problem and ending == _JOURNAL and _names_another(side):
            problem = "it names another file, which SQLite would remove"
        if problem:
            return f"{side.name} is no side file of a project: {problem}"
    return ""


def is_free(path: Path) -> bool:
    """True where a new project may have this name: nothing is under it, nor under its journals'.

    SQLite would take for a part of the new project what a project of that name has left behind.
    """
    return not any(os.path.lexists(file) for file in (path, *side_files(path)))


def remove_project(path: Path) -> None:
    """Remove a project that nobody has open, with all that SQLite keeps beside it."""
    for ending in ("", _LOG, _INDEX, _JOURNAL):
        with suppress(OSError):
            path.with_name(path.name + ending).unlink(missing_ok=True)


def _names_another(journal: Path) -> bool:
    try:
        with os.fdopen(open_plain(journal, os.O_RDONLY), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - len(_NAMES_ANOTHER)))
            return file.read() == _NAMES_ANOTHER
    except OSError:
        return False
