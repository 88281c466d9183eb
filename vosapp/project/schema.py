"""The tables of a project file, as data: everything else about them is made from here."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

APPLICATION_ID = 0x766F7361
"""Marks a SQLite file as a vosapp project ("vosa")."""
SCHEMA_VERSION = 6
"""Version that this code reads and writes; stored as SQLite's `user_version`."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose changes can be undone.

    Attributes:
        name: its name.
        keys: one or two whole-number columns that name a row.
        fields: further columns: whole numbers, text and other numbers.
        texts: those of the fields that are text.
        reals: those of the fields that are numbers with a fraction.
        blob: column of bytes, always the last one; empty for none.
    """

    name: str
    keys: tuple[str, ...]
    fields: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    blob: str = ""
    reals: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in order."""
        return self.keys + self.values

    @property
    def values(self) -> tuple[str, ...]:
        """All columns but the keys, in order."""
        return self.fields + ((self.blob,) if self.blob else ())

    @property
    def types(self) -> tuple[type, ...]:
        """What each value of a row must be; SQLite itself takes anything anywhere."""
        kinds = dict.fromkeys(self.texts, str) | dict.fromkeys(self.reals, float)
        fields = tuple(kinds.get(name, int) for name in self.fields)
        return (*fields, bytes) if self.blob else fields


OBJECTS = Table(
    "objects",
    ("object_id",),
    ("name", "color", "visible", "locked", "position", "category"),
    texts=("name", "color", "category"),
)
PROMPTS = Table(
    "prompts",
    ("prompt_id",),
    ("frame_index", "object_id", "kind", "points"),
    texts=("kind", "points"),
)
BOXES = Table(
    "boxes",
    ("frame_index", "object_id"),
    ("x", "y", "width", "height", "drawn"),
    reals=("x", "y", "width", "height"),
)
ASSERTIONS = Table("assertions", ("frame_index", "object_id"), ("area", "reference"))
KEYFRAMES = Table("keyframes", ("frame_index",), blob="label_map")
RESULTS = Table("results", ("frame_index",), blob="label_map")
LANES = Table("lanes", ("object_id", "piece"), blob="data")
CLEANINGS = Table(
    "cleanings",
    ("object_id", "start"),
    ("stop", "settings", "erased"),
    texts=("settings", "erased"),
)
SOFTS = Table("softs", ("frame_index", "object_id"), blob="plane")
_LISTED = (OBJECTS, PROMPTS, BOXES, ASSERTIONS, KEYFRAMES, RESULTS, LANES, CLEANINGS, SOFTS)
UNDOABLE = {table.name: table for table in _LISTED}
"""Tables of the user's work by name. Rows of all others never go through the undo history."""

CREATE = (
    "CREATE TABLE project (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE video (video_id INTEGER PRIMARY KEY, path TEXT NOT NULL,"
    " relative_path TEXT NOT NULL, size INTEGER NOT NULL, content_hash TEXT NOT NULL,"
    " frame_count INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,"
    " fps TEXT NOT NULL, stems TEXT NOT NULL)",
    "CREATE TABLE frame_index (video_id INTEGER PRIMARY KEY, base TEXT NOT NULL,"
    " timed INTEGER NOT NULL, breaks_off INTEGER NOT NULL, pts BLOB NOT NULL,"
    " entries BLOB NOT NULL)",
    "CREATE TABLE objects (object_id INTEGER PRIMARY KEY, name TEXT NOT NULL, color TEXT NOT NULL,"
    " visible INTEGER NOT NULL, locked INTEGER NOT NULL, position INTEGER NOT NULL,"
    " category TEXT NOT NULL)",
    "CREATE TABLE prompts (prompt_id INTEGER PRIMARY KEY, frame_index INTEGER NOT NULL,"
    " object_id INTEGER NOT NULL, kind TEXT NOT NULL, points TEXT NOT NULL)",
    "CREATE TABLE boxes (frame_index INTEGER NOT NULL, object_id INTEGER NOT NULL,"
    " x REAL NOT NULL, y REAL NOT NULL, width REAL NOT NULL, height REAL NOT NULL,"
    " drawn INTEGER NOT NULL, PRIMARY KEY (frame_index, object_id)) WITHOUT ROWID",
    "CREATE TABLE assertions (frame_index INTEGER NOT NULL, object_id INTEGER NOT NULL,"
    " area INTEGER NOT NULL, reference INTEGER NOT NULL, PRIMARY KEY (frame_index, object_id))"
    " WITHOUT ROWID",
    "CREATE TABLE keyframes (frame_index INTEGER PRIMARY KEY, label_map BLOB NOT NULL)",
    "CREATE TABLE results (frame_index INTEGER PRIMARY KEY, label_map BLOB NOT NULL)",
    "CREATE TABLE lanes (object_id INTEGER NOT NULL, piece INTEGER NOT NULL, data BLOB NOT NULL,"
    " PRIMARY KEY (object_id, piece)) WITHOUT ROWID",
    "CREATE TABLE cleanings (object_id INTEGER NOT NULL, start INTEGER NOT NULL,"
    " stop INTEGER NOT NULL, settings TEXT NOT NULL, erased TEXT NOT NULL,"
    " PRIMARY KEY (object_id, start)) WITHOUT ROWID",
    "CREATE TABLE softs (frame_index INTEGER NOT NULL, object_id INTEGER NOT NULL,"
    " plane BLOB NOT NULL, PRIMARY KEY (frame_index, object_id)) WITHOUT ROWID",
    "CREATE TABLE runs (run_id INTEGER PRIMARY KEY, system TEXT NOT NULL, weights TEXT NOT NULL,"
    " revision INTEGER NOT NULL)",
    "CREATE TABLE tuned (tuned_id INTEGER PRIMARY KEY, base TEXT NOT NULL, digest TEXT NOT NULL,"
    " made TEXT NOT NULL, weights BLOB NOT NULL)",
    "CREATE TABLE history (entry_id INTEGER PRIMARY KEY, name TEXT NOT NULL, created REAL NOT NULL,"
    " size INTEGER NOT NULL, undone INTEGER NOT NULL)",
    "CREATE TABLE changes (change_id INTEGER PRIMARY KEY, entry_id INTEGER NOT NULL,"
    " table_name TEXT NOT NULL, key_1 INTEGER NOT NULL, key_2 INTEGER NOT NULL,"
    " existed INTEGER NOT NULL, fields TEXT NOT NULL, data BLOB,"
    " UNIQUE (entry_id, table_name, key_1, key_2))",
    "CREATE INDEX prompts_by_frame ON prompts (frame_index)",
    "CREATE INDEX assertions_by_object ON assertions (object_id, frame_index)",
    "CREATE INDEX boxes_by_object ON boxes (object_id, frame_index)",
)
"""Statements that make an empty project of `SCHEMA_VERSION`."""


def _statement(name: str) -> str:
    return next(text for text in CREATE if text.split()[2] == name)


_OBJECTS_1 = (
    "CREATE TABLE objects (object_id INTEGER PRIMARY KEY, name TEXT NOT NULL, color TEXT NOT NULL,"
    " visible INTEGER NOT NULL, locked INTEGER NOT NULL, position INTEGER NOT NULL)"
)
FORMER: dict[int, dict[str, str]] = {
    1: {"objects": _OBJECTS_1, "frame_index": ""},
    2: {"tuned": ""},
    3: {"boxes": "", "boxes_by_object": ""},
    4: {},
    5: {"cleanings": "", "softs": ""},
}
"""Older version -> its statements for tables that are others today; empty for those it lacks."""

# Imported boxes were kept as prompts; those of the box tool have a mask. A box becomes a label
# where no mask is and nothing but adding it was done: else undo would miss what it takes back.
_PLAIN_BOXES = (
    "SELECT MAX(prompt_id) FROM prompts WHERE kind = 'box'"
    " AND typeof(frame_index) = 'integer' AND typeof(object_id) = 'integer'"
    " AND CASE WHEN json_valid(points) THEN json_type(points, '$[0][0]') IN ('integer', 'real')"
    " AND json_type(points, '$[0][1]') IN ('integer', 'real')"
    " AND json_type(points, '$[1][0]') IN ('integer', 'real')"
    " AND json_type(points, '$[1][1]') IN ('integer', 'real')"
    " AND json_extract(points, '$[0][0]') <> json_extract(points, '$[1][0]')"
    " AND json_extract(points, '$[0][1]') <> json_extract(points, '$[1][1]') ELSE 0 END"
    " AND NOT EXISTS (SELECT 1 FROM assertions WHERE assertions.frame_index = prompts.frame_index"
    " AND assertions.object_id = prompts.object_id)"
    " AND prompt_id NOT IN (SELECT key_1 FROM changes WHERE table_name = 'prompts'"
    " AND existed <> 0) GROUP BY frame_index, object_id"
)


def _corner(pick: str, axis: int) -> str:
    first, second = (f"json_extract(points, '$[{corner}][{axis}]')" for corner in (0, 1))
    return f"{pick}({first}, {second})"


def _length(axis: int) -> str:
    return f"{_corner('MAX', axis)} - {_corner('MIN', axis)}"


MIGRATIONS: dict[int, tuple[str, ...]] = {
    1: (
        "ALTER TABLE objects RENAME TO objects_1",
        _statement("objects"),
        "INSERT INTO objects SELECT object_id, name, color, visible, locked, position, ''"
        " FROM objects_1",
        "DROP TABLE objects_1",
        # Rows that the undo history keeps are lists in JSON: they get the empty category, too.
        "UPDATE changes SET fields = substr(fields, 1, length(fields) - 1) || ', \"\"]'"
        " WHERE table_name = 'objects' AND existed <> 0",
        _statement("frame_index"),
    ),
    2: (_statement("tuned"),),
    3: (
        _statement("boxes"),
        _statement("boxes_by_object"),
        "INSERT INTO boxes SELECT frame_index, object_id,"
        f" {_corner('MIN', 0)}, {_corner('MIN', 1)}, {_length(0)}, {_length(1)}, 1"
        f" FROM prompts WHERE prompt_id IN ({_PLAIN_BOXES})",
        "UPDATE changes SET table_name = 'boxes',"
        " key_2 = (SELECT object_id FROM prompts WHERE prompt_id = key_1),"
        " key_1 = (SELECT frame_index FROM prompts WHERE prompt_id = key_1)"
        f" WHERE table_name = 'prompts' AND key_1 IN ({_PLAIN_BOXES})",
        "DELETE FROM prompts WHERE kind = 'box' AND EXISTS (SELECT 1 FROM boxes"
        " WHERE boxes.frame_index = prompts.frame_index AND boxes.object_id = prompts.object_id)"
        f" AND prompt_id IN ({_PLAIN_BOXES})",
    ),
    # Lanes hold more of each cell, which older versions would call damage; old ones are read.
    4: (),
    5: (_statement("cleanings"), _statement("softs")),
}
"""Version -> statements that lead from it to the next one. A migration must end in exactly the
schema that `CREATE` makes, so it rebuilds tables instead of altering them; a test compares."""

Shape = frozenset[tuple[str, str, str, str]]


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of an empty project, inside the caller's transaction."""
    for statement in CREATE:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def shape(connection: sqlite3.Connection) -> Shape:
    """Return (type, name, table, statement) of all that a file defines."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    return frozenset(
        (str(kind), str(name), str(table), " ".join(str(sql).split()))
        for kind, name, table, sql in rows
    )


def statements(version: int) -> tuple[str, ...]:
    """Return the statements that made an empty project of a version."""
    named = {text.split()[2]: text for text in CREATE}
    for former in range(SCHEMA_VERSION - 1, version - 1, -1):
        named |= FORMER[former]
    return tuple(text for text in named.values() if text)


def expected_shape(version: int | None = None) -> Shape:
    """Return the shape of an empty project of a version; None is the current one."""
    connection = sqlite3.connect(":memory:")
    try:
        for statement in statements(SCHEMA_VERSION if version is None else version):
            connection.execute(statement)
        return shape(connection)
    finally:
        connection.close()
