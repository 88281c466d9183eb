"""Box labels for datasets and tools: YOLO, COCO and CVAT."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from xml.sax.saxutils import quoteattr

from core.media.export import losses
from core.media.export.box_formats import BoxExport, PutBoxes, corner_and_size, number
from core.media.export.categories import Catalog
from core.media.export.coco import document, image_entry
from core.media.export.cvat import head, label_text
from core.media.export.frame_files import own_file_names
from core.media.export.leftovers import FrameFolder
from core.media.export.pictures import frame_jpeg
from core.media.export.yolo import Classes, data_yaml, ids_lost, refuse_other_classes

if TYPE_CHECKING:
    from core.media.annotations.values import AnnotationSource, Box
    from core.media.export.sequence import Task


@dataclass(frozen=True, slots=True)
class YoloBoxes(BoxExport):
    """OUT/labels/SEQUENCE/00000.txt, OUT/images/SEQUENCE/00000.jpg, OUT/data.yaml.

    Lines are `class x y width height`: middle and size in shares of the frame's. Frames without a
    box have no file: nothing is known of them.

    Attributes:
        images: write the frames as well.
        by_object: make each object a class of its own, whatever its category.
    """

    name: ClassVar[str] = "boxes-yolo"
    title: ClassVar[str] = "Boxes (YOLO)"
    images: bool = True
    by_object: bool = False

    def _lost(self, source: AnnotationSource) -> Iterable[str]:
        for kind, count in Classes(source, by_object=self.by_object).shared.items():
            yield f"Only their order tells objects of one class apart: {count} are {kind!r}."
        yield from ids_lost(source)
        yield from losses.colors_lost(source, palette=False)

    def _frame_folders(self, sequence: str) -> Iterable[FrameFolder]:
        labels = FrameFolder(("labels", sequence), ".txt")
        frames = FrameFolder(("images", sequence), ".jpg")
        return (labels, frames) if self.images else (labels,)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutBoxes]:
        source, sequence = task.source, task.sequence
        classes = Classes(source, by_object=self.by_object)
        refuse_other_classes(task.folder.root, classes.names, sequence)

        def put(frame: int, boxes: tuple[Box, ...]) -> None:
            stem = source.stem(frame)
            if self.images:
                place = ("images", sequence, f"{stem}.jpg")
                task.folder.write(place, frame_jpeg(source, frame))
            text = "".join(_yolo_line(classes.of(box.object_id), box, source) for box in boxes)
            task.folder.write_text(("labels", sequence, f"{stem}.txt"), text)

        yield put
        yaml = data_yaml(classes.names, sequence, absent=False)
        task.folder.write_text(("data.yaml",), yaml)


@dataclass(frozen=True, slots=True)
class CocoBoxes(BoxExport):
    """OUT/annotations/boxes_SEQUENCE.json, and OUT/images/SEQUENCE/00000.jpg.

    Annotations have a `bbox` and no `segmentation`; `track_id` says which object it is, and the
    attribute `keyframe`, as CVAT has it, whether it was drawn. Images are those with boxes.

    Attributes:
        images: write the frames as well; else those of a folder are named as they are.
    """

    name: ClassVar[str] = "boxes-coco"
    title: ClassVar[str] = "Boxes (COCO)"
    tells_drawn: ClassVar[bool] = True
    images: bool = True

    def _lost(self, source: AnnotationSource) -> Iterable[str]:
        yield from losses.colors_lost(source, palette=False)

    def _frame_folders(self, sequence: str) -> Iterable[FrameFolder]:
        return (FrameFolder(("images", sequence), ".jpg"),) if self.images else ()

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutBoxes]:
        source, sequence, catalog = task.source, task.sequence, Catalog(task.source)
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        own = {} if self.images else own_file_names(source)

        def put(frame: int, boxes: tuple[Box, ...]) -> None:
            file_name = f"{source.stem(frame)}.jpg"
            if self.images:
                task.folder.write(("images", sequence, file_name), frame_jpeg(source, frame))
            images.append(image_entry(source, frame, own.get(frame, f"{sequence}/{file_name}")))
            for box in boxes:
                entry = _coco_entry(box, catalog)
                entry |= {"id": len(annotations) + 1, "image_id": images[-1]["id"]}
                annotations.append(entry)

        yield put
        whole = document(task, catalog, [{"id": 1, "name": sequence}])
        place = ("annotations", f"boxes_{sequence}.json")
        task.folder.write_json(place, whole | {"images": images, "annotations": annotations})


@dataclass(frozen=True, slots=True)
class CvatBoxes(BoxExport):
    """OUT/boxes_SEQUENCE.xml: CVAT for video 1.1 with a track of boxes for each object.

    CVAT shows boxes between those of a track; where there are none here, the track leaves the frame
    (`outside`) and comes back.
    """

    name: ClassVar[str] = "boxes-cvat"
    title: ClassVar[str] = "Boxes (CVAT for video 1.1)"
    tells_drawn: ClassVar[bool] = True

    def _lost(self, source: AnnotationSource) -> Iterable[str]:
        renamed = sum(label_text(info) != info.name for info in source.objects if info.name)
        if renamed:
            yield f"Names with letters that XML cannot hold: {renamed}."

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutBoxes]:
        source, catalog = task.source, Catalog(task.source)
        tracks: dict[int, list[Box]] = {}

        def put(_frame: int, boxes: tuple[Box, ...]) -> None:
            for box in boxes:
                tracks.setdefault(box.object_id, []).append(box)

        yield put
        lines = [*head(source, kind="rectangle")]
        for object_id, boxes in sorted(tracks.items()):
            label = quoteattr(label_text(catalog.info(object_id)))
            # CVAT counts tracks from 0.
            lines.append(f'  <track id="{object_id - 1}" label={label} source="manual">')
            lines += _cvat_boxes(boxes, source.video.frame_count)
            lines.append("  </track>")
        lines += ["</annotations>", ""]
        task.folder.write_text((f"boxes_{task.sequence}.xml",), "\n".join(lines))


def _yolo_line(kind: int, box: Box, source: AnnotationSource) -> str:
    left, top, wide, high = corner_and_size(box)
    width, height = source.video.width, source.video.height
    shares = ((left + wide / 2) / width, (top + high / 2) / height, wide / width, high / height)
    # Ten digits: a line of four numbers and a class is read as a box at any precision.
    return f"{kind} {' '.join(f'{share:.10g}' for share in shares)}\n"


def _coco_entry(box: Box, catalog: Catalog) -> dict[str, Any]:
    bbox = [round(value, 6) for value in corner_and_size(box)]
    attributes = {
        "track_id": box.object_id,
        "name": catalog.info(box.object_id).name,
        "keyframe": box.drawn,
    }
    return {
        "category_id": catalog.number(box.object_id),
        "area": round(bbox[2] * bbox[3], 6),
        "bbox": bbox,
        "iscrowd": 0,
        "track_id": box.object_id,
        "attributes": attributes,
    }


def _cvat_boxes(boxes: list[Box], frame_count: int) -> Iterator[str]:
    following = [box.frame_index for box in boxes[1:]] + [frame_count]
    for box, after in zip(boxes, following, strict=True):
        yield _cvat_box(box, box.frame_index, outside=False)
        if box.frame_index + 1 < after:
            yield _cvat_box(box, box.frame_index + 1, outside=True)


def _cvat_box(box: Box, frame: int, *, outside: bool) -> str:
    places = zip(
        ("xtl", "ytl", "xbr", "ybr"), (box.left, box.top, box.right, box.bottom), strict=True
    )
    corners = " ".join(f'{name}="{number(value)}"' for name, value in places)
    drawn = int(box.drawn or outside)
    return (
        f'    <box frame="{frame}" outside="{int(outside)}" occluded="0" keyframe="{drawn}"'
        f' {corners} z_order="0"></box>'
    )
