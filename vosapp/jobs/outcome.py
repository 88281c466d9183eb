"""How a job ended."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import VosError


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
