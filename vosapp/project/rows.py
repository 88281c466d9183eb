"""Reading and writing rows, and keeping for each change what was there before.

An entry of the undo history holds, for each row it changed, what stood there before, once. Undoing
exchanges these rows with those of the tables, and so does redoing: a swap is its own inverse, so
`undo(do(x)) == x` holds for every edit without a line of code in the edit.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from vosapp.project.model import Unreadable, check
from vosapp.project.parse import parse_json
from vosapp.project.schema import UNDOABLE, Table

Key = tuple[int, ...]
Values = tuple[Any, ...]

_CHANGE_BYTES = 60
"""What a change takes in the file beside its data."""


class Rows:
    """Rows of the undoable tables. Knows nothing of what they mean.

    Attributes:
        changed: (table name, key) of the rows that were written since `record`.
        recorded_bytes: what the changes of the open entry take in the file.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._entry = 0
        self._seen: set[tuple[str, Key]] = set()
        self.changed: set[tuple[str, Key]] = set()
        self.recorded_bytes = 0
        self._sql = {table.name: _Statements(table) for table in UNDOABLE.values()}

    def record(self, entry_id: int) -> None:
        """From now on keep what was there before in this entry of the history."""
        self._entry = entry_id
        self._seen = set()
        self.changed = set()
        self.recorded_bytes = 0

    def get(self, table: Table, *key: int) -> Values | None:
        """Return the row's values without its keys, None where there is none."""
        found = self._connection.execute(self._sql[table.name].get, key).fetchone()
        return None if found is None else self._checked(table, tuple(found))

    def scan(self, table: Table, where: str = "", bound: Sequence[object] = ()) -> Iterator[Values]:
        """Yield whole rows, keys first, ascending by key.

        Args:
            table: the table.
            where: a condition with `?` for values, written in code, never made from input.
            bound: the values.
        """
        condition = f" WHERE {where}" if where else ""
        order = ", ".join(table.keys)
        columns = ", ".join(table.columns)
        sql = f"SELECT {columns} FROM {table.name}{condition} ORDER BY {order}"
        start = len(table.keys)
        for row in self._connection.execute(sql, tuple(bound)).fetchall():
            _check_key(table, row[:start])
            self._checked(table, row[start:])
            yield row

    def keys(self, table: Table, where: str = "", bound: Sequence[object] = ()) -> list[Key]:
        """Return the keys of rows, ascending; `where` as in `scan`."""
        condition = f" WHERE {where}" if where else ""
        order = ", ".join(table.keys)
        sql = f"SELECT {order} FROM {table.name}{condition} ORDER BY {order}"
        return [_check_key(table, row) for row in self._connection.execute(sql, tuple(bound))]

    def put(self, table: Table, key: Key, values: Values) -> None:
        """Write a row."""
        self._remember(table, key)
        self._connection.execute(self._sql[table.name].put, key + values)

    def delete(self, table: Table, *key: int) -> None:
        """Remove a row where there is one."""
        self._remember(table, key)
        self._connection.execute(self._sql[table.name].delete, key)

    def swap(self, entry_id: int) -> int:
        """Exchange the rows of an entry with those of the tables.

        Returns:
            Bytes that the entry's changes take now.
        """
        self.record(0)
        ids = self._connection.execute(
            "SELECT change_id FROM changes WHERE entry_id = ? ORDER BY change_id", (entry_id,)
        ).fetchall()
        return sum(self._swap_one(change_id) for (change_id,) in ids)

    def _swap_one(self, change_id: int) -> int:
        # One at a time: a propagation over a long video has more than fits into memory.
        row = self._connection.execute(
            "SELECT table_name, key_1, key_2, existed, fields, data FROM changes"
            " WHERE change_id = ?",
            (change_id,),
        ).fetchone()
        check(row is not None, "the history has lost an entry")
        name, key_1, key_2, *kept = row
        table = UNDOABLE.get(name)
        if table is None:
            raise Unreadable(f"the history names an unknown table {str(name)[:40]}")
        key = _check_key(table, (key_1, key_2)[: len(table.keys)])
        now = _pack(table, self.get(table, *key))
        before = _unpack(table, *kept)
        if before is not None:
            self._checked(table, before)
        statements = self._sql[table.name]
        if before is None:
            self._connection.execute(statements.delete, key)
        else:
            self._connection.execute(statements.put, key + before)
        self._connection.execute(
            "UPDATE changes SET existed = ?, fields = ?, data = ? WHERE change_id = ?",
            (*now, change_id),
        )
        self.changed.add((name, key))
        return _size(now)

    def _checked(self, table: Table, values: Values) -> Values:
        """Return the values of a row, each of the type that belongs there.

        Raises:
            Unreadable: one is not.
        """
        types = self._sql[table.name].types
        if tuple(map(type, values)) != types:
            names = zip(table.values, values, types, strict=True)
            wrong = next(name for name, value, kind in names if type(value) is not kind)
            raise Unreadable(f"{table.name}: {wrong} of a row is of another kind")
        return values

    def _remember(self, table: Table, key: Key) -> None:
        mark = (table.name, key)
        self.changed.add(mark)
        if mark in self._seen or not self._entry:
            return
        self._seen.add(mark)
        kept = _pack(table, self.get(table, *key))
        keys = (*key, 0)[:2]
        # An entry that goes on (a propagation) keeps what was there before its first part.
        done = self._connection.execute(
            "INSERT OR IGNORE INTO changes"
            " (entry_id, table_name, key_1, key_2, existed, fields, data)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self._entry, table.name, *keys, *kept),
        )
        if done.rowcount > 0:
            self.recorded_bytes += _size(kept)


class _Statements:
    """SQL for one table; names come from the schema, values are always bound."""

    __slots__ = ("delete", "get", "put", "types")

    def __init__(self, table: Table) -> None:
        where = " AND ".join(f"{key} = ?" for key in table.keys)
        marks = ", ".join("?" * len(table.columns))
        self.types = table.types
        self.get = f"SELECT {', '.join(table.values)} FROM {table.name} WHERE {where}"
        columns = ", ".join(table.columns)
        self.put = f"INSERT OR REPLACE INTO {table.name} ({columns}) VALUES ({marks})"
        self.delete = f"DELETE FROM {table.name} WHERE {where}"


def _check_key(table: Table, key: tuple[Any, ...]) -> Key:
    if not all(type(part) is int for part in key):
        raise Unreadable(f"{table.name}: the key of a row is no whole number")
    return key


def _pack(table: Table, values: Values | None) -> Values:
    """Return (existed, fields as JSON, data) for the history."""
    if values is None:
        return 0, "", None
    count = len(table.fields)
    return 1, json.dumps(values[:count]), values[count] if table.blob else None


def _unpack(table: Table, existed: int, fields: str, data: bytes | None) -> Values | None:
    if not existed:
        return None
    values = parse_json(fields)
    whole = isinstance(values, list) and len(values) == len(table.fields)
    check(whole, "an entry of the history is damaged")
    return (*values, data) if table.blob else tuple(values)


def _size(kept: Values) -> int:
    return _CHANGE_BYTES + len(kept[1]) + len(kept[2] or b"")
