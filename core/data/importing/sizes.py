"""Annotations made at another size than the video's: scaled where the shape is the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import MaskMismatch
from core.media.annotations.options import AS_USUAL, ImportOptions
from core.media.annotations.values import ImportedAnnotations
from core.media.label_map import resize_label_map
from core.types import Keyframe, VideoInfo

if TYPE_CHECKING:
    from core.data.importing.reader import Read
    from core.jobs import CancelToken, Job

_MAX_SIDE = 1 << 14
_LEAST = 0.02
"""Nearer sizes than this share are no scaling: something was cut off or added."""


@dataclass(frozen=True, slots=True)
class AtGivenSize:
    """Reads a format whose files say at what size they were made; a `reader.Read`.

    Attributes:
        read: reads it at the size of the video that it is given.
    """

    read: Read

    def __call__(
        self,
        path: Path,
        info: VideoInfo,
        *,
        mapping: Mapping[str, int] | None = None,
        token: CancelToken | None = None,
        options: ImportOptions = AS_USUAL,
    ) -> Job[ImportedAnnotations]:
        """Read a file; where it says another size of the same shape, scale what is in it.

        A size that the user says (`options`) must be the one that the file says.

        Raises:
            MaskMismatch: another shape, or two sizes in one file.
            VosError: whatever else is wrong with the files.
        """
        try:
            return (yield from self.read(path, info, mapping=mapping, token=token, options=options))
        except MaskMismatch as error:
            size = error.size
            if size is None or options.image_size or not same_shape(size, info):
                raise
        other = replace(info, width=size[0], height=size[1])
        try:
            found = yield from self.read(path, other, mapping=mapping, token=token, options=options)
        except MaskMismatch as error:
            if error.size is None:
                raise
            raise two_sizes(path, size, error.size) from error
        return scaled(found, size, info, why="the file says its size")


def same_shape(size: tuple[int, int], info: VideoInfo) -> bool:
    """Tell whether a size is that of the video times one factor, up to a pixel of rounding."""
    width, height = size
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        return False
    factor = max(width / info.width, height / info.height)
    factor = factor if factor > 1 else min(width / info.width, height / info.height)
    if abs(factor - 1) < _LEAST:
        return False
    across, down = info.width * factor - width, info.height * factor - height
    return abs(across) <= max(1.0, factor) and abs(down) <= max(1.0, factor)


def two_sizes(path: Path, *sizes: tuple[int, int]) -> MaskMismatch:
    """The error that a file says two sizes of itself, (width, height) each."""
    told = " and ".join(f"{width} x {height}" for width, height in sizes)
    return MaskMismatch(
        f"{path} says that it was made at two sizes, {told}.",
        "Export it again, all of it at the size of the video.",
    )


def scaled(
    found: ImportedAnnotations, size: tuple[int, int], info: VideoInfo, *, why: str
) -> ImportedAnnotations:
    """Return annotations made at (width, height) at the size of the video: nearest pixels.

    Args:
        found: what was read at that size.
        size: the size.
        info: the video.
        why: who says so, for the note.
    """
    across, down = info.width / size[0], info.height / size[1]

    def keyframes() -> Iterator[Keyframe]:
        for keyframe in found.keyframes():
            label_map = resize_label_map(keyframe.label_map, (info.width, info.height))
            yield replace(keyframe, label_map=label_map)

    boxes = tuple(
        replace(
            box,
            left=box.left * across,
            right=box.right * across,
            top=box.top * down,
            bottom=box.bottom * down,
        )
        for box in found.boxes
    )
    was, now = f"{size[0]} x {size[1]}", f"{info.width} x {info.height}"
    note = f"Scaled from {was} to {now} pixels ({why})."
    return replace(found, keyframes=keyframes, boxes=boxes, notes=(*found.notes, note))
