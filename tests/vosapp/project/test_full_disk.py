"""Disks without room: it is said that they are full, and nothing is in the way of the next try."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections import namedtuple

import pytest

from core.errors import OutputError, ProjectFileError
from vosapp.project import connection, filesystem, opening
from vosapp.project.opening import create_project, open_project

Usage = namedtuple("Usage", "total used free")
EVERY_ERROR = (
    "SQLITE_FULL",
    "SQLITE_IOERR_SHMSIZE",
    "SQLITE_IOERR_SHMOPEN",
    "SQLITE_IOERR_WRITE",
    "SQLITE_IOERR_FSYNC",
    "SQLITE_IOERR_TRUNCATE",
    "SQLITE_CANTOPEN",
    "SQLITE_CANTOPEN_DIRTYWAL",
)


def failing(name):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = name
    return error


@pytest.fixture
def free(monkeypatch):
    """Sets how much room the disk has left."""

    def set_free(count):
        monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(1 << 40, 0, count))

    return set_free


@pytest.fixture
def no_names(monkeypatch):
    """There is room on the disk, but no file can be made, or none for this user."""

    def refuse(code):
        def make(*_args, **_options):
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(filesystem, "scratch_file", make)

    return refuse


def message(path, name):
    with pytest.raises((OutputError, ProjectFileError)) as caught, connection.plain_errors(path):
        raise failing(name)
    return str(caught.value)


@pytest.mark.parametrize("name", EVERY_ERROR)
def test_whatever_fails_on_a_full_disk_it_is_full(path, free, name):
    path.touch()
    free(100_000)
    assert f"the disk is full ({name})" in message(path, name)
    assert "Free some space" in message(path, name)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_no_room_for_names_and_limits_of_a_user(path, no_names, code):
    path.touch()
    no_names(code)
    assert "the disk is full" in message(path, "SQLITE_IOERR_SHMSIZE")


def test_a_disk_that_fails_is_not_called_full(path, no_names):
    path.touch()
    assert "the disk fails (SQLITE_IOERR_WRITE)" in message(path, "SQLITE_IOERR_WRITE")
    no_names(errno.EIO)
    assert "the disk fails" in message(path, "SQLITE_IOERR_FSYNC")
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_reading_fails_for_other_reasons(path, free):
    path.touch()
    free(0)
    assert "the disk fails" in message(path, "SQLITE_IOERR_READ")


def test_a_file_that_is_not_there_is_no_full_disk(path, free):
    free(0)
    assert "cannot be opened" in message(path, "SQLITE_CANTOPEN")


@pytest.mark.parametrize("name", EVERY_ERROR)
def test_a_project_that_cannot_be_made_leaves_nothing(path, video, free, monkeypatch, name):
    def refuse(*_args):
        raise failing(name)

    with monkeypatch.context() as patch:
        patch.setattr(connection, "prepare_writing", refuse)
        patch.setattr(shutil, "disk_usage", lambda _folder: Usage(1 << 40, 0, 0))
        with pytest.raises(OutputError, match="the disk is full") as caught:
            create_project(path, video)
    assert "last change" not in str(caught.value)
    assert list(path.parent.iterdir()) == []
    create_project(path, video).close()


@pytest.mark.parametrize("place", ["scratch_file", "rename_new"])
def test_nor_does_one_without_a_file(path, video, monkeypatch, place):
    def refuse(*_args, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(opening, place, refuse)
        with pytest.raises(OutputError, match="No space left") as caught:
            create_project(path, video)
    assert "Free some space" in caught.value.hint
    assert list(path.parent.iterdir()) == []


def test_an_edit_says_that_it_is_lost(project, monkeypatch):
    with pytest.raises(OutputError, match=r"the disk is full .*The last change is not saved"):
        project._connection.execute("PRAGMA max_page_count = 1").fetchall()
        project.put_tuned(*tuned_weights(), use=False)


def tuned_weights():
    from vosapp.project.tuned import TunedInfo, digest_of

    data = bytes(1 << 20)
    return TunedInfo("base", digest_of(data), "thin", 1, 1.0, 0.1, 0, 2, 0, 6), data


def test_a_copy_that_finds_no_room(project, tmp_path, monkeypatch):
    def refuse(*_args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("vosapp.project.backup._sync", refuse)
    before = sorted(p.name for p in tmp_path.iterdir())
    with pytest.raises(OutputError, match="No space") as caught:
        list(project.save_copy(tmp_path / "copy.vosapp"))
    assert caught.value.hint == "Free some space."
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_a_project_that_finds_no_room_to_be_opened_stays_as_it_is(path, video, monkeypatch):
    create_project(path, video).close()
    before = path.read_bytes()

    def refuse(*_args):
        raise failing("SQLITE_IOERR_SHMSIZE")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "prepare_writing", refuse)
        patch.setattr(shutil, "disk_usage", lambda _folder: Usage(1 << 40, 0, 0))
        with pytest.raises(OutputError, match="the disk is full"):
            open_project(path)
    assert path.read_bytes() == before and [p.name for p in path.parent.iterdir()] == [path.name]
    open_project(path).close()
