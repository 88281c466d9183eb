"""One folder of pictures for each object: binary masks, or the object cut out of the frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.errors import OutputError
from core.media.export import losses
from core.media.export.base import (
    ExportReport,
    Folder,
    file_name_for,
    labeled_masks,
    mask_of,
    sequence_name,
    steps,
)
from core.media.export.pictures import encode_gray_png, encode_rgba_png

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource, Job, ObjectInfo


@dataclass(frozen=True, slots=True)
class ObjectMasks:
    """OUT/SEQUENCE/001/00000.png: 0 and 255 in 8-bit gray, one folder for each object id."""

    name: ClassVar[str] = "object-masks"
    title: ClassVar[str] = "Binary PNG for each object"

    def announce_losses(
        self, source: AnnotationSource, *, token: CancelToken | None = None
    ) -> tuple[str, ...]:
        """See `core.media.export.base.Exporter`."""
        found = losses.survey(source, token=token)
        return (
            *losses.names_lost(source),
            *losses.colors_lost(source, palette=False),
            *losses.void_lost(found),
            *losses.missing_frames(found),
        )

    def export(
        self, source: AnnotationSource, out: Path, *, token: CancelToken | None = None
    ) -> Job[ExportReport]:
        """See `core.media.export.base.Exporter`."""
        report = ExportReport()
        folder = Folder(out, report)
        sequence = sequence_name(source)
        for index, label_map, progress in steps(source, report, token=token):
            for info in source.objects:
                png = encode_gray_png(np.uint8(255) * mask_of(label_map, info.object_id))
                place = (sequence, f"{info.object_id:03d}", f"{source.stem(index)}.png")
                folder.write(place, png)
            yield progress
        return report


@dataclass(frozen=True, slots=True)
class CutOuts:
    """OUT/SEQUENCE/001 NAME/00000.png: chosen objects with their pictures, all else transparent.

    Attributes:
        object_ids: which objects; empty takes all.
        crop: cut all frames of an object to the one box that holds it on every frame.
    """

    name: ClassVar[str] = "cut-outs"
    title: ClassVar[str] = "Cut-outs of objects (PNG with transparency)"
    object_ids: tuple[int, ...] = ()
    crop: bool = False

    def announce_losses(
        self, source: AnnotationSource, *, token: CancelToken | None = None
    ) -> tuple[str, ...]:
        """See `core.media.export.base.Exporter`."""
        found = losses.survey(source, token=token)
        left_out = len(source.objects) - len(self._chosen(source))
        return (
            *([f"Objects left out, since they are not chosen: {left_out}."] if left_out else []),
            *losses.colors_lost(source, palette=False),
            *losses.void_lost(found),
            *losses.missing_frames(found),
        )

    def export(
        self, source: AnnotationSource, out: Path, *, token: CancelToken | None = None
    ) -> Job[ExportReport]:
        """See `core.media.export.base.Exporter`."""
        chosen = self._chosen(source)
        report = ExportReport()
        folder = Folder(out, report)
        sequence = sequence_name(source)
        boxes = _boxes(source, chosen, token) if self.crop else {}
        for index, label_map, progress in steps(source, report, token=token):
            frame = source.frame(index)
            for info in chosen:
                box = boxes.get(info.object_id, (slice(None), slice(None)))
                mask = mask_of(label_map, info.object_id)[box]
                place = (sequence, _folder_name(info), f"{source.stem(index)}.png")
                folder.write(place, encode_rgba_png(_cut_out(frame[box], mask)))
            yield progress
        return report

    def _chosen(self, source: AnnotationSource) -> tuple[ObjectInfo, ...]:
        known = {info.object_id for info in source.objects}
        unknown = sorted(set(self.object_ids) - known)
        if unknown:
            raise OutputError(
                f"There is no object {unknown[0]} to cut out.",
                f"The objects are {', '.join(str(i) for i in sorted(known)) or 'none'}.",
            )
        return tuple(
            i for i in source.objects if not self.object_ids or i.object_id in self.object_ids
        )


_Window = tuple[slice, slice]


def _folder_name(info: ObjectInfo) -> str:
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
