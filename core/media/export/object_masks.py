"""One folder of pictures for each object: binary masks, or the object cut out of the frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.media.export import losses
from core.media.export.base import chosen_objects, file_name_for, labeled_masks, mask_of
from core.media.export.leftovers import FrameFolder
from core.media.export.pictures import encode_gray_png, encode_rgba_png
from core.media.export.sequence import PutFrame, SequenceExport, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource, ObjectInfo
    from core.types import LabelMap


@dataclass(frozen=True, slots=True)
class ObjectMasks(SequenceExport):
    """OUT/SEQUENCE/001/00000.png: 0 and 255 in 8-bit gray, one folder for each object id."""

    name: ClassVar[str] = "object-masks"
    title: ClassVar[str] = "Binary PNG for each object"
    own_folder: ClassVar[bool] = True

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, _token: CancelToken | None
    ) -> Iterable[str]:
        yield from losses.names_lost(source)
        yield from losses.colors_lost(source, palette=False)
        yield from losses.void_lost(found)
        yield from losses.missing_frames(found)

    def _frame_folders(self, source: AnnotationSource, sequence: str) -> Iterable[FrameFolder]:
        objects = tuple(f"{info.object_id:03d}" for info in source.objects)
        return (FrameFolder((sequence,), ".png", objects),)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        def put(index: int, label_map: LabelMap) -> None:
            for info in task.source.objects:
                png = encode_gray_png(np.uint8(255) * mask_of(label_map, info.object_id))
                name = f"{task.source.stem(index)}.png"
                task.folder.write((task.sequence, f"{info.object_id:03d}", name), png)

        yield put


@dataclass(frozen=True, slots=True)
class CutOuts(SequenceExport):
    """OUT/SEQUENCE/001 NAME/00000.png: chosen objects with their pictures, all else transparent.

    Attributes:
        object_ids: which objects; empty takes all.
        crop: cut all frames of an object to the one box that holds it on every frame.
    """

    name: ClassVar[str] = "cut-outs"
    title: ClassVar[str] = "Cut-outs of objects (PNG with transparency)"
    own_folder: ClassVar[bool] = True
    shows_frames: ClassVar[bool] = True
    object_ids: tuple[int, ...] = ()
    crop: bool = False

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, _token: CancelToken | None
    ) -> Iterable[str]:
        left_out = len(source.objects) - len(chosen_objects(source, self.object_ids))
        yield from [f"Objects left out, since they are not chosen: {left_out}."] if left_out else []
        yield from losses.colors_lost(source, palette=False)
        yield from losses.void_lost(found)
        yield from losses.missing_frames(found)

    def _frame_folders(self, source: AnnotationSource, sequence: str) -> Iterable[FrameFolder]:
        objects = tuple(map(folder_name, chosen_objects(source, self.object_ids)))
        return (FrameFolder((sequence,), ".png", objects),)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        source, chosen = task.source, chosen_objects(task.source, self.object_ids)
        boxes = _boxes(source, chosen, task.token) if self.crop else {}

        def put(index: int, label_map: LabelMap) -> None:
            frame = source.frame(index)
            for info in chosen:
                box = boxes.get(info.object_id, (slice(None), slice(None)))
                mask = mask_of(label_map, info.object_id)[box]
                place = (task.sequence, folder_name(info), f"{source.stem(index)}.png")
                png = encode_rgba_png(_cut_out(frame[box], mask), source.video.pixel_aspect)
                task.folder.write(place, png)

        yield put


_Window = tuple[slice, slice]


def folder_name(info: ObjectInfo) -> str:
    """The folder of an object: its number, and its name where it has one."""
    name = file_name_for(info.name, fallback="") if info.name else ""
    return f"{info.object_id:03d} {name}".strip()


def _cut_out(frame: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return H x W x 4; what is outside is black as well, so that nothing of it is given away."""
    rgba = np.zeros((*mask.shape, 4), np.uint8)
    rgba[..., :3][mask] = frame[mask]
    rgba[..., 3] = np.uint8(255) * mask
    return rgba


def _boxes(
    source: AnnotationSource, chosen: tuple[ObjectInfo, ...], token: CancelToken | None
) -> dict[int, _Window]:
    """Return the window that holds each object on every frame; one pixel for unseen objects."""
    rows: dict[int, NDArray[np.bool_]] = {}
    columns: dict[int, NDArray[np.bool_]] = {}
    for info in chosen:
        rows[info.object_id] = np.zeros(source.video.height, bool)
        columns[info.object_id] = np.zeros(source.video.width, bool)
    for object_id, mask in labeled_masks(source, token=token):
        if object_id in rows:
            rows[object_id] |= mask.any(axis=1)
            columns[object_id] |= mask.any(axis=0)
    return {i: (_span(rows[i]), _span(columns[i])) for i in rows}


def _span(used: NDArray[np.bool_]) -> slice:
    places = np.flatnonzero(used)
    return slice(int(places[0]), int(places[-1]) + 1) if places.size else slice(0, 1)
