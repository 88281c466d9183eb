"""Bringing the file of an older version up to date, after a backup."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.errors import ProjectFileError
from vosapp.project import schema
from vosapp.project.backup import copy_database


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
    backup = _free_name(path, version)
    for _ in copy_database(connection, backup):
        pass
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


def _free_name(path: Path, version: int) -> Path:
    """A name for the backup under which nothing is yet; an older backup may be all that is left."""
    first = path.with_name(f"{path.name}.bak-v{version}")
    numbered = (path.with_name(f"{first.name}-{number}") for number in range(2, 10_000))
    return next((name for name in (first, *numbered) if not name.exists()), first)
