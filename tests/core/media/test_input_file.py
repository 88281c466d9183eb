"""Files that somebody named: what is read, and what is refused without waiting."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from core.errors import OutputError
from core.media.atomic import write_atomic
from core.media.input_file import open_input, read_input, read_input_text, require_input


def test_a_file_is_read_up_to_its_limit(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    assert read_input(path, limit=3) == read_input(path, limit=None) == b"abc"
    with pytest.raises(OSError, match="a") as caught:
        read_input(path, limit=2)
    assert caught.value.strerror == "it has more than 0 kB"
    path.write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(OSError) as caught:
        read_input(path, limit=1 << 20)
    assert caught.value.strerror == "it has more than 1 MB"


def test_text(tmp_path):
    (tmp_path / "a").write_bytes("ü\r\n".encode())
    assert read_input_text(tmp_path / "a", limit=9) == "ü\r\n"
    (tmp_path / "a").write_bytes(b"\xff")
    with pytest.raises(UnicodeDecodeError):
        read_input_text(tmp_path / "a", limit=9)


def test_a_link_to_a_file_is_a_file(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").symlink_to("a")
    assert read_input(tmp_path / "b", limit=9) == b"abc"


def pipe(path):
    os.mkfifo(path)


def listening(path):
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (pipe, "pipe or a device"),
        (listening, "pipe or a device"),
        (lambda path: path.symlink_to("/dev/zero"), "pipe or a device"),
        (Path.mkdir, "a folder"),
        (lambda path: None, "No such file"),
    ],
    ids=["pipe", "socket", "device", "folder", "nothing"],
)
def test_what_is_no_file_is_refused_at_once(make, reason, tmp_path):
    make(tmp_path / "a")
    for read in (open_input, require_input, lambda path: read_input(path, limit=None)):
        with pytest.raises(OSError) as caught:
            read(tmp_path / "a")
        assert reason in caught.value.strerror
        assert caught.value.filename == str(tmp_path / "a")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_nothing_is_written_in_the_place_of_a_pipe_or_device(tmp_path):
    """Renaming over it would put a file in its place; of `/dev/null`, for one."""
    for make in (pipe, listening, lambda path: path.symlink_to("/dev/null")):
        make(tmp_path / "a")
        mode = (tmp_path / "a").lstat().st_mode
        with pytest.raises(OutputError, match="pipe or a device"):
            write_atomic(tmp_path / "a", b"x")
        assert (tmp_path / "a").lstat().st_mode == mode
        assert [path.name for path in tmp_path.iterdir()] == ["a"]
        (tmp_path / "a").unlink()
