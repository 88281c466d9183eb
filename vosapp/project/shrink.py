"""Giving a project's unused pages back to the disk: SQLite keeps them for what comes later.

A project that has lost its tuned weights stays as large as it was. It is rebuilt when it is
closed, as one transaction with the journal that all its edits have: after a kill or a full disk in
the middle the file is as it was, or as it is to be, and opens like after any other kill.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

from vosapp.project.connection import settle_journal

FEWEST_BYTES = 256 << 10
"""Unused space that is worth a rebuild, at least."""
LEAST_SHARE = 0.2
"""Of the file that is unused, at least: all the rest is written anew."""
MOST_BYTES = 64 << 20
"""Of a file that is rebuilt: a copy of it is held in memory, and nobody waits longer than a second
or two."""
ROOM = 3
"""Free space on the disk, in sizes of the file; its journal takes one, or little more."""


def shrink(connection: sqlite3.Connection, path: Path) -> bool:
    """Rebuild a project without its unused pages, where that pays and is safe.

    Whatever is in the way, it says nothing and changes nothing: the file is good as it is.

    Args:
        connection: open for writing, not in a transaction; to be closed after it.
        path: its file.

    Returns:
        True where it was done.
    """
    with suppress(sqlite3.Error, OSError, MemoryError, UnicodeDecodeError):
        # Nobody is waited for.
        connection.execute("PRAGMA busy_timeout = 0").fetchall()
        journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
        # Somebody who reads the project would keep the rebuilt one beside it, in its log.
        if _pays(connection) and settle_journal(connection) and _has_room(path):
            connection.execute(f"PRAGMA journal_mode = {journal}").fetchall()
            return _rebuild(connection)
    return False


def _pays(connection: sqlite3.Connection) -> bool:
    size, pages, unused = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_size", "page_count", "freelist_count")
    )
    worth = unused * size >= FEWEST_BYTES and unused >= LEAST_SHARE * pages
    return worth and pages * size <= MOST_BYTES


def _has_room(path: Path) -> bool:
    return shutil.disk_usage(path.parent).free >= ROOM * path.stat().st_size


def _rebuild(connection: sqlite3.Connection) -> bool:
    connection.execute("PRAGMA temp_store = MEMORY").fetchall()
    # A damaged file stays as it is, for `vosapp.project.recovery`.
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        return False
    # SQLite attaches the copy that it makes; nothing else can be attached.
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 1)
    try:
        connection.execute("VACUUM")
    finally:
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    return True
