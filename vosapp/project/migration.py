"""Bringing the file of an older version up to date, after a backup."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.errors import OutputError, ProjectFileError
from core.jobs import result_of
from vosapp.project import schema
from vosapp.project.backup import copy_database

MAX_BACKUPS = 10_000


def migrate(
    connection: sqlite3.Connection,
    path: Path,
    version: int,
    *,
    steps: Mapping[int, Sequence[str]] = schema.MIGRATIONS,
) -> tuple[str, ...]:
    """Lead a file from `version` to the current one, all or nothing.

    Args:
        connection: open for writing, not in a transaction.
        path: the file; the backup is `name.vosapp.bak-v1` beside it, or `.bak-v1-2` and so on.
        version: of the file.
        steps: statements by the version they start from.

    Returns:
        A note that says where the backup is.

    Raises:
        ProjectFileError: there is no way from this version.
        OutputError: the backup cannot be written.
    """
    missing = [step for step in range(version, schema.SCHEMA_VERSION) if step not in steps]
    if missing:
        raise ProjectFileError(
            f"{path} has file version {version}, which this vosapp cannot bring up to date.",
            "Open and save it with the version of vosapp that made it.",
        )
    earlier = _backups(path, version)
    # One that was killed after its backup has left a good one.
    backup = result_of(copy_database(connection, earlier.pop(), earlier=earlier))
    upgrade(connection, version, steps=steps)
    note = f"Brought up from file version {version} to {schema.SCHEMA_VERSION}; backup: {backup}"
    return (note,)


def upgrade(
    connection: sqlite3.Connection,
    version: int,
    *,
    steps: Mapping[int, Sequence[str]] = schema.MIGRATIONS,
) -> None:
    """Lead an open file from a version to the current one in one transaction; no backup."""
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in range(version, schema.SCHEMA_VERSION):
            for statement in steps[step]:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _backups(path: Path, version: int) -> list[Path]:
    """Backups that are there, and last a name for another: each may be all that is left.

    Raises:
        OutputError: there is no such name.
    """
    found = []
    for number in range(1, MAX_BACKUPS):
        ending = f".bak-v{version}" if number == 1 else f".bak-v{version}-{number}"
        found.append(path.with_name(path.name + ending))
        if not os.path.lexists(found[-1]):
            return found
    raise OutputError(f"There are too many backups of {path}.", "Move them to another folder.")
