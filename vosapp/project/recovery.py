"""Making a new project of what can still be read of a damaged one. The original stays untouched.

Tables are read row by row; where a part cannot be read, the keys around it are searched by
halving, so that only the rows on damaged pages are lost. Every row is checked as on opening.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ProjectFileError
from core.media.input_file import require_input
from core.media.scratch import scratch_folder
from core.types import MAX_OBJECT_ID
from vosapp.project import connection as sqlite
from vosapp.project import schema
from vosapp.project.boxes import parse_box
from vosapp.project.cleanings import parse_span
from vosapp.project.codec import LANE_FRAMES, decode_map, decode_piece
from vosapp.project.colors import usual_color
from vosapp.project.file import Options, read_video
from vosapp.project.model import TrackedObject, Unreadable, VideoRef, check, is_int
from vosapp.project.opening import create_project
from vosapp.project.parse import parse_assertion, parse_json, parse_object, parse_prompt, parse_run
from vosapp.project.schema import (
    ASSERTIONS,
    BOXES,
    CLEANINGS,
    KEYFRAMES,
    LANES,
    OBJECTS,
    PROMPTS,
    RESULTS,
    SOFTS,
)
from vosapp.project.side_files import side_files, side_problem
from vosapp.project.soft_planes import decode_plane
from vosapp.project.tuned import parse_tuned_row

MAX_PROBES = 50_000
"""Queries spent on the damaged parts of one table."""
MAX_FILE_BYTES = 1 << 40
"""Larger files are not copied to be repaired."""
_UNREADABLE = (sqlite3.Error, OverflowError, UnicodeDecodeError)
"""What reading a damaged row raises; sqlite3 decodes texts and SQLite's messages as UTF-8."""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Salvage:
    """What was saved of a damaged project.

    Attributes:
        path: the new project.
        kept: rows saved, by table.
        lost: what is missing, in plain sentences; empty where all is there but the history.
    """

    path: Path
    kept: dict[str, int]
    lost: tuple[str, ...]


def salvage(path: Path, target: Path) -> Salvage:
    """Make a new project of what can still be read of a damaged one.

    The undo history is not taken over: its steps belong to exactly the rows that were there.

    Args:
        path: the damaged file; it is copied first and never opened.
        target: the new project; must not exist.

    Raises:
        ProjectFileError: nothing of use can be read, or it is no project at all.
        OutputError: the new project cannot be written.
    """
    # What SQLite keeps lies beside the file itself.
    path = path.resolve() if path.is_symlink() else path
    with scratch_folder() as folder:
        copy = _copy(path, folder)
        with sqlite.plain_errors(path), closing(sqlite.connect(copy, sqlite.Access.WRITE)) as old:
            # Lets SQLite open what is cut off or has errors in the definitions of tables.
            old.execute("PRAGMA writable_schema = ON")
            # One letter that is spoiled costs no more than itself.
            old.text_factory = _text
            reader = _Reader(old, path)
            video = reader.video()
            return _rebuild(reader, video, target)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _copy(path: Path, folder: Path) -> Path:
    try:
        require_input(path)
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ProjectFileError(f"{path} is too large to be a project.")
        # What is no work of SQLite's beside the file is no part of it.
        sides = () if side_problem(path) else side_files(path)
        for file in (path, *sides):
            if file == path or file.is_file():
                shutil.copyfile(file, folder / file.name)
    except OSError as exc:
        raise ProjectFileError(
            f"{path} cannot be copied to be repaired: {exc.strerror}.",
            "Check the disk and the permissions.",
        ) from exc
    return folder / path.name


class _Reader:
    """Reads what it can; counts what it cannot.

    Attributes:
        lost: what is missing, in plain sentences.
        tables: names of the tables that are defined as they should be.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self.lost: list[str] = []
        self.tables: frozenset[str] = frozenset()

    def video(self) -> VideoRef:
        """Return the video; without it no mask has a meaning."""
        marked = self._connection.execute("PRAGMA application_id").fetchone()[0]
        if marked != schema.APPLICATION_ID:
            raise sqlite.not_a_project(self._path)
        try:
            self.tables = self._trusted_tables()
            check("video" in self.tables, "it does not have the tables of a project")
            return read_video(self._connection)
        except (*_UNREADABLE, Unreadable) as exc:
            raise ProjectFileError(
                f"Nothing can be saved of {self._path}: {exc}.",
                "Start a new project with the same video, and import exported masks if any.",
            ) from exc

    def _trusted_tables(self) -> frozenset[str]:
        """Tables that are defined exactly as ours, in any version; no view is ever read."""
        found = schema.shape(self._connection)
        versions = range(1, schema.SCHEMA_VERSION + 1)
        ours = found & frozenset().union(*(schema.expected_shape(v) for v in versions))
        return frozenset(name for kind, name, _, _ in ours if kind == "table")

    def rows(self, table: str, columns: Sequence[str], high: int) -> Iterator[Row]:
        """Yield the rows whose first column lies in 0..high, as many as can be read."""
        if table in self.tables:
            yield from self._between(table, columns, 0, high, [MAX_PROBES])
        else:
            self.lost.append(f"{table}: the table is missing or changed")

    def should_have(self, table: str) -> bool:
        """False where a table came with a later version of the file than this one has."""
        version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        known = range(1, schema.SCHEMA_VERSION)
        return version not in known or any(
            text.startswith(f"CREATE TABLE {table} ") for text in schema.statements(version)
        )

    def texts(self, table: str) -> list[Row]:
        """Return the rows of a table of named texts."""
        try:
            check(table in self.tables, "changed")
            return self._connection.execute(f"SELECT key, value FROM {table}").fetchall()
        except (*_UNREADABLE, Unreadable):
            self.lost.append(f"{table} cannot be read")
            return []

    def _present(self, table: str, columns: Sequence[str]) -> list[str]:
        """The columns, with an empty text for those that a table of an older version lacks."""
        known = self._connection.execute(f"SELECT * FROM {table} LIMIT 0").description
        return [name if name in {entry[0] for entry in known} else "''" for name in columns]

    def _between(
        self, table: str, columns: Sequence[str], low: int, high: int, left: list[int]
    ) -> Iterator[Row]:
        names, key = ", ".join(self._present(table, columns)), columns[0]
        sql = f"SELECT {names} FROM {table} WHERE {key} BETWEEN ? AND ? ORDER BY {key}"
        last = low - 1
        left[0] -= 1
        try:
            cursor = self._connection.execute(sql, (low, high))
            while (row := cursor.fetchone()) is not None:
                # Rows of one first key come together; a broken-off group is read again below.
                if type(row[0]) is int and low <= row[0] <= high:
                    last = max(last, row[0])
                yield row
            return
        except _UNREADABLE:
            pass
        if left[0] <= 0 or low >= high:
            self.lost.append(f"{table}: {low} to {high} cannot be read")
            return
        start = max(low, last)
        middle = (start + high) // 2
        yield from self._between(table, columns, start, middle, left)
        yield from self._between(table, columns, middle + 1, high, left)


def _rebuild(reader: _Reader, video: VideoRef, target: Path) -> Salvage:
    project = create_project(target, video, Options(journal=sqlite.Journal.ROLLBACK))
    try:
        with sqlite.plain_errors(target):
            builder = _Builder(project._connection, reader, video)
            kept = builder.build()
    except BaseException:
        project.discard()
        raise
    project.close()
    return Salvage(target, kept, tuple(reader.lost))


class _Builder:
    """Writes checked rows into the new file, in one transaction."""

    def __init__(self, connection: sqlite3.Connection, reader: _Reader, video: VideoRef) -> None:
        self._new = connection
        self._reader = reader
        self._video = video
        self._kept: Counter[str] = Counter()
        self._bad: Counter[str] = Counter()

    def build(self) -> dict[str, int]:
        """Take over table by table; returns rows kept."""
        last = self._video.frame_count - 1
        self._new.execute("BEGIN IMMEDIATE")
        self._take(OBJECTS.name, OBJECTS.columns, MAX_OBJECT_ID, parse_object)
        self._take("runs", ("run_id", "system", "weights", "revision"), 65_535, _run)
        self._take(KEYFRAMES.name, KEYFRAMES.columns, last, self._map)
        self._take(RESULTS.name, RESULTS.columns, last, self._map)
        self._take(ASSERTIONS.name, ASSERTIONS.columns, last, self._assertion)
        self._take(LANES.name, LANES.columns, MAX_OBJECT_ID, self._lane)
        self._take(PROMPTS.name, PROMPTS.columns, 1 << 40, self._prompt)
        if self._reader.should_have(BOXES.name):
            self._take(BOXES.name, BOXES.columns, last, self._box)
        if self._reader.should_have(CLEANINGS.name):
            self._take(CLEANINGS.name, CLEANINGS.columns, MAX_OBJECT_ID, self._cleaning)
        if self._reader.should_have(SOFTS.name):
            self._take(SOFTS.name, SOFTS.columns, last, self._soft)
        if self._reader.should_have("tuned"):
            columns = ("tuned_id", "base", "digest", "made", "weights")
            self._take("tuned", columns, 1, parse_tuned_row)
        self._take_texts("settings")
        self._take_texts("project")
        self._add_missing_objects()
        self._mend_assertions()
        self._new.execute("COMMIT")
        for table, count in self._bad.items():
            self._reader.lost.append(f"{table}: {count} rows make no sense and were left out")
        self._reader.lost.append("the undo history is not taken over")
        return dict(self._kept)

    def _take(
        self, table: str, columns: Sequence[str], high: int, parse: Callable[[Row], object]
    ) -> None:
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})"
        for row in self._reader.rows(table, columns, high):
            try:
                parse(row)
            except Unreadable:
                self._bad[table] += 1
                continue
            self._new.execute(sql, row)
        self._kept[table] = self._new.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]

    def _take_texts(self, table: str) -> None:
        for key, value in self._reader.texts(table):
            try:
                check(isinstance(key, str), "no name")
                parsed = parse_json(value)
                check(key != "revision" or type(parsed) is int, "no revision")
            except Unreadable:
                self._bad[table] += 1
                continue
            sql = f"INSERT OR REPLACE INTO {table} (key, value) VALUES (?, ?)"
            self._new.execute(sql, (key, value))

    def _map(self, row: Row) -> None:
        self._check_frame(row[0])
        decode_map(row[1], self._video.height, self._video.width)

    def _assertion(self, row: Row) -> None:
        item = parse_assertion(row)
        self._check_frame(item.frame_index)

    def _prompt(self, row: Row) -> None:
        self._check_frame(parse_prompt(row).frame_index)

    def _box(self, row: Row) -> None:
        self._check_frame(parse_box(row).frame_index)

    def _cleaning(self, row: Row) -> None:
        span = parse_span(row)
        check(span.stop <= self._video.frame_count, "a clean-up reaches out of the video")

    def _soft(self, row: Row) -> None:
        self._check_frame(row[0])
        check(is_int(row[1], 1, MAX_OBJECT_ID), "no object id")
        decode_plane(row[2])

    def _lane(self, row: Row) -> None:
        object_id, number, data = row
        check(type(object_id) is int and 1 <= object_id <= MAX_OBJECT_ID, "no object id")
        count = -(-self._video.frame_count // LANE_FRAMES)
        check(type(number) is int and 0 <= number < count, "a lane reaches out of the video")
        decode_piece(data)

    def _check_frame(self, frame_index: object) -> None:
        inside = type(frame_index) is int and 0 <= frame_index < self._video.frame_count
        check(inside, "a frame lies outside the video")

    def _add_missing_objects(self) -> None:
        """Objects whose row is lost but of which there is work."""
        sql = (
            "SELECT object_id FROM assertions UNION SELECT object_id FROM lanes"
            " UNION SELECT object_id FROM prompts UNION SELECT object_id FROM boxes"
            " EXCEPT SELECT object_id FROM objects"
        )
        for (object_id,) in self._new.execute(sql).fetchall():
            item = TrackedObject(object_id, f"Object {object_id}", usual_color(object_id))
            color = "#{:02x}{:02x}{:02x}".format(*item.color)
            self._new.execute(
                "INSERT INTO objects (object_id, name, color, visible, locked, position, category)"
                " VALUES (?, ?, ?, 1, 0, ?, '')",
                (object_id, item.name, color, 1_000 + object_id),
            )
            self._reader.lost.append(f"name and color of object {object_id}")

    def _mend_assertions(self) -> None:
        """Assertions whose mask is lost would say "absent" or paint nothing: take them out."""
        sql = (
            "SELECT frame_index, object_id FROM assertions WHERE area > 0"
            " AND frame_index NOT IN (SELECT frame_index FROM keyframes)"
        )
        for frame, object_id in self._new.execute(sql).fetchall():
            where = "WHERE frame_index = ? AND object_id = ?"
            self._new.execute(f"DELETE FROM assertions {where}", (frame, object_id))
            self._reader.lost.append(f"keyframe of object {object_id} on frame {frame}")
            self._kept[ASSERTIONS.name] -= 1


def _run(row: Row) -> None:
    check(type(row[0]) is int and 1 <= row[0] <= 65_535, "no run")
    parse_run(row[1:])
