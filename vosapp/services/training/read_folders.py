"""What folders and tables of boxes hold that can be learned from. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from core.data.box_tables import DrawnBox, clip_names, read_box_table
from core.data.layouts import SequencePaths, read_tree
from core.data.raw_video import find_videos
from core.errors import VosError
from core.media.annotations.rectangles import Corners, tight_box
from core.media.label_map import read_label_map
from core.media.video import open_video
from core.types import VOID
from vosapp.services.training.labels import LabeledVideo, MapReader
from vosapp.services.training.values import Reason, Source, Unusable

Found = Iterator[LabeledVideo | Unusable]


def read_videos(source: Source) -> Found:
    """Raw videos below a folder, or one; no labels."""
    paths = find_videos(source.path)
    if not paths and source.path.is_dir():
        paths = [source.path]
    for path in paths:
        yield _bare(source, path)


def read_boxes(source: Source) -> Found:
    """A table of boxes with the folder of its videos."""
    try:
        table = read_box_table(source.path)
    except VosError as error:
        yield Unusable(source.path, Reason.NOT_OPENED, error.message, error.hint)
        return
    named = dict[str, list[Path]]()
    for path in find_videos(source.videos or source.path.parent):
        for name in clip_names(path.name):
            named.setdefault(name, []).append(path)
    for clip, drawn in table.items():
        found = named.get(clip, [])
        if len(found) != 1:
            text = f"There are {len(found)} videos called {clip} in {source.videos}."
            hint = "Choose the folder of the videos that the boxes were drawn on."
            yield Unusable(source.path, Reason.VIDEO_MISSING, text, hint)
            continue
        bare = _bare(source, found[0])
        yield bare if isinstance(bare, Unusable) else _with_boxes(bare, drawn)


def read_davis(source: Source) -> Found:
    """A DAVIS or YouTube-VOS folder."""
    try:
        sequences = read_tree(source.path)
    except VosError as error:
        yield Unusable(source.path, Reason.NOT_OPENED, error.message, error.hint)
        return
    for sequence in sequences:
        if not sequence.frames:
            text = f"{sequence.name} has masks, but no images."
            hint = "Put its images into JPEGImages, beside Annotations."
            yield Unusable(source.path, Reason.VIDEO_MISSING, text, hint)
            continue
        try:
            bare = _bare(source, sequence.frames[0].parent)
            yield bare if isinstance(bare, Unusable) else _with_masks(bare, sequence)
        except VosError as error:
            yield Unusable(source.path, Reason.NOT_OPENED, error.message, error.hint)


def _bare(source: Source, path: Path) -> LabeledVideo | Unusable:
    try:
        with open_video(path, cache_bytes=0) as video:
            info = video.info
    except VosError as error:
        return Unusable(path, Reason.VIDEO_UNREADABLE, error.message, error.hint)
    seconds = float(info.frame_count / info.fps)
    size = (info.width, info.height)
    return LabeledVideo(source, path, info.name, size, info.frame_count, seconds)


def _with_boxes(bare: LabeledVideo, drawn: tuple[DrawnBox, ...]) -> LabeledVideo | Unusable:
    late = [box.frame_index for box in drawn if box.frame_index >= bare.frame_count]
    if late:
        text = f"{bare.name} has boxes on frame {late[0]}, and only {bare.frame_count} frames."
        hint = "Choose the videos that the boxes were drawn on."
        return Unusable(bare.source.path, Reason.VIDEO_OTHER, text, hint)
    boxes = {(box.frame_index, box.object_id): box.corners for box in drawn}
    seen = sum(box is not None for box in boxes.values())
    return LabeledVideo(
        bare.source, bare.video, bare.name, bare.size, bare.frame_count, bare.seconds, boxes,
        drawn_count=seen,
    )  # fmt: skip


def _with_masks(bare: LabeledVideo, sequence: SequencePaths) -> LabeledVideo:
    stems = {file.stem: place for place, file in enumerate(sequence.frames)}
    files = {stems[mask.stem]: mask for mask in sequence.masks if mask.stem in stems}
    boxes = dict[tuple[int, int], Corners | None]()
    numbers = set[int]()
    for place, file in files.items():
        label_map = read_label_map(file).label_map
        shown = [int(n) for n in np.unique(label_map) if n not in (0, VOID)]
        numbers |= set(shown)
        boxes |= {(place, n): tight_box(label_map == n) for n in shown}
    boxes |= {(p, n): None for p in files for n in numbers if (p, n) not in boxes}
    seen = sum(box is not None for box in boxes.values())
    return LabeledVideo(
        bare.source,
        bare.video,
        sequence.name,
        bare.size,
        bare.frame_count,
        bare.seconds,
        boxes,
        tuple(sorted(files)),
        seen,
        open_maps=partial(_open_files, files),
    )


@contextmanager
def _open_files(files: dict[int, Path]) -> Iterator[MapReader]:
    yield lambda frame: read_label_map(files[frame]).label_map
