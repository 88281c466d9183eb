"""The folder in which work is kept between runs, within a budget. Lost without harm.

Each entry is a folder of its own, named by a hash of all that its files were computed from, and
used by one process at a time. What is used for longest goes first; whatever goes wrong on the
disk, less is kept, and nothing else happens.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from core.media.plain_file import OPENING, try_lock

_LOCK = "lock"
_ENTRY = re.compile(r"[0-9a-f]{64}")


class KeptRoom:
    """A folder for entries.

    Attributes:
        folder: made when something is kept.
        budget: bytes that all entries may have together; 0 keeps nothing.
    """

    def __init__(self, folder: Path, budget: int) -> None:
        self.folder, self.budget = folder, budget

    @contextmanager
    def entry(self, settings: Mapping[str, str]) -> Iterator[KeptEntry | None]:
        """The entry of some settings, for as long as the context is open.

        None where nothing can be kept: without a budget, where another process has the entry, or
        on a disk that knows no locks.
        """
        digest = hashlib.sha256(json.dumps(sorted(settings.items())).encode()).hexdigest()
        folder = self.folder / digest
        held = _hold(folder) if self.budget > 0 else None
        if held is None:
            yield None
            return
        try:
            with suppress(OSError):
                os.utime(folder / _LOCK)
            entry = KeptEntry(folder, self)
            entry.make_room(0)
            yield entry
        finally:
            os.close(held)

    def used(self) -> int:
        """Bytes of all entries now."""
        return sum(_size(folder) for folder in self._entries())

    def clear(self) -> None:
        """Remove all entries that no process uses."""
        for folder in self._entries():
            _remove(folder)

    def others(self, but: Path) -> list[Path]:
        """All entries but one, the one unused for longest first."""
        return sorted((f for f in self._entries() if f != but), key=_last_use)

    def _entries(self) -> list[Path]:
        with suppress(OSError):
            found = [path for path in self.folder.iterdir() if _ENTRY.fullmatch(path.name)]
            return [path for path in found if path.is_dir() and not path.is_symlink()]
        return []


class KeptEntry:
    """One entry's folder, and the room that its files may take.

    Attributes:
        folder: where its files lie.
    """

    def __init__(self, folder: Path, room: KeptRoom) -> None:
        self.folder, self._room = folder, room
        self._used = room.used()
        self._mine: set[str] = set()

    def use(self, name: str) -> None:
        """A file of this entry is read or written: it does not make room for others."""
        if name not in self._mine:
            self._mine.add(name)
            with suppress(OSError):
                os.utime(self.folder / name)

    def make_room(self, size: int) -> bool:
        """Reserve room for so many bytes; False where there is none.

        Other entries go first, then files of this one that were not used since it was opened.
        """
        budget = self._room.budget
        if self._used + size > budget:
            for folder in self._room.others(self.folder):
                self._used -= _remove(folder)
                if self._used + size <= budget:
                    break
        if self._used + size > budget:
            self._drop_own(size)
        if self._used + size > budget:
            return False
        self._used += size
        return True

    def give_back(self, size: int) -> None:
        """Room that was reserved is free again."""
        self._used -= size

    def write(self, name: str, data: bytes, *, spare: float = 0.0) -> bool:
        """Write a file, whole or not at all; False where it is not kept.

        Args:
            name: of the file.
            data: what will be in it.
            spare: share of the budget that has to stay free for what is worth more.
        """
        path = self.folder / name
        before, free = _file_size(path), round(spare * self._room.budget)
        if not self.make_room(len(data) - before + free):
            return False
        self.give_back(free)
        self.use(name)
        scratch = path.with_name(name + ".tmp")
        try:
            # Its checksum tells a file that a loss of power has cut: nothing waits for the disk.
            opened = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | OPENING, 0o600)
            with os.fdopen(opened, "wb") as file:
                file.write(data)
            os.replace(scratch, path)  # noqa: PTH105
        except OSError:
            self.give_back(len(data) - before)
            with suppress(OSError):
                scratch.unlink()
            return False
        return True

    def read(self, name: str) -> bytes | None:
        """What is in a file; None where it is not there."""
        try:
            with os.fdopen(os.open(self.folder / name, os.O_RDONLY | OPENING), "rb") as file:
                data = file.read()
        except OSError:
            return None
        self.use(name)
        return data

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        path = self.folder / name
        size = _file_size(path)
        with suppress(OSError):
            path.unlink(missing_ok=True)
            self.give_back(size)

    def _drop_own(self, size: int) -> None:
        with suppress(OSError):
            unused = [p for p in self.folder.iterdir() if p.name not in {*self._mine, _LOCK}]
            for path in sorted(unused, key=_mtime):
                if self._used + size <= self._room.budget:
                    return
                bytes_free = _file_size(path)
                path.unlink()
                self._used -= bytes_free


def _hold(folder: Path) -> int | None:
    """The descriptor that holds an entry, which is made; None where it cannot be held."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | OPENING, 0o600)
    except OSError:
        return None
    if try_lock(held) is True and (folder / _LOCK).exists():
        return held
    os.close(held)
    return None


def _remove(folder: Path) -> int:
    """Remove an entry that nobody uses; returns how many bytes that gave."""
    try:
        held = os.open(folder / _LOCK, os.O_RDWR | OPENING)
    except OSError:
        return 0
    try:
        if try_lock(held) is not True:
            return 0
        size = _size(folder)
        shutil.rmtree(folder, ignore_errors=True)
        return size - _size(folder)
    finally:
        os.close(held)


def _size(folder: Path) -> int:
    with suppress(OSError):
        return sum(_file_size(path) for path in folder.iterdir())
    return 0


def _file_size(path: Path) -> int:
    with suppress(OSError):
        return path.lstat().st_size
    return 0


def _mtime(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _last_use(folder: Path) -> float:
    return _mtime(folder / _LOCK)
