"""SQLite takes any value in any column: what stands there is used as what it should be, or told."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from fractions import Fraction

import numpy as np
import pytest

from core.cleaning import Cleaning
from core.engine.output import result_name
from core.errors import VosError
from core.media.annotations.values import AnnotationSource
from core.media.export.base import sequence_name
from core.media.frame_times import FrameIndex
from core.types import FrameResult
from vosapp.project import edit_boxes, edit_cleanings, edit_masks, edit_ranges, edits, tuned
from vosapp.project.boxes import BoxLabel
from vosapp.project.file import Options
from vosapp.project.model import Change, Prompt, PromptKind, Unreadable, VideoRef
from vosapp.project.opening import create_project, open_project
from vosapp.project.parse import path_of, stored_path
from vosapp.project.schema import UNDOABLE
from vosapp.project.source import stored_info
from vosapp.session.view import read_update

VALUES = {
    "a text": "'x'",
    "bytes": "X'80ff'",
    "a fraction": "1.5",
    "a huge number": "9223372036854775807",
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A project with a row in every table; returns its path and the columns by table."""
    path = tmp_path_factory.mktemp("sound") / "p.vosapp"
    video = VideoRef("/film.mp4", "film.mp4", 9, "ab", 40, 16, 12, Fraction(25))
    index = FrameIndex(tuple(range(40)), (0, 20), timed=True, base=Fraction(1, 25))
    box = np.zeros((12, 16), np.bool_)
    box[2:8, 3:9] = True
    with create_project(path, video, index=index) as project:
        for name in ("Bear", "Fox"):
            project.do(edits.AddObject(name=name))
        project.do(edit_masks.SetMask(0, 1, box))
        project.do(edit_masks.SetMask(5, 2, box))
        project.do(edits.AddPrompt(Prompt(3, 1, PromptKind.BOX, ((1, 2, 1), (3, 4, 1)))))
        project.do(edit_boxes.PutBox(BoxLabel(3, 1, 1.0, 2.0, 2.0, 2.0)))
        project.do(edit_ranges.SetReference(0, (1,)))
        project.do(edit_cleanings.CleanUp(1, 0, 9, Cleaning(grow=1)))
        run = project.begin_propagation("copy", "w")
        soft = {1: np.full((3, 4), 9, np.uint8)}
        results = [
            FrameResult(i, box.astype(np.uint8), (1, 2), {1: 0.5}, soft=soft) for i in (2, 7)
        ]
        project.put_results(run, results)
        data = b"weights"
        score = tuned.KeyframeScore(3, 5, 0.5, 0.75)
        info = tuned.TunedInfo(
            "base", tuned.digest_of(data), "thin", 9, 1.5, 0.1, 0, 4, 0, 9, (score,)
        )
        project.put_tuned(info, data, use=True)
        project.do(edits.RenameObject(1, "Wolf"))
        project.undo()
    with contextlib.closing(sqlite3.connect(path)) as file:
        names = [
            row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        columns = {name: file.execute(f"PRAGMA table_info({name})").fetchall() for name in names}
    return path, {name: [row[1] for row in rows] for name, rows in columns.items()}


TABLES = (
    *("project", "settings", "video", "frame_index", "objects", "prompts", "boxes"),
    *("assertions", "keyframes", "results", "lanes", "runs", "tuned", "history", "changes"),
    *("cleanings", "softs"),
)


def reads(project):
    """All ways to read a project."""
    for index in (0, 2, 3, 5, 39):
        yield lambda i=index: project.label_map(i)
        yield lambda i=index: project.keyframe_map(i)
        yield lambda i=index: project.assertions(i)
        yield lambda i=index: project.prompts(i)
        yield lambda i=index: project.boxes(i)
        yield lambda i=index: project.state(i, 1)
        yield lambda i=index: project.span(i, 1)
        yield lambda i=index: project.cleanings_on(i)
        yield lambda i=index: project.soft_labels(i, 1)
        yield lambda i=index: project.earlier_map(i)
    for object_id in (1, 2):
        yield lambda i=object_id: project.keyframe_indices(i)
        yield lambda i=object_id: project.cells(i)
        yield lambda i=object_id: project.lane(i)
    yield from (project.objects, project.keyframe_indices, project.references, project.history)
    yield from (project.next_steps, project.problems, project.counts, project.tuned)
    yield from (project.tuned_data, project.frame_index, lambda: project.run_of(1))
    yield from (lambda: project.setting("x"), lambda: project.uses_tuned)
    yield from (project.boxes_in, project.box_counts, lambda: project.boxes_of(1))
    yield from (project.cleanings, lambda: project.review_counts((1, 2)))
    yield lambda: read_update(project, Change(""))


def writes(project):
    """Edits of all kinds, then back to the beginning and forth again."""
    box = project.label_map(0) > 0
    yield lambda: project.do(edits.AddPrompt(Prompt(3, 1, PromptKind.BOX, ((1, 2, 1), (3, 4, 1)))))
    yield lambda: project.do(edit_boxes.PutBox(BoxLabel(5, 1, 1.0, 2.0, 3.0, 4.0)))
    yield lambda: project.do(edit_boxes.InterpolateBoxes(1))
    yield lambda: project.do(edit_boxes.RemoveBoxes(1, 4))
    yield lambda: project.do(edits.ReorderObjects((2, 1)))
    yield lambda: project.do(edit_masks.SetMask(9, 1, box))
    yield lambda: project.do(edit_masks.MarkAbsent(7, 1))
    yield lambda: project.do(edit_ranges.CheckFrames((1,), 0, 40))
    yield lambda: project.do(edit_ranges.SetReference(5, (2,)))
    yield lambda: project.put_results(
        project.begin_propagation("copy", "v"), [FrameResult(8, box.astype("uint8"), (1,))]
    )
    yield lambda: project.do(edit_cleanings.CleanUp(1, 2, None, Cleaning(grow=2)))
    yield lambda: project.do(edit_ranges.SplitObject(1, 4))
    yield lambda: project.do(edit_ranges.MergeObjects(1, 2))
    yield lambda: project.do(edit_ranges.DeleteObject(2))
    yield from [project.undo] * 22
    yield from [project.redo] * 22


@pytest.mark.parametrize("table", TABLES)
def test_values_of_other_types(table, sound, tmp_path):
    source, columns = sound
    assert set(columns) == set(TABLES)
    tried = 0
    for column in columns[table]:
        for value in VALUES.values():
            path = tmp_path / f"{tried}.vosapp"
            shutil.copy(source, path)
            if not planted(path, table, column, value):
                continue
            tried += 1
            attempt_all(path, Options(read_only=True), reads)
            attempt_all(path, Options(), writes)
    assert tried > 4


def planted(path, table, column, value):
    with contextlib.closing(sqlite3.connect(path)) as file:
        try:
            file.execute(f"UPDATE OR IGNORE {table} SET {column} = {value}")
            file.commit()
        except sqlite3.Error:
            return False  # SQLite itself refuses it, as a text for the number of a row
    return True


def attempt_all(path, options, steps):
    with contextlib.suppress(VosError), open_project(path, options) as project:
        # Nobody's power goes here.
        project._connection.execute("PRAGMA synchronous = OFF")
        found = iter(())
        with contextlib.suppress(VosError):
            found = iter(list(steps(project)))
        for step in found:
            with contextlib.suppress(VosError):
                step()


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("objects", "visible", "'yes'"),
        ("objects", "position", "'first'"),
        ("assertions", "area", "'large'"),
        ("assertions", "frame_index", "'0'||'x'"),
        ("keyframes", "label_map", "7"),
        ("lanes", "data", "'data'"),
        ("results", "label_map", "'map'"),
        ("prompts", "object_id", "'one'"),
        ("boxes", "width", "'wide'"),
    ],
)
def test_text_where_a_number_belongs_is_told(table, column, value, sound, tmp_path):
    path = tmp_path / "p.vosapp"
    shutil.copy(sound[0], path)
    assert planted(path, table, column, value)
    with open_project(path, Options(read_only=True)) as project:
        told = []
        for step in reads(project):
            try:
                step()
            except VosError as error:
                told.append(error.message)
    assert any("is damaged" in text for text in told)


def test_what_a_row_must_be_is_what_the_tables_declare(sound):
    """The types that are checked are those that the schema writes down."""
    with contextlib.closing(sqlite3.connect(sound[0])) as file:
        for name, table in UNDOABLE.items():
            declared = {row[1]: row[2] for row in file.execute(f"PRAGMA table_info({name})")}
            kinds = {int: "INTEGER", str: "TEXT", float: "REAL", bytes: "BLOB"}
            assert [kinds[kind] for kind in table.types] == [declared[c] for c in table.values]
            assert all(declared[key] == "INTEGER" for key in table.keys)


ODD = b"/films/caf\xe9 100%25.mp4".decode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("path", "stored"),
    [
        ("/films/bear 100%25.mp4", "/films/bear 100%25.mp4"),
        ("../films/Bär.mp4", "../films/Bär.mp4"),
        ("", ""),
        (ODD, "file:///films/caf%E9%20100%2525.mp4"),
        ("../x" + ODD[6:], "file:///./../x/caf%E9%20100%2525.mp4"),
    ],
)
def test_paths_that_are_no_text_are_stored_as_uris(path, stored):
    assert stored_path(path) == stored
    assert path_of(stored) == path


@pytest.mark.parametrize("stored", [None, 3, b"/x"])
def test_a_path_of_another_type(stored):
    with pytest.raises(Unreadable):
        path_of(stored)


@pytest.mark.parametrize("stored", ["file:///a%00b", "file://%zz", "file:///./%ff%00", "file://"])
def test_hostile_uris(stored, sound, tmp_path):
    path = tmp_path / "p.vosapp"
    shutil.copy(sound[0], path)
    assert planted(path, "video", "path", f"'{stored}'")
    assert planted(path, "video", "relative_path", f"'{stored}'")
    attempt_all(path, Options(read_only=True), reads)


@pytest.mark.parametrize("place", ["", "/", ".", "..", "/a/..", "file:///"])
def test_a_video_without_a_name(place, sound, tmp_path):
    path = tmp_path / "p.vosapp"
    shutil.copy(sound[0], path)
    assert planted(path, "video", "path", f"'{place}'")
    with open_project(path, Options(read_only=True)) as project:
        info = stored_info(project)
        assert sequence_name(AnnotationSource(info, (), lambda _: None))
        assert result_name(info)
