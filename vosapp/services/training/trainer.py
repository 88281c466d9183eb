"""What a run needs of whoever trains and scores: two protocols, so that tests do without torch."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.jobs import CancelToken, Job, Progress
from core.types import LabelMap

NOTHING = "Stopped before anything was learned: there is no model."
"""What is said of such a run."""
ENDED = "It was ended from outside. It can be resumed."
"""What is said of a run whose process was asked to end, as when the machine is switched off."""


@dataclass(frozen=True, slots=True)
class Step:
    """State after a step of learning.

    Attributes:
        number: 1-based, of the whole run.
        fraction: 0..1 of the run.
        seconds: of training so far, without pauses.
        losses: by name.
    """

    number: int
    fraction: float
    seconds: float
    losses: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Shown:
    """A held-out frame as weights see it.

    Attributes:
        clip: name of the clip.
        frame_index: in its video.
        label_map: what was found.
        score: 0..1 on this frame: mean J of its objects, else agreement with their boxes.
    """

    clip: str
    frame_index: int
    label_map: LabelMap
    score: float = math.nan


@dataclass(frozen=True, slots=True)
class Scored:
    """What weights are worth on held-out clips.

    Attributes:
        j: mean J where there are masks; NaN where there are none.
        boxes: mean agreement with drawn boxes; NaN where there are none.
        shown: frames that are looked at, the main one first; always the same ones.
    """

    j: float = math.nan
    boxes: float = math.nan
    shown: tuple[Shown, ...] = ()

    @property
    def value(self) -> float:
        """What the best is chosen by: J, else agreement; NaN where there is neither."""
        return self.boxes if math.isnan(self.j) else self.j


class Trainer(Protocol):
    """Trains one run."""

    @property
    def start(self) -> Path | None:
        """The weights that the run starts from; None: from nothing."""

    def steps(self, token: CancelToken) -> Generator[Progress | Step]:
        """Train, or go on; progress while videos are prepared, then steps.

        Raises:
            VosError: nothing to learn from, a loss that is not finite, too little memory.
            Cancelled: by the token, after the state was saved.
        """

    def write(self, target: Path) -> None:
        """Write the weights as they are after the last step.

        Raises:
            OutputError: they cannot be written.
        """

    def verify(self, weights: Path) -> None:
        """Load weights as they will be used, and see to it that all numbers are finite.

        Raises:
            VosError: they cannot be used.
        """


class Scorer(Protocol):
    """Scores weights on what is held out."""

    @property
    def is_able(self) -> bool:
        """Whether anything is held out."""

    def score(self, weights: Path, token: CancelToken) -> Job[Scored]:
        """Track the held-out clips.

        Raises:
            VosError: a video or the weights cannot be used.
            Cancelled: by the token.
        """
