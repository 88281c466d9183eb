"""Files under a name of their own until they are whole, folders for a while, and removing those
that a kill has left.

A scratch file lies beside what it will become, a scratch folder where the system has such. The
name says that it is ours, and a lock of the system, which ends with its holder, that it is in use:
so the next run can tell what nobody will ever finish from what another process is writing now.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import OutputError
from core.media.plain_file import OPENING, try_lock

_NAME = re.compile(r"(\.vosapp-[0-9a-f]{32}\.[A-Za-z0-9]{1,16})(?:-journal|-wal|-shm)?")
"""One of ours, or what SQLite keeps beside it."""
_FOLDER = re.compile(r"vosapp-[0-9a-f]{32}")
_HELD = ".held"
"""File in a scratch folder that is locked while the folder is in use."""
_BESIDE = ("-journal", "-wal", "-shm")
_TRIES = 20
_OLD_SECONDS = 24 * 3600
"""On disks without locks a file counts as in use for so long after it was last written to."""
_swept: set[str] = set()


@contextmanager
def scratch_file(target: Path, *, suffix: str = ".tmp") -> Iterator[Path]:
    """Make an empty file beside a target, to be renamed to it; else it goes at the end.

    When this process comes to a folder for the first time, it removes what killed ones have left.

    Args:
        target: what the file will become; nothing happens to it here.
        suffix: of the name, for libraries that go by it.

    Raises:
        OSError: the file cannot be made.
    """
    if str(target.parent) not in _swept:
        _swept.add(str(target.parent))
        remove_leftovers(target.parent)
    path, held = _make(target.parent, suffix)
    try:
        yield path
    finally:
        with suppress(OSError):
            path.unlink()
            # It was not renamed: whoever wrote it was broken off.
            for ending in _BESIDE:
                path.with_name(path.name + ending).unlink(missing_ok=True)
        # Last: until then nobody takes the file for a leftover.
        if held is not None:
            os.close(held)


def remove_leftovers(folder: Path) -> None:
    """Remove the scratch files in a folder that belong to no living process.

    What cannot be read or removed stays; so does, on a disk without locks, what is not a day old.
    """
    with suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208
            found = _NAME.fullmatch(name)
            if found is not None:
                with suppress(OSError):
                    _remove_dead(folder / name, folder / found[1])


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder for temporary files, which goes at the end with all that is in it.

    What killed processes of this user have left of the kind is removed first.

    Raises:
        OutputError: it cannot be made.
    """
    place = Path(tempfile.gettempdir())
    _remove_dead_folders(place)
    try:
        folder, held = _make_folder(place)
    except OSError as error:
        msg = f"No folder for temporary files can be made in {place}: {error.strerror}."
        hint = "Free some space, or set TMPDIR to a folder on a larger disk."
        raise OutputError(msg, hint) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)
        if sys.platform == "win32":
            # There, a file that is open here stays until now.
            shutil.rmtree(folder, ignore_errors=True)


def _make_folder(place: Path) -> tuple[Path, int]:
    for _ in range(_TRIES):
        folder = place / f"vosapp-{uuid.uuid4().hex}"
        folder.mkdir(mode=0o700)
        held = os.open(folder / _HELD, os.O_RDWR | os.O_CREAT | os.O_EXCL | OPENING, 0o600)
        if try_lock(held) is not False and (folder / _HELD).exists():
            return folder, held
        os.close(held)
    raise FileExistsError(place)


def _remove_dead_folders(place: Path) -> None:
    with suppress(OSError):
        for name in os.listdir(place):  # noqa: PTH208
            if _FOLDER.fullmatch(name):
                with suppress(OSError):
                    _remove_dead_folder(place / name)


def _remove_dead_folder(folder: Path) -> None:
    """Remove a folder of this user's, and no link, whose holder is dead."""
    found = folder.lstat()
    mine = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
    if not mine or not stat.S_ISDIR(found.st_mode):
        return
    look = os.open(folder / _HELD, os.O_RDWR | OPENING)
    try:
        dead = _is_free(look)
        if dead:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(look)
    if dead and sys.platform == "win32":
        shutil.rmtree(folder, ignore_errors=True)


def _make(folder: Path, suffix: str) -> tuple[Path, int | None]:
    """A new file, and what holds it; None where the system itself protects open files."""
    for _ in range(_TRIES):
        path = folder / f".vosapp-{uuid.uuid4().hex}{suffix}"
        made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | OPENING, 0o666)
        if sys.platform == "win32":
            os.close(made)
            return path, None
        # Somebody who looks for leftovers may have been quicker than the lock.
        if try_lock(made) is not False and path.exists():
            return path, made
        os.close(made)
    raise FileExistsError(folder)


def _remove_dead(path: Path, main: Path) -> None:
    """Remove a file, unless the one that it is, or lies beside, is in use."""
    if path != main and not main.exists():
        path.unlink()
        return
    look = os.open(main, os.O_RDONLY | OPENING)
    try:
        if _is_dead(look):
            path.unlink()
    finally:
        os.close(look)


def _is_dead(look: int) -> bool:
    if not stat.S_ISREG(os.fstat(look).st_mode):
        return False
    # There, what is in use cannot be removed.
    return sys.platform == "win32" or _is_free(look)


def _is_free(look: int) -> bool:
    free = try_lock(look)
    return time.time() - os.fstat(look).st_mtime > _OLD_SECONDS if free is None else free
