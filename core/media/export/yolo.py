"""YOLO segmentation: one line an object, one outline a line, in shares of the size."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.errors import OutputError
from core.media.annotations.polygons import Outline, trace_outlines
from core.media.export import losses
from core.media.export.base import (
    ExportReport,
    Folder,
    ids_in,
    labeled_masks,
    mask_of,
    sequence_name,
    steps,
)
from core.media.export.pictures import frame_jpeg

if TYPE_CHECKING:
    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource, Job


@dataclass(frozen=True, slots=True)
class YoloSegmentation:
    """OUT/labels/SEQUENCE/00000.txt, OUT/images/SEQUENCE/00000.jpg, OUT/data.yaml.

    Each object is a class of its own, named after it, so that it can be told from the others.
    Of an object in several parts the largest is written; holes are filled.

    Attributes:
        images: write the frames as well.
    """

    name: ClassVar[str] = "yolo-seg"
    title: ClassVar[str] = "YOLO segmentation"
    images: bool = True

    def announce_losses(
        self, source: AnnotationSource, *, token: CancelToken | None = None
    ) -> tuple[str, ...]:
        """See `core.media.export.base.Exporter`."""
        found = losses.survey(source, token=token)
        return (
            *_shapes_lost(source, token),
            *_categories_lost(source),
            *_ids_lost(source),
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
        classes = {info.object_id: place for place, info in enumerate(source.objects)}
        for index, label_map, progress in steps(source, report, token=token):
            stem = source.stem(index)
            if self.images:
                folder.write(("images", sequence, f"{stem}.jpg"), frame_jpeg(source, index))
            lines = []
            for object_id in ids_in(label_map):
                largest = trace_outlines(mask_of(label_map, object_id))[0]
                lines.append(_line(_class_of(classes, object_id), largest, source))
            text = "".join(f"{line}\n" for line in lines)
            folder.write_text(("labels", sequence, f"{stem}.txt"), text)
            yield progress
        folder.write_text(("data.yaml",), _data_yaml(source, sequence))
        return report


def _class_of(classes: dict[int, int], object_id: int) -> int:
    if object_id not in classes:
        raise OutputError(
            f"A label map shows object {object_id}, which is not in the list of objects.",
            "Add the object, or remove it from the masks.",
        )
    return classes[object_id]


def _line(class_index: int, outline: Outline, source: AnnotationSource) -> str:
    shares = outline.points / np.array([source.video.width, source.video.height])
    # Seven digits: corners stay within a thousandth of a pixel, on any picture.
    return " ".join([str(class_index), *(f"{value:.7g}" for value in shares.ravel())])


def _data_yaml(source: AnnotationSource, sequence: str) -> str:
    """Return the list of classes; names are quoted as JSON, which is YAML too."""
    names = "".join(
        f"  {place}: {json.dumps(info.title, ensure_ascii=False)}\n"
        for place, info in enumerate(source.objects)
    )
    folder = json.dumps(f"images/{sequence}", ensure_ascii=False)
    return f"path: .\ntrain: {folder}\nval: {folder}\nnames:\n{names}"


def _shapes_lost(source: AnnotationSource, token: CancelToken | None) -> list[str]:
    holes = parts = pixels = 0
    for _, mask in labeled_masks(source, token=token):
        outlines = trace_outlines(mask)
        solid = [line for line in outlines if not line.is_hole]
        holes += len(outlines) - len(solid)
        parts += len(solid) - 1
        pixels += int(sum(line.area for line in solid[1:]))
    sentences = []
    if holes:
        sentences.append(f"Holes that are filled, or left out with their part: {holes}.")
    if parts:
        size = losses.counted(pixels, "pixel")
        sentences.append(f"Smaller parts of objects that are left out: {parts}, {size}.")
    return sentences


def _ids_lost(source: AnnotationSource) -> list[str]:
    """Say how ids change: classes are counted up, and readers give ids in their order."""
    changed = [
        f"{info.object_id} becomes {place}"
        for place, info in enumerate(source.objects, 1)
        if info.object_id != place
    ]
    shown = ", ".join(changed[:5])
    named = any(info.name for info in source.objects)
    return [f"Ids are counted up without gaps: {shown}."] if changed and named else []


def _categories_lost(source: AnnotationSource) -> list[str]:
    classed = sum(bool(info.category) for info in source.objects)
    if not classed:
        return []
    return [f"Not written: categories ({losses.counted(classed, 'object')})."]
