"""Neutral values between projects and file formats: what is exported, what was imported.

Formats know these values and nothing of projects; projects know these and nothing of formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from core.errors import OutputError
from core.media.palette import DAVIS_COLORS
from core.text import is_text
from core.types import Keyframe, VideoInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.media.frame_times import FrameTimes
    from core.types import Frame, LabelMap


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What is known of one object besides its masks.

    Attributes:
        object_id: 1..254, its pixel value in label maps.
        name: as the user calls it; empty where it has none.
        color: red, green, blue, 0..255.
        category: its class for formats that have classes; may be empty.
    """

    object_id: int
    name: str = ""
    color: tuple[int, int, int] = (255, 255, 255)
    category: str = ""

    @classmethod
    def plain(cls, object_id: int, *, name: str = "", category: str = "") -> ObjectInfo:
        """Return an object in the color that DAVIS gives to its id."""
        return cls(object_id, name, DAVIS_COLORS[object_id & 255], category)

    @property
    def title(self) -> str:
        """Its name, or `object 3` where it has none."""
        return self.name or f"object {self.object_id}"


def no_frame(index: int) -> Frame:
    """Stand in for the pictures of a source that has none."""
    raise OutputError(f"There is no picture of frame {index}.", "Open the video of the project.")


@dataclass(frozen=True, slots=True)
class AnnotationSource:
    """What an exporter reads.

    Attributes:
        video: the video that the masks belong to.
        objects: ascending by id.
        label_map: gives the H x W label map of a frame at the video's size, or None where nothing
            is known of the frame yet. May be called in any order and more than once.
        frame: gives the H x W x 3 picture of a frame; only formats with pictures call it.
        frame_range: the frames to export, ascending, step 1; None takes all.
        times: when each frame of the video is shown; None where it has to be looked up.
        boxes: box labels of the objects on the frames to export, by frame, then object; only
            formats of boxes write them.
        alpha: gives the soft alpha H x W, 0..1, of a frame's object (index, id); only mattes ask
            for it. None where masks are all there is.
    """

    video: VideoInfo
    objects: tuple[ObjectInfo, ...]
    label_map: Callable[[int], LabelMap | None]
    frame: Callable[[int], Frame] = no_frame
    frame_range: range | None = None
    times: FrameTimes | None = None
    boxes: tuple[Box, ...] = ()
    alpha: Callable[[int, int], NDArray[np.float32]] | None = None

    @property
    def frames(self) -> range:
        """The frames to export."""
        return range(self.video.frame_count) if self.frame_range is None else self.frame_range

    def stem(self, frame_index: int) -> str:
        """Return a frame's file name without extension: the folder's own one, else 00000.

        Its number also stands for a name that is no UTF-8, which fits no list, zip or JSON.
        """
        stems = self.video.stems
        own = stems[frame_index] if stems else ""
        return own if own and is_text(own) else f"{frame_index:05d}"


@dataclass(frozen=True, slots=True)
class Box:
    """A box around one object on one frame, inside the frame.

    Attributes:
        frame_index: 0-based.
        object_id: 1..254.
        left, top, right, bottom: edges in pixels; 0, 0 is the upper left corner of the first
            pixel, width, height the lower right corner of the last one. All 0 says that nothing of
            the object is visible on the frame.
        drawn: False where it was interpolated between others.
    """

    frame_index: int
    object_id: int
    left: float
    top: float
    right: float
    bottom: float
    drawn: bool = True

    @property
    def visible(self) -> bool:
        """False where it says that nothing of the object is visible."""
        return self.right > self.left


def _no_keyframes() -> Iterator[Keyframe]:
    return iter(())


@dataclass(frozen=True, slots=True)
class ImportedAnnotations:
    """What an importer found.

    Attributes:
        objects: ascending by id.
        frames: the frames that have a label map, ascending.
        keyframes: reads them one by one, ascending; each asserts the ids seen up to there, which
            are none on an empty frame before the first object. Can be called again; files are
            read, and may fail, while it runs.
        boxes: by frame, then object.
        notes: plain sentences on how names, values and overlaps were understood.
        mapping: label in the files -> object id, as it was used; 0 leaves the label out. Change
            it and hand it in to read the files in another way.
    """

    objects: tuple[ObjectInfo, ...]
    frames: tuple[int, ...] = ()
    keyframes: Callable[[], Iterator[Keyframe]] = _no_keyframes
    boxes: tuple[Box, ...] = ()
    notes: tuple[str, ...] = ()
    mapping: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
