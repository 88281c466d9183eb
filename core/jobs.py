"""The job protocol: a job is a generator that yields values and looks at a cancel token.

No callbacks, no threads, no prints. Whoever drives the generator decides where it runs.
"""

from __future__ import annotations

from dataclasses import dataclass


class Cancelled(Exception):
    """Raised inside a job when its token was cancelled. An outcome, not an error."""


class CancelToken:
    """A flag that one thread sets and a job reads between two units of work."""

    __slots__ = ("_cancelled",)

    def __init__(self) -> None:
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._cancelled

    def cancel(self) -> None:
        """Ask the job to stop at its next check. Safe from any thread and signal handler."""
        self._cancelled = True

    def check(self) -> None:
        """Raise `Cancelled` when the job was asked to stop."""
        if self._cancelled:
            raise Cancelled


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Attributes:
        done: units finished, 0..total.
        total: units in all, 0 when not known.
        text: what is being done, in plain words.
    """

    done: int
    total: int
    text: str = ""
