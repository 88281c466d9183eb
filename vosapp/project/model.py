"""The values that a project is made of. All frozen; each checks itself, so that nothing that was
read from a file is used unchecked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, IntEnum
from fractions import Fraction

from core.text import visible
from core.types import MAX_OBJECT_ID

MAX_FRAMES = 10_000_000
"""More frames than any video has: 46 hours at 60 frames a second."""
MAX_PIXELS = 100_000_000
"""Pixels of a frame, as in `core.media`."""
MAX_SIDE = 65_535
"""Pixels of a frame's side; label maps store positions in 16 bits."""
MAX_NAME = 200
"""Characters of a name."""
MAX_POINTS = 100_000
"""Points of one prompt."""


class FrameState(IntEnum):
    """State of one object on one frame (a cell).

    `EMPTY`, `CHECKED`, `PROPAGATED` and `STALE` are stored; `KEYFRAME` and `ABSENT` follow from
    what the user asserts and cover the stored state.
    """

    EMPTY = 0
    PROPAGATED = 1
    STALE = 2
    CHECKED = 3
    KEYFRAME = 4
    ABSENT = 5


class Review(Enum):
    """What the user has found of a propagated mask."""

    UNREVIEWED = "unreviewed"
    CHECKED = "checked"
    NEEDS_WORK = "needs-work"


class PromptKind(Enum):
    """What the user did to get a mask."""

    POINTS = "points"
    BOX = "box"
    SCRIBBLE = "scribble"
    POLYGON = "polygon"


class Unreadable(ValueError):
    """A value that makes no sense; where it comes from a file, the file is damaged or hostile."""


def check(holds: object, problem: str) -> None:
    """Raise `Unreadable` with a problem unless a condition holds."""
    if not holds:
        raise Unreadable(problem)


def is_int(value: object, low: int, high: int) -> bool:
    """True for a whole number, not a boolean, in low..high."""
    return type(value) is int and low <= value <= high


def _check_text(value: object, what: str, limit: int) -> None:
    check(isinstance(value, str) and len(value) <= limit, f"{what} is no text of {limit} letters")
    check("\0" not in str(value), f"{what} holds a zero byte")


@dataclass(frozen=True, slots=True)
class VideoRef:
    """Which video a project belongs to.

    Attributes:
        path: where it was, absolute, as text.
        relative_path: where it was as seen from the project's folder; empty where there is none.
        size: bytes of the file, or of all images of a folder together.
        content_hash: hexadecimal; see `vosapp.project.video_ref.content_hash`.
        frame_count, width, height: as in `core.types.VideoInfo`.
        fps: mean frames a second.
        stems: names of an image folder's frames; empty for a video file.
    """

    path: str
    relative_path: str
    size: int
    content_hash: str
    frame_count: int
    width: int
    height: int
    fps: Fraction
    stems: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_text(self.path, "the video's path", 32_768)
        _check_text(self.relative_path, "the video's relative path", 32_768)
        _check_text(self.content_hash, "the video's hash", 256)
        check(is_int(self.size, 0, 1 << 62), "the video's size is no number of bytes")
        check(is_int(self.frame_count, 1, MAX_FRAMES), "the video's frame count is out of range")
        sides = is_int(self.width, 1, MAX_SIDE) and is_int(self.height, 1, MAX_SIDE)
        check(sides and self.width * self.height <= MAX_PIXELS, "the frames' size is out of range")
        check(isinstance(self.fps, Fraction) and 0 < self.fps < 1_000_000, "the fps make no sense")
        check(self.fps.denominator < 10**18, "the fps make no sense")
        check(len(self.stems) in (0, self.frame_count), "the frames' names do not fit their count")
        for stem in self.stems:
            _check_text(stem, "a frame's name", 1_000)


@dataclass(frozen=True, slots=True)
class TrackedObject:
    """One object of a project.

    Attributes:
        object_id: 1..254, stable.
        name: what the user calls it.
        color: red, green, blue, 0..255.
        visible: drawn over the video.
        locked: neither painting nor propagation changes it.
        position: place in the list of objects, ascending, from front to back (ADR 0047); ties go
            by id.
        category: its class in formats that have classes; empty for none.
    """

    object_id: int
    name: str
    color: tuple[int, int, int]
    visible: bool = True
    locked: bool = False
    position: int = 0
    category: str = ""

    @property
    def shown_name(self) -> str:
        """Its name as people see it: whoever made the project may have hidden things in it."""
        return visible(self.name)

    def __post_init__(self) -> None:
        check(is_int(self.object_id, 1, MAX_OBJECT_ID), f"no object id: {self.object_id!r}")
        _check_text(self.name, "an object's name", MAX_NAME)
        _check_text(self.category, "an object's category", MAX_NAME)
        channels = len(self.color) == 3 and all(is_int(c, 0, 255) for c in self.color)
        check(channels, f"no color: {self.color!r}")
        check(type(self.visible) is bool and type(self.locked) is bool, "a flag is no truth value")
        check(is_int(self.position, -(1 << 31), 1 << 31), "an object's position is out of range")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the user did on a frame to get an object's mask.

    Attributes:
        frame_index: 0-based.
        object_id: the object it is about.
        kind: sort of prompt.
        points: (x, y, sign) in pixels of the video; sign 1 adds, -1 takes away. A box has its
            two corners.
        prompt_id: given by the project; 0 for one that is not stored yet.
    """

    frame_index: int
    object_id: int
    kind: PromptKind
    points: tuple[tuple[float, float, int], ...]
    prompt_id: int = 0

    def __post_init__(self) -> None:
        check(is_int(self.frame_index, 0, MAX_FRAMES), "a prompt's frame is out of range")
        check(is_int(self.object_id, 1, MAX_OBJECT_ID), f"no object id: {self.object_id!r}")
        check(is_int(self.prompt_id, 0, 1 << 62), "a prompt's number is out of range")
        check(isinstance(self.kind, PromptKind), f"no kind of prompt: {self.kind!r}")
        check(0 < len(self.points) <= MAX_POINTS, f"{len(self.points)} points in a prompt")
        check(self.kind is not PromptKind.BOX or len(self.points) == 2, "a box has two corners")
        for point in self.points:
            check(len(point) == 3 and point[2] in (-1, 1), f"no point: {point!r}")
            places = all(type(c) in (int, float) and math.isfinite(c) for c in point[:2])
            check(places and max(map(abs, point[:2])) < 1e6, f"no point: {point!r}")


@dataclass(frozen=True, slots=True)
class Assertion:
    """What the user asserts about one object on one frame.

    Attributes:
        frame_index: 0-based.
        object_id: 1..254.
        area: pixels of its mask; 0 asserts that it is absent.
        reference: a frame that the engine always keeps in its memory.
    """

    frame_index: int
    object_id: int
    area: int
    reference: bool = False

    def __post_init__(self) -> None:
        check(is_int(self.frame_index, 0, MAX_FRAMES), "an assertion's frame is out of range")
        check(is_int(self.object_id, 1, MAX_OBJECT_ID), f"no object id: {self.object_id!r}")
        check(is_int(self.area, 0, MAX_PIXELS), f"no area: {self.area!r}")
        check(type(self.reference) is bool, "a flag is no truth value")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where propagated masks come from.

    Attributes:
        system: name of the system.
        weights: identity of its weights, such as a file name and a hash; empty without weights.
        revision: the project's revision whose keyframes were propagated.
    """

    system: str
    weights: str = ""
    revision: int = 0

    def __post_init__(self) -> None:
        _check_text(self.system, "a system's name", MAX_NAME)
        _check_text(self.weights, "the name of weights", 4_096)
        check(is_int(self.revision, 0, 1 << 62), "a revision is out of range")


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One step that can be undone or redone.

    Attributes:
        entry_id: ascending in time.
        name: what was done, for the menu: "Paint Bear".
        created: seconds since 1970.
        size: bytes it takes in the file.
        undone: it can be redone, else undone.
    """

    entry_id: int
    name: str
    created: float
    size: int
    undone: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit, an undo or a redo has changed; views read these parts again.

    Attributes:
        name: what was done; empty where nothing was.
        frame_indices: frames whose masks or box labels changed, ascending.
        object_ids: objects of which something changed, ascending.
        revision: the project's revision after it.
        boxed_ids: objects whose box labels changed, ascending.
    """

    name: str
    frame_indices: tuple[int, ...] = ()
    object_ids: tuple[int, ...] = ()
    revision: int = 0
    boxed_ids: tuple[int, ...] = ()
