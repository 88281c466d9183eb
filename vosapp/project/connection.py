"""Opening the SQLite file of a project: journals, safety settings, checks, plain errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path

from core.errors import OutputError, ProjectFileError, ProjectLocked, VosError
from vosapp.project import schema
from vosapp.project.filesystem import is_full, is_network
from vosapp.project.model import Unreadable
from vosapp.project.side_files import side_files, side_problem

BUSY_SECONDS = 5.0
"""How long to wait for a reader that is in the way."""
MAX_ROW_BYTES = 128 << 20
"""No row is longer; a hostile file cannot make us take more memory for one."""
_DAMAGED_HINT = "Make a repaired copy of what can still be read; the file itself stays as it is."
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: MAX_ROW_BYTES,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
}


class Journal(Enum):
    """How SQLite keeps a half-written transaction from being seen."""

    WAL = "wal"
    ROLLBACK = "delete"


class Access(Enum):
    """What a connection may do."""

    WRITE = "rw"
    READ = "ro"
    IMMUTABLE = "ro&immutable=1"
    CREATE = "rwc"


def connect(path: Path, access: Access) -> sqlite3.Connection:
    """Open a file as it is: nothing in it is checked, nothing is written.

    Transactions are begun and ended by the caller.

    Raises:
        ProjectFileError: what lies beside it must not be seen by SQLite.
    """
    if access is not Access.IMMUTABLE:
        require_sound_sides(path)
    uri = f"{path.absolute().as_uri()}?mode={access.value}"
    connection = sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS
    )
    return _guarded(connection)


def require_sound_sides(path: Path) -> None:
    """Raise `ProjectFileError` where SQLite must not see what lies beside a file."""
    problem = side_problem(path)
    if problem:
        raise ProjectFileError(
            f"{path} is not opened: {problem}.", "Look where that file comes from; move it away."
        )


def in_memory(source: sqlite3.Connection) -> sqlite3.Connection:
    """Return a copy of an open file that lives in memory only."""
    memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _guarded(memory)
    try:
        source.backup(memory)
    except BaseException:
        memory.close()
        raise
    return memory


def _guarded(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Make a connection safe for a stranger's file."""
    try:
        for limit, value in _LIMITS.items():
            connection.setlimit(limit, value)
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "secure_delete = OFF"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def prepare_writing(
    connection: sqlite3.Connection, path: Path, journal: Journal | None = None
) -> Journal:
    """Choose the journal and make commits last through a loss of power.

    Args:
        connection: open for writing, not in a transaction.
        path: the file, to see what disk it is on.
        journal: None means a write-ahead log on a local disk, a rollback journal on the network.
    """
    wanted = journal or (Journal.ROLLBACK if is_network(path) else Journal.WAL)
    if wanted is Journal.ROLLBACK:
        # A write-ahead log left behind is then read without memory shared between machines.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    got = connection.execute(f"PRAGMA journal_mode = {wanted.value}").fetchone()[0]
    if wanted is Journal.ROLLBACK:
        connection.execute("PRAGMA locking_mode = NORMAL")
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")
    return Journal.WAL if got == "wal" else Journal.ROLLBACK


def check_identity(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of a project file.

    Raises:
        ProjectFileError: no project, one of a newer version, or one whose end is cut off.
    """
    marked = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if marked != schema.APPLICATION_ID:
        raise not_a_project(path)
    if version > schema.SCHEMA_VERSION:
        raise ProjectFileError(
            f"{path} was made by a newer vosapp (file version {version}; this vosapp reads up to"
            f" {schema.SCHEMA_VERSION}).",
            "Update vosapp.",
        )
    if version < 1:
        raise ProjectFileError(f"{path} has no valid file version ({version}).", _DAMAGED_HINT)
    _check_length(connection, path)
    return version


def _check_length(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is shorter than it says.

    SQLite itself misses whole pages only: what is cut off of the last one it reads as zeros.
    """
    # In a transaction: nobody writes to the file between the two looks at it.
    connection.execute("BEGIN")
    try:
        pages, page_bytes = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "page_size")
        )
        missing = pages * page_bytes - path.stat().st_size
        # What lies in a journal is not in the file yet, or not any more.
        settled = not any(side.is_file() and side.stat().st_size for side in side_files(path))
    finally:
        connection.execute("ROLLBACK")
    if settled and missing > 0:
        raise damaged(path, f"its last {missing} bytes are missing")


def check_shape(connection: sqlite3.Connection, path: Path, version: int | None = None) -> None:
    """Refuse a file that defines anything but our tables: views, triggers, other columns.

    Args:
        connection: the open file.
        path: for the message.
        version: what it must look like; None is the current one.

    Raises:
        ProjectFileError: it does; names the first of them.
    """
    odd = schema.shape(connection) ^ schema.expected_shape(version)
    if odd:
        kind, name, *_ = min(odd)
        raise ProjectFileError(
            f"{path} does not have the tables of a project: {kind[:20]} {name[:40]} is missing,"
            " changed or does not belong there.",
            "Open it only if you know where it comes from, by making a repaired copy.",
        )


def not_a_project(path: Path) -> ProjectFileError:
    """The error for a file of another kind."""
    return ProjectFileError(f"{path} is no vosapp project.", "Choose a file that vosapp made.")


def damaged(path: Path, problem: object) -> ProjectFileError:
    """The error for a project that is damaged inside."""
    return ProjectFileError(f"{path} is damaged: {problem}.", _DAMAGED_HINT)


@contextmanager
def plain_errors(path: Path, *, lost: str = "") -> Iterator[None]:
    """Turn what SQLite raises about a file into errors that a user can act on.

    Args:
        path: the file.
        lost: a sentence on what comes of it where it cannot be written to.
    """
    try:
        yield
    except sqlite3.Error as exc:
        raise _translate(exc, path, lost) from exc
    except (Unreadable, UnicodeDecodeError) as exc:
        # SQLite's messages quote what is damaged; sqlite3 fails to decode those, too.
        raise damaged(path, exc) from exc


NOT_SAVED = "The last change is not saved."
_FULL = ("the disk is full", "Free some space; nothing else is lost.")
_UNWRITTEN = {
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": ("it may only be read", "Save a copy in another folder."),
    "SQLITE_IOERR": ("the disk fails", "Save a copy on another disk."),
    "SQLITE_PERM": ("the system forbids it", "Save a copy in another folder."),
}
_UNREAD = {
    "SQLITE_BUSY": (ProjectLocked, "is being used by another program", "Close it there first."),
    "SQLITE_LOCKED": (ProjectLocked, "is being used by another program", "Close it there first."),
    "SQLITE_CANTOPEN": (
        ProjectFileError,
        "cannot be opened",
        "Check that it exists and that you may read it.",
    ),
}


_READING = ("SQLITE_IOERR_READ", "SQLITE_IOERR_SHORT_READ", "SQLITE_IOERR_CORRUPTFS")


def _translate(exc: sqlite3.Error, path: Path, lost: str) -> VosError | sqlite3.Error:
    name = str(getattr(exc, "sqlite_errorname", ""))
    # Extended names such as SQLITE_IOERR_WRITE begin with the general one.
    kind = "_".join(name.split("_")[:2])
    if kind == "SQLITE_NOTADB":
        return not_a_project(path)
    reason, hint = _UNWRITTEN.get(kind, ("", ""))
    # On a full disk SQLite may fail to make room for its log, or the log itself.
    if kind in ("SQLITE_IOERR", "SQLITE_CANTOPEN") and name not in _READING:
        reason, hint = _FULL if path.exists() and is_full(path.parent) else (reason, hint)
    if reason:
        return OutputError(f"Cannot write to {path}: {reason} ({name}). {lost}".rstrip(), hint)
    if kind in _UNREAD:
        error, text, hint = _UNREAD[kind]
        return error(f"{path} {text}.", hint)
    # Misuse is ours and must look like a bug.
    bug = isinstance(exc, sqlite3.ProgrammingError | sqlite3.InterfaceError)
    return exc if bug else damaged(path, exc)


def close(connection: sqlite3.Connection, *, settle: bool) -> None:
    """Close, moving everything from side files into the project file where it can be written.

    Args:
        connection: not in a transaction.
        settle: leave one plain file that also opens on read-only media.
    """
    if settle:
        settle_journal(connection)
    connection.close()


def settle_journal(connection: sqlite3.Connection) -> bool:
    """Move everything from side files into the project file; False where somebody reads it."""
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return bool(connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0] == "delete")
    return False
