"""The undo history: a row of entries in the file, so that it survives a restart and a crash.

Entries before the last one that is not undone can be undone in turn, those after it redone. A new
edit removes what could be redone.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from vosapp.project.model import HistoryEntry, check


@dataclass(frozen=True, slots=True)
class HistoryLimits:
    """How much is kept.

    Attributes:
        min_entries: so many are kept whatever they take.
        max_entries: more are never kept.
        max_bytes: what lies beyond `min_entries` may take up to this in all.
    """

    min_entries: int = 200
    max_entries: int = 1_000
    max_bytes: int = 256 << 20


class History:
    """The entries. Every method runs inside the caller's transaction.

    Args:
        connection: the open file.
        limits: how much is kept.
    """

    def __init__(self, connection: sqlite3.Connection, limits: HistoryLimits) -> None:
        self._connection = connection
        self._limits = limits

    def open(self, name: str) -> int:
        """Begin an entry. Returns its id."""
        done = self._connection.execute(
            "INSERT INTO history (name, created, size, undone) VALUES (?, ?, 0, 0)",
            (name, time.time()),
        )
        return int(done.lastrowid or 0)

    def grow(self, entry_id: int, size: int) -> None:
        """Add to the size of an entry; drop what could be redone, and what is beyond limits."""
        for (undone,) in self._rows("SELECT entry_id FROM history WHERE undone <> 0"):
            self._remove(undone)
        self._connection.execute(
            "UPDATE history SET size = size + ? WHERE entry_id = ?", (size, entry_id)
        )
        self._trim()

    def discard(self, entry_id: int) -> None:
        """Remove an entry that turned out to change nothing."""
        self._remove(entry_id)

    def mark(self, entry_id: int, *, undone: bool, size: int) -> None:
        """Note that an entry was undone or redone, and what it takes now."""
        self._connection.execute(
            "UPDATE history SET undone = ?, size = ? WHERE entry_id = ?",
            (int(undone), size, entry_id),
        )

    def next_undo(self) -> HistoryEntry | None:
        """Return the entry that undo would take back."""
        return self._one("undone = 0 ORDER BY entry_id DESC")

    def next_redo(self) -> HistoryEntry | None:
        """Return the entry that redo would do again."""
        return self._one("undone <> 0 ORDER BY entry_id")

    def entries(self) -> tuple[HistoryEntry, ...]:
        """Return all entries, oldest first."""
        return tuple(_entry(row) for row in self._rows(f"{_SELECT} ORDER BY entry_id"))

    def _one(self, condition: str) -> HistoryEntry | None:
        row = self._connection.execute(f"{_SELECT} WHERE {condition} LIMIT 1").fetchone()
        return None if row is None else _entry(row)

    def _trim(self) -> None:
        count, size = self._connection.execute(
            "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM history"
        ).fetchone()
        limits = self._limits
        while count > limits.max_entries or (
            size > limits.max_bytes and count > limits.min_entries
        ):
            entry_id, freed = self._connection.execute(
                "SELECT entry_id, size FROM history ORDER BY entry_id LIMIT 1"
            ).fetchone()
            self._remove(entry_id)
            count, size = count - 1, size - freed

    def _remove(self, entry_id: int) -> None:
        self._connection.execute("DELETE FROM changes WHERE entry_id = ?", (entry_id,))
        self._connection.execute("DELETE FROM history WHERE entry_id = ?", (entry_id,))

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()


_SELECT = "SELECT entry_id, name, created, size, undone FROM history"


def _entry(row: tuple[Any, ...]) -> HistoryEntry:
    entry_id, name, created, size, undone = row
    check(isinstance(entry_id, int) and isinstance(size, int), "the history is damaged")
    check(isinstance(name, str) and isinstance(created, int | float), "the history is damaged")
    check(undone in (0, 1), "the history is damaged")
    return HistoryEntry(entry_id, name, float(created), size, bool(undone))
