"""Reading a stranger's zip: what it lists, and what a member inflates to, is bounded.

A member is inflated here and not by `zipfile`, which hands a whole piece of input to bzip2 or
LZMA at once: 45 bytes of bzip2 can stand for 45 MB.
"""

from __future__ import annotations

import bz2
import copy
import io
import lzma
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Protocol

from core.errors import AnnotationReadError
from core.media.input_file import open_input
from core.media.zip_directory import MAX_DIRECTORY_BYTES, find_directory

ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError),
    *(NotImplementedError, RuntimeError, OverflowError, struct.error),
)
"""What reading a damaged or locked zip raises."""
_PIECE = 1 << 18


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip for reading.

    Raises:
        AnnotationReadError: it lists too many files.
        One of `ZIP_ERRORS`: no zip, or a damaged one.
    """
    with open_input(path) as file:
        size = find_directory(file).size
    if size > MAX_DIRECTORY_BYTES:
        raise AnnotationReadError(f"{path} lists too many files.", "Make a zip of one sequence.")
    return zipfile.ZipFile(path)


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, limit: int) -> bytes:
    """Return what a member of a zip holds; never more than it says itself.

    Args:
        archive: an open zip.
        member: one of its `infolist`.
        limit: the most bytes that it may hold.

    Raises:
        AnnotationReadError: it says that it holds more.
        One of `ZIP_ERRORS`: it is damaged, locked, or packed by a rare method.
    """
    if member.file_size > limit:
        raise AnnotationReadError(
            f"{archive.filename}: {member.filename[:80]} holds more than {limit >> 20} MB.",
            "Split it.",
        )
    # A copy that claims to be stored: so `zipfile` gives the packed bytes as they are.
    packed = copy.copy(member)
    packed.compress_type, packed.file_size = zipfile.ZIP_STORED, member.compress_size
    packed.CRC = None  # type: ignore[assignment]
    with archive.open(packed) as file:
        data = _inflated(file, member)
    if len(data) != member.file_size or zlib.crc32(data) != member.CRC:
        raise zipfile.BadZipFile(f"{member.filename[:80]} is damaged")
    return data


class _Machine(Protocol):
    """What bz2 and lzma offer."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Deflated:
    """zlib under the names of bz2 and lzma."""

    def __init__(self) -> None:
        self._machine = zlib.decompressobj(-zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._machine.eof

    @property
    def needs_input(self) -> bool:
        return not self._machine.unconsumed_tail

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._machine.decompress(self._machine.unconsumed_tail + data, max_length)


class _Stored:
    """Nothing to inflate, under the same names."""

    eof = False
    needs_input = True

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return data[:max_length]


def _inflated(packed: IO[bytes], member: zipfile.ZipInfo) -> bytes:
    """Return as many bytes as a member says that it holds, or fewer; a piece at a time."""
    machine = _machine(packed, member)
    out = io.BytesIO()
    while (missing := member.file_size - out.tell()) > 0 and not machine.eof:
        asked = machine.needs_input
        data = packed.read(_PIECE) if asked else b""
        piece = machine.decompress(data, min(missing, _PIECE))
        out.write(piece)
        if asked and not data and not piece:
            break
    return out.getvalue()


def _machine(packed: IO[bytes], member: zipfile.ZipInfo) -> _Machine:
    method = member.compress_type
    if method == zipfile.ZIP_STORED:
        return _Stored()
    if method == zipfile.ZIP_DEFLATED:
        return _Deflated()
    if method == zipfile.ZIP_BZIP2:
        return bz2.BZ2Decompressor()
    if method == zipfile.ZIP_LZMA:
        return _lzma_machine(packed.read(9), member.file_size)
    raise NotImplementedError(f"its compression method, {method}, is not supported")


def _lzma_machine(head: bytes, size: int) -> lzma.LZMADecompressor:
    """Return a machine for what follows the head of a member: version, length, properties."""
    length, first, dictionary = struct.unpack("<2xHBI", head)
    if length != 5:
        raise ValueError("its LZMA properties are damaged")
    rest, context = divmod(first, 9)
    settings = {
        "id": lzma.FILTER_LZMA1,
        # No more than there is to look back at, whatever the head asks for.
        "dict_size": max(4096, min(dictionary, size)),
        "lc": context,
        "lp": rest % 5,
        "pb": rest // 5,
    }
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[settings])
