"""What strangers have put beside a project under the names of SQLite's own files."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
import sys

import pytest

from core.errors import OutputError, ProjectFileError
from vosapp.project import opening
from vosapp.project.edits import AddObject
from vosapp.project.file import Options
from vosapp.project.opening import create_project, open_project
from vosapp.project.recovery import salvage
from vosapp.project.side_files import is_free

posix = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
READ = Options(read_only=True)
MAGIC = bytes.fromhex("d9d505f920a163d7")
SIDES = ("-wal", "-shm", "-journal")


@pytest.fixture
def closed(path, video):
    """A project that is not open, with one object."""
    with create_project(path, video) as project:
        project.do(AddObject(name="Bear"))
    return path


@pytest.fixture
def precious(tmp_path):
    (tmp_path / "mine").mkdir()
    path = tmp_path / "mine" / "precious"
    path.write_bytes(b"mine" * 4096)
    return path


def beside(path, ending):
    return path.with_name(path.name + ending)


@posix
@pytest.mark.parametrize("ending", SIDES)
@pytest.mark.parametrize("options", [Options(), READ], ids=["write", "read"])
@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_links_are_not_followed(closed, precious, ending, options, link):
    link(precious, beside(closed, ending))
    with pytest.raises(ProjectFileError, match=f"{ending} is no side file of a project: it is a"):
        open_project(closed, options)
    assert precious.read_bytes() == b"mine" * 4096
    assert not beside(closed, ".lock").exists()


@posix
@pytest.mark.parametrize("ending", SIDES)
def test_pipes_are_not_waited_for(closed, ending):
    os.mkfifo(beside(closed, ending))
    for options in (Options(), READ):
        with pytest.raises(ProjectFileError, match="no file"):
            open_project(closed, options)


@posix
def test_read_only_media_do_not_change_that(closed, precious, monkeypatch):
    monkeypatch.setattr(opening, "is_writable", lambda _: False)
    beside(closed, "-wal").symlink_to(precious)
    with pytest.raises(ProjectFileError, match="symbolic link"):
        open_project(closed, READ)


def hot_journal(project, page, victim):
    """A rollback journal of one page that says that it belongs to a change of several databases."""
    name = str(victim).encode()
    data = project.read_bytes()
    size, pages = struct.unpack(">H", data[16:18])[0], len(data) // 4096
    head = MAGIC + struct.pack(">IIIII", 1, 7, pages, 512, size)
    content = data[(page - 1) * size : page * size]
    check = (7 + sum(content[i] for i in range(size - 200, 0, -200))) & 0xFFFFFFFF
    record = struct.pack(">I", page) + content + struct.pack(">I", check)
    lock_page = (1 << 30) // size + 1
    last = struct.pack(">I", lock_page) + name
    last += struct.pack(">II", len(name), sum(name) & 0xFFFFFFFF) + MAGIC
    return head.ljust(512, b"\0") + record + last


def test_a_journal_does_not_get_another_file_removed(closed, precious, tmp_path):
    """SQLite removes the super-journal that a journal names, once it has recovered from it."""
    precious.write_bytes(b"film-that-is-not-there-journal\0")
    beside(closed, "-journal").write_bytes(hot_journal(closed, 2, precious))
    for options in (Options(), READ):
        with pytest.raises(ProjectFileError, match="it names another file"):
            open_project(closed, options)
    saved = salvage(closed, tmp_path / "saved.vosapp")
    assert saved.kept["objects"] == 1
    assert precious.exists()
    connection = sqlite3.connect(closed)
    connection.execute("SELECT * FROM objects").fetchall()
    connection.close()
    assert not precious.exists(), "the trap works"


def test_a_journal_of_our_own_is_recovered_from(closed):
    project = open_project(closed, Options(journal=opening.sqlite.Journal.ROLLBACK))
    before = closed.read_bytes()
    connection = project._connection
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DELETE FROM objects")
    sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 3000)"
    connection.execute(f"{sql} INSERT INTO settings SELECT 'k' || i, hex(zeroblob(200)) FROM n")
    copy = closed.with_name("copy.vosapp")
    shutil.copyfile(closed, copy)
    shutil.copyfile(beside(closed, "-journal"), beside(copy, "-journal"))
    connection.execute("ROLLBACK")
    project.close()
    assert copy.read_bytes() != before
    with open_project(copy) as again:
        assert [item.name for item in again.objects()] == ["Bear"]


@pytest.mark.parametrize("ending", ["-wal", "-journal"])
def test_a_new_project_takes_over_nothing(path, video, ending):
    """A log that lies there, from an archive or from a project of that name, is no part of it."""
    beside(path, ending).write_bytes(b"edits of another project")
    assert not is_free(path)
    with pytest.raises(OutputError, match=f"already a file .*{ending}"):
        create_project(path, video)
    assert beside(path, ending).read_bytes() == b"edits of another project"
    assert not path.exists() and not beside(path, ".lock").exists()


@posix
def test_a_new_project_is_not_made_through_a_link(path, video, tmp_path):
    path.symlink_to(tmp_path / "elsewhere.vosapp")
    with pytest.raises(OutputError, match="already"):
        create_project(path, video)
    assert not (tmp_path / "elsewhere.vosapp").exists()


def test_a_project_that_was_made_in_vain_goes_with_its_log(path, video):
    project = create_project(path, video)
    project.do(AddObject())
    assert beside(path, "-wal").exists()
    reader = open_project(path, READ)
    reader._connection.execute("BEGIN")
    reader._connection.execute("SELECT * FROM objects").fetchall()
    project.discard()
    project.close()
    assert sorted(p.name for p in path.parent.iterdir()) == []
    reader.close()
    create_project(path, video).close()
