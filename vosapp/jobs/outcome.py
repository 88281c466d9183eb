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
    return Failed(known) if known is not None else Crashed("\n".join(visible_trace(error)))
