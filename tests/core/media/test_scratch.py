"""Files that are not whole yet: whose they are, and what becomes of those that a kill leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from core.errors import OutputError
from core.media import scratch
from core.media.atomic import write_atomic
from core.media.scratch import remove_leftovers, scratch_file, scratch_folder

DEAD = f".vosapp-{'ab' * 16}.tmp"
FOREIGN = (
    f".{'ab' * 16}.tmp",
    f".vosapp-{'ab' * 16}",
    f".vosapp-{'ab' * 15}.tmp",
    f".vosapp-{'AB' * 16}.tmp",
    f"vosapp-{'ab' * 16}.tmp",
    f".vosapp-{'ab' * 16}.tmp.bak",
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_it_becomes_the_target_or_nothing(tmp_path):
    with scratch_file(tmp_path / "a.mp4", suffix=".mp4") as path:
        assert path.suffix == ".mp4" and path.parent == tmp_path
        path.write_bytes(b"whole")
        path.replace(tmp_path / "a.mp4")
    assert names(tmp_path) == ["a.mp4"]
    with pytest.raises(KeyboardInterrupt), scratch_file(tmp_path / "a.mp4") as path:
        path.with_name(path.name + "-journal").write_bytes(b"of SQLite")
        raise KeyboardInterrupt
    assert names(tmp_path) == ["a.mp4"] and (tmp_path / "a.mp4").read_bytes() == b"whole"


@pytest.mark.parametrize("ending", ["", "-journal", "-wal", "-shm"])
def test_what_is_dead_is_removed_and_nothing_else(tmp_path, ending):
    for name in (*FOREIGN, "film.mp4"):
        (tmp_path / name).write_bytes(b"mine")
    (tmp_path / f".vosapp-{'cd' * 16}.tmp").mkdir()
    before = names(tmp_path)
    (tmp_path / f"{DEAD}{ending}").write_bytes(b"half")
    remove_leftovers(tmp_path)
    assert names(tmp_path) == before


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_what_a_link_of_our_name_points_to_stays(tmp_path):
    (tmp_path / "precious").write_bytes(b"mine")
    (tmp_path / DEAD).symlink_to(tmp_path / "precious")
    os.mkfifo(tmp_path / f".vosapp-{'cd' * 16}.zip")
    remove_leftovers(tmp_path)
    assert (tmp_path / "precious").read_bytes() == b"mine"


def test_what_is_in_use_stays(tmp_path):
    with scratch_file(tmp_path / "a") as path:
        path.with_name(path.name + "-journal").write_bytes(b"of SQLite")
        before = names(tmp_path)
        remove_leftovers(tmp_path)
        assert names(tmp_path) == before and len(before) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGSTOP")
def test_a_living_process_keeps_its_file_until_it_is_killed(tmp_path):
    script = (
        "import sys, pathlib; from core.media.scratch import scratch_file;"
        " file = scratch_file(pathlib.Path(sys.argv[1]) / 'a'); print(file.__enter__().name);"
        " sys.stdout.flush(); input()"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        name = other.stdout.readline().decode().strip()
        os.kill(other.pid, signal.SIGSTOP)
        remove_leftovers(tmp_path)
        assert names(tmp_path) == [name]
        other.kill()
    remove_leftovers(tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize("age", [0, 2 * 24 * 3600])
def test_on_disks_without_locks_old_ones_go(tmp_path, monkeypatch, age):
    monkeypatch.setattr(scratch, "try_lock", lambda _fd: None)
    (tmp_path / DEAD).write_bytes(b"half")
    then = time.time() - age
    os.utime(tmp_path / DEAD, (then, then))
    remove_leftovers(tmp_path)
    assert names(tmp_path) == ([] if age else [DEAD])


@pytest.mark.skipif(sys.platform == "win32", reason="does not lock them")
def test_one_that_was_taken_for_a_leftover_is_made_again(tmp_path, monkeypatch):
    """Between being made and being locked it looks like one."""
    real, quick = scratch.try_lock, [True]

    def sweep_first(opened):
        if quick:
            quick.clear()
            remove_leftovers(tmp_path)
        return real(opened)

    monkeypatch.setattr(scratch, "try_lock", sweep_first)
    write_atomic(tmp_path / "a", b"whole")
    assert names(tmp_path) == ["a"]


def test_the_first_file_in_a_folder_clears_it(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "_swept", set())
    (tmp_path / DEAD).write_bytes(b"half")
    write_atomic(tmp_path / "a", b"whole")
    assert names(tmp_path) == ["a"]


def test_no_folder(tmp_path):
    remove_leftovers(tmp_path / "none")
    with pytest.raises(OutputError, match="none"):
        write_atomic(tmp_path / "none" / "a", b"whole")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        write_atomic(tmp_path / "file" / "a", b"whole")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError):
        write_atomic(tmp_path / "folder", b"whole")
    assert names(tmp_path) == ["file", "folder"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where scratch folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_goes_with_all_that_is_in_it(place):
    with pytest.raises(KeyboardInterrupt), scratch_folder() as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_bytes(b"half")
        assert folder.parent == place and folder.stat().st_mode & 0o077 == 0
        raise KeyboardInterrupt
    assert names(place) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_folders_that_are_dead_are_removed_and_nothing_else(place, tmp_path):
    for name in (f"vosapp-{'ab' * 16}", "vosapp-examples", f"vosapp-{'cd' * 16}"):
        (place / name).mkdir()
        (place / name / "file").write_bytes(b"mine")
    (place / f"vosapp-{'ab' * 16}" / ".held").touch()
    (place / "vosapp-examples" / ".held").touch()
    (place / f"vosapp-{'ef' * 16}").symlink_to(place / "vosapp-examples")
    with scratch_folder() as living, scratch_folder() as other:
        kept = {"vosapp-examples", f"vosapp-{'cd' * 16}", f"vosapp-{'ef' * 16}"}
        assert set(names(place)) == {*kept, living.name, other.name}
    assert (place / "vosapp-examples" / "file").read_bytes() == b"mine"


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_a_killed_process_leaves_a_folder_to_the_next(place):
    script = (
        "import sys; from core.media.scratch import scratch_folder;"
        " made = scratch_folder(); print(made.__enter__().name); sys.stdout.flush(); input()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    command, where = [sys.executable, "-c", script], os.environ | {"TMPDIR": str(place)}
    with subprocess.Popen(command, env=where, **pipes) as other:
        name = other.stdout.readline().decode().strip()
        with scratch_folder() as own:
            assert names(place) == sorted([name, own.name])
        other.kill()
    with scratch_folder() as own:
        assert names(place) == [own.name]


def test_no_room_for_a_folder(place, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(place / "none"))
    with pytest.raises(OutputError, match="temporary files") as caught, scratch_folder():
        pass
    assert "TMPDIR" in caught.value.hint
