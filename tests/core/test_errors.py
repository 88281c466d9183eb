"""What a user can mend of what the system says."""

from __future__ import annotations

import errno
import os

import pytest

from core.errors import FileAccessError, OutputError, mendable


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.EACCES, "permissions"),
        (errno.EPERM, "permissions"),
        (errno.ENAMETOOLONG, "another name"),
        (errno.ENOSPC, "Free some space"),
        (errno.EROFS, "may be written"),
        (errno.EIO, "disk"),
    ],
)
def test_refusals_of_the_system(number, hint):
    error = mendable(OSError(number, os.strerror(number), b"/x/caf\xe9"))
    assert isinstance(error, FileAccessError)
    named = os.fsdecode(b"/x/caf\xe9")
    assert error.message == f"{named} cannot be used: {os.strerror(number)}."
    assert hint in error.hint


def test_a_refusal_without_a_name():
    assert mendable(OSError(errno.ENOSPC, "full")).message == "A file cannot be used: full."
    assert mendable(OSError(errno.ENOSPC, "full", 7)).message == "A file cannot be used: full."


def test_our_own_errors_stay_as_they_are():
    error = OutputError("a", "b")
    assert mendable(error) is error


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        OSError("x"),
        FileNotFoundError(errno.ENOENT, "none", "x"),
        BrokenPipeError(errno.EPIPE, "pipe"),
        IsADirectoryError(errno.EISDIR, "folder", "x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_all_else_is_a_bug(error):
    assert mendable(error) is None
