"""What is known of one video before it is split: boxes, and frames with whole masks. No torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from core.media.annotations.rectangles import Corners
from core.types import LabelMap
from vosapp.services.training.values import Counted, Source

MapReader = Callable[[int], LabelMap]
"""Gives the label map of a frame of `LabeledVideo.masked`: H x W, 0 background, 255 void."""


@dataclass(frozen=True, slots=True)
class LabeledVideo:
    """A video with all that a source says of it.

    Attributes:
        source: that says it.
        video: the file, or the folder of images.
        name: as files of the user call it.
        size: width and height of its frames.
        frame_count: of the video.
        seconds: how long it is.
        boxes: (frame, object) -> edges; None: drawn as not visible.
        masked: frames on which every labeled object has a mask, or is absent.
        mask_count: of objects on single frames, whole frames or not.
        drawn_count: of boxes that were drawn; those around masks are not.
        interpolated: boxes that nobody drew.
        open_maps: opens what gives the label maps of `masked`.
    """

    source: Source
    video: Path
    name: str
    size: tuple[int, int]
    frame_count: int
    seconds: float
    boxes: Mapping[tuple[int, int], Corners | None] = field(
        default_factory=lambda: MappingProxyType({})
    )
    masked: tuple[int, ...] = ()
    mask_count: int = 0
    drawn_count: int = 0
    interpolated: int = 0
    open_maps: Callable[[], AbstractContextManager[MapReader]] | None = None

    @property
    def frames(self) -> tuple[int, ...]:
        """Frames of which anything is known, ascending."""
        return tuple(sorted({frame for frame, _ in self.boxes} | set(self.masked)))

    @property
    def seen_frames(self) -> tuple[int, ...]:
        """Frames on which an object is seen, ascending."""
        return tuple(sorted({frame for (frame, _), box in self.boxes.items() if box}))

    @property
    def counted(self) -> Counted:
        """How much that is."""
        objects = {number for (_, number), box in self.boxes.items() if box}
        return Counted(
            self.drawn_count,
            self.mask_count,
            len(self.frames),
            len(objects),
            self.seconds,
            self.interpolated,
        )

    def boxes_on(self, frames: frozenset[int]) -> Iterator[tuple[int, int, Corners | None]]:
        """Frame, object and edges of the boxes on some frames, by frame and object."""
        for (frame, number), box in sorted(self.boxes.items(), key=lambda item: item[0]):
            if frame in frames:
                yield frame, number, box
