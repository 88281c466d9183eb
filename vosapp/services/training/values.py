"""What training on projects speaks of: sources, what is in them, the request, its run. No torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import MappingProxyType

from core.train.recipe import Option, Value, Values

NO_OPTIONS: Values = MappingProxyType({})


class Kind(Enum):
    """What a source is."""

    PROJECT = "project"
    VIDEOS = "videos"
    """A folder of raw videos, or one video: footage without labels."""
    DAVIS = "davis"
    """A DAVIS or YouTube-VOS folder: images with masks."""
    BOXES = "boxes"
    """A table of boxes, with the folder of its videos."""


@dataclass(frozen=True, slots=True)
class Source:
    """Something that the user chose to learn from.

    Attributes:
        path: a project, a folder, a video, or a table of boxes.
        kind: what it is; see `vosapp.services.training.data.source_of`.
        videos: of a table of boxes, the folder of its videos; else None.
    """

    path: Path
    kind: Kind
    videos: Path | None = None


class Reason(Enum):
    """Why something cannot be used, for programs."""

    NOT_OPENED = "not-opened"
    VIDEO_MISSING = "video-missing"
    VIDEO_OTHER = "video-other"
    VIDEO_UNREADABLE = "video-unreadable"
    NO_LABELS = "no-labels"
    FEW_LABELS = "few-labels"
    NO_FOOTAGE = "no-footage"


@dataclass(frozen=True, slots=True)
class Unusable:
    """What cannot be learned from, and why.

    Attributes:
        path: what to open in order to mend it.
        reason: for programs.
        text: for people, one sentence with names and numbers.
        hint: what to do about it.
    """

    path: Path
    reason: Reason
    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How much there is.

    Attributes:
        boxes: drawn box labels of visible objects.
        masks: of objects on single frames, asserted by the user or by a dataset.
        frames: with boxes or masks.
        objects: that have either.
        seconds: of video, labeled or not.
        interpolated: box labels that nobody drew; they are not learned from.
    """

    boxes: int = 0
    masks: int = 0
    frames: int = 0
    objects: int = 0
    seconds: float = 0.0
    interpolated: int = 0

    @property
    def minutes(self) -> float:
        """Minutes of video."""
        return self.seconds / 60

    def __add__(self, other: Counted) -> Counted:
        return Counted(
            self.boxes + other.boxes,
            self.masks + other.masks,
            self.frames + other.frames,
            self.objects + other.objects,
            self.seconds + other.seconds,
            self.interpolated + other.interpolated,
        )


class Part(Enum):
    """What a clip is for."""

    TRAIN = "train"
    HELD_OUT = "held-out"
    """Never trained on; weights are scored on it."""
    BOTH = "both"
    """The only labeled video: its last labeled frames are held out."""
    FOOTAGE = "footage"
    """It has no labels that can be used; raw footage alone."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One video with what is known of it.

    Attributes:
        name: unique among the clips of a survey; of files in the run folder as well.
        source: where it comes from.
        video: the file, or the folder of images.
        counted: its labels.
        part: what it is for.
        held_frames: labeled frames that are held out, ascending.
        size: width and height of its frames.
        frame_count: frames of the video.
    """

    name: str
    source: Source
    video: Path
    counted: Counted
    part: Part
    held_frames: tuple[int, ...] = ()
    size: tuple[int, int] = (0, 0)
    frame_count: int = 0


@dataclass(frozen=True, slots=True)
class Survey:
    """What the sources hold.

    Attributes:
        clips: usable ones, in the order of the sources.
        unusable: what is left out, and why.
    """

    clips: tuple[Clip, ...] = ()
    unusable: tuple[Unusable, ...] = ()

    @property
    def counted(self) -> Counted:
        """All of it together, held-out clips included."""
        return sum((clip.counted for clip in self.clips), Counted())

    @property
    def has_labels(self) -> bool:
        """Whether anything but raw footage is there to train on."""
        return any(clip.part in (Part.TRAIN, Part.BOTH) for clip in self.clips)

    @property
    def held_out(self) -> tuple[Clip, ...]:
        """The clips that weights are scored on."""
        return tuple(clip for clip in self.clips if clip.part in (Part.HELD_OUT, Part.BOTH))


@dataclass(frozen=True, slots=True)
class ColorAnswer:
    """What the color data check says, in plain words.

    Attributes:
        good: True: the color losses hold here; False: better without; None: nothing to check on.
        text: one or two sentences.
        tied: share 0..1 of neighboring pixels that look alike, NaN where unknown.
        right: share 0..1 of these that are of one object, NaN without masks.
    """

    good: bool | None
    text: str
    tied: float = math.nan
    right: float = math.nan


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
    """

    system: str
    title: str
    help: str
    presets: Mapping[str, str]
    options: tuple[Option, ...]
    needs_labels: bool
    stage: str
    starts: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class RunStatus:
    """How a run is, as read from its folder.

    Attributes:
        folder: of the run.
        title: for people.
        request: what was asked for.
        state: what it does.
        text: one line for people: what happens, or why it ended.
        hint: what to do about it, where it failed.
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
    """

    folder: Path
    title: str
    request: RunRequest
    state: RunState
    text: str = ""
    hint: str = ""
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

    @property
    def best(self) -> ScorePoint | None:
        """The best point of the score curve, the one whose weights are the model."""
        marked = [point for point in self.scores if point.best]
        return marked[-1] if marked else None

    @property
    def before(self) -> ScorePoint | None:
        """The score before training."""
        return next((point for point in self.scores if point.step == 0), None)


@dataclass(frozen=True, slots=True)
class View:
    """One held-out frame, before and now; paths of small PNG files, replaced atomically.

    Attributes:
        frame: RGB picture.
        before, now: label maps (palette PNG, 0 background) of the same size.
        best: the same by the best weights.
        truth: label map of the masks, or of filled boxes where there are no masks.
        clip: name of the clip.
        frame_index: in its video.
        step: of learning that `now` was made after.
    """

    frame: Path
    before: Path
    now: Path
    best: Path
    truth: Path
    clip: str
    frame_index: int
    step: int
