"""Opening files whose names others know or can guess, and locks of the system on open files.

A folder may come out of an archive. What lies in it under the name of a lock, a log or a journal
may be a link to any file of the user's, or a pipe on which reading never ends.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

OPENING = (
    getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)
"""Flags of `os.open`: follow no link at the end of a path, wait for nobody."""
LOCKED_BYTE = 1 << 30
"""Windows locks bytes against reading, too; this one is far behind what is written."""
_WITHOUT_LOCKS = frozenset(
    code
    for name in ("ENOLCK", "EOPNOTSUPP", "ENOTSUP", "ENOSYS")
    if (code := getattr(errno, name, None)) is not None
)


def open_plain(path: Path, flags: int) -> int:
    """Open a file like `os.open`, but only one that is a file of its own, under this name alone.

    Args:
        path: the file.
        flags: `os.O_RDWR | os.O_CREAT` and the like. `O_TRUNC` has no place here: what is opened
            is looked at first.

    Returns:
        The descriptor.

    Raises:
        OSError: it cannot be opened, or is a link, has a second name, or is no file; nothing has
            happened to it.
    """
    problem = plain_problem(path)
    if problem:
        raise OSError(errno.EINVAL, problem, str(path))
    opened = os.open(path, flags | OPENING, 0o666)
    try:
        # Looked at again: a link may have come in between.
        problem = _problem(os.fstat(opened))
        if problem:
            raise OSError(errno.EINVAL, problem, str(path))
    except BaseException:
        os.close(opened)
        raise
    return opened


def plain_problem(path: Path) -> str:
    """Say why a name must not be written to, as "it is a link"; empty for a file, or nothing."""
    try:
        return _problem(os.lstat(path))
    except OSError:
        return ""


def _problem(found: os.stat_result) -> str:
    if stat.S_ISLNK(found.st_mode):
        return "it is a symbolic link"
    if not stat.S_ISREG(found.st_mode):
        return "it is no file"
    return "it is another file, too (a hard link)" if found.st_nlink > 1 else ""


def try_lock(opened: int) -> bool | None:
    """Lock an open file against all who open it anew, without waiting.

    Args:
        opened: its descriptor; the lock ends when all copies of it are closed, as by a kill.

    Returns:
        False where somebody else holds it, None where the disk knows no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(opened, LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(opened, msvcrt.LK_NBLCK, 1)
            os.lseek(opened, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return None if error.errno in _WITHOUT_LOCKS else False
    return True
