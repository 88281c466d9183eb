"""Which videos are packed for training, which of their frames without fail, and whence they are.

Packed frames are thinned: those that hardly differ from the last one, or follow too soon, are left
out. What a person said of a frame holds for that very frame, so it has to be asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.data.box_tables import clip_names
from core.text import is_text


def _none(_name: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a folder of videos is packed.

    Attributes:
        frames: by the name of a video, with or without its suffix, the 0-based indices of frames
            that are packed however little changes and however soon they follow.
        leaves_out: whether a video of this file name is not looked at.
    """

    frames: Mapping[str, frozenset[int]] = field(default_factory=dict)
    leaves_out: Callable[[str], bool] = _none

    def of(self, video: Path) -> frozenset[int]:
        """The frames of a video that are packed without fail."""
        return self.frames.get(video.name) or self.frames.get(video.stem) or frozenset()


EVERY_VIDEO = Wanted()
"""No video is left out, and no frame is asked for."""


@dataclass(frozen=True, slots=True)
class PackOrigin:
    """Where the frames of a pack are from.

    Attributes:
        video: file name of the video.
        size: width and height of its frames in pixels.
        indices: of each packed frame, its 0-based index in the video, ascending.
        names: of each packed frame of a folder of images, the name of its file without suffix;
            empty where the video is a file.
    """

    video: str
    size: tuple[int, int]
    indices: tuple[int, ...]
    names: tuple[str, ...] = ()

    def is_called(self, clip: str) -> bool:
        """Whether the video has this name, with or without its suffix."""
        return clip in clip_names(self.video)

    def to_dict(self) -> dict[str, object]:
        """As plain values, for the index of a pack."""
        video = self.video if is_text(self.video) else ""
        told: dict[str, object] = {"video": video, "size": self.size, "indices": self.indices}
        return told | ({"names": self.names} if self.names else {})

    @classmethod
    def from_dict(cls, values: Any) -> PackOrigin:
        """As `to_dict` wrote it; `LookupError`, `TypeError` or `ValueError` where it did not."""
        width, height = values["size"]
        indices = tuple(int(index) for index in values["indices"])
        names = tuple(str(name) for name in values.get("names", ()))
        if names and len(names) != len(indices):
            raise ValueError(names)
        return cls(str(values["video"]), (int(width), int(height)), indices, names)
