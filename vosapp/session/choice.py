"""What the user chooses for a propagation. Frozen; goes to the engine as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from core.engine.registry import default_system
from core.types import Quality
from vosapp.services.weights import finetuned_system
from vosapp.session.work import WorkState


class RunMode(Enum):
    """What a propagation is to fill."""

    OPEN = "open"
    """What is empty or stale between the in and out points, both ways."""
    FORWARD = "forward"
    """From the current frame on, up to the out point."""
    BACKWARD = "backward"
    """From the current frame back, up to the in point."""
    STEP_FORWARD = "step-forward"
    """The next frame only."""
    STEP_BACKWARD = "step-backward"
    """The frame before only."""
    TO_KEYFRAME = "to-keyframe"
    """From the current frame up to the next keyframe."""


@dataclass(frozen=True, slots=True)
class RunChoice:
    """How propagations are computed.

    Attributes:
        system: name in the engine's registry.
        weights: a checkpoint; None takes the bundled one of a system that needs any.
        quality: working resolution.
        device: "auto", "cpu", "cuda" or "mps".
        adapt: learn this video's objects between two passes.
        target: learn a target model of each object along the walk.
        tuned: use the weights that were tuned to this video and are kept in the project; only
            where `weights` names no others.
        clean: leave out specks before masks are stored.
    """

    system: str = field(default_factory=lambda: default_system().name)
    weights: Path | None = None
    quality: Quality = Quality.FAST
    device: str = "auto"
    adapt: bool = False
    target: bool = False
    tuned: bool = False
    clean: bool = True

    @property
    def uses_tuned(self) -> bool:
        """True where tuned weights are to be used by this system."""
        return self.tuned and self.weights is None and self.system == finetuned_system()


@dataclass(frozen=True, slots=True)
class RunState(WorkState):
    """How far a propagation is; done are results, of which each frame may get two.

    Attributes:
        frames: finished and stored.
        drafts: frames that show a draft, and have no result yet.
        steps, all_steps: frames that were walked or made again, and all that will be: most frames
            are walked twice.
        frames_per_second: steps a second of late; 0 before the first.
        device: where it is computed, as "cpu".
        memory_bytes: resident memory of this process.
        again: frames are computed that were neither empty nor stale, as asked.
        left_out: names of locked objects that would have got a result.
        keeps: what was walked is kept, and the next run goes on from it.
    """

    frames: int = 0
    drafts: int = 0
    steps: int = 0
    all_steps: int = 0
    frames_per_second: float = 0.0
    device: str = ""
    memory_bytes: int = 0
    again: bool = False
    left_out: tuple[str, ...] = ()
    keeps: bool = False

    @property
    def bar(self) -> tuple[int, int]:
        """See `WorkState.bar`: steps, which take their time whether or not a result comes."""
        return (self.steps, self.all_steps) if self.all_steps else (self.done, self.total)
