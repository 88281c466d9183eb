"""A CSV table to which finished measurements are appended, one row each, so that runs can go on.

The header is written once. A row is appended in one piece: a run that is killed leaves whole rows,
or at most one half row at the end, which is not read.
"""

from __future__ import annotations

import csv
import errno
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from core.errors import OutputError, UsageError
from core.media.input_file import read_input_text

MAX_BYTES = 64 << 20
"""A larger table is not gone on with."""

Row = Mapping[str, str]


class Ledger:
    """The rows of one table.

    Args:
        path: the file; it is made where it is missing.
        columns: names of its columns.
        key: those columns that tell what was measured; the others are the outcome.
        told: those of the key that name a row in progress and messages.

    Raises:
        UsageError: the file is there and is another table.
        OutputError: it cannot be written.
    """

    def __init__(
        self, path: Path, columns: Sequence[str], *, key: Sequence[str], told: Sequence[str]
    ) -> None:
        self.path = path
        self.told = tuple(told)
        self._columns = tuple(columns)
        self._key = tuple(key)
        self._rows: dict[tuple[str, ...], dict[str, str]] = {}
        self._begin()

    @property
    def rows(self) -> tuple[Row, ...]:
        """All whole rows, in order; of equal keys the last."""
        return tuple(self._rows.values())

    def get(self, key: Row) -> Row | None:
        """What was found for a key; None where it was not measured."""
        return self._rows.get(self._key_of(key))

    def add(self, row: Mapping[str, object]) -> None:
        """Append a row.

        Raises:
            OutputError: the file cannot be written.
        """
        texts = {name: " ".join(str(row[name]).split()) for name in self._columns}
        self._append(_line(texts.values()))
        self._rows[self._key_of(texts)] = texts

    def _key_of(self, row: Row) -> tuple[str, ...]:
        return tuple(" ".join(row[name].split()) for name in self._key)

    def _begin(self) -> None:
        """Read what is there, or write the header."""
        try:
            text = read_input_text(self.path, limit=MAX_BYTES) if self.path.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            msg = f"{self.path} cannot be read: {error}."
            raise UsageError(msg, "Name another file.") from error
        if not text:
            self._append(_line(self._columns))
            return
        # Line by line: an open quote in half a row would swallow those after it.
        head, *lines = (next(csv.reader([line]), []) for line in text.splitlines())
        if tuple(head) != self._columns:
            msg = f"{self.path} is another table: its columns are not those of this command."
            raise UsageError(msg, "Name another file.")
        for cells in lines:
            if len(cells) == len(head):
                row = dict(zip(head, cells, strict=True))
                self._rows[self._key_of(row)] = row

    def _append(self, line: bytes) -> None:
        try:
            # One call to the system: other processes may append rows of their own.
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
            try:
                line = b"\n" * self._is_broken() + line
                if os.write(descriptor, line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            finally:
                os.close(descriptor)
        except OSError as error:
            msg = f"{self.path} cannot be written: {error.strerror}."
            raise OutputError(msg, "Check the folder's permissions and the free space.") from error

    def _is_broken(self) -> bool:
        """Whether the file ends in half a row."""
        with self.path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - 1))
            return end > 0 and file.read(1) != b"\n"


def _line(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
