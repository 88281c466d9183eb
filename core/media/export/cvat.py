"""CVAT for video 1.1: XML with masks as run lengths, row by row in the box around the object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from core.media.annotations.rle import encode_cvat
from core.media.export import losses
from core.media.export.base import ids_in, mask_of, sequence_name
from core.media.export.categories import Catalog
from core.media.export.sequence import PutFrame, SequenceExport, Task

if TYPE_CHECKING:
    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource, ObjectInfo
    from core.types import LabelMap

_CONTROLS = dict.fromkeys(
    [*(c for c in range(32) if c not in (9, 10, 13)), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF]
)
"""Characters that XML cannot hold in any way."""


@dataclass(frozen=True, slots=True)
class CvatVideo(SequenceExport):
    """OUT/SEQUENCE.xml, to be uploaded to a task of the same video.

    CVAT has no tracks of masks: each mask is a track of one frame, as CVAT itself writes them.
    `group_id` and an attribute say which object it is.
    """

    name: ClassVar[str] = "cvat-video"
    title: ClassVar[str] = "CVAT for video 1.1"

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, _token: CancelToken | None
    ) -> Iterable[str]:
        renamed = sum(label_text(info) != info.name for info in source.objects if info.name)
        yield from [f"Names with letters that XML cannot hold: {renamed}."] if renamed else []
        yield from losses.void_lost(found)
        yield from losses.unseen_lost(source, found)
        yield from losses.empty_as_missing(found)
        yield from losses.missing_frames(found)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        source, catalog = task.source, Catalog(task.source)
        tracks: list[str] = []

        def put(index: int, label_map: LabelMap) -> None:
            for object_id in ids_in(label_map):
                info = catalog.info(object_id)
                tracks.extend(_track(len(tracks), (index, _last(source)), info, label_map))

        yield put
        lines = [*head(source), *tracks, "</annotations>", ""]
        task.folder.write_text((f"{task.sequence}.xml",), "\n".join(lines))


def _last(source: AnnotationSource) -> int:
    return source.video.frame_count - 1


def label_text(info: ObjectInfo) -> str:
    """What an object is called, without what XML cannot hold."""
    return info.title.translate(_CONTROLS)


def head(source: AnnotationSource, *, kind: str = "mask") -> Iterator[str]:
    """Yield the lines that a file begins with; `kind` is what labels are drawn with."""
    video = source.video
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield "<annotations>"
    yield "  <version>1.1</version>"
    yield "  <meta><task>"
    yield f"    <name>{escape(sequence_name(source))}</name>"
    yield f"    <size>{video.frame_count}</size>"
    yield "    <mode>interpolation</mode>"
    yield f"    <start_frame>0</start_frame><stop_frame>{_last(source)}</stop_frame>"
    yield "    <labels>"
    for info in source.objects:
        color = "#" + "".join(f"{part:02x}" for part in info.color)
        yield f"      <label><name>{escape(label_text(info))}</name><color>{color}</color>"
        yield f"        <type>{kind}</type><attributes>"
        yield from _attribute_spec("object_id", str(info.object_id))
        yield from _attribute_spec("category", info.category.translate(_CONTROLS))
        yield "        </attributes></label>"
    yield "    </labels>"
    yield "    <original_size>"
    yield f"      <width>{video.width}</width><height>{video.height}</height>"
    yield "    </original_size>"
    yield "  </task></meta>"


def _attribute_spec(name: str, value: str) -> Iterator[str]:
    yield f"          <attribute><name>{name}</name><mutable>False</mutable>"
    yield "            <input_type>text</input_type>"
    yield f"            <default_value>{escape(value)}</default_value>"
    yield f"            <values>{escape(value)}</values></attribute>"


def _track(
    number: int, frames: tuple[int, int], info: ObjectInfo, label_map: LabelMap
) -> list[str]:
    """Return one line: the mask on its frame, and on the next that it is gone."""
    index, last = frames
    mask = mask_of(label_map, info.object_id)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    box = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    counts = ", ".join(str(count) for count in encode_cvat(box))
    attributes = f'<attribute name="object_id">{info.object_id}</attribute>'
    shapes = _mask(index, 0, (left, top, box.shape[1], box.shape[0]), counts, attributes)
    if index < last:
        shapes += _mask(index + 1, 1, (left, top, 1, 1), "1", attributes)
    label = quoteattr(label_text(info))
    head = f'<track id="{number}" label={label} group_id="{info.object_id}" source="manual">'
    return [f"  {head}{shapes}</track>"]


def _mask(
    index: int, outside: int, box: tuple[int, int, int, int], counts: str, attributes: str
) -> str:
    left, top, width, height = box
    return (
        f'<mask frame="{index}" outside="{outside}" keyframe="1" occluded="0" rle="{counts}"'
        f' left="{left}" top="{top}" width="{width}" height="{height}" z_order="0">'
        f"{attributes}</mask>"
    )
