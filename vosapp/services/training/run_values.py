"""What a run of training is asked for, and what is told of it. No torch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from core.train.recipe import Option, Value
from vosapp.services.training.values import Source

REQUEST = "request.json"
"""File in a run's folder that says what was asked for: a folder that has it is that of a run."""
LEAST_MINUTES, MOST_MINUTES, POINTS = 1.0, 5.0, 8
"""Weights are scored so many minutes of training apart: at about that many points of a run."""


def minutes_between_scores(minutes: float) -> float:
    """Minutes of training from one score to the next, in a run of so many."""
    return min(MOST_MINUTES, max(LEAST_MINUTES, minutes / POINTS))


@dataclass(frozen=True, slots=True)
class RecipeOffer:
    """A way to train that is offered.

    Attributes:
        system: name in the registry.
        title: as people read it.
        help: one line.
        presets: name -> line for people, the default first.
        options: the advanced ones of the stage that is trained, each with its explanation.
        needs_labels: it learns from boxes or masks; else raw footage is enough.
        stage: the stage that is trained.
        starts: names of models to start from, the usual one first; empty: from nothing.
        learns: what the stage that is trained learns, as "masks from drawn boxes".
        needs_masks: boxes do not do.
    """

    system: str
    title: str
    help: str
    presets: Mapping[str, str]
    options: tuple[Option, ...]
    needs_labels: bool
    stage: str
    starts: tuple[str, ...] = ()
    learns: str = ""
    needs_masks: bool = False


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run that is asked for; JSON in its folder.

    Attributes:
        system: name in the registry.
        minutes: of training; pauses and scoring do not count.
        sources: what is learned from.
        preset: empty for that of `start`, or the recipe's default.
        stage: empty for the usual one.
        start: weights to begin with; None takes the bundled ones, or begins with nothing.
        fresh: begin with nothing even where weights are bundled.
        options: of the recipe, those that differ from the usual.
        device: "auto", "cpu", "cuda" or "mps".
        threads: of the processor.
        seed: of the data.
        title: what the user calls the run; empty for its usual name.
    """

    system: str
    minutes: float
    sources: tuple[Source, ...]
    preset: str = ""
    stage: str = ""
    start: Path | None = None
    fresh: bool = False
    options: Mapping[str, Value] = field(default_factory=dict)
    device: str = "auto"
    threads: int = 1
    seed: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will take, before it starts.

    Attributes:
        device: that will be used: "cpu", "cuda" or "mps".
        prepare_seconds: reading and packing the videos, about.
        seconds: until the end, preparing and scoring included, about.
        steps: of learning within the minutes, about.
        memory: bytes of main memory, about.
        device_memory: bytes of the graphics processor's memory; 0 on a processor.
        free_memory: bytes of main memory that are free now.
        disk: bytes in the run folder, about.
        warnings: in plain words, such as too little memory.
    """

    device: str
    prepare_seconds: float
    seconds: float
    steps: int
    memory: int
    device_memory: int
    free_memory: int
    disk: int
    warnings: tuple[str, ...] = ()


class RunState(Enum):
    """What a run does."""

    STARTING = "starting"
    PREPARING = "preparing"
    TRAINING = "training"
    SCORING = "scoring"
    PAUSED = "paused"
    """By the user."""
    HELD = "held"
    """By other work, such as a propagation."""
    DONE = "done"
    STOPPED = "stopped"
    """By the user; there is a usable model."""
    FAILED = "failed"
    LOST = "lost"
    """Its process is gone without a word: a crash or a reboot. It can be resumed."""

    @property
    def alive(self) -> bool:
        """Whether a process is at work."""
        return self not in (RunState.DONE, RunState.STOPPED, RunState.FAILED, RunState.LOST)


@dataclass(frozen=True, slots=True)
class LossPoint:
    """A point of the loss curves.

    Attributes:
        step: 1-based.
        seconds: of training so far.
        losses: by name.
    """

    step: int
    seconds: float
    losses: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ScorePoint:
    """A point of the curve of held-out scores.

    Attributes:
        step: 0 is before training.
        seconds: of training so far.
        score: what the best is chosen by, 0..1: J where there are masks, else box agreement.
        j: mean J on held-out masks; NaN where there are none.
        boxes: mean agreement with held-out boxes; NaN where there are none.
        best: it was the best so far when it was made.
    """

    step: int
    seconds: float
    score: float
    j: float = math.nan
    boxes: float = math.nan
    best: bool = False


def best_of(scores: Sequence[ScorePoint]) -> ScorePoint | None:
    """The best point of a curve, the last that is marked so; None where there is none."""
    return next((point for point in reversed(scores) if point.best), None)


def before_of(scores: Sequence[ScorePoint]) -> ScorePoint | None:
    """The point before training; None where there is none."""
    return next((point for point in scores if point.step == 0), None)


@dataclass(frozen=True, slots=True)
class RunStatus:
    """How a run is, as read from its folder.

    Attributes:
        folder: of the run.
        title: for people.
        request: what was asked for.
        state: what it does.
        text: one line for people: what happens, or why it ended.
        fraction: 0..1 of the minutes.
        step: of learning.
        seconds: of training so far.
        seconds_left: until the end of training; NaN while it is not known.
        memory: bytes that the process takes.
        losses, scores: the curves.
        heard: when the run last said something, seconds since 1970; 0: never.
        resumable: `resume` would go on with it.
        model: the best weights; None while there are none.
        holders: who holds it, such as "propagation".
        wanted: "stop" or "pause" where that was asked for and the run has not come to it yet.
    """

    folder: Path
    title: str
    request: RunRequest
    state: RunState
    text: str = ""
    fraction: float = 0.0
    step: int = 0
    seconds: float = 0.0
    seconds_left: float = math.nan
    memory: int = 0
    losses: tuple[LossPoint, ...] = ()
    scores: tuple[ScorePoint, ...] = ()
    heard: float = 0.0
    resumable: bool = False
    model: Path | None = None
    holders: tuple[str, ...] = ()
    wanted: str = ""

    @property
    def best(self) -> ScorePoint | None:
        """The best point of the score curve, the one whose weights are the model."""
        return best_of(self.scores)

    @property
    def before(self) -> ScorePoint | None:
        """The score before training."""
        return before_of(self.scores)


@dataclass(frozen=True, slots=True)
class View:
    """A held-out frame, before and now; paths of small PNG files, replaced atomically.

    Attributes:
        frame: RGB picture.
        before, now: label maps (palette PNG, 0 background) of the same size.
        best: the same by the best weights.
        truth: label map of the masks, or of filled boxes where there are no masks.
        clip: name of the clip.
        frame_index: in its video.
        step: of learning that `now` was made after.
        scores: of this frame, 0..1, by "before", "now" and "best"; those that are known.
    """

    frame: Path
    before: Path
    now: Path
    best: Path
    truth: Path
    clip: str
    frame_index: int
    step: int
    scores: Mapping[str, float] = field(default_factory=dict)
