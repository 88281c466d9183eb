"""Projects whose end is missing: told when they are opened, and never where nothing is missing."""

from __future__ import annotations

import os
import shutil

import pytest

from core.errors import ProjectFileError
from vosapp.project import opening
from vosapp.project.connection import Journal
from vosapp.project.edits import AddObject
from vosapp.project.file import Options
from vosapp.project.opening import create_project, open_project
from vosapp.project.recovery import salvage

READ = Options(read_only=True)
WAYS = pytest.mark.parametrize("options", [Options(), READ], ids=["write", "read"])
JOURNALS = pytest.mark.parametrize("journal", list(Journal))


@pytest.fixture(params=list(Journal))
def closed(request, path, video):
    """A project that is not open; it was written with either journal."""
    with create_project(path, video, Options(journal=request.param)) as project:
        project.do(AddObject(name="Bear"))
    return path


def cut(path, count):
    os.truncate(path, path.stat().st_size - count)


def killed(project, path, folder):
    """The files of a project as they are while it is open: what a kill would leave of them."""
    folder.mkdir()
    for ending in ("", "-wal", "-journal"):
        side = path.with_name(path.name + ending)
        if side.exists():
            shutil.copyfile(side, folder / side.name)
    return folder / path.name


@WAYS
@pytest.mark.parametrize("count", [1, 4095, 5000])
def test_a_missing_end_is_told(closed, tmp_path, options, count):
    cut(closed, count)
    before = closed.read_bytes()
    with pytest.raises(ProjectFileError, match="is damaged") as caught:
        open_project(closed, options)
    assert "repaired copy" in caught.value.hint
    assert closed.read_bytes() == before
    salvage(closed, tmp_path / "new.vosapp")
    with open_project(tmp_path / "new.vosapp") as project:
        assert project.video.frame_count == 40


def test_it_says_how_much_is_missing(closed):
    cut(closed, 100)
    with pytest.raises(ProjectFileError, match="its last 100 bytes are missing"):
        open_project(closed)


def test_a_missing_end_is_told_on_read_only_media(closed, monkeypatch):
    cut(closed, 100)
    monkeypatch.setattr(opening, "is_writable", lambda _folder: False)
    with pytest.raises(ProjectFileError, match="last 100 bytes"):
        open_project(closed, READ)


@WAYS
def test_what_lies_behind_the_end_does_no_harm(closed, options):
    with closed.open("ab") as file:
        file.write(b"\0" * 5000)
    with open_project(closed, options) as project:
        assert [item.name for item in project.objects()] == ["Bear"]


@WAYS
def test_what_is_still_in_the_log_is_not_missing(project, path, tmp_path, options):
    """The log says how many pages there are; the file has only those of the last checkpoint."""
    project.set_setting("note", "a" * 100_000)
    left = killed(project, path, tmp_path / "killed")
    pages = project._connection.execute("PRAGMA page_count").fetchone()[0]
    assert left.stat().st_size < pages * 4096
    with open_project(left, options) as opened:
        assert opened.setting("note") == "a" * 100_000


def test_a_writer_beside_does_no_harm(project, path):
    for number in range(20):
        project.set_setting("note", "a" * 10_000 * number)
        if number % 3 == 0:
            project._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        with open_project(path, READ) as seen:
            assert len(seen.setting("note")) == 10_000 * number


@JOURNALS
def test_a_kill_while_it_grows_is_no_damage(path, video, tmp_path, journal):
    """Pages that a transaction has appended, and the journal that takes them back."""
    with create_project(path, video, Options(journal=journal)) as project:
        project.do(AddObject(name="Bear"))
        connection = project._connection
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE video SET stems = ?", ('["' + "a" * 400_000 + '"]',))
        left = killed(project, path, tmp_path / "killed")
        connection.execute("ROLLBACK")
    size = left.stat().st_size
    if journal is Journal.ROLLBACK:
        # The last of these pages was written in part.
        assert size > 400_000
        cut(left, 1000)
    with open_project(left) as opened:
        assert [item.name for item in opened.objects()] == ["Bear"]
