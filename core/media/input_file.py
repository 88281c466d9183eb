"""Reading a file that somebody named: no pipe, no device, and no more than was meant."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_NO_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_input(path: Path) -> BinaryIO:
    """Open a file for reading. Never waits, as opening a pipe that nobody writes to does.

    Raises:
        OSError: it cannot be opened, or is a pipe, a device or a folder; `strerror` says which.
    """
    require_input(path)
    descriptor = os.open(path, os.O_RDONLY | _NO_WAITING)
    try:
        _require(os.fstat(descriptor), path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def require_input(path: Path) -> None:
    """Refuse what is no file without opening it; merely to open some devices does something.

    Raises:
        OSError: as `open_input`.
    """
    _require(path.stat(), path)


def read_input(path: Path, *, limit: int | None) -> bytes:
    """Return what is in a file.

    Args:
        path: the file.
        limit: the most bytes that it may have; None for files that we have written ourselves.

    Raises:
        OSError: as `open_input`, or it has more bytes; `strerror` says which.
    """
    with open_input(path) as file:
        data = file.read(-1 if limit is None else limit + 1)
    if limit is not None and len(data) > limit:
        raise OSError(errno.EFBIG, f"it has more than {_amount(limit)}", str(path))
    return data


def read_input_text(path: Path, *, limit: int | None) -> str:
    """Return a text file in UTF-8.

    Raises:
        OSError: as `read_input`.
        UnicodeDecodeError: it is no such text.
    """
    return read_input(path, limit=limit).decode("utf-8")


def _require(found: os.stat_result, path: Path) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is no file, but a pipe or a device", str(path))


def _amount(count: int) -> str:
    return f"{count >> 20} MB" if count >= 1 << 20 else f"{count >> 10} kB"
