"""Files whose names others know are opened only where they are files of their own."""

from __future__ import annotations

import os
import sys

import psutil
import pytest

from core.media import plain_file
from core.media.plain_file import open_plain, plain_problem, try_lock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


@pytest.fixture
def precious(tmp_path):
    path = tmp_path / "precious"
    path.write_bytes(b"mine")
    return path


def make_link(path, precious):
    path.symlink_to(precious)


def make_second_name(path, precious):
    os.link(precious, path)


def make_pipe(path, _precious):
    os.mkfifo(path)


def make_folder(path, _precious):
    path.mkdir()


KINDS = {
    make_link: "it is a symbolic link",
    make_second_name: "it is another file, too (a hard link)",
    make_pipe: "it is no file",
    make_folder: "it is no file",
}


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_RDWR | os.O_CREAT])
def test_what_is_no_file_of_its_own(tmp_path, precious, make, flags):
    path = tmp_path / "log"
    make(path, precious)
    assert plain_problem(path) == KINDS[make]
    with pytest.raises(OSError, match="it is") as caught:
        open_plain(path, flags)
    assert caught.value.strerror == KINDS[make]
    assert precious.read_bytes() == b"mine"


@pytest.mark.parametrize("make", KINDS)
def test_it_came_after_the_look(tmp_path, precious, make, monkeypatch):
    make(tmp_path / "log", precious)
    monkeypatch.setattr(plain_file, "plain_problem", lambda _path: "")
    before = psutil.Process().num_fds()
    with pytest.raises(OSError):
        open_plain(tmp_path / "log", os.O_RDWR)
    assert psutil.Process().num_fds() == before


def test_files_are_opened_and_made(tmp_path, precious):
    assert plain_problem(precious) == plain_problem(tmp_path / "none") == ""
    with os.fdopen(open_plain(precious, os.O_RDONLY), "rb") as file:
        assert file.read() == b"mine"
    with os.fdopen(open_plain(tmp_path / "new", os.O_RDWR | os.O_CREAT), "r+b") as file:
        file.write(b"new")
    assert (tmp_path / "new").read_bytes() == b"new"
    assert (tmp_path / "new").stat().st_mode & 0o111 == 0
    with pytest.raises(FileNotFoundError):
        open_plain(tmp_path / "none", os.O_RDWR)


def test_locks(precious):
    one, other = (open_plain(precious, os.O_RDWR) for _ in range(2))
    assert try_lock(one) is True and try_lock(other) is False
    os.close(one)
    assert try_lock(other) is True
    os.close(other)
