"""Probabilities of a first pass, kept until the second pass meets them."""

from __future__ import annotations

import tempfile
import zlib
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import numpy as np

from core.engine.fuse import Opinion
from core.errors import OutputError

MEMORY = 64 << 20
"""Bytes that are held in memory; longer ranges go to a temporary file."""
LEVELS = 255.0
"""Probabilities are stored in steps of 1 / 255."""
MAX_CELLS = 1 << 28
"""A file that promises more probabilities of one frame than this is damaged."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a frame's probabilities lie in the file, their shape, and the rest of the opinion."""

    start: int
    size: int
    shape: tuple[int, ...]
    bare: Opinion
    seconds: float


@dataclass(frozen=True, slots=True)
class SpoolMark:
    """A state of a spool; nothing is ever overwritten in its file, so entries are enough."""

    entries: dict[int, _Entry]


class ProbabilitySpool:
    """Probabilities by frame, compressed, in memory while they are few and else on disk."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY)  # noqa: SIM115
        self._entries: dict[int, _Entry] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # what a full disk did not take is not missed here
            self._file.close()

    def __contains__(self, frame_index: int) -> bool:
        return frame_index in self._entries

    @property
    def frames(self) -> list[int]:
        """Indices of the frames that are kept, ascending."""
        return sorted(self._entries)

    def bare(self, frame_index: int) -> Opinion:
        """What was kept of a frame, without its probabilities."""
        return self._entries[frame_index].bare

    def discard(self, frame_index: int) -> None:
        """Forget a frame; nothing happens where it is not kept."""
        self._entries.pop(frame_index, None)

    def mark(self) -> SpoolMark:
        """What is kept now, for `rewind`."""
        return SpoolMark(dict(self._entries))

    def rewind(self, mark: SpoolMark) -> None:
        """Go back to what was kept at a mark of this spool."""
        self._entries = dict(mark.entries)

    def put(self, frame_index: int, opinion: Opinion, seconds: float) -> None:
        """Keep what a walk says of a frame, and the time it took.

        Raises:
            OutputError: the disk for temporary files is full.
        """
        probabilities = np.rint(opinion.probabilities * LEVELS).astype(np.uint8)
        data = zlib.compress(probabilities.tobytes(), 1)
        try:
            start = self._file.seek(0, 2)
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            msg = f"Temporary results cannot be kept: {error.strerror}."
            hint = "Free some disk space, or set TMPDIR to a folder on a larger disk."
            raise OutputError(msg, hint) from error
        bare = replace(opinion, probabilities=np.empty((0, 0, 0), np.float32))
        self._entries[frame_index] = _Entry(start, len(data), probabilities.shape, bare, seconds)

    def get(self, frame_index: int) -> tuple[Opinion, float]:
        """What was kept; probabilities are rounded to 1 / 255."""
        entry = self._entries[frame_index]
        self._file.seek(entry.start)
        flat = np.frombuffer(zlib.decompress(self._file.read(entry.size)), np.uint8)
        probabilities = flat.reshape(entry.shape).astype(np.float32) / np.float32(LEVELS)
        return replace(entry.bare, probabilities=probabilities), entry.seconds
