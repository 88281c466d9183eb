"""How long and how fast a run learns. No torch here: windows and command lines make these."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.errors import TrainingError


@dataclass(frozen=True, slots=True)
class FitConfig:
    """How a run goes. Exactly one of `steps` and `minutes` says how long."""

    steps: int | None = None
    """Length in optimizer steps."""
    minutes: float | None = None
    """Length in minutes of training time, earlier parts of a resumed run counted in."""
    learning_rate: float = 1e-3
    """Peak of the schedule."""
    warmup: float = 0.02
    """Share of the run in which the rate rises linearly to the peak; it then falls as a cosine."""
    clip_norm: float = 5.0
    """Gradients longer than this are shortened to it."""
    bf16: bool = False
    """Forward pass under bf16 autocast: faster on GPUs and on CPUs with AMX, else slower."""
    save_every: int = 200
    """Most steps between checkpoints."""
    save_minutes: float = 5.0
    """Most minutes between them: what a kill or a power cut may take."""

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            msg = "A training run needs either a number of steps or of minutes."
            raise TrainingError(msg, "Give --steps N or --minutes M.")
        length = self.steps if self.steps is not None else self.minutes
        if not 0 < (length or 0) < math.inf:
            msg = f"A training run cannot be {length} long."
            raise TrainingError(msg, "Give --steps or --minutes a number above 0.")
        if not 0 < self.learning_rate < math.inf:
            msg = f"A learning rate of {self.learning_rate} is not possible."
            raise TrainingError(msg, "Give --rate a number above 0, such as 0.001.")
