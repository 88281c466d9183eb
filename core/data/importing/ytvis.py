"""YouTube-VIS (COCO-video): one entry an object, one mask a frame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.importing.coco import category_names, check_size, segmentation_of
from core.data.importing.collect import Collection, Label
from core.data.importing.matching import folder_of, match_names
from core.data.importing.reading import Node, read_json
from core.errors import AnnotationReadError
from core.jobs import CancelToken, Progress
from core.types import VideoInfo

if TYPE_CHECKING:
    from core.media.annotations.values import ImportedAnnotations, Job

_MAX_SIZE = 1 << 20
_SHOWN = 5


def read_ytvis(
    path: Path,
    info: VideoInfo,
    *,
    mapping: Mapping[str, int] | None = None,
    token: CancelToken | None = None,
) -> Job[ImportedAnnotations]:
    """Read a YouTube-VIS file: the video in it that has this one's name, or the only one.

    A null is read as "not there"; so the first frames of an object that comes late are labeled
    too.

    Args:
        path: the JSON file.
        info: the video that it belongs to.
        mapping: label -> object id; None takes the proposal, see `ImportedAnnotations.mapping`.
        token: cancels the job.

    Raises:
        AnnotationReadError: no YouTube-VIS file, damaged, hostile, or without this video.
        MaskMismatch: another size than the video, or images that are no frames of it.
    """
    document = read_json(path)
    collection = Collection(info)
    video = _video(document, info)
    frames = _frames(video, collection)
    categories = category_names(document)
    key = video.field("id").key()
    entries = [
        node
        for node in document.field("annotations").elements()
        if node.field("video_id").key() == key
    ]
    for done, entry in enumerate(entries):
        if token is not None:
            token.check()
        yield Progress(done, len(entries), f"reading {path.name}")
        _add(collection, entry, frames, categories)
    return collection.assemble(mapping, token)


def _video(document: Node, info: VideoInfo) -> Node:
    videos = list(document.field("videos").elements())
    if len(videos) == 1:
        return videos[0]
    named = [video for video in videos if info.name in _names(video)]
    if len(named) == 1:
        return named[0]
    known = ", ".join(next(iter(sorted(_names(v))), "?")[:80] for v in videos[:_SHOWN])
    raise AnnotationReadError(
        f"{document.path} holds {len(videos)} videos, {len(named)} of them called {info.name}.",
        f"The first are {known}.",
    )


def _names(video: Node) -> set[str]:
    """Return what a video is called: its name, and the folder of its frames."""
    name = video.get("name")
    names = {name.text()} if name is not None else set()
    return names | {
        folder_of(node.text()) for node in list(video.field("file_names").elements())[:1]
    }


def _frames(video: Node, collection: Collection) -> list[int]:
    info = collection.info
    width, height = (video.field(key).integer(0, _MAX_SIZE) for key in ("width", "height"))
    check_size(width, height, info, "The annotated video")
    names = [node.text() for node in video.field("file_names").elements()]
    length = video.get("length")
    if length is not None and length.integer(0, _MAX_SIZE) != len(names):
        raise length.fail(f"is not the number of file names, {len(names)}")
    found, rule = match_names(names, info)
    collection.notes.append(rule)
    for index in found.values():
        collection.add_frame(index)
    return [found[name] for name in names]


def _add(
    collection: Collection,
    entry: Node,
    frames: list[int],
    categories: Mapping[int | str | None, str],
) -> None:
    key = entry.field("id").key()
    kind = entry.get("category_id")
    category = categories.get(kind.key(), "") if kind is not None else ""
    attributes = entry.get("attributes")
    named = attributes.get("name") if attributes is not None else None
    name = named.text()[:200] if named is not None else ""
    wanted = key if isinstance(key, int) else None
    label = collection.add_label(Label(f"track {key}", wanted, name, category))
    masks = entry.field("segmentations")
    if len(masks.items()) != len(frames):
        raise masks.fail(f"has {len(masks.items())} entries, the video {len(frames)} frames")
    for index, node in zip(frames, masks.elements(), strict=True):
        if node.value is None:
            continue
        try:
            geometry = segmentation_of(node, collection.info)
        except AnnotationReadError as error:
            collection.leave_out(error, index, label)
            continue
        if geometry is not None:
            collection.add_shape(index, label, geometry=geometry)
