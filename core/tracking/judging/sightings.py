"""What a tracker saw of its objects before it judged them, for those who fit what cues are worth.

A system that judges by `Judge` offers it as `cues`; nothing that is tracked depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from core.tracking.config import Calibration
from core.tracking.judging.absence import Sight, Track
from core.tracking.judging.confidence import Cues


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one step saw of one object.

    Attributes:
        cues: what confidence follows from.
        sight: what absence follows from; None where no keyframe shows the object.
        begun: the track as it was before this sight, where the object begins here; None where it
            goes on.
        asserted: the track that a keyframe on this very frame has set; None where there is none.
    """

    cues: Cues
    sight: Sight | None = None
    begun: Track | None = None
    asserted: Track | None = None


class CueSource(Protocol):
    """Tells what confidence and absence of the last step follow from."""

    @property
    def calibration(self) -> Calibration:
        """What the cues are taken to be worth."""

    @property
    def sightings(self) -> Mapping[int, Sighting]:
        """Of the last step, by object id."""


@runtime_checkable
class Judged(Protocol):
    """A tracker whose confidence and absence can be fitted (`core.eval.calibration`).

    Optional: without it the system's confidence is its own affair.
    """

    @property
    def cues(self) -> CueSource:
        """What its judgments follow from."""
