"""COCO with one entry an image, and YouTube-VIS (COCO-video) with one entry an object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from core.media.annotations.options import ABSENT
from core.media.annotations.polygons import fill_rings, trace_outlines
from core.media.annotations.rle import encode_coco
from core.media.export import losses
from core.media.export.base import ids_in, labeled_masks, mask_of
from core.media.export.categories import Catalog
from core.media.export.frame_files import own_file_names
from core.media.export.leftovers import FrameFolder
from core.media.export.pictures import frame_jpeg
from core.media.export.sequence import PutFrame, SequenceExport, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource
    from core.types import LabelMap

_Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Coco(SequenceExport):
    """OUT/annotations/instances_SEQUENCE.json, and OUT/images/SEQUENCE/00000.jpg.

    The identity of an object over the frames is its `track_id`, which COCO itself does not know.

    Attributes:
        polygons: outlines instead of run lengths; COCO's polygons have no holes.
        images: write the frames as well; else those of a folder are named as they are.
    """

    name: ClassVar[str] = "coco"
    title: ClassVar[str] = "COCO (one entry an image)"
    polygons: bool = False
    images: bool = True

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, token: CancelToken | None
    ) -> Iterable[str]:
        yield from losses.colors_lost(source, palette=False)
        yield from _holes_lost(source, token) if self.polygons else []
        yield from losses.void_lost(found)
        yield from losses.unseen_lost(source, found)
        yield from losses.missing_frames(found)

    def _frame_folders(self, _source: AnnotationSource, sequence: str) -> Iterable[FrameFolder]:
        return (FrameFolder(("images", sequence), ".jpg"),) if self.images else ()

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        source, sequence = task.source, task.sequence
        catalog = Catalog(source)
        images: list[_Json] = []
        annotations: list[_Json] = []
        own = {} if self.images else own_file_names(source)

        def put(index: int, label_map: LabelMap) -> None:
            file_name = f"{source.stem(index)}.jpg"
            if self.images:
                task.folder.write(("images", sequence, file_name), frame_jpeg(source, index))
            images.append(image_entry(source, index, own.get(index, f"{sequence}/{file_name}")))
            for object_id in ids_in(label_map):
                entry = self._annotation(mask_of(label_map, object_id), object_id, catalog)
                entry |= {"id": len(annotations) + 1, "image_id": images[-1]["id"]}
                annotations.append(entry)

        yield put
        videos = [{"id": 1, "name": sequence}]
        whole = document(task, catalog, videos) | {"images": images}
        whole["info"]["unlabelled"] = ABSENT
        place = ("annotations", f"instances_{sequence}.json")
        task.folder.write_json(place, whole | {"annotations": annotations})

    def _annotation(self, mask: NDArray[np.bool_], object_id: int, catalog: Catalog) -> _Json:
        segmentation: object = _rle(mask)
        area = int(np.count_nonzero(mask))
        if self.polygons:
            parts = [line for line in trace_outlines(mask) if not line.is_hole]
            segmentation = [line.points.ravel().astype(int).tolist() for line in parts]
            rings = tuple(line.points for line in parts)
            filled, _ = fill_rings(rings, height=mask.shape[0], width=mask.shape[1])
            area = int(np.count_nonzero(filled))
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
class YouTubeVis(SequenceExport):
    """OUT/SEQUENCE.json: for each object one run-length mask a frame, null where it is not seen.

    Attributes:
        images: write the frames to OUT/JPEGImages/SEQUENCE as well; else those of a folder are
            named as they are.
    """

    name: ClassVar[str] = "ytvis"
    title: ClassVar[str] = "YouTube-VIS (COCO-video)"
    every_frame: ClassVar[bool] = True
    images: bool = True

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, _token: CancelToken | None
    ) -> Iterable[str]:
        yield from losses.colors_lost(source, palette=False)
        yield from losses.void_lost(found)
        yield from losses.unseen_lost(source, found)
        yield from losses.missing_as_empty(found)

    def _frame_folders(self, _source: AnnotationSource, sequence: str) -> Iterable[FrameFolder]:
        return (FrameFolder(("JPEGImages", sequence), ".jpg"),) if self.images else ()

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        source, sequence = task.source, task.sequence
        catalog = Catalog(source)
        tracks: dict[int, _Json] = {}

        def put(index: int, label_map: LabelMap) -> None:
            if self.images:
                place = ("JPEGImages", sequence, f"{source.stem(index)}.jpg")
                task.folder.write(place, frame_jpeg(source, index))
            _put_frame(tracks, label_map, (source, index - source.frames.start, catalog))

        yield put
        own = {} if self.images else own_file_names(source)
        whole = document(task, catalog, [_video(source, sequence, own)])
        annotations = [tracks[object_id] for object_id in sorted(tracks)]
        task.folder.write_json((f"{sequence}.json",), whole | {"annotations": annotations})


def document(task: Task, catalog: Catalog, videos: list[_Json]) -> _Json:
    """Return what both kinds of documents begin with."""
    return {
        "info": {"description": task.sequence, "version": "1.0"},
        "licenses": [],
        "videos": videos,
        "categories": _categories(catalog),
    }


def _holes_lost(source: AnnotationSource, token: CancelToken | None) -> list[str]:
    holes = masks = 0
    for _, mask in labeled_masks(source, token=token):
        count = sum(line.is_hole for line in trace_outlines(mask))
        holes += count
        masks += count > 0
    if not holes:
        return []
    return [f"Holes that are filled: {holes}, in {losses.counted(masks, 'mask')}."]


def image_entry(source: AnnotationSource, index: int, file_name: str) -> _Json:
    """Return what COCO says of a frame."""
    return {
        "id": index + 1,
        "file_name": file_name,
        "width": source.video.width,
        "height": source.video.height,
        "video_id": 1,
        "frame_index": index,
    }


def _video(source: AnnotationSource, sequence: str, own: dict[int, str]) -> _Json:
    return {
        "id": 1,
        "name": sequence,
        "width": source.video.width,
        "height": source.video.height,
        "length": len(source.frames),
        "file_names": [
            own.get(index, f"{sequence}/{source.stem(index)}.jpg") for index in source.frames
        ],
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
