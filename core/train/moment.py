"""The weights of a run between two of its steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


class Moment:
    """The weights of a run as they are between two of its steps, for whoever drives it."""

    def __init__(self) -> None:
        self._write: Callable[[str], Path] | None = None

    def binds(self, write: Callable[[str], Path]) -> None:
        """Say how they are written, with a mark in the file's name."""
        self._write = write

    def write(self, mark: str) -> Path:
        """Write them beside the result of the run, before the next step is asked for.

        Args:
            mark: what the name of the file has in addition, as "-now".

        Returns:
            The file, which is replaced if it is there.

        Raises:
            OutputError: it cannot be written.
            ValueError: the run has not made its network yet.
        """
        if self._write is None:
            msg = "The run has no weights yet."
            raise ValueError(msg)
        return self._write(mark)
