"""Probabilities of a first pass, kept until the second pass meets them."""

from __future__ import annotations

import tempfile
import zlib
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.engine.fuse import Opinion
from core.errors import OutputError

MEMORY = 64 << 20
"""Bytes that are held in memory; longer ranges go to a temporary file."""
LEVELS = 255.0
"""Probabilities are stored in steps of 1 / 255."""
SAMPLE = 1 << 14
"""Bytes that tell whether others are worth compressing."""
MAX_CELLS = 1 << 28
"""A file that promises more probabilities of one frame than this is damaged."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a frame's probabilities lie in the file, their bytes there and before, their shape, and
    the rest of the opinion.
    """

    start: int
    size: int
    raw: int
    shape: tuple[int, ...]
    bare: Opinion
    seconds: float


@dataclass(frozen=True, slots=True)
class SpoolMark:
    """A state of a spool; nothing is ever overwritten in its file, so entries are enough."""

    entries: dict[int, _Entry]


class ProbabilitySpool:
    """Probabilities by frame, compressed, in memory while they are few and else on disk.

    Attributes:
        exact: what is kept is not rounded.
    """

    def __init__(self, *, exact: bool = False) -> None:
        """Make an empty one.

        Args:
            exact: keep probabilities as they are, instead of in steps of 1 / 255.
        """
        self.exact = exact
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY)  # noqa: SIM115
        self._entries: dict[int, _Entry] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything; nothing can be kept any more."""
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
        found = opinion.probabilities
        probabilities = np.ascontiguousarray(found, np.float32) if self.exact else levels(found)
        data = squeezed(probabilities.tobytes())
        try:
            start = self._file.seek(0, 2)
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            msg = f"Temporary results cannot be kept: {error.strerror}."
            hint = "Free some disk space, or set TMPDIR to a folder on a larger disk."
            raise OutputError(msg, hint) from error
        bare = replace(opinion, probabilities=np.empty((0, 0, 0), np.float32))
        shape, raw = probabilities.shape, probabilities.nbytes
        self._entries[frame_index] = _Entry(start, len(data), raw, shape, bare, seconds)

    def get(self, frame_index: int) -> tuple[Opinion, float]:
        """What was kept; probabilities are rounded to 1 / 255 unless all is kept exactly."""
        entry = self._entries[frame_index]
        self._file.seek(entry.start)
        data = unsqueezed(self._file.read(entry.size), entry.raw)
        if self.exact:
            probabilities = np.frombuffer(data, np.float32).reshape(entry.shape).copy()
        else:
            probabilities = from_levels(np.frombuffer(data, np.uint8).reshape(entry.shape))
        return replace(entry.bare, probabilities=probabilities), entry.seconds


def squeezed(data: bytes) -> bytes:
    """Data compressed, where a look at its middle says that it is worth the time."""
    middle = len(data) // 2
    sample = data[middle : middle + SAMPLE]
    worth = len(zlib.compress(sample, 1)) < len(sample) / 2
    return zlib.compress(data, 1) if worth else data


def unsqueezed(data: bytes, size: int) -> bytes:
    """What `squeezed` was given, which had so many bytes.

    Raises:
        zlib.error: it is none of `squeezed`.
    """
    return data if len(data) == size else zlib.decompressobj().decompress(data, size)


def levels(probabilities: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Probabilities in steps of 1 / 255."""
    stored: NDArray[np.uint8] = np.rint(probabilities * LEVELS).astype(np.uint8)
    return stored


def from_levels(stored: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What `levels` was given, but for rounding."""
    probabilities: NDArray[np.float32] = stored.astype(np.float32) / np.float32(LEVELS)
    return probabilities


def rounded(opinion: Opinion) -> Opinion:
    """An opinion as a spool that is not exact would give it back."""
    return replace(opinion, probabilities=from_levels(levels(opinion.probabilities)))
