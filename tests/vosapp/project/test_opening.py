"""Making and opening: locks, journals, read-only media, versions, foreign files."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading

import pytest

from core.errors import OutputError, ProjectFileError, ProjectLocked, UsageError
from core.jobs import Cancelled, CancelToken
from vosapp.project import filesystem, opening
from vosapp.project.connection import Journal
from vosapp.project.edits import AddObject
from vosapp.project.file import Options
from vosapp.project.lock import ProjectLock
from vosapp.project.opening import create_project, open_project

READ = Options(read_only=True)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_one_file_after_closing(project, path, tmp_path):
    assert len(files(tmp_path)) > 1
    project.close()
    project.close()
    assert files(tmp_path) == [path.name]
    with open_project(path) as again:
        assert [o.name for o in again.objects()] == ["Bear", "Fox"]
        assert again.video == project.video
    with pytest.raises(ValueError, match="closed"):
        project.objects()


def test_nothing_is_overwritten(project, path, video):
    project.close()
    before = path.read_bytes()
    with pytest.raises(OutputError, match="already"):
        create_project(path, video)
    assert path.read_bytes() == before and not path.with_name(path.name + ".lock").exists()


def test_no_folder(tmp_path, video):
    with pytest.raises(OutputError):
        create_project(tmp_path / "none" / "a.vosapp", video)


def test_no_file(tmp_path):
    with pytest.raises(ProjectFileError, match="no project"):
        open_project(tmp_path / "a.vosapp")
    assert files(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"{}", b"PK\3\4" + bytes(100), bytes(9000)], ids=len)
@pytest.mark.parametrize("options", [Options(), READ], ids=["write", "read"])
def test_foreign_files(tmp_path, content, options):
    path = tmp_path / "a.vosapp"
    path.write_bytes(content)
    with pytest.raises(ProjectFileError, match="no vosapp project"):
        open_project(path, options)
    assert path.read_bytes() == content and files(tmp_path) == ["a.vosapp"]


def test_foreign_database(tmp_path):
    path = tmp_path / "a.vosapp"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE photos (id)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ProjectFileError, match="no vosapp project"):
        open_project(path)
    assert path.read_bytes() == before


def test_second_writer_is_told_who(project, path):
    with pytest.raises(ProjectLocked, match=f"process {os.getpid()} on ") as caught:
        open_project(path)
    assert "reading only" in caught.value.hint
    with open_project(path, READ) as reader:
        assert len(reader.objects()) == 2
        project.do(AddObject(name="Cat"))
        assert len(reader.objects()) == 3
        with pytest.raises(OutputError, match="reading only"):
            reader.do(AddObject())
        with pytest.raises(OutputError, match="reading only"):
            reader.undo()
    project.close()
    open_project(path).close()


def test_lock_of_another_process_ends_with_it(path, video):
    create_project(path, video).close()
    script = (
        "import sys, pathlib; from vosapp.project.opening import open_project;"
        " p = open_project(pathlib.Path(sys.argv[1])); print('open', flush=True); input()"
    )
    command = [sys.executable, "-c", script, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as other:
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(ProjectLocked, match=f"process {other.pid} "):
            open_project(path)
        other.kill()
    with open_project(path) as project:
        project.do(AddObject())


@pytest.mark.parametrize("content", [b"", b"[" * 10_000, b'{"pid": "x"}', b"\xff"])
def test_odd_lock_files(project, path, content):
    path.with_name(path.name + ".lock").write_bytes(content)
    with pytest.raises(ProjectLocked, match="did not say"):
        ProjectLock(path)


def test_left_over_lock_file_is_no_lock(path, video):
    create_project(path, video).close()
    lock = path.with_name(path.name + ".lock")
    lock.write_text(json.dumps({"host": "gone", "pid": 1, "time": 0}))
    open_project(path).close()
    assert not lock.exists()


def test_acknowledged_edits_last(project):
    pragma = project._connection.execute
    assert pragma("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert pragma("PRAGMA synchronous").fetchone()[0] == 2
    assert pragma("PRAGMA trusted_schema").fetchone()[0] == 0
    assert pragma("PRAGMA cell_size_check").fetchone()[0] == 1


def test_network_disks_have_no_write_ahead_log(path, video, monkeypatch, project, tmp_path):
    monkeypatch.setattr("vosapp.project.connection.is_network", lambda _: True)
    other = tmp_path / "net.vosapp"
    with create_project(other, video) as made:
        made.do(AddObject())
        assert made._connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
        assert made._connection.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert not other.with_name("net.vosapp-wal").exists()
        with open_project(other, READ) as reader:
            assert len(reader.objects()) == 1
    options = Options(journal=Journal.WAL)
    with open_project(other, options) as made:
        assert made._connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_log_left_by_a_crash_is_read_on_a_network_disk(project, path, tmp_path, monkeypatch):
    project.do(AddObject(name="Cat"))
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in (path.name, path.name + "-wal"):
        shutil.copyfile(tmp_path / name, folder / name)
    monkeypatch.setattr("vosapp.project.connection.is_network", lambda _: True)
    with open_project(folder / path.name) as again:
        assert len(again.objects()) == 3
        assert again._connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
        again.do(AddObject())


def test_kinds_of_disk(tmp_path):
    mounts = tmp_path / "mounts"
    real = tmp_path.resolve()
    spaced = str(real / "a b").replace(" ", "\\040")
    (real / "a b").mkdir()
    mounts.write_text(
        f"/dev/sda / ext4 rw 0 0\nserver:/x {real} nfs4 rw 0 0\nnone {spaced} tmpfs rw 0 0\nodd\n"
    )
    assert filesystem.is_network(tmp_path / "x.vosapp", mounts=mounts)
    assert not filesystem.is_network(tmp_path / "a b" / "x.vosapp", mounts=mounts)
    assert not filesystem.is_network(tmp_path / "x.vosapp", mounts=tmp_path / "none")


def test_read_only_media(project, path, monkeypatch, tmp_path):
    project.close()
    monkeypatch.setattr(opening, "is_writable", lambda _: False)
    with pytest.raises(OutputError, match="only be read"):
        open_project(path)
    with open_project(path, READ) as reader:
        assert len(reader.objects()) == 2 and reader.notes == ()
        assert files(tmp_path) == [path.name]


def test_crash_on_what_is_read_only_now(project, path, monkeypatch, tmp_path):
    """The last edits are in a side file that cannot be put in order there."""
    project.do(AddObject(name="Cat"))
    folder = tmp_path / "stick"
    folder.mkdir()
    for name in (path.name, path.name + "-wal"):
        shutil.copyfile(tmp_path / name, folder / name)
    monkeypatch.setattr(opening, "is_writable", lambda _: False)
    with open_project(folder / path.name, READ) as reader:
        assert len(reader.objects()) == 3
        assert "not closed properly" in reader.notes[0]
    assert files(folder) == [path.name, path.name + "-wal"]


def change_file(path, *statements):
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_newer_version(project, path):
    project.close()
    change_file(path, "PRAGMA user_version = 99")
    with pytest.raises(ProjectFileError, match=r"newer vosapp \(file version 99") as caught:
        open_project(path)
    assert "Update" in caught.value.hint


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON objects BEGIN DELETE FROM keyframes; END",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TABLE extra (a)",
        "DROP INDEX prompts_by_frame",
        "ALTER TABLE objects ADD COLUMN a",
    ],
)
@pytest.mark.parametrize("options", [Options(), READ], ids=["write", "read"])
def test_foreign_tables(project, path, statement, options):
    project.close()
    change_file(path, statement)
    before = path.read_bytes()
    with pytest.raises(ProjectFileError, match="does not have the tables"):
        open_project(path, options)
    assert path.read_bytes() == before


def test_what_is_refused_is_not_written_to(project, path, tmp_path):
    """Not even by moving the log that lies beside it into the file."""
    project.close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TRIGGER t AFTER INSERT ON objects BEGIN DELETE FROM video; END")
    folder = tmp_path / "sent"
    folder.mkdir()
    for name in (path.name, path.name + "-wal"):
        shutil.copyfile(tmp_path / name, folder / name)
    connection.close()
    before = (folder / path.name).read_bytes()
    for options in (Options(), READ):
        with pytest.raises(ProjectFileError, match="trigger t"):
            open_project(folder / path.name, options)
        assert (folder / path.name).read_bytes() == before


def test_save_a_copy(project, path, tmp_path):
    copy = tmp_path / "copy.vosapp"
    steps = list(project.save_copy(copy))
    assert steps[-1].done == steps[-1].total > 0
    project.do(AddObject())
    with open_project(copy) as other:
        assert len(other.objects()) == 2
        assert len(other.history()) == 2
    with pytest.raises(OutputError, match="itself"):
        list(project.save_copy(path))
    with pytest.raises(OutputError):
        list(project.save_copy(tmp_path / "none" / "x.vosapp"))
    assert "none" not in files(tmp_path)


def test_a_copy_does_not_take_the_place_of_an_open_project(project, video, tmp_path):
    """Whose later edits would go to a file that has no name any more."""
    other = tmp_path / "other.vosapp"
    with create_project(other, video) as opened:
        with pytest.raises(ProjectLocked, match="open in another"):
            list(project.save_copy(other))
        opened.do(AddObject(name="Cat"))
    list(project.save_copy(other))
    with open_project(other) as copied:
        assert [o.name for o in copied.objects()] == ["Bear", "Fox"]


@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_a_copy_is_not_mixed_with_what_a_crash_has_left(project, tmp_path, suffix):
    left = tmp_path / f"copy.vosapp{suffix}"
    left.write_bytes(b"edits of another project")
    with pytest.raises(OutputError, match="not closed properly"):
        list(project.save_copy(tmp_path / "copy.vosapp"))
    assert left.read_bytes() == b"edits of another project"
    assert not (tmp_path / "copy.vosapp").exists()


@pytest.mark.parametrize("links", [True, False])
def test_a_killed_creation_leaves_no_file_of_that_name(path, video, tmp_path, monkeypatch, links):
    def stop(*_args):
        raise KeyboardInterrupt

    def no_links(*_args):
        raise PermissionError("no hard links here")

    monkeypatch.setattr(opening, "write_index", stop)
    with pytest.raises(KeyboardInterrupt):
        create_project(path, video)
    assert files(tmp_path) == []
    monkeypatch.undo()
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    create_project(path, video).close()
    with pytest.raises(OutputError, match="already"):
        create_project(path, video)
    assert files(tmp_path) == [path.name]


def test_edits_go_on_while_a_copy_is_made(project, tmp_path):
    copy = project.save_copy(tmp_path / "copy.vosapp")
    next(copy)
    project.do(AddObject(name="Cat"))
    list(copy)
    with open_project(tmp_path / "copy.vosapp") as other:
        assert [o.name for o in other.objects()] == ["Bear", "Fox"]
    assert len(project.objects()) == 3


def test_a_copy_on_a_disk_without_write_ahead_log(path, video, tmp_path):
    with create_project(path, video, Options(journal=Journal.ROLLBACK)) as project:
        project.do(AddObject())
        list(project.save_copy(tmp_path / "copy.vosapp"))
        project.do(AddObject())
    with open_project(tmp_path / "copy.vosapp", READ) as other:
        assert len(other.objects()) == 1


def test_a_stopped_copy_leaves_nothing(project, tmp_path):
    token = CancelToken()
    token.cancel()
    before = files(tmp_path)
    with pytest.raises(Cancelled):
        list(project.save_copy(tmp_path / "copy.vosapp", token))
    assert files(tmp_path) == before
    project.do(AddObject())


def test_settings(project, path):
    assert project.setting("zoom", 1) == 1
    project.set_setting("zoom", {"x": [1, 2.5, None]})
    project.close()
    with open_project(path) as again:
        assert again.setting("zoom") == {"x": [1, 2.5, None]}
        again.set_setting("zoom", None)
        assert again.setting("zoom", "none") == "none"
        with pytest.raises(UsageError, match="too large"):
            again.set_setting("big", "x" * 2_000_000)


def test_several_threads(project):
    problems = []

    def work():
        try:
            for _ in range(10):
                project.do(AddObject())
                project.objects()
        except BaseException as exc:
            problems.append(exc)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == [] and len(project.objects()) == 42
