"""The list of files of a zip: how long it is, before it is read, and that there is only one."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import dataclass
from typing import BinaryIO

MAX_DIRECTORY_BYTES = 16 << 20
"""A longer list of files is refused: some 100,000 files with their usual names."""

_END, _END_BYTES = b"PK\x05\x06", 22
_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20
_END_64, _END_64_BYTES = b"PK\x06\x06", 56
_MAX_COMMENT = 1 << 16
_IN_64_BITS = 0xFFFFFFFF


class NotStored(ValueError):
    """A zip that takes more memory than it has bytes, or may; says why."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the list of files is, as the end of a zip says.

    Attributes:
        size: its bytes; 0 where there is no end.
        plain: it lies right before the end and the end says so, so that all programs find the
            same one.
    """

    size: int
    plain: bool


def find_directory(file: BinaryIO) -> Directory:
    """Look for the list of files of a zip.

    Raises:
        OSError: the file cannot be read.
        struct.error: its end is cut off.
    """
    length = file.seek(0, io.SEEK_END)
    start = max(0, length - _END_BYTES - _LOCATOR_BYTES - _MAX_COMMENT)
    file.seek(start)
    tail = file.read()
    end = tail.rfind(_END)
    if end < 0:
        return Directory(0, plain=False)
    size, place = struct.unpack_from("<II", tail, end + 12)
    locator = end - _LOCATOR_BYTES
    if locator < 0 or not tail.startswith(_LOCATOR, locator):
        return Directory(size, plain=place + size == start + end)
    # More than 65,535 files, or a list beyond 4 GB: the numbers are in a record of their own,
    # which lies before the locator; what that says of its place is not trusted.
    record = max(0, start + locator - _END_64_BYTES)
    file.seek(record)
    found = file.read(_END_64_BYTES)
    wide, far = struct.unpack_from("<QQ", found, 40)
    told = struct.unpack_from("<Q", tail, locator + 8)[0]
    plain = found.startswith(_END_64) and told == record and far + wide == record
    return Directory(wide if size == _IN_64_BITS else max(size, wide), plain=plain)


def require_unpacked(file: BinaryIO) -> None:
    """Refuse a zip that takes more memory than it has bytes: packed, or with overlaps.

    For zips that torch and numpy read, which never write packed ones.

    Raises:
        NotStored: it does, or it has two lists of files.
        zipfile.BadZipFile, OSError, struct.error and others: no zip, or a damaged one.
    """
    directory, length = find_directory(file), file.seek(0, io.SEEK_END)
    if not directory.plain or directory.size > MAX_DIRECTORY_BYTES:
        raise NotStored("its list of files is odd")
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise NotStored("its files are compressed")
    if sum(member.file_size for member in members) > length:
        raise NotStored("its files overlap")
