"""What training on projects learns from: sources, and what is in them. No torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


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
        kind: what it is; see `vosapp.services.training.data.sources_of`.
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
    def has_masks(self) -> bool:
        """Whether there are masks to train on."""
        training = (clip for clip in self.clips if clip.part in (Part.TRAIN, Part.BOTH))
        return any(clip.counted.masks > 0 for clip in training)

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
