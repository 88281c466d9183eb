"""YouTube-VIS (COCO-video): one entry an object, one mask a frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.importing.coco import category_names, check_size, is_crowd, segmentation_of
from core.data.importing.collect import VOID_LABEL, Collection, Label, says_ignore
from core.data.importing.matching import folder_names, folder_of, match_names
from core.data.importing.reading import Node, id_in, read_json
from core.data.importing.roots import YTVIS, file_in
from core.errors import AnnotationReadError
from core.jobs import CancelToken, Progress
from core.media.annotations.options import ABSENT, AS_USUAL, ImportOptions
from core.types import VideoInfo

if TYPE_CHECKING:
    from core.jobs import Job
    from core.media.annotations.values import ImportedAnnotations

_MAX_SIZE = 1 << 20
_SHOWN = 5


def read_ytvis(
    path: Path,
    info: VideoInfo,
    *,
    mapping: Mapping[str, int] | None = None,
    token: CancelToken | None = None,
    options: ImportOptions = AS_USUAL,
) -> Job[ImportedAnnotations]:
    """Read a YouTube-VIS file: the video in it that has this one's name, or the only one.

    A null is read as "not there"; so the first frames of an object that comes late are labeled
    too.

    Args:
        path: the JSON file, or the folder that it is in.
        info: the video that it belongs to.
        mapping: label -> object id; None takes the proposal, see `ImportedAnnotations.mapping`.
        token: cancels the job.
        options: what the user says of the files.

    Raises:
        AnnotationReadError: no YouTube-VIS file, damaged, hostile, or without this video.
        MaskMismatch: another size than the video, or images that are no frames of it.
    """
    path = file_in(path, info, YTVIS)
    document = read_json(path)
    collection = Collection(info, options=options, unlabelled=ABSENT)
    video = _video(document, info, options.only)
    frames = _frames(video, collection)
    categories = category_names(document)
    key = video.field("id").key()
    every = list(document.field("annotations").elements())
    entries = [node for node in every if node.field("video_id").key() == key]
    _tell_others(document, every, len(entries), collection)
    keys = Counter(node.field("id").key() for node in entries)
    repeated = next((text for text, count in keys.items() if count > 1), None)
    if repeated is not None:
        raise AnnotationReadError(
            f"{path}: two objects of the video have the id {repeated[:40]!r}.",
            "Each object needs an id of its own: export it again.",
        )
    for done, entry in enumerate(entries):
        if token is not None:
            token.check()
        yield Progress(done, len(entries), f"reading {path.name}")
        _add(collection, entry, frames, categories)
    return collection.assemble(mapping, token)


def _tell_others(document: Node, every: list[Node], own: int, collection: Collection) -> None:
    """Count the objects of other videos, and those of none.

    Raises:
        AnnotationReadError: no object belongs to a video that the file lists.
    """
    known = {video.field("id").key() for video in document.field("videos").elements()}
    lost = sum(node.field("video_id").key() not in known for node in every)
    if lost == len(every) > 0:
        raise AnnotationReadError(
            f"None of the {lost} objects in {document.path} belongs to a video that it lists.",
            "Their video_id must be the id of a video. Export the file again.",
        )
    if lost:
        text = "Objects left out, since the file does not list their video"
        collection.notes.append(f"{text}: {lost}.")
    if len(every) - own - lost:
        text = "Objects left out, since they are of another video"
        collection.notes.append(f"{text}: {len(every) - own - lost}.")


def _video(document: Node, info: VideoInfo, only: str) -> Node:
    videos = list(document.field("videos").elements())
    if len({video.field("id").key() for video in videos}) < len(videos):
        raise AnnotationReadError(f"{document.path}: two videos have the same id.")
    if len(videos) == 1 and not only:
        return videos[0]
    wanted = {only} if only else set(folder_names(info))
    named = [video for video in videos if wanted & _names(video)]
    if len(named) == 1:
        return named[0]
    known = ", ".join(next(iter(sorted(_names(v))), "?")[:80] for v in videos[:_SHOWN])
    raise AnnotationReadError(
        f"{document.path} holds {len(videos)} videos, {len(named)} of them called"
        f" {only or info.name}.",
        f"Say which is this one with --only NAME: {known}.",
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
    found, rule = match_names(names, info, collection.options)
    collection.notes.append(rule)
    for index in found.values():
        collection.add_frame(index)
    return [found[name] for name in names]


def _add(
    collection: Collection,
    entry: Node,
    frames: list[int],
    categories: Mapping[str | None, str],
) -> None:
    key = entry.field("id").key()
    kind = entry.get("category_id")
    category = categories.get(kind.key(), "") if kind is not None else ""
    attributes = entry.get("attributes")
    named = attributes.get("name") if attributes is not None else None
    name = named.text()[:200] if named is not None else ""
    label = VOID_LABEL
    if not (is_crowd(entry) or says_ignore(category)):
        label = collection.add_label(Label(f"track {key}", id_in(key), name, category))
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
