"""YouTube-VOS: palette PNG, and meta.json that says which object is annotated on which frame."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from core.errors import OutputError
from core.media.export import losses
from core.media.export.base import ids_in, refuse_large_ids, without_void
from core.media.export.categories import NO_CATEGORY
from core.media.export.leftovers import FrameFolder
from core.media.export.pictures import frame_jpeg
from core.media.export.sequence import PutFrame, SequenceExport, Task
from core.media.input_file import read_input
from core.media.label_map import encode_label_map

if TYPE_CHECKING:
    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource
    from core.types import LabelMap

MAX_META_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class YouTubeVos(SequenceExport):
    """OUT/Annotations/VIDEO/00000.png, OUT/JPEGImages, OUT/meta.json.

    Attributes:
        every: 1 writes all frames, 5 every fifth as the dataset does.
        images: write the frames as well.
    """

    name: ClassVar[str] = "youtube-vos"
    title: ClassVar[str] = "YouTube-VOS"
    every: int = 1
    images: bool = True

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, _token: CancelToken | None
    ) -> Iterable[str]:
        left_out = len(source.frames) - len(self._thinned(source).frames)
        yield from losses.names_lost(source, categories=False)
        yield from losses.colors_lost(source)
        yield from losses.void_lost(found)
        if left_out:
            yield f"Frames that are left out: {left_out}."
        yield from losses.unseen_lost(source, found)
        yield from losses.missing_frames(found)

    def _frame_folders(self, _source: AnnotationSource, sequence: str) -> Iterable[FrameFolder]:
        masks = FrameFolder(("Annotations", sequence), ".png")
        frames = FrameFolder(("JPEGImages", sequence), ".jpg")
        return (masks, frames) if self.images else (masks,)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        refuse_large_ids(task.source, self.title)
        source, video = task.source, task.sequence
        seen: dict[int, list[str]] = {}

        def put(index: int, label_map: LabelMap) -> None:
            stem = source.stem(index)
            if self.images:
                task.folder.write(("JPEGImages", video, f"{stem}.jpg"), frame_jpeg(source, index))
            png = encode_label_map(without_void(label_map))
            task.folder.write(("Annotations", video, f"{stem}.png"), png)
            for object_id in ids_in(label_map):
                seen.setdefault(object_id, []).append(stem)

        yield put
        videos = _videos_there(task.folder.path(("meta.json",)))
        videos[video] = {"objects": _objects(source, seen)}
        task.folder.write_json(("meta.json",), {"videos": videos})

    def _thinned(self, source: AnnotationSource) -> AnnotationSource:
        return replace(source, frame_range=source.frames[:: max(1, self.every)])


def _objects(source: AnnotationSource, seen: dict[int, list[str]]) -> dict[str, object]:
    categories = {info.object_id: info.category for info in source.objects}
    return {
        str(object_id): {"category": categories.get(object_id) or NO_CATEGORY, "frames": frames}
        for object_id, frames in sorted(seen.items())
    }


def _videos_there(path: Path) -> dict[str, object]:
    """Return the videos that an earlier export listed; several may share one folder."""
    if not path.exists():
        return {}
    try:
        videos = json.loads(read_input(path, limit=MAX_META_BYTES))["videos"]
        return {str(name): video for name, video in videos.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise OutputError(
            f"{path} is there already and is not the meta.json of YouTube-VOS.",
            "Choose another folder, or move this file away.",
        ) from error
