"""What the first of two walks says of each frame, on disk, so that a killed run keeps it.

It lies beside the folder of results: NAME.vosapp-run.walk. Probabilities are rounded to 1 / 255 as
in `core.engine.spool`, so a frame that is read back gives the same results as one that was walked.
The file holds one record after another, each with its size and checksum; what a kill or a full
disk has cut off at the end does not count.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.engine.plans import Walk
from core.engine.spool import MAX_CELLS, from_levels, levels, squeezed, unsqueezed
from core.errors import OutputError
from core.media.plain_file import open_plain
from core.tracking.contract import StepResult
from core.types import Direction

FORMAT = 1
LOG_SUFFIX = ".vosapp-run.walk"
_LEAD = struct.Struct("<II")
"""Bytes that follow, and their CRC-32."""
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, RecursionError)


class WalkLog:
    """One walk's steps by frame. Nothing is on disk before `begin`.

    Attributes:
        added: bytes that were written since `begin` or `load`.
    """

    def __init__(self, folder: Path, settings: dict[str, str], *, path: Path | None = None) -> None:
        """Describe the log; nothing is touched yet.

        Args:
            folder: folder of the results; the log lies beside it.
            settings: of the run; a log of another run counts as none.
            path: where else the log lies.
        """
        self.added = 0
        self._path = folder.with_name(folder.name + LOG_SUFFIX) if path is None else path
        self._settings = settings
        self._file: BinaryIO | None = None
        self._origin: tuple[int, Direction] | None = None
        self._entries: dict[int, tuple[int, int]] = {}
        self._exact: set[int] = set()

    @property
    def frames(self) -> tuple[int, ...]:
        """What is logged, in the order of the walk."""
        return tuple(self._entries)

    def is_exact(self, frame_index: int) -> bool:
        """Whether the probabilities of a frame are logged as they were."""
        return frame_index in self._exact

    def load(self) -> None:
        """Find what an earlier part of the run has left; a damaged log counts as none."""
        try:
            with os.fdopen(open_plain(self._path, os.O_RDONLY), "rb") as self._file:
                self._find()
        except _UNREADABLE:
            return
        finally:
            self._file = None

    def hold(self) -> None:
        """Keep the file open: what was found is there, whatever becomes of its name.

        Raises:
            OSError: it is not there any more.
        """
        if self._origin is not None:
            self._opened()

    def is_of(self, walk: Walk) -> bool:
        """Whether this walk is the one that is logged."""
        return self._origin == (walk.first, walk.direction)

    def holds(self, frames: range) -> bool:
        """Whether all these frames are logged."""
        return all(index in self._entries for index in frames)

    def begin(self, walk: Walk) -> None:
        """Start anew with a walk.

        Raises:
            OutputError: the file cannot be written.
        """
        self.close()
        head = {"format": FORMAT, "settings": self._settings}
        head |= {"first": walk.first, "way": walk.direction.value}
        try:
            self._file = os.fdopen(open_plain(self._path, os.O_RDWR | os.O_CREAT), "r+b")
            self._file.truncate(0)
        except OSError as error:
            raise _full(error) from error
        self._origin = walk.first, walk.direction
        self._append(json.dumps(head).encode())

    def keep_to(self, frame_index: int) -> None:
        """Drop what was logged after a frame: the walk goes on from there."""
        frames = list(self._entries)
        for later in frames[frames.index(frame_index) + 1 :]:
            del self._entries[later]
            self._exact.discard(later)
        self._opened().truncate(sum(self._entries[frame_index]))

    def put(self, frame_index: int, step: StepResult, *, exact: bool = False) -> None:
        """Log the next step of the walk.

        Args:
            frame_index: of the step.
            step: what the walk says.
            exact: log probabilities as they are, four times as large.

        Raises:
            OutputError: the disk is full.
        """
        head = {"frame": frame_index, "shape": step.probabilities.shape, "ids": step.object_ids}
        head["confidence"] = [[i, value] for i, value in step.confidence.items()]
        head["absent"] = sorted(step.absent)
        head["exact"] = exact
        if exact:
            body = squeezed(np.ascontiguousarray(step.probabilities, np.float32).tobytes())
            self._exact.add(frame_index)
        else:
            body = zlib.compress(levels(step.probabilities).tobytes(), 1)
            self._exact.discard(frame_index)
        data = json.dumps(head).encode() + b"\n" + body
        self._entries[frame_index] = self._append(data), len(data)

    def get(self, frame_index: int) -> StepResult:
        """A step that was logged; probabilities are rounded to 1 / 255 unless it is exact."""
        head, _, data = self._read(*self._entries[frame_index]).partition(b"\n")
        values = json.loads(head)
        size, shape = _size(values["shape"]), values["shape"]
        if frame_index in self._exact:
            data = unsqueezed(data, 4 * size)
            probabilities = np.frombuffer(data, np.float32, size).reshape(shape).copy()
        else:
            flat = np.frombuffer(zlib.decompressobj().decompress(data, size), np.uint8)
            probabilities = from_levels(flat.reshape(shape))
        confidence = {int(i): float(value) for i, value in values["confidence"]}
        # Logs of older versions do not tell who was absent.
        absent = frozenset(int(i) for i in values.get("absent", ()))
        return StepResult(probabilities, tuple(values["ids"]), confidence, absent)

    def close(self) -> None:
        """Forget what is known of the file; it stays on disk."""
        if self._file is not None:
            with suppress(OSError):  # what a full disk did not take is not missed here
                self._file.close()
        self._file, self._origin, self.added = None, None, 0
        self._entries.clear()
        self._exact.clear()

    def remove(self) -> None:
        """Remove the file; one that cannot be removed stays."""
        self.close()
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return

    def _append(self, data: bytes) -> int:
        """Write a record; returns where its data begin."""
        try:
            file = self._opened()
            start = file.seek(0, 2)
            file.write(_LEAD.pack(len(data), zlib.crc32(data)) + data)
            file.flush()
        except OSError as error:
            raise _full(error) from error
        self.added += _LEAD.size + len(data)
        return start + _LEAD.size

    def _find(self) -> None:
        """Index all whole records; ends with the error that the first other one gives."""
        start, size = self._next(0)
        head = json.loads(self._read(start, size))
        if head["format"] != FORMAT or head["settings"] != self._settings:
            return
        self._origin = int(head["first"]), Direction(head["way"])
        while True:
            start, size = self._next(start + size)
            head = json.loads(self._read(start, size).partition(b"\n")[0])
            _size(head["shape"])
            self._entries[int(head["frame"])] = start, size
            if head.get("exact", False):
                self._exact.add(int(head["frame"]))

    def _opened(self) -> BinaryIO:
        if self._file is None:
            if self._origin is None:
                msg = "no walk was begun"
                raise RuntimeError(msg)
            self._file = os.fdopen(open_plain(self._path, os.O_RDWR), "r+b")
        return self._file

    def _next(self, start: int) -> tuple[int, int]:
        """Where the data of the record at `start` begin, and their size.

        Raises:
            ValueError: there is no whole record.
        """
        lead = self._read(start, _LEAD.size)
        if len(lead) == _LEAD.size:
            size, checksum = _LEAD.unpack(lead)
            if zlib.crc32(self._read(start + _LEAD.size, size)) == checksum:
                return start + _LEAD.size, size
        msg = f"no record at byte {start}"
        raise ValueError(msg)

    def _read(self, start: int, size: int) -> bytes:
        file = self._opened()
        file.seek(start)
        return file.read(size)


def _size(shape: list[int]) -> int:
    """Cells of a step's probabilities.

    Raises:
        ValueError: more than any step has, or none.
    """
    planes, height, width = (int(side) for side in shape)
    size = planes * height * width
    if min(planes, height, width) < 1 or size > MAX_CELLS:
        msg = "impossible size"
        raise ValueError(msg)
    return size


def _full(error: OSError) -> OutputError:
    return OutputError(
        f"What a walk has found cannot be kept: {error.strerror or error}.",
        "Free some disk space; with --resume the run goes on where it stopped.",
    )
