"""Holding a project file itself: a lock of its name sees neither links nor a file that is renamed.

Two writers of one file under two names have two journals, and what the first one was told to be
on the disk is gone. So a file with a second name (a hard link) is never written to, on any disk,
and one that is open is held by its number, within the process by a list, across processes by a
lock on the open file where the system has such (Linux). SQLite's own locks are no help: a process
never stands in its own way, and loses all of them when it closes the file anywhere.
"""

from __future__ import annotations

import errno
import os
import struct
import threading
from contextlib import suppress
from pathlib import Path

from core.errors import OutputError, ProjectLocked
from core.media.plain_file import open_plain
from core.media.scratch import remove_leftovers

_FAR_BYTE = 1 << 62
"""Locked in place of the whole file: SQLite locks bytes from 1 << 30 on, and has pages there."""
_HELD_CODES = frozenset({errno.EAGAIN, errno.EACCES})
_HINT = "Close it there, or open the project for reading only."
_guard = threading.Lock()
_held: dict[object, Path] = {}


class FileLock:
    """Holds a project file from being made until `release`.

    Make it before SQLite opens the file, and release it after SQLite has closed it.

    Raises:
        ProjectLocked: the file has a second name, or is open under another one.
        OutputError: it cannot be opened for writing.
    """

    def __init__(self, project: Path) -> None:
        with _guard:
            try:
                self._key = _sole_file(project)
                self._fd = _hold(project, self._key)
            except OSError as error:
                msg = f"Cannot open {project} for writing: {error.strerror}."
                raise OutputError(msg, "Open the project for reading only.") from error
            _held[self._key] = project

    def release(self) -> None:
        """Let go. Doing it twice does no harm."""
        with _guard:
            if self._fd < 0:
                return
            with suppress(OSError):
                # A process that was forked meanwhile has a copy of what is closed here.
                _lock_far(self._fd, on=False)
            os.close(self._fd)
            self._fd = -1
            _held.pop(self._key, None)


def _sole_file(project: Path) -> object:
    """The number of a file that has one name; its name on disks without numbers."""
    found = project.stat()
    if found.st_nlink > 1:
        # Making a project takes a second name for a moment; a kill may have left it.
        remove_leftovers(project.parent)
        found = project.stat()
    if found.st_nlink > 1:
        raise ProjectLocked(
            f"{project} is one file with {found.st_nlink} names (hard links): it may be open under"
            " another one, and may be changed there.",
            "Copy it and open the copy, or open it for reading only.",
        )
    return (found.st_dev, found.st_ino) if found.st_ino else project.absolute()


def _hold(project: Path, key: object) -> int:
    if key in _held:
        # Before it is opened: closing it again would cost SQLite its locks.
        raise ProjectLocked(f"{project} is open here already, as {_held[key]}.", _HINT)
    opened = open_plain(project, os.O_RDWR)
    try:
        if not _lock_far(opened, on=True):
            raise ProjectLocked(f"{project} is open in another vosapp, under another name.", _HINT)
    except BaseException:
        os.close(opened)
        raise
    return opened


def _lock_far(opened: int, *, on: bool) -> bool:
    """Lock a byte of the open file, or let it go; False where somebody else holds it."""
    try:
        import fcntl
    except ImportError:
        # Windows lets nobody rename a file that is open.
        return True
    command = getattr(fcntl, "F_OFD_SETLK", None)
    if command is None:
        return True
    kind = fcntl.F_WRLCK if on else fcntl.F_UNLCK
    try:
        fcntl.fcntl(opened, command, struct.pack("hhqqi", kind, os.SEEK_SET, _FAR_BYTE, 1, 0))
    except OSError as error:
        # Any other error: a disk that cannot.
        return error.errno not in _HELD_CODES
    return True
