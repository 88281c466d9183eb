"""One writer a project: locks that the system lets go when their holder dies."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import OutputError, ProjectLocked
from core.media.plain_file import open_plain, plain_problem, try_lock
from vosapp.project.file_lock import FileLock
from vosapp.project.filesystem import FULL

SUFFIX = ".lock"
MAX_BYTES = 4096
"""A lock file is shorter; a longer one is somebody's own."""
_TRIES = 20


class ProjectLock:
    """Holds `name.vosapp.lock` from being made until `release`.

    The lock is the system's (flock, or msvcrt on Windows), so a crash frees it; the file's content
    only tells who has it. It is a file of its own because SQLite loses its locks when anybody
    else in the process closes the project file. It guards a name: `hold_file` guards the file
    under it.

    Raises:
        ProjectLocked: somebody else holds it; says who and since when.
        OutputError: the folder cannot be written to, or what has the lock's name is no lock.
    """

    def __init__(self, project: Path) -> None:
        self.path = project.with_name(project.name + SUFFIX)
        self._project = project
        self._file: FileLock | None = None
        self._fd = self._acquire()
        self._sign()

    def hold_file(self) -> None:
        """Hold the project file itself as well, whatever names it has or gets.

        Before SQLite opens the file: see `vosapp.project.file_lock`.

        Raises:
            ProjectLocked: it has a second name, or somebody has it open under another one.
            OutputError: it cannot be opened for writing.
        """
        self._file = FileLock(self._project)

    def release_file(self) -> None:
        """Let go of the file, but not of its name: Windows removes no file that is open."""
        if self._file is not None:
            self._file.release()

    def release(self) -> None:
        """Let go, once SQLite has closed the file. Doing it twice does no harm."""
        if self._fd < 0:
            return
        self.release_file()
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
                if try_lock(fd) is False:
                    raise self._held()
                if self._is_current(fd):
                    self._require_ours(fd)
                    return fd
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)
        raise self._held()

    def _open(self) -> int:
        problem = plain_problem(self.path)
        if problem:
            raise self._no_lock(problem)
        try:
            return open_plain(self.path, os.O_RDWR | os.O_CREAT)
        except OSError as exc:
            hint = "Choose a folder that you may write to, or open the project for reading only."
            if exc.errno in FULL:
                hint = "Free some space, or open the project for reading only."
            raise OutputError(f"Cannot make the lock {self.path}: {exc.strerror}.", hint) from exc

    def _require_ours(self, fd: int) -> None:
        """Refuse a file that happens to have the name: it is written to, and removed after use."""
        found = os.fstat(fd)
        if found.st_size > MAX_BYTES:
            raise self._no_lock("it is too long")
        if hasattr(os, "geteuid") and found.st_uid not in self._owners():
            raise self._no_lock("it belongs to another user")

    def _owners(self) -> set[int]:
        """Us, the administrator, and, on disks with one owner for all files, that one."""
        owners = {os.geteuid(), 0}
        for path in (self.path.parent, self._project):
            with suppress(OSError):
                owners.add(path.stat().st_uid)
        return owners

    def _no_lock(self, problem: str) -> OutputError:
        return OutputError(
            f"{self.path} cannot be the lock of the project: {problem}.",
            "Look where it comes from, and move it away.",
        )

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
    """Hold the lock of a project, which need not exist, for a while.

    Raises:
        ProjectLocked, OutputError: as for `ProjectLock` and `ProjectLock.hold_file`.
    """
    lock = ProjectLock(project)
    try:
        # Of a file with another name only this one is at stake.
        if os.path.lexists(project) and not plain_problem(project):
            lock.hold_file()
            # Windows replaces no file that is open.
            lock.release_file()
        yield
    finally:
        lock.release()


def _holder(path: Path) -> str:
    try:
        with os.fdopen(open_plain(path, os.O_RDONLY), "rb") as file:
            told = json.loads(file.read(MAX_BYTES))
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(float(told["time"])))
        return f"process {int(told['pid'])} on {str(told['host'])[:100]}, since {since}"
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return "it did not say which"
