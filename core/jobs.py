"""The job protocol: a job is a generator that looks at a cancel token.

It yields `Progress`, and where it makes many values, such as the frames of a propagation, those as
they come; what it comes to in the end it returns, so that `result = yield from job` hands it on.
No callbacks, no threads, no prints. Whoever drives the generator decides where it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar


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
        phase: name of the part of the job, for programs; empty where it has only one.
        warning: `text` tells of something that was left out or went wrong, and has to be shown.
    """

    done: int
    total: int
    text: str = ""
    phase: str = ""
    warning: bool = False


Result = TypeVar("Result")
Item = TypeVar("Item")
Other = TypeVar("Other")
Job = Generator[Progress, None, Result]
"""A job that yields its progress and returns its result."""


def result_of(job: Generator[object, None, Result]) -> Result:
    """Run a job to its end, whatever it yields, and return its result."""
    while True:
        try:
            next(job)
        except StopIteration as end:
            result: Result = end.value
            return result


def mapped(
    job: Generator[Item, None, Result], change: Callable[[Item], Other]
) -> Generator[Other, None, Result]:
    """A job that yields what `change` makes of another's items, and returns the same result."""
    try:
        while True:
            try:
                item = next(job)
            except StopIteration as end:
                result: Result = end.value
                return result
            yield change(item)
    finally:
        job.close()
