"""The lock guards the file, whatever its names; what has a lock's name is not written to."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from core.errors import OutputError, ProjectLocked
from core.media import plain_file
from vosapp.project import file_lock
from vosapp.project.edits import AddObject
from vosapp.project.file import Options
from vosapp.project.lock import MAX_BYTES, ProjectLock
from vosapp.project.opening import create_project, open_project

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
READ = Options(read_only=True)
HOLD = (
    "import sys, pathlib; from vosapp.project.opening import open_project;"
    " p = open_project(pathlib.Path(sys.argv[1])); print('open', flush=True); input(); p.close()"
)


@pytest.fixture
def closed(path, video):
    """A project that is not open."""
    create_project(path, video).close()
    return path


@pytest.fixture(params=["this process", "another"])
def hold(request):
    """Has a project open, here or in another process, until the end of the test."""
    ends = []

    def here(path):
        ends.append(open_project(path).close)

    def elsewhere(path):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        other = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], **pipes)
        assert other.stdout.readline() == b"open\n"
        ends.append(lambda: other.communicate(b"\n"))

    yield here if request.param == "this process" else elsewhere
    for end in ends:
        end()


def lock_of(path):
    return path.with_name(path.name + ".lock")


# What has the lock's name


def test_a_link_in_place_of_the_lock_harms_nothing(closed, tmp_path):
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    lock_of(closed).symlink_to(precious)
    with pytest.raises(OutputError, match="symbolic link"):
        open_project(closed)
    assert precious.read_bytes() == b"mine" and lock_of(closed).is_symlink()
    open_project(closed, READ).close()


def test_a_link_to_nothing_makes_nothing(closed, tmp_path):
    lock_of(closed).symlink_to(tmp_path / "new")
    with pytest.raises(OutputError, match="symbolic link"):
        open_project(closed)
    assert not (tmp_path / "new").exists()


def test_a_second_name_of_a_file_in_place_of_the_lock(closed, tmp_path):
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    os.link(precious, lock_of(closed))
    with pytest.raises(OutputError, match="hard link"):
        open_project(closed)
    assert precious.read_bytes() == b"mine"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_no_file_in_place_of_the_lock(closed, make):
    make(lock_of(closed))
    with pytest.raises(OutputError, match="no file"):
        open_project(closed)
    assert lock_of(closed).exists()


def test_a_file_of_somebody_that_happens_to_have_the_name(closed):
    lock_of(closed).write_bytes(b"x" * (MAX_BYTES + 1))
    with pytest.raises(OutputError, match="too long"):
        open_project(closed)
    assert len(lock_of(closed).read_bytes()) == MAX_BYTES + 1


def test_a_file_of_another_user_in_place_of_the_lock(closed, monkeypatch):
    lock_of(closed).write_bytes(b"theirs")
    monkeypatch.setattr(ProjectLock, "_owners", lambda _self: {os.geteuid() + 1})
    with pytest.raises(OutputError, match="another user"):
        open_project(closed)
    assert lock_of(closed).read_bytes() == b"theirs"


def test_the_link_comes_between_the_look_and_the_opening(closed, tmp_path, monkeypatch):
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    lock_of(closed).symlink_to(precious)
    monkeypatch.setattr("vosapp.project.lock.plain_problem", lambda _path: "")
    monkeypatch.setattr(plain_file, "plain_problem", lambda _path: "")
    with pytest.raises(OutputError, match="Cannot make the lock"):
        open_project(closed)
    assert precious.read_bytes() == b"mine"


# One file, several names


def test_a_symbolic_link_is_the_same_project(closed, tmp_path, hold):
    (tmp_path / "elsewhere").mkdir()
    alias = tmp_path / "elsewhere" / "alias.vosapp"
    alias.symlink_to(closed)
    hold(closed)
    with pytest.raises(ProjectLocked, match="open in another"):
        open_project(alias)


def test_opened_by_a_link_it_is_locked_under_its_own_name(closed, tmp_path, hold):
    (tmp_path / "a.vosapp").symlink_to(tmp_path / "b.vosapp")
    (tmp_path / "b.vosapp").symlink_to(closed)
    hold(tmp_path / "a.vosapp")
    assert sorted(p.name for p in tmp_path.iterdir() if "lock" in p.name) == [lock_of(closed).name]
    with pytest.raises(ProjectLocked):
        open_project(closed)


def test_a_project_knows_where_it_really_is(closed, tmp_path):
    (tmp_path / "a.vosapp").symlink_to(closed)
    with open_project(tmp_path / "a.vosapp") as project:
        assert project.path == closed


@pytest.mark.parametrize("linked", ["before", "after"])
def test_a_hard_link_is_refused(closed, tmp_path, linked, hold):
    """It has a journal of its own: the strokes of the first would be lost."""
    alias = tmp_path / "alias.vosapp"
    if linked == "after":
        hold(closed)
    os.link(closed, alias)
    for path in (alias, closed) if linked == "before" else (alias,):
        with pytest.raises(ProjectLocked, match=r"2 names \(hard links\)") as caught:
            open_project(path)
        assert "Copy it" in caught.value.hint
    with open_project(alias, READ) as reader:
        assert "may be missing here" in reader.notes[0]
    if linked == "before":
        alias.unlink()
        open_project(closed).close()


def test_renamed_while_it_is_open(closed, tmp_path, hold):
    hold(closed)
    closed.rename(tmp_path / "new.vosapp")
    with pytest.raises(ProjectLocked):
        open_project(tmp_path / "new.vosapp")


def test_a_copy_does_not_replace_a_project_that_was_renamed_while_open(project, path, tmp_path):
    """Its later edits would go to a file that has no name any more."""
    other = tmp_path / "other.vosapp"
    with create_project(other, project.video) as opened:
        other.rename(tmp_path / "new.vosapp")
        with pytest.raises(ProjectLocked):
            list(project.save_copy(tmp_path / "new.vosapp"))
        (tmp_path / "new.vosapp").rename(other)
        opened.do(AddObject())


def test_a_copy_replaces_a_link_and_not_what_it_points_to(project, tmp_path, video):
    other, alias = tmp_path / "other.vosapp", tmp_path / "alias.vosapp"
    create_project(other, video).close()
    alias.symlink_to(other)
    list(project.save_copy(alias))
    with open_project(other) as opened, open_project(alias) as copied:
        assert len(opened.objects()) == 0 and len(copied.objects()) == 2


def test_what_a_killed_creation_leaves_is_no_second_name(closed, tmp_path):
    os.link(closed, tmp_path / f".vosapp-{'ab' * 16}.tmp")
    with open_project(closed) as project:
        project.do(AddObject())
    assert [p.name for p in tmp_path.iterdir()] == [closed.name]


def test_two_names_do_not_lose_strokes(closed, tmp_path):
    """What was acknowledged under one name is there under the other, once that is allowed."""
    alias = tmp_path / "alias.vosapp"
    with open_project(closed) as project:
        os.link(closed, alias)
        with pytest.raises(ProjectLocked):
            open_project(alias)
        project.do(AddObject(name="Cat"))
    closed.unlink()
    with open_project(alias) as project:
        assert [item.name for item in project.objects()] == ["Cat"]


# Disks without this and that


@pytest.mark.parametrize("code", ["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
def test_disks_without_locks(closed, monkeypatch, code):
    import fcntl

    def refuse(*_args):
        raise OSError(getattr(errno, code), "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setattr(fcntl, "fcntl", refuse)
    with open_project(closed) as project:
        project.do(AddObject())
        with pytest.raises(ProjectLocked, match="here already"):
            open_project(closed)


def test_systems_without_locks_of_open_files(closed, monkeypatch):
    import fcntl

    monkeypatch.delattr(fcntl, "F_OFD_SETLK", raising=False)
    with open_project(closed), pytest.raises(ProjectLocked):
        open_project(closed)
    open_project(closed).close()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_lock_ends_with_a_fork_s_parent(closed):
    """A process that was forked meanwhile has copies of what holds it."""
    project = open_project(closed)
    wait, go = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(go)
        os.read(wait, 1)
        os._exit(0)
    project.close()
    open_project(closed).close()
    os.close(go)
    os.close(wait)
    os.waitpid(pid, 0)
    assert not file_lock._held


def test_a_full_disk_is_said_to_be_full(closed, monkeypatch):
    def full(*_args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("vosapp.project.lock.open_plain", full)
    with pytest.raises(OutputError, match="No space left") as caught:
        open_project(closed)
    assert "Free some space" in caught.value.hint
