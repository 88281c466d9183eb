"""One writer a project: a lock that the system lets go when its holder dies."""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import OutputError, ProjectLocked

SUFFIX = ".lock"
_UNSUPPORTED = frozenset(
    code
    for name in ("ENOLCK", "EOPNOTSUPP", "ENOTSUP", "ENOSYS")
    if (code := getattr(errno, name, None)) is not None
)
_TRIES = 20
_LOCKED_BYTE = 1 << 30
"""Windows locks bytes against reading, too; this one is far behind what is written."""


class ProjectLock:
    """Holds `name.vosapp.lock` from being made until `release`.

    The lock is the system's (flock, or msvcrt on Windows), so a crash frees it; the file's content
    only tells who has it. It is a file of its own because SQLite loses its locks when anybody
    else in the process closes the project file.

    Raises:
        ProjectLocked: somebody else holds it; says who and since when.
        OutputError: the folder cannot be written to.
    """

    def __init__(self, project: Path) -> None:
        self.path = project.with_name(project.name + SUFFIX)
        self._project = project
        self._fd = self._acquire()
        self._sign()

    def release(self) -> None:
        """Let go. Doing it twice does no harm."""
        if self._fd < 0:
            return
        # Removed while it is still held, so that nobody's fresh lock file is taken away.
        if sys.platform != "win32":
            self._remove()
        os.close(self._fd)
        self._fd = -1
        if sys.platform == "win32":
            self._remove()

    def _remove(self) -> None:
        with suppress(OSError):
            self.path.unlink()

    def _acquire(self) -> int:
        for _ in range(_TRIES):
            fd = self._open()
            try:
                if not _try_lock(fd):
                    raise self._held()
                if self._is_current(fd):
                    return fd
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)
        raise self._held()

    def _open(self) -> int:
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        except OSError as exc:
            raise OutputError(
                f"Cannot make the lock {self.path}: {exc.strerror}.",
                "Choose a folder that you may write to, or open the project for reading only.",
            ) from exc

    def _is_current(self, fd: int) -> bool:
        """False where the last holder removed the file between our opening and locking it."""
        try:
            return os.path.samestat(os.fstat(fd), os.stat(self.path))  # noqa: PTH116
        except OSError:
            return False

    def _sign(self) -> None:
        text = json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "time": time.time()})
        # Only for people: a full disk must not keep anybody from opening a project.
        with suppress(OSError):
            os.ftruncate(self._fd, 0)
            os.write(self._fd, text.encode())

    def _held(self) -> ProjectLocked:
        return ProjectLocked(
            f"{self._project} is open in another vosapp ({_holder(self.path)}).",
            "Close it there, or open the project for reading only.",
        )


@contextmanager
def held_lock(project: Path) -> Iterator[None]:
    """Hold the lock of a project for a while; errors as for `ProjectLock`."""
    lock = ProjectLock(project)
    try:
        yield
    finally:
        lock.release()


def _holder(path: Path) -> str:
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(4096))
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(float(told["time"])))
        return f"process {int(told['pid'])} on {str(told['host'])[:100]}, since {since}"
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return "it did not say which"


def _try_lock(fd: int) -> bool:
    """Lock without waiting; True as well where the file system has no locks at all."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(fd, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
            os.lseek(fd, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        return exc.errno in _UNSUPPORTED
    return True
