"""Boxes that file version 3 kept as prompts become box labels, and nothing is lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from vosapp.project import schema
from vosapp.project.boxes import BoxLabel
from vosapp.project.file import Options
from vosapp.project.model import PromptKind, Unreadable
from vosapp.project.opening import open_project
from vosapp.project.recovery import salvage

VERSION_3 = (Path(__file__).parent / "version_3.sql").read_text(encoding="utf-8")
LABELS = (
    BoxLabel(1, 1, 2.5, 2.0, 4.0, 4.0),
    BoxLabel(1, 2, 8.0, 3.0, 4.0, 6.25),
    BoxLabel(4, 2, 8.0, 3.0, 2.0, 5.0),
)
"""Of boxes without a mask: the last one of each object on each frame."""
KEPT = {
    0: [(1, "box", 1), (1, "box", 2)],
    3: [(2, "points", 5)],
    4: [(2, "box", 9.0)],
    5: [(2, "box", 1)],
}
"""What stays a prompt: of masks, clicks, an earlier box of a cell, and one that was handed on."""


@pytest.fixture
def old(tmp_path):
    """A project as vosapp wrote it in file version 3."""
    path = tmp_path / "old.vosapp"
    with sqlite3.connect(path) as connection:
        connection.executescript(VERSION_3)
    connection.close()
    return path


def prompts(project):
    found = {
        frame: [(p.object_id, p.kind.value, p.points[0][0]) for p in project.prompts(frame)]
        for frame in project.prompted_frames()
    }
    return {frame: items for frame, items in found.items() if items}


def test_the_fixture_is_version_3(old):
    connection = sqlite3.connect(old)
    assert schema.shape(connection) == schema.expected_shape(3) != schema.expected_shape()
    connection.close()


def test_boxes_without_a_mask_become_labels(old):
    with open_project(old) as project:
        assert "file version 3 to 6" in project.notes[0] and project.problems() == ()
        assert project.boxes_in() == LABELS
        assert prompts(project) == KEPT
        assert project.keyframe_indices() == (0,)
    assert old.with_name("old.vosapp.bak-v3").exists()


def test_so_they_are_seen_in_a_file_that_may_only_be_read(old):
    before = old.read_bytes()
    with open_project(old, Options(read_only=True)) as project:
        assert project.boxes_in() == LABELS
    assert old.read_bytes() == before


def test_undo_takes_back_what_it_would_have_taken_back(old):
    with open_project(old) as project:
        while project.history() and (name := project.undo().name) != "Add box to Fox":
            assert name
        assert project.boxes_in() == LABELS[:2]
        assert prompts(project) == {0: KEPT[0], 4: KEPT[4]}
        assert project.undo().name == "Import annotations"
        assert project.boxes_in() == () and prompts(project) == {0: KEPT[0][:1]}
        while project.undo().name:
            pass
        assert project.objects() == ()
        while project.redo().name:
            pass
        assert project.boxes_in() == LABELS
        assert prompts(project) == KEPT | {2: [(1, "box", 3)]}


def test_salvage_of_the_old_file_keeps_them_as_prompts(old, tmp_path):
    saved = salvage(old, tmp_path / "new.vosapp")
    assert saved.lost == ("the undo history is not taken over",)
    with open_project(saved.path) as project:
        boxes = [p for f in range(6) for p in project.prompts(f) if p.kind is PromptKind.BOX]
        assert len(boxes) == 7 and project.boxes_in() == ()


@pytest.mark.parametrize(
    "points",
    [
        "x",
        "[[1, 2, 1]]",
        '[["a", 2, 1], [3, 4, 1]]',
        "[[1, 2, 1], [1, 4, 1]]",
        "[[NaN, 2], [3, 4]]",
    ],
)
def test_points_that_make_no_box_stay_where_they_are(old, points):
    with sqlite3.connect(old) as connection:
        connection.execute("UPDATE prompts SET points = ? WHERE prompt_id = 3", (points,))
    connection.close()
    with open_project(old) as project:
        assert project.boxes_in() == LABELS[1:]
        rows = project._connection.execute("SELECT points FROM prompts WHERE prompt_id = 3")
        assert rows.fetchone() == (points,)


@pytest.mark.parametrize(("column", "value"), [("frame_index", "'one'"), ("object_id", "1.5")])
def test_hostile_places_make_no_label(old, column, value):
    with sqlite3.connect(old) as connection:
        connection.execute(f"UPDATE prompts SET {column} = {value} WHERE prompt_id = 3")
    connection.close()
    with open_project(old) as project:
        assert project.boxes_in() == LABELS[1:]


def test_far_places_are_refused_when_they_are_read(old):
    with sqlite3.connect(old) as connection:
        text = "[[1e300, 0, 1], [2, 2, 1]]"
        connection.execute("UPDATE prompts SET points = ? WHERE prompt_id = 3", (text,))
    connection.close()
    with open_project(old) as project, pytest.raises((Unreadable, Exception), match="box"):
        project.boxes_in()
