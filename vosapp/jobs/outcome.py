"""How a job ended."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import VosError, mendable
from core.text import visible_trace


@dataclass(frozen=True, slots=True)
class Done:
    """It came to its end; `value` is what its generator returned."""

    value: object = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """It was cancelled; what it had finished is kept."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Something the user can mend."""

    error: VosError


@dataclass(frozen=True, slots=True)
class Crashed:
    """A bug: the traceback as text."""

    report: str


Outcome = Done | Stopped | Failed | Crashed


def trouble(error: BaseException) -> Failed | Crashed:
    """Return what an error is to the user: something to mend, or a bug with its traceback."""
    known = mendable(error)
    return (
        Failed(without_trace(known))
        if known is not None
        else Crashed("\n".join(visible_trace(error)))
    )


def without_trace(error: VosError) -> VosError:
    """Return an error that keeps nothing of the work that it ended.

    A traceback holds the values of all functions on the way: an error that is shown or logged
    would keep a whole video, or a project. What the user can mend shows none anyway.
    """
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error
