"""Files of version 4: lanes that hold less of each cell are read, in undo histories, too."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from vosapp.project import schema
from vosapp.project.edit_review import ReviewFrames
from vosapp.project.file import Options
from vosapp.project.model import FrameState, Review
from vosapp.project.opening import open_project

VERSION_4 = (Path(__file__).parent / "version_4.sql").read_text(encoding="utf-8")
"""Object 1 is checked on the frames 2 and 3, object 2 gone on 7; its check on 5 was undone."""


@pytest.fixture
def old(tmp_path):
    """A project as vosapp wrote it in file version 4."""
    path = tmp_path / "old.vosapp"
    with sqlite3.connect(path) as connection:
        connection.executescript(VERSION_4)
    connection.close()
    return path


def check_content(project):
    assert project.problems() == ()
    first, second = project.lane(1), project.lane(2)
    assert np.flatnonzero(first.states == FrameState.CHECKED).tolist() == [2, 3]
    assert np.flatnonzero(second.gone).tolist() == [7]
    assert first.confidence[5] == pytest.approx(0.9, abs=0.003) and first.runs[5] == 1
    for lane in (first, second):
        assert not lane.needs_work.any() and np.isnan(lane.disagreement).all()


def test_the_fixture_is_version_4(old):
    connection = sqlite3.connect(old)
    assert schema.shape(connection) == schema.expected_shape(4)
    assert connection.execute("PRAGMA user_version").fetchone() == (4,)
    connection.close()


def test_it_is_backed_up_and_goes_on(old):
    with open_project(old) as project:
        assert f"file version 4 to {schema.SCHEMA_VERSION}" in project.notes[0]
        check_content(project)
        assert project.redo().name == "Check frames"
        assert project.state(5, 2) is FrameState.CHECKED
        assert project.undo().name == "Check frames" == project.undo().name
        assert not (project.lane(1).states == FrameState.CHECKED).any()
        project.redo()
        check_content(project)
        project.do(ReviewFrames((2,), 7, 9, Review.NEEDS_WORK))
    assert old.with_name("old.vosapp.bak-v4").exists()
    with open_project(old) as project:
        assert project.notes == ()
        assert np.flatnonzero(project.lane(2).needs_work).tolist() == [7, 8]
        assert np.flatnonzero(project.lane(2).gone).tolist() == [7]


def test_it_is_looked_at_as_it_is(old):
    before = old.read_bytes()
    with open_project(old, Options(read_only=True)) as project:
        check_content(project)
    assert old.read_bytes() == before
