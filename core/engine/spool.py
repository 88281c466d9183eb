"""Soft labels of a first pass, kept until the second pass meets them."""

from __future__ import annotations

import tempfile
import zlib
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.errors import OutputError

MEMORY = 64 << 20
"""Bytes that are held in memory; longer ranges go to a temporary file."""
LEVELS = 255.0
"""Shares are stored in steps of 1 / 255."""


class ShareSpool:
    """Soft labels by frame, compressed, in memory while they are few and else on disk."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY)  # noqa: SIM115
        self._entries: dict[int, tuple[int, int, tuple[int, ...]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def __contains__(self, frame_index: int) -> bool:
        return frame_index in self._entries

    def put(self, frame_index: int, shares: NDArray[np.float32]) -> None:
        """Keep (1 + K) x h x w shares, 0..1, of a frame.

        Raises:
            OutputError: the disk for temporary files is full.
        """
        data = zlib.compress(np.rint(shares * LEVELS).astype(np.uint8).tobytes(), 1)
        try:
            start = self._file.seek(0, 2)
            self._file.write(data)
        except OSError as error:
            msg = f"Temporary results cannot be kept: {error.strerror}."
            hint = "Free some disk space, or set TMPDIR to a folder on a larger disk."
            raise OutputError(msg, hint) from error
        self._entries[frame_index] = start, len(data), shares.shape

    def get(self, frame_index: int) -> NDArray[np.float32]:
        """The shares of a frame, rounded to 1 / 255."""
        start, size, shape = self._entries[frame_index]
        self._file.seek(start)
        flat = np.frombuffer(zlib.decompress(self._file.read(size)), np.uint8)
        return flat.reshape(shape).astype(np.float32) / np.float32(LEVELS)
