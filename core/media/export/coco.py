"""COCO with one entry an image, and YouTube-VIS (COCO-video) with one entry an object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from core.media.annotations.polygons import trace_outlines
from core.media.annotations.rle import encode_coco
from core.media.export import losses
from core.media.export.base import (
    ExportReport,
    Folder,
    all_steps,
    ids_in,
    labeled_masks,
    mask_of,
    sequence_name,
    steps,
)
from core.media.export.categories import Catalog
from core.media.export.pictures import frame_jpeg

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource, Job
    from core.types import LabelMap

_Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Coco:
    """OUT/annotations/instances_SEQUENCE.json, and OUT/images/SEQUENCE/00000.jpg.

    The identity of an object over the frames is its `track_id`, which COCO itself does not know.

    Attributes:
        polygons: outlines instead of run lengths; COCO's polygons have no holes.
        images: write the frames as well.
    """

    name: ClassVar[str] = "coco"
    title: ClassVar[str] = "COCO (one entry an image)"
    polygons: bool = False
    images: bool = True

    def announce_losses(
        self, source: AnnotationSource, *, token: CancelToken | None = None
    ) -> tuple[str, ...]:
        """See `core.media.export.base.Exporter`."""
        found = losses.survey(source, token=token)
        return (
            *losses.colors_lost(source, palette=False),
            *(_holes_lost(source, token) if self.polygons else []),
            *losses.void_lost(found),
            *losses.unseen_lost(source, found),
            *losses.missing_frames(found),
        )

    def export(
        self, source: AnnotationSource, out: Path, *, token: CancelToken | None = None
    ) -> Job[ExportReport]:
        """See `core.media.export.base.Exporter`."""
        report = ExportReport()
        folder = Folder(out, report)
        sequence = sequence_name(source)
        catalog = Catalog(source)
        images: list[_Json] = []
        annotations: list[_Json] = []
        for index, label_map, progress in steps(source, report, token=token):
            file_name = f"{source.stem(index)}.jpg"
            if self.images:
                folder.write(("images", sequence, file_name), frame_jpeg(source, index))
            images.append(_image(source, index, f"{sequence}/{file_name}"))
            for object_id in ids_in(label_map):
                entry = self._annotation(mask_of(label_map, object_id), object_id, catalog)
                entry |= {"id": len(annotations) + 1, "image_id": images[-1]["id"]}
                annotations.append(entry)
            yield progress
        document = {
            "info": {"description": sequence, "version": "1.0"},
            "licenses": [],
            "videos": [{"id": 1, "name": sequence}],
            "images": images,
            "categories": _categories(catalog),
            "annotations": annotations,
        }
        folder.write_json(("annotations", f"instances_{sequence}.json"), document)
        return report

    def _annotation(self, mask: NDArray[np.bool_], object_id: int, catalog: Catalog) -> _Json:
        segmentation: object = _rle(mask)
        area = int(np.count_nonzero(mask))
        if self.polygons:
            parts = [line for line in trace_outlines(mask) if not line.is_hole]
            segmentation = [line.points.ravel().astype(int).tolist() for line in parts]
            area = int(sum(line.area for line in parts))
        return {
            "category_id": catalog.number(object_id),
            "segmentation": segmentation,
            "area": area,
            "bbox": _box(mask),
            "iscrowd": 0,
            "track_id": object_id,
            "attributes": {"track_id": object_id, "name": catalog.info(object_id).name},
        }


@dataclass(frozen=True, slots=True)
class YouTubeVis:
    """OUT/SEQUENCE.json: for each object one run-length mask a frame, null where it is not seen.

    Attributes:
        images: write the frames to OUT/JPEGImages/SEQUENCE as well.
    """

    name: ClassVar[str] = "ytvis"
    title: ClassVar[str] = "YouTube-VIS (COCO-video)"
    images: bool = True

    def announce_losses(
        self, source: AnnotationSource, *, token: CancelToken | None = None
    ) -> tuple[str, ...]:
        """See `core.media.export.base.Exporter`."""
        found = losses.survey(source, token=token)
        return (
            *losses.colors_lost(source, palette=False),
            *losses.void_lost(found),
            *losses.unseen_lost(source, found),
            *losses.missing_as_empty(found),
        )

    def export(
        self, source: AnnotationSource, out: Path, *, token: CancelToken | None = None
    ) -> Job[ExportReport]:
        """See `core.media.export.base.Exporter`."""
        report = ExportReport()
        folder = Folder(out, report)
        sequence = sequence_name(source)
        catalog = Catalog(source)
        tracks: dict[int, _Json] = {}
        first = source.frames.start
        for index, label_map, progress in all_steps(source, report, token=token):
            if self.images:
                place = ("JPEGImages", sequence, f"{source.stem(index)}.jpg")
                folder.write(place, frame_jpeg(source, index))
            if label_map is not None:
                _put_frame(tracks, label_map, (source, index - first, catalog))
            yield progress
        video = _video(source, sequence)
        document = {
            "info": {"description": sequence, "version": "1.0"},
            "licenses": [],
            "videos": [video],
            "categories": _categories(catalog),
            "annotations": [tracks[object_id] for object_id in sorted(tracks)],
        }
        folder.write_json((f"{sequence}.json",), document)
        return report


def _holes_lost(source: AnnotationSource, token: CancelToken | None) -> list[str]:
    holes = masks = 0
    for _, mask in labeled_masks(source, token=token):
        count = sum(line.is_hole for line in trace_outlines(mask))
        holes += count
        masks += count > 0
    if not holes:
        return []
    return [f"Holes that are filled: {holes}, in {losses.counted(masks, 'mask')}."]


def _image(source: AnnotationSource, index: int, file_name: str) -> _Json:
    return {
        "id": index + 1,
        "file_name": file_name,
        "width": source.video.width,
        "height": source.video.height,
        "video_id": 1,
        "frame_index": index,
    }


def _video(source: AnnotationSource, sequence: str) -> _Json:
    return {
        "id": 1,
        "name": sequence,
        "width": source.video.width,
        "height": source.video.height,
        "length": len(source.frames),
        "file_names": [f"{sequence}/{source.stem(index)}.jpg" for index in source.frames],
    }


def _track(source: AnnotationSource, object_id: int, catalog: Catalog) -> _Json:
    length = len(source.frames)
    return {
        "id": object_id,
        "video_id": 1,
        "category_id": catalog.number(object_id),
        "segmentations": [None] * length,
        "areas": [None] * length,
        "bboxes": [None] * length,
        "iscrowd": 0,
        "width": source.video.width,
        "height": source.video.height,
        "attributes": {"name": catalog.info(object_id).name},
    }


def _put_frame(
    tracks: dict[int, _Json], label_map: LabelMap, place: tuple[AnnotationSource, int, Catalog]
) -> None:
    source, position, catalog = place
    for object_id in ids_in(label_map):
        if object_id not in tracks:
            tracks[object_id] = _track(source, object_id, catalog)
        _put(tracks[object_id], position, mask_of(label_map, object_id))


def _put(track: _Json, place: int, mask: NDArray[np.bool_]) -> None:
    track["segmentations"][place] = _rle(mask)
    track["areas"][place] = int(np.count_nonzero(mask))
    track["bboxes"][place] = _box(mask)


def _rle(mask: NDArray[np.bool_]) -> _Json:
    return {"size": list(mask.shape), "counts": encode_coco(mask)}


def _box(mask: NDArray[np.bool_]) -> list[int]:
    """Return x, y, width, height around a mask that is not empty."""
    columns = np.flatnonzero(mask.any(axis=0))
    rows = np.flatnonzero(mask.any(axis=1))
    x, y = int(columns[0]), int(rows[0])
    return [x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1]


def _categories(catalog: Catalog) -> list[_Json]:
    return [
        {"id": number, "name": name, "supercategory": ""}
        for number, name in enumerate(catalog.names, 1)
    ]
