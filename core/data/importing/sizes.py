"""Annotations made at another size than the video's: scaled where the shape is the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import MaskMismatch
from core.media.annotations.values import ImportedAnnotations
from core.types import Keyframe, VideoInfo

if TYPE_CHECKING:
    from core.data.importing.reader import Read
    from core.jobs import CancelToken
    from core.media.annotations.values import Job
    from core.types import LabelMap

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
    ) -> Job[ImportedAnnotations]:
        """Read a file; where it says another size of the same shape, scale what is in it.

        Raises:
            MaskMismatch: another shape, or two sizes in one file.
            VosError: whatever else is wrong with the files.
        """
        try:
            return (yield from self.read(path, info, mapping=mapping, token=token))
        except MaskMismatch as error:
            size = error.size
            if size is None or not same_shape(size, info):
                raise
        other = replace(info, width=size[0], height=size[1])
        try:
            found = yield from self.read(path, other, mapping=mapping, token=token)
        except MaskMismatch as error:
            if error.size is None:
                raise
            sizes = " and ".join(f"{width} x {height}" for width, height in (size, error.size))
            raise MaskMismatch(
                f"{path} says that it was made at two sizes, {sizes}.",
                "Export it again, all of it at the size of the video.",
            ) from error
        return scaled(found, size, info)


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


def scaled(
    found: ImportedAnnotations, size: tuple[int, int], info: VideoInfo
) -> ImportedAnnotations:
    """Return annotations made at (width, height) at the size of the video: nearest pixels."""
    across, down = info.width / size[0], info.height / size[1]

    def keyframes() -> Iterator[Keyframe]:
        for keyframe in found.keyframes():
            yield replace(keyframe, label_map=_resized(keyframe.label_map, info))

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
    note = f"Scaled from {was}, which the file says, to {now} pixels."
    return replace(found, keyframes=keyframes, boxes=boxes, notes=(*found.notes, note))


def _resized(label_map: LabelMap, info: VideoInfo) -> LabelMap:
    """Take for each pixel the one under its center; no new ids appear."""
    height, width = label_map.shape
    rows = (np.arange(info.height) * 2 + 1) * height // (2 * info.height)
    columns = (np.arange(info.width) * 2 + 1) * width // (2 * info.width)
    resized: LabelMap = label_map[rows[:, None], columns[None, :]]
    resized.flags.writeable = False
    return resized
