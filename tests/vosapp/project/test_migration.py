"""Files of older versions: backed up and brought up to date, or as they were."""

from __future__ import annotations

import itertools
import os
import sqlite3
import sys
from pathlib import Path

import numpy as np
import pytest

from core.cleaning import DEFAULT
from core.errors import OutputError, ProjectFileError
from vosapp.project import schema
from vosapp.project.connection import Access, connect
from vosapp.project.edit_cleanings import CleanUp
from vosapp.project.edits import SetCategory
from vosapp.project.file import Options
from vosapp.project.migration import migrate, upgrade
from vosapp.project.model import FrameState
from vosapp.project.opening import open_project
from vosapp.project.recovery import salvage
from vosapp.project.tuned import TunedInfo, digest_of

VERSION_1 = (Path(__file__).parent / "version_1.sql").read_text(encoding="utf-8")
VERSION_2 = (Path(__file__).parent / "version_2.sql").read_text(encoding="utf-8")
READ = Options(read_only=True)
DIED, SURVIVED = 9, 5


@pytest.fixture
def old(tmp_path):
    """A project as vosapp wrote it in file version 1."""
    path = tmp_path / "old.vosapp"
    with sqlite3.connect(path) as connection:
        connection.executescript(VERSION_1)
    connection.close()
    return path


@pytest.fixture
def old_2(tmp_path):
    """A project as vosapp wrote it in file version 2."""
    path = tmp_path / "old.vosapp"
    with sqlite3.connect(path) as connection:
        connection.executescript(VERSION_2)
    connection.close()
    return path


def version_of(path):
    connection = sqlite3.connect(path)
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return found


def tuned_info(data):
    return TunedInfo("base", digest_of(data), "thin", 1, 1.0, 0.1, 0, 2, 0, 6)


def check_content(project):
    assert project.problems() == ()
    assert [item.name for item in project.objects()] == ["Bear", "Old fox"]
    assert {item.category for item in project.objects()} == {""}
    assert project.keyframe_indices() == (0, 5) and project.references()[0].object_id == 1
    assert project.state(5, 2) is FrameState.ABSENT
    assert project.state(2, 1) is FrameState.CHECKED
    wanted = np.zeros((12, 16), np.uint8)
    wanted[2:6, 2:6], wanted[7:11, 7:13] = 1, 2
    assert np.array_equal(project.label_map(3), wanted)
    assert project.run_of(1).weights == "weights-1" and len(project.prompts(0)) == 1
    assert project.setting("zoom") == 2
    assert project.tuned() is None and not project.uses_tuned


def test_the_fixture_is_version_1(old):
    connection = sqlite3.connect(old)
    assert schema.shape(connection) == schema.expected_shape(1) != schema.expected_shape()
    connection.close()


def test_an_old_project_is_backed_up_and_goes_on(old):
    before = old.read_bytes()
    with open_project(old) as project:
        assert "backup" in project.notes[0]
        check_content(project)
        project.do(SetCategory(1, "animal"))
    backup = old.with_name("old.vosapp.bak-v1")
    assert version_of(backup) == 1 and version_of(old) == schema.SCHEMA_VERSION
    connection = sqlite3.connect(backup)
    copied = list(connection.iterdump())
    connection.close()
    old.write_bytes(before)
    connection = sqlite3.connect(old)
    assert list(connection.iterdump()) == copied
    connection.close()


def test_the_fixture_is_version_2(old_2):
    connection = sqlite3.connect(old_2)
    assert schema.shape(connection) == schema.expected_shape(2) != schema.expected_shape()
    connection.close()


def test_a_project_of_version_2_is_backed_up_and_goes_on(old_2):
    with open_project(old_2) as project:
        assert "file version 2 to 6" in project.notes[0]
        check_content(project)
        assert project.frame_index().pts[5] == 5005
        project.put_tuned(tuned_info(b"weights"), b"weights", use=True)
    assert version_of(old_2.with_name("old.vosapp.bak-v2")) == 2
    with open_project(old_2) as project:
        assert project.notes == () and project.uses_tuned
        assert project.tuned_data() == b"weights"


def test_version_2_is_looked_at_as_it_is(old_2):
    before = old_2.read_bytes()
    with open_project(old_2, READ) as project:
        check_content(project)
    assert old_2.read_bytes() == before


def test_what_version_2_never_had_is_not_lost(old_2, tmp_path):
    saved = salvage(old_2, tmp_path / "new.vosapp")
    assert saved.lost == ("the undo history is not taken over",)
    with open_project(saved.path) as project:
        assert project.tuned() is None


def test_an_older_file_with_a_table_of_a_newer_one(old_2):
    """The table alone makes no newer file: it is one that vosapp never wrote."""
    with sqlite3.connect(old_2) as connection:
        connection.execute(schema.MIGRATIONS[2][0])
    connection.close()
    with pytest.raises(ProjectFileError, match="tuned"):
        open_project(old_2)


def test_the_history_comes_along(old):
    with open_project(old) as project:
        assert project.redo().name == "Rename Bear"
        assert project.objects()[0].name == "Grizzly"
        while project.undo().name:
            pass
        assert project.objects() == () and not project.label_map(2).any()
        while project.redo().name:
            pass
        assert [item.name for item in project.objects()] == ["Grizzly", "Old fox"]


def test_reading_only_leaves_it_as_it_is(old, tmp_path):
    before = old.read_bytes()
    with open_project(old, READ) as project:
        assert "older vosapp" in project.notes[0]
        check_content(project)
        with pytest.raises(OutputError):
            project.do(SetCategory(1, "x"))
    assert old.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [old.name]


def test_no_backup_is_overwritten(old):
    old.with_name("old.vosapp.bak-v1").write_bytes(b"mine")
    open_project(old).close()
    assert old.with_name("old.vosapp.bak-v1").read_bytes() == b"mine"
    assert version_of(old.with_name("old.vosapp.bak-v1-2")) == 1


def test_a_backup_that_is_there_already_is_not_made_again(old, tmp_path, monkeypatch):
    """As after a kill between the backup and the migration, as often as it happens."""

    def die(*_args, **_options):
        raise KeyboardInterrupt

    before = old.read_bytes()
    for _ in range(3):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr("vosapp.project.migration.upgrade", die)
            open_project(old)
        assert old.read_bytes() == before
    with open_project(old) as project:
        assert project.notes[0].endswith("old.vosapp.bak-v1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.vosapp", "old.vosapp.bak-v1"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_in_place_of_a_backup_is_not_read_or_replaced(old, tmp_path):
    first = old.with_name("old.vosapp.bak-v1")
    first.symlink_to(tmp_path / "gone")
    os.mkfifo(old.with_name("old.vosapp.bak-v1-2"))
    open_project(old).close()
    assert first.is_symlink() and not (tmp_path / "gone").exists()
    assert version_of(old.with_name("old.vosapp.bak-v1-3")) == 1


def test_what_a_killed_migration_has_left_is_removed(old, tmp_path):
    for ending in ("", "-journal"):
        (tmp_path / f".vosapp-{'ab' * 16}.tmp{ending}").write_bytes(b"half")
    open_project(old).close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.vosapp", "old.vosapp.bak-v1"]


def test_without_a_backup_nothing_changes(old, monkeypatch):
    before = old.read_bytes()

    def full(*_args, **_options):
        raise OutputError("the disk is full")
        yield

    monkeypatch.setattr("vosapp.project.migration.copy_database", full)
    with pytest.raises(OutputError):
        open_project(old)
    assert old.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_killed_in_the_middle(old, tmp_path):
    """The process dies at one statement after the other; the file is old or new, never between."""
    before = old.read_bytes()
    for after in itertools.count():
        path = tmp_path / f"{after}.vosapp"
        path.write_bytes(before)
        pid = os.fork()
        if not pid:
            _die_after(after, path)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with open_project(path) as project:
            check_content(project)
        if status == SURVIVED:
            break
        assert status == DIED
    assert after >= len(schema.MIGRATIONS[1])


def _die_after(count, path):
    left = itertools.count(count, -1)

    def watch(_statement):
        if next(left) <= 0:
            os._exit(DIED)

    connection = connect(path, Access.WRITE)
    connection.set_trace_callback(watch)
    upgrade(connection, 1)
    os._exit(SURVIVED)


def test_a_foreign_table_in_an_old_file(old):
    connection = sqlite3.connect(old)
    connection.execute("CREATE TRIGGER t AFTER INSERT ON objects BEGIN DELETE FROM video; END")
    connection.close()
    before = old.read_bytes()
    for options in (READ, Options()):
        with pytest.raises(ProjectFileError, match="trigger t"):
            open_project(old, options)
    assert old.read_bytes() == before


def test_an_old_damaged_file_is_saved(old, tmp_path):
    connection = sqlite3.connect(old)
    page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'lanes'").fetchone()
    connection.close()
    data = bytearray(old.read_bytes())
    data[(page[0] - 1) * 4096 : page[0] * 4096] = b"\xa5" * 4096
    old.write_bytes(data)
    saved = salvage(old, tmp_path / "new.vosapp")
    assert any("lanes" in line for line in saved.lost)
    with open_project(saved.path) as project:
        assert [item.name for item in project.objects()] == ["Bear", "Old fox"]
        assert project.label_map(0).any()


def test_failed_migration_changes_nothing(project, path):
    project.close()
    connection = connect(path, Access.WRITE)
    before = schema.shape(connection)
    last = schema.SCHEMA_VERSION - 1
    steps = {last: ("DROP TABLE objects", "CREATE TABLE nonsense")}
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, path, last, steps=steps)
    assert schema.shape(connection) == before
    with pytest.raises(ProjectFileError, match="cannot bring up to date"):
        migrate(connection, path, last, steps={})
    connection.close()


def test_every_older_version_has_a_migration():
    assert set(schema.MIGRATIONS) == set(schema.FORMER) == set(range(1, schema.SCHEMA_VERSION))


def test_a_project_of_version_4_gets_room_for_clean_ups(tmp_path, old):
    with open_project(old):
        pass
    connection = sqlite3.connect(old)
    connection.executescript("DROP TABLE cleanings; DROP TABLE softs; PRAGMA user_version = 4;")
    assert schema.shape(connection) == schema.expected_shape(4) == schema.expected_shape(5)
    connection.close()
    with open_project(old) as project:
        assert f"file version 4 to {schema.SCHEMA_VERSION}" in project.notes[0]
        check_content(project)
        assert project.cleanings() == () and project.soft_labels(3, 1) is None
        project.do(CleanUp(1, 0, 6, DEFAULT))
    assert version_of(old.with_name("old.vosapp.bak-v4")) == 4
