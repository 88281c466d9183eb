"""YouTube-VOS: palette PNG, and meta.json that says which object is annotated on which frame."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from core.errors import OutputError
from core.media.export import losses
from core.media.export.base import (
    ExportReport,
    Folder,
    ids_in,
    refuse_large_ids,
    sequence_name,
    steps,
    without_void,
)
from core.media.export.pictures import frame_jpeg
from core.media.label_map import encode_label_map

if TYPE_CHECKING:
    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource, Job

_NO_CATEGORY = "object"


@dataclass(frozen=True, slots=True)
class YouTubeVos:
    """OUT/Annotations/VIDEO/00000.png, OUT/JPEGImages, OUT/meta.json.

    Attributes:
        every: 1 writes all frames, 5 every fifth as the dataset does.
        images: write the frames as well.
    """

    name: ClassVar[str] = "youtube-vos"
    title: ClassVar[str] = "YouTube-VOS"
    every: int = 1
    images: bool = True

    def announce_losses(
        self, source: AnnotationSource, *, token: CancelToken | None = None
    ) -> tuple[str, ...]:
        """See `core.media.export.base.Exporter`."""
        thinned = _thinned(source, self.every)
        found = losses.survey(thinned, token=token)
        left_out = len(source.frames) - len(thinned.frames)
        return (
            *losses.names_lost(source, categories=False),
            *losses.colors_lost(source),
            *losses.void_lost(found),
            *([f"Frames that are left out: {left_out}."] if left_out else []),
            *losses.unseen_lost(source, found),
            *losses.missing_frames(found),
        )

    def export(
        self, source: AnnotationSource, out: Path, *, token: CancelToken | None = None
    ) -> Job[ExportReport]:
        """See `core.media.export.base.Exporter`."""
        refuse_large_ids(source, self.title)
        report = ExportReport()
        folder = Folder(out, report)
        video = sequence_name(source)
        seen: dict[int, list[str]] = {}
        thinned = _thinned(source, self.every)
        for index, label_map, progress in steps(thinned, report, token=token):
            stem = source.stem(index)
            if self.images:
                folder.write(("JPEGImages", video, f"{stem}.jpg"), frame_jpeg(source, index))
            png = encode_label_map(without_void(label_map))
            folder.write(("Annotations", video, f"{stem}.png"), png)
            for object_id in ids_in(label_map):
                seen.setdefault(object_id, []).append(stem)
            yield progress
        videos = _videos_there(folder.path(("meta.json",)))
        videos[video] = {"objects": _objects(source, seen)}
        folder.write_json(("meta.json",), {"videos": videos})
        return report


def _thinned(source: AnnotationSource, every: int) -> AnnotationSource:
    from dataclasses import replace

    return replace(source, frame_range=source.frames[:: max(1, every)])


def _objects(source: AnnotationSource, seen: dict[int, list[str]]) -> dict[str, object]:
    categories = {info.object_id: info.category for info in source.objects}
    return {
        str(object_id): {"category": categories.get(object_id) or _NO_CATEGORY, "frames": frames}
        for object_id, frames in sorted(seen.items())
    }


def _videos_there(path: Path) -> dict[str, object]:
    """Return the videos that an earlier export listed; several may share one folder."""
    if not path.is_file():
        return {}
    try:
        videos = json.loads(path.read_bytes())["videos"]
        return {str(name): video for name, video in videos.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise OutputError(
            f"{path} is there already and is not the meta.json of YouTube-VOS.",
            "Choose another folder, or move this file away.",
        ) from error
