"""A project: one SQLite file that holds a user's work, and every change to it.

Each change is one small transaction together with what takes it back, so that a crash, a kill or
a full disk costs at most the change that was being made.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import OutputError
from core.jobs import CancelToken, Progress
from core.types import FrameResult, LabelMap
from vosapp.project.backup import copy_database
from vosapp.project.clean_reading import CleanReading
from vosapp.project.connection import Access, Journal, connect
from vosapp.project.editor import Span
from vosapp.project.edits import Edit
from vosapp.project.lanes import Lane
from vosapp.project.lock import held_lock
from vosapp.project.model import (
    Assertion,
    Change,
    FrameState,
    HistoryEntry,
    Prompt,
    Provenance,
    TrackedObject,
    check,
)
from vosapp.project.parse import parse_run
from vosapp.project.results import Propagation, mark_left, put_results
from vosapp.project.review_reading import ReviewReading
from vosapp.project.rows import Key
from vosapp.project.schema import (
    ASSERTIONS,
    BOXES,
    CLEANINGS,
    KEYFRAMES,
    LANES,
    OBJECTS,
    RESULTS,
)
from vosapp.project.side_files import side_files

MAX_RUNS = 65_535
"""Propagations whose origin is kept; a lane has 16 bits for it."""
_FRAME_TABLES = frozenset({ASSERTIONS.name, BOXES.name, KEYFRAMES.name, RESULTS.name})
_KEYFRAME_TABLES = frozenset({ASSERTIONS.name, KEYFRAMES.name})


class Project(ReviewReading, CleanReading):
    """An open project. Made by `create_project` and `open_project`; safe to use from any thread."""

    # Reading

    def objects(self) -> tuple[TrackedObject, ...]:
        """Return all objects in the user's order."""
        with self._reading():
            return self._editor.objects()

    def label_map(self, frame_index: int) -> LabelMap:
        """Return what a frame shows, H x W uint8 object ids, read-only."""
        with self._reading():
            return self._editor.shown(self._editor.frame(frame_index))

    def keyframe_map(self, frame_index: int) -> LabelMap:
        """Return a frame's layer of keyframes: pixels of asserted objects, and void."""
        with self._reading():
            layer = self._editor.maps.layer(KEYFRAMES, self._editor.frame(frame_index))
            return self._editor.maps.blank if layer is None else layer

    def assertions(self, frame_index: int) -> dict[int, Assertion]:
        """Return what the user asserts on a frame, by object id."""
        with self._reading():
            return self._editor.assertions(frame_index)

    def keyframe_indices(self, object_id: int | None = None) -> tuple[int, ...]:
        """Return the frames on which anything, or one object, is asserted, ascending."""
        with self._reading():
            if object_id is not None:
                end = self._video.frame_count
                return tuple(self._editor.asserted_frames(object_id, 0, end))
            sql = "SELECT DISTINCT frame_index FROM assertions ORDER BY frame_index"
            return tuple(self._frame(row[0]) for row in self._connection.execute(sql))

    def span(self, frame_index: int, object_id: int) -> tuple[int, int]:
        """Return (first, one past the last) of the frames that a keyframe there governs.

        This is what to propagate again after an edit of the object on this frame.
        """
        with self._reading():
            return self._editor.span(object_id, self._editor.frame(frame_index))

    def references(self) -> tuple[Assertion, ...]:
        """Return the keyframes that the engine always keeps in its memory."""
        with self._reading():
            keys = self._editor.rows.keys(ASSERTIONS, "reference <> 0")
            return tuple(self._editor.assertions(frame)[i] for frame, i in keys)

    def state(self, frame_index: int, object_id: int) -> FrameState:
        """Return the state of one cell."""
        with self._reading():
            return self._editor.state(object_id, self._editor.frame(frame_index))

    def states(self, object_id: int) -> NDArray[np.uint8]:
        """Return an object's state on every frame, uint8 of `FrameState`."""
        return self.cells(object_id).states

    def lane(self, object_id: int) -> Lane:
        """Return stored states, confidence and origin of an object's masks on every frame."""
        with self._reading():
            return self._editor.lanes.read(object_id)

    def run_of(self, run_id: int) -> Provenance | None:
        """Return where the masks of a run come from; None for 0 and unknown ones."""
        with self._reading():
            sql = "SELECT system, weights, revision FROM runs WHERE run_id = ?"
            row = self._connection.execute(sql, (int(run_id),)).fetchone()
            return None if row is None else parse_run(row)

    def prompts(self, frame_index: int) -> tuple[Prompt, ...]:
        """Return the prompts of a frame in the order in which they were made."""
        with self._reading():
            return self._editor.prompts(frame_index)

    def prompted_frames(self) -> tuple[int, ...]:
        """Return the frames that have prompts, in order."""
        with self._reading():
            return self._editor.prompted_frames()

    def history(self) -> tuple[HistoryEntry, ...]:
        """Return the steps that can be undone or redone, oldest first."""
        with self._reading():
            return self._history.entries()

    def next_steps(self) -> tuple[HistoryEntry | None, HistoryEntry | None]:
        """Return the steps that undo would take back and redo would do again."""
        with self._reading():
            return self._history.next_undo(), self._history.next_redo()

    # Changing

    def do(self, edit: Edit) -> Change:
        """Do an edit; when this returns it is on the disk.

        Raises:
            VosError: it cannot be done or cannot be written; then nothing has changed.
        """
        work = self.run(edit, CancelToken())
        while True:
            try:
                next(work)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]

    def run(self, edit: Edit, token: CancelToken) -> Generator[Progress, None, Change]:
        """Do a long edit as a job; returns its `Change`.

        Raises:
            VosError: as for `do`.
            Cancelled: by the token; nothing has changed.
        """
        with self._writing():
            self._growing = (0, 0)
            name = edit.title(self._editor)
            entry_id = self._begin_entry(name)
            for progress in edit.apply(self._editor):
                yield progress
                token.check()
            spans = self._editor.settle()
            return self._end_entry(entry_id, name, spans)

    def undo(self) -> Change:
        """Take back the last step; without one nothing happens."""
        return self._travel(undo=True)

    def redo(self) -> Change:
        """Do the next undone step again; without one nothing happens."""
        return self._travel(undo=False)

    def begin_propagation(self, system: str, weights: str = "") -> Propagation:
        """Announce a propagation of the keyframes as they are now.

        Call it before the keyframes are read: results are stale where they were edited since.
        """
        with self._writing():
            self._propagations += 1
            provenance = Provenance(system, weights, self._revision)
            run_id = self._add_run(provenance)
            return Propagation(self._propagations, run_id, provenance)

    def put_results(
        self,
        propagation: Propagation,
        results: Iterable[FrameResult],
        *,
        begun: Iterable[Span] = (),
    ) -> Change:
        """Store results; when this returns they are on the disk.

        All results of a propagation are one step of the history, as long as nothing else is
        done in between; then they go on as another step.

        Args:
            propagation: what they belong to.
            results: some of its frames.
            begun: spans that it computes whole, and that hold some of these results: what other
                weights or systems left in there is stale from now on.

        Raises:
            VosError: as for `do`.
        """
        number = propagation.number
        with self._writing():
            since = propagation.provenance.revision
            newer = [span for revision, span in self._touched if revision > since]
            goes_on = self._growing[0] == number
            entry_id = self._growing[1] if goes_on else self._begin_entry(propagation.name)
            self._editor.rows.record(entry_id)
            # An undo takes marks back, so that each step of the history makes its own.
            marked = self._marked if goes_on else frozenset()
            unmarked = frozenset(begun) - marked
            if unmarked:
                mark_left(self._editor, unmarked, self._runs_like(propagation))
            put_results(self._editor, propagation, results, newer)
            change = self._end_entry(entry_id, propagation.name, [], fresh=not goes_on)
        if change.name:
            self._growing, self._marked = (number, entry_id), marked | unmarked
        return change

    # The whole file

    def save_copy(self, target: Path, token: CancelToken | None = None) -> Iterator[Progress]:
        """Write a copy of the project under another name, as a job.

        Raises:
            OutputError: it cannot be written, is this very file, or would take the place of a
                project that was not closed properly; nothing is left of it.
            ProjectLocked: it would take the place of a project that is open elsewhere.
            Cancelled: by the token; nothing is left of the copy.
        """
        if target.exists() and target.samefile(self.path):
            raise OutputError(f"{target} is the project itself.", "Choose another name.")
        with held_lock(target), self._snapshot() as source:
            left = next((file for file in side_files(target) if os.path.lexists(file)), None)
            if left is not None:
                # SQLite would take what is in there for a part of the copy.
                raise OutputError(
                    f"{target} was not closed properly: there is {left.name}.",
                    "Open and close that project first, or choose another name.",
                )
            yield from copy_database(source, target, token)

    def problems(self) -> tuple[str, ...]:
        """Check the whole file as SQLite does; returns what is wrong, at most 20 lines."""
        with self._reading():
            try:
                rows = self._connection.execute("PRAGMA integrity_check(20)").fetchall()
            except (sqlite3.DatabaseError, UnicodeDecodeError) as exc:
                # So damaged that the check itself breaks off.
                return (str(exc),)
            return tuple(str(row[0]) for row in rows if row[0] != "ok")

    def counts(self) -> dict[FrameState, int]:
        """Count the cells, frames x objects, of each state."""
        totals = np.zeros(len(FrameState), np.int64)
        for item in self.objects():
            totals += np.bincount(self.states(item.object_id), minlength=len(FrameState))
        return {state: int(totals[state]) for state in FrameState}

    # Inside

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees the project as it is now, whatever is changed meanwhile."""
        with self._reading():
            journal = self._connection.execute("PRAGMA journal_mode").fetchone()[0]
            if journal != Journal.WAL.value:
                # A reader would be in the way of the writer, so the writer waits.
                yield self._connection
                return
            source = connect(self.path, Access.READ)
        with closing(source):
            source.execute("BEGIN")
            source.execute("SELECT 1 FROM project LIMIT 1").fetchall()
            yield source

    def _travel(self, *, undo: bool) -> Change:
        with self._writing():
            self._growing = (0, 0)
            entry = self._history.next_undo() if undo else self._history.next_redo()
            if entry is None:
                return Change("", revision=self._revision)
            self._editor.cleanings.begin()
            size = self._editor.rows.swap(entry.entry_id)
            self._history.mark(entry.entry_id, undone=undo, size=size)
            changed = self._editor.rows.changed
            self._editor.maps.forget(changed)
            self._editor.touch_rows(changed)
            return self._settled(entry.name, self._editor.settle())

    def _begin_entry(self, name: str) -> int:
        entry_id = self._history.open(name)
        self._editor.begin()
        self._editor.rows.record(entry_id)
        return entry_id

    def _end_entry(
        self, entry_id: int, name: str, spans: list[Span], *, fresh: bool = True
    ) -> Change:
        rows = self._editor.rows
        if not rows.changed and fresh:
            self._history.discard(entry_id)
            return Change("", revision=self._revision)
        self._history.grow(entry_id, rows.recorded_bytes)
        return self._settled(name, spans)

    def _settled(self, name: str, spans: list[Span]) -> Change:
        """Count the revision where keyframes changed, and say what views must read again."""
        changed = self._editor.rows.changed
        if any(table in _KEYFRAME_TABLES for table, _ in changed):
            self._next_revision()
        self._touched += [(self._revision, span) for span in spans]
        frames, ids = _parts(changed)
        if any(table == CLEANINGS.name for table, _ in changed):
            frames = tuple(sorted({*frames, *self._editor.cleanings.settle()}))
        boxed = {key[1] for table, key in changed if table == BOXES.name}
        return Change(name, frames, ids, self._revision, tuple(sorted(boxed)))

    def _add_run(self, provenance: Provenance) -> int:
        last = self._connection.execute("SELECT MAX(run_id) FROM runs").fetchone()[0] or 0
        check(type(last) is int and last >= 0, "the table of runs is damaged")
        if last >= MAX_RUNS:
            return 0
        values = (last + 1, provenance.system, provenance.weights, provenance.revision)
        sql = "INSERT INTO runs (run_id, system, weights, revision) VALUES (?, ?, ?, ?)"
        self._connection.execute(sql, values)
        return int(last) + 1

    def _runs_like(self, propagation: Propagation) -> set[int]:
        """Propagations of the same origin; 0, of which nothing is known, counts as one."""
        sql = "SELECT run_id FROM runs WHERE system = ? AND weights = ?"
        origin = propagation.provenance
        rows = self._connection.execute(sql, (origin.system, origin.weights))
        return {0, *(row[0] for row in rows if type(row[0]) is int)}

    def _frame(self, value: Any) -> int:
        inside = type(value) is int and 0 <= value < self._video.frame_count
        check(inside, "a keyframe lies outside the video")
        return int(value)


def _parts(changed: Iterable[tuple[str, Key]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    frames: set[int] = set()
    ids: set[int] = set()
    for table, key in changed:
        if table in _FRAME_TABLES:
            frames.add(key[0])
        if table in (OBJECTS.name, LANES.name, CLEANINGS.name):
            ids.add(key[0])
        if table in (ASSERTIONS.name, BOXES.name):
            ids.add(key[1])
    return tuple(sorted(frames)), tuple(sorted(ids))
