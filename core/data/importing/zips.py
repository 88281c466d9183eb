"""Opening a stranger's zip: its list of files is measured before it is read into memory."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from core.errors import AnnotationReadError

MAX_DIRECTORY_BYTES = 16 << 20
"""A longer list of files is refused: some 100,000 files with their usual names."""
ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError),
    *(NotImplementedError, RuntimeError, OverflowError, struct.error),
)
"""What reading a damaged or locked zip raises."""

_END, _END_BYTES = b"PK\x05\x06", 22
_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20
_END_64_BYTES = 56
_MAX_COMMENT = 1 << 16
_IN_64_BITS = 0xFFFFFFFF


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip for reading.

    Raises:
        AnnotationReadError: it lists too many files.
        One of `ZIP_ERRORS`: no zip, or a damaged one.
    """
    with path.open("rb") as file:
        size = _directory_bytes(file)
    if size > MAX_DIRECTORY_BYTES:
        raise AnnotationReadError(f"{path} lists too many files.", "Make a zip of one sequence.")
    return zipfile.ZipFile(path)


def _directory_bytes(file: BinaryIO) -> int:
    """Return how long the list of files is, as its end says; 0 where there is no end."""
    length = file.seek(0, 2)
    start = max(0, length - _END_BYTES - _LOCATOR_BYTES - _MAX_COMMENT)
    file.seek(start)
    tail = file.read()
    end = tail.rfind(_END)
    if end < 0:
        return 0
    found: int = struct.unpack_from("<I", tail, end + 12)[0]
    locator = end - _LOCATOR_BYTES
    if locator < 0 or not tail.startswith(_LOCATOR, locator):
        return found
    # More than 65,535 files, or a list beyond 4 GB: the numbers are in a record of their own,
    # which lies before the locator; what that says of its place is not trusted.
    file.seek(max(0, start + locator - _END_64_BYTES))
    wide: int = struct.unpack_from("<Q", file.read(_END_64_BYTES), 40)[0]
    return wide if found == _IN_64_BITS else max(found, wide)
