"""Mattes for compositing: each object a layer of its own, with soft alpha of 16 bits.

Where the source knows no soft alpha, or sharp edges are wanted, alpha is the mask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import cv2
import numpy as np

from core.errors import OutputError
from core.media.export import losses
from core.media.export.base import chosen_objects, mask_of
from core.media.export.leftovers import FrameFolder
from core.media.export.object_masks import folder_name
from core.media.export.pictures import encode_rgba_png
from core.media.export.sequence import PutFrame, SequenceExport, Task
from core.media.scratch import scratch_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource, ObjectInfo
    from core.types import LabelMap

    Plane = NDArray[np.float32]

MARGIN = 16
"""Pixels around an object that keep their colors, so that scaling brings in no dark seam."""
_FULL = 65535
_PLAIN = re.compile(r"[^A-Za-z0-9_]+")
_MAX_LAYER = 40


def object_alpha(
    source: AnnotationSource, index: int, label_map: LabelMap, info: ObjectInfo, *, hard: bool
) -> Plane:
    """The alpha of one object on a frame, H x W, 0..1.

    Args:
        source: may know soft alpha.
        index: of the frame.
        label_map: of the frame.
        info: the object.
        hard: alpha is the mask, whatever the source knows.
    """
    mask = mask_of(label_map, info.object_id)
    if hard or source.alpha is None or not mask.any():
        return mask.astype(np.float32)
    return source.alpha(index, info.object_id)


def joint_alpha(
    source: AnnotationSource,
    index: int,
    label_map: LabelMap,
    chosen: Iterable[ObjectInfo],
    *,
    hard: bool,
) -> Plane:
    """The alpha of several objects together; where they touch, what each covers adds up."""
    total = np.zeros(label_map.shape, np.float32)
    for info in chosen:
        total += object_alpha(source, index, label_map, info, hard=hard)
    return np.minimum(total, 1)


class _Layers(SequenceExport):
    """What formats with a layer for each object share."""

    __slots__ = ()
    own_folder: ClassVar[bool] = True
    shows_frames: ClassVar[bool] = True
    object_ids: tuple[int, ...]

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, _token: CancelToken | None
    ) -> Iterable[str]:
        left_out = len(source.objects) - len(chosen_objects(source, self.object_ids))
        yield from [f"Objects left out, since they are not chosen: {left_out}."] if left_out else []
        yield from losses.colors_lost(source, palette=False)
        yield from losses.void_lost(found)
        yield from losses.missing_frames(found)


@dataclass(frozen=True, slots=True)
class MattePng(_Layers):
    """OUT/SEQUENCE/001 NAME/00000.png: each object with alpha, 16 bits a channel.

    Attributes:
        object_ids: which objects; empty takes all.
        premultiplied: colors are multiplied by alpha; else they are as the video has them.
        hard: edges as sharp as the masks are.
    """

    name: ClassVar[str] = "matte-png16"
    title: ClassVar[str] = "Alpha mattes of objects (16-bit PNG)"
    object_ids: tuple[int, ...] = ()
    premultiplied: bool = False
    hard: bool = False

    def _frame_folders(self, source: AnnotationSource, sequence: str) -> Iterable[FrameFolder]:
        objects = tuple(map(folder_name, chosen_objects(source, self.object_ids)))
        return (FrameFolder((sequence,), ".png", objects),)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        source, chosen = task.source, chosen_objects(task.source, self.object_ids)

        def put(index: int, label_map: LabelMap) -> None:
            frame = source.frame(index).astype(np.float32) / np.float32(255)
            for info in chosen:
                alpha = object_alpha(source, index, label_map, info, hard=self.hard)
                rgba = _rgba(frame, alpha, premultiplied=self.premultiplied)
                levels = np.rint(rgba * _FULL).astype(np.uint16)
                place = (task.sequence, folder_name(info), f"{source.stem(index)}.png")
                task.folder.write(place, encode_rgba_png(levels, source.video.pixel_aspect))

        yield put


@dataclass(frozen=True, slots=True)
class MatteExr(_Layers):
    """OUT/SEQUENCE/00000.exr: linear light in half floats, a layer for each object.

    R, G, B and A are all chosen objects together; NAME_001.R and so on is one of them. Colors are
    multiplied by alpha, as is usual in EXR, unless straight ones are wanted.

    Attributes:
        object_ids: which objects; empty takes all.
        straight: colors are not multiplied by alpha.
        hard: edges as sharp as the masks are.
    """

    name: ClassVar[str] = "matte-exr"
    title: ClassVar[str] = "Alpha mattes of objects (OpenEXR)"
    object_ids: tuple[int, ...] = ()
    straight: bool = False
    hard: bool = False

    def leftovers(
        self, source: AnnotationSource, out: Path, written: Iterable[int]
    ) -> tuple[Path, ...]:
        """See `core.media.export.base.Exporter`; the first that is asked, so it looks for EXR."""
        _openexr()
        return SequenceExport.leftovers(self, source, out, written)

    def _frame_folders(self, _source: AnnotationSource, sequence: str) -> Iterable[FrameFolder]:
        return (FrameFolder((sequence,), ".exr"),)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        source, chosen = task.source, chosen_objects(task.source, self.object_ids)
        exr, light = _openexr(), _linear_light()
        aspect = float(source.video.pixel_aspect)

        def put(index: int, label_map: LabelMap) -> None:
            frame = light[source.frame(index)]
            channels: dict[str, NDArray[np.float16]] = {}
            total = np.zeros(label_map.shape, np.float32)
            for info in chosen:
                alpha = object_alpha(source, index, label_map, info, hard=self.hard)
                total += alpha
                channels |= self._layer(f"{layer_name(info)}.", frame, alpha)
            channels |= self._layer("", frame, np.minimum(total, 1))
            place = (task.sequence, f"{source.stem(index)}.exr")
            task.folder.write(place, _encoded(exr, channels, aspect))

        yield put

    def _layer(self, prefix: str, frame: Plane, alpha: Plane) -> dict[str, NDArray[np.float16]]:
        rgba = _rgba(frame, alpha, premultiplied=not self.straight).astype(np.float16)
        return {
            f"{prefix}{letter}": np.ascontiguousarray(rgba[..., place])
            for place, letter in enumerate("RGBA")
        }


def layer_name(info: ObjectInfo) -> str:
    """The name of an object's layer: letters and digits, which every reader takes."""
    name = _PLAIN.sub("_", info.name).strip("_")[:_MAX_LAYER].strip("_")
    return f"{name or 'object'}_{info.object_id:03d}"


def _rgba(frame: Plane, alpha: Plane, *, premultiplied: bool) -> Plane:
    """H x W x 4; far from the object all is 0."""
    rgba = np.empty((*alpha.shape, 4), np.float32)
    rgba[..., 3] = alpha
    if premultiplied:
        rgba[..., :3] = frame * alpha[..., None]
        return rgba
    side = 2 * MARGIN + 1
    near = cv2.dilate((alpha > 0).astype(np.uint8), np.ones((side, side), np.uint8))
    rgba[..., :3] = frame * near[..., None]
    return rgba


def _linear_light() -> Plane:
    """Light, 0..1, of the 256 levels of sRGB (IEC 61966-2-1)."""
    level = np.arange(256, dtype=np.float64) / 255
    light = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


def _openexr() -> Any:
    try:
        import OpenEXR
    except ImportError as error:
        hint = "Install it: python -m pip install 'vosapp[exr]'. 16-bit PNG needs nothing more."
        raise OutputError("OpenEXR is not installed.", hint) from error
    return OpenEXR


def _encoded(exr: Any, channels: dict[str, NDArray[np.float16]], aspect: float) -> bytes:
    header = {
        "compression": exr.ZIP_COMPRESSION,
        "type": exr.scanlineimage,
        "pixelAspectRatio": aspect,
    }
    try:
        with scratch_folder() as folder:
            path = folder / "frame.exr"
            with exr.File(header, channels) as file:
                file.write(str(path))
            return path.read_bytes()
    except (OSError, RuntimeError, ValueError) as error:
        raise OutputError(f"A picture cannot be encoded as EXR: {error}.") from error
