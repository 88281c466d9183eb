"""COCO with one entry an image: polygons, run lengths, boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.data.importing.collect import VOID_LABEL, Collection, Label, says_ignore
from core.data.importing.matching import folder_names, match_names, match_numbers, of_this_video
from core.data.importing.reading import Node, id_in, read_json
from core.data.importing.roots import COCO, file_in
from core.data.importing.shapes import CocoRuns, Geometry, Rings
from core.errors import AnnotationReadError, MaskMismatch
from core.jobs import CancelToken, Progress
from core.media.annotations.options import ABSENT, AS_USUAL, OPEN, ImportOptions
from core.media.annotations.rectangles import Corners
from core.types import VideoInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.jobs import Job
    from core.media.annotations.values import ImportedAnnotations

_CHECK_EVERY = 256
_MAX_SIZE = 1 << 20
_SHOWN = 5
_CROWD = ("iscrowd", "is_crowd", "ignore", "ignored")
"""Fields of entries that are no objects."""


def read_coco(
    path: Path,
    info: VideoInfo,
    *,
    mapping: Mapping[str, int] | None = None,
    token: CancelToken | None = None,
    options: ImportOptions = AS_USUAL,
) -> Job[ImportedAnnotations]:
    """Read a COCO file. Objects are told apart by `track_id` where there is one.

    Ids are compared as texts. Crowds and regions to be ignored become void. Images without
    annotations are open, unless the file or the user says otherwise.

    Args:
        path: the JSON file, or the root of a dataset with it.
        info: the video that it belongs to.
        mapping: label -> object id; None takes the proposal, see `ImportedAnnotations.mapping`.
        token: cancels the job.
        options: what the user says of the files.

    Raises:
        AnnotationReadError: no COCO file, damaged, hostile, or without any annotation.
        MaskMismatch: images of another size, or that are no frames of this video.
    """
    path = file_in(path, info, COCO)
    document = read_json(path)
    collection = Collection(info, options=options, unlabelled=stated_unlabelled(document))
    images = Images.read(document, collection)
    categories = category_names(document)
    entries = list(document.field("annotations").elements())
    tracks = Tracks(entries, categories)
    seen: dict[tuple[int, str], int] = {}
    for done, entry in enumerate(entries):
        if done % _CHECK_EVERY == 0:
            if token is not None:
                token.check()
            yield Progress(done, len(entries), f"reading {path.name}")
        index = images.frame_of(entry.field("image_id").key())
        if index is None:
            continue
        category = categories.get(key_of(entry, "category_id"), "")
        if is_crowd(entry) or says_ignore(category):
            images.crowds += 1
            _add(collection, entry, index, VOID_LABEL)
            continue
        label = tracks.label(entry, category) or _counted(entry, category, seen, index)
        _add(collection, entry, index, collection.add_label(label))
    images.tell(path, len(entries))
    return collection.assemble(mapping, token)


def stated_unlabelled(document: Node) -> str:
    """Return what the file itself says of images without annotations: ours call them absent."""
    head = document.get("info")
    said = head.value.get("unlabelled") if head is not None and isinstance(head.value, dict) else ""
    return ABSENT if said == ABSENT else OPEN


def is_crowd(entry: Node) -> bool:
    """Tell whether an entry is a region of many objects, or one to be ignored."""
    nodes = (entry, entry.get("attributes"))
    return any(
        isinstance(node.value, dict) and node.value.get(name) in (1, True, "1", "true")
        for node in nodes
        if node is not None
        for name in _CROWD
    )


def category_names(document: Node) -> dict[str | None, str]:
    """Return category id -> name; empty where the document lists none."""
    listed = document.get("categories")
    if listed is None:
        return {}
    return {node.field("id").key(): node.field("name").text() for node in listed.elements()}


def segmentation_of(node: Node, info: VideoInfo) -> Geometry | None:
    """Return the shape that a `segmentation` describes, None where it is empty.

    Raises:
        AnnotationReadError: it is neither polygons nor run lengths.
        MaskMismatch: run lengths of another size than the video.
    """
    if isinstance(node.value, dict):
        return _runs(node, info)
    rings = tuple(ring for part in node.elements() if (ring := ring_of(part)) is not None)
    return Rings(rings, node.where) if rings else None


def ring_of(node: Node) -> NDArray[np.float64] | None:
    """Return N x 2 corners of a flat list x, y, x, y; None with fewer than three corners."""
    numbers = node.numbers()
    if numbers.size % 2:
        raise node.fail("has an odd number of coordinates")
    return numbers.reshape(-1, 2) if numbers.size >= 6 else None


def check_size(width: int, height: int, info: VideoInfo, what: str) -> None:
    """Refuse what has another size than the video.

    Raises:
        MaskMismatch: it has; with its size.
    """
    if (width, height) != (info.width, info.height):
        raise MaskMismatch(
            f"{what} is {width} x {height} pixels, but the video is {info.width} x {info.height}.",
            "Annotations must be made at the video's own size, or at one of the same aspect ratio;"
            f" --image-size {width}x{height} scales those that are not.",
            size=(width, height),
        )


def _runs(node: Node, info: VideoInfo) -> CocoRuns:
    height, width = (n.integer(0, _MAX_SIZE) for n in _pair(node.field("size")))
    check_size(width, height, info, f"The mask {node.where}")
    counts = node.field("counts")
    if not isinstance(counts.value, str) and not set(map(type, counts.items())) <= {int}:
        raise counts.fail("holds something that is no whole number")
    runs = CocoRuns(counts.value, f"{node.path}: {node.where}")
    runs.check(height, width)
    return runs


def _pair(node: Node) -> list[Node]:
    pair = list(node.elements())
    if len(pair) != 2:
        raise node.fail("is not height and width")
    return pair


@dataclass(frozen=True, slots=True)
class _Image:
    key: str
    name: str
    frame_index: int | None
    video: str | None


@dataclass(slots=True)
class Images:
    """The images of a file: those of this video by id, and what became of the others.

    Attributes:
        collection: gets frames and notes.
        frames: image id -> frame.
        others: ids of images of other videos.
        foreign: annotations on these.
        lost: annotations whose image the file does not list.
        crowds: annotations that become void.
    """

    collection: Collection
    frames: dict[str, int]
    others: frozenset[str]
    foreign: int = 0
    lost: int = 0
    crowds: int = 0

    @classmethod
    def read(cls, document: Node, collection: Collection) -> Images:
        """Match the images to frames, and make all of these known."""
        images = _listed(document, collection.info)
        own = _of_this_video(images, document, collection)
        frames = _frames(own, collection)
        for frame_index in frames.values():
            collection.add_frame(frame_index)
        return cls(collection, frames, frozenset({i.key for i in images} - frames.keys()))

    def frame_of(self, key: str) -> int | None:
        """Return the frame of an annotation, or None and count it: it is not of this video."""
        index = self.frames.get(key)
        if index is None:
            self.foreign += key in self.others
            self.lost += key not in self.others
        return index

    def tell(self, path: Path, total: int) -> None:
        """Say what was left out.

        Raises:
            AnnotationReadError: there are annotations, and none has an image.
        """
        if self.lost == total > 0:
            raise AnnotationReadError(
                f"None of the {total} annotations in {path} belongs to an image that it lists.",
                "Their image_id must be the id of an image. Export the file again.",
            )
        for count, text in (
            (self.lost, "Annotations left out, since the file does not list their image"),
            (self.foreign, "Annotations left out, since their image is of another video"),
            (self.crowds, "Crowds and regions to be ignored become void, which asserts nothing"),
        ):
            if count:
                self.collection.notes.append(f"{text}: {count}.")


def _listed(document: Node, info: VideoInfo) -> list[_Image]:
    images: dict[str, _Image] = {}
    for node in document.field("images").elements():
        name = node.field("file_name").text()
        size = [n.integer(0, _MAX_SIZE) for key in ("width", "height") if (n := node.get(key))]
        if len(size) == 2:
            check_size(size[0], size[1], info, f"Image {name[:80]}")
        index = node.get("frame_index")
        number = None if index is None else index.integer(0, 1 << 40)
        image = _Image(node.field("id").key(), name, number, key_of(node, "video_id"))
        if image.key in images:
            raise node.fail(f"has the id {image.key[:40]!r}, as another image has")
        images[image.key] = image
    return list(images.values())


def _of_this_video(images: list[_Image], document: Node, collection: Collection) -> list[_Image]:
    """Take the images of this video, by the list of videos, else by their folders."""
    info, options = collection.info, collection.options
    names = _video_names(document)
    several = len({image.video for image in images}) > 1
    wanted = {options.only} if options.only else set(folder_names(info))
    chosen = {key for key, name in names.items() if name in wanted} if several else set()
    if chosen:
        name = names[min(chosen)]
        collection.notes.append(f"Only images of the video {name[:80]} are read.")
        images = [image for image in images if image.video in chosen]
        if options.only:
            return images
    taken, note = of_this_video([image.name for image in images], info, options)
    if note:
        collection.notes.append(note)
    own = [image for image, is_own in zip(images, taken, strict=True) if is_own]
    if len({image.video for image in own}) > 1:
        known = ", ".join(name[:80] for name in list(names.values())[:_SHOWN]) or "no names"
        raise MaskMismatch(
            f"{document.path} holds images of several videos, none of them called {info.name}.",
            f"Say which is this one with --only NAME: {known}.",
        )
    return own


def _video_names(document: Node) -> dict[str, str]:
    listed = document.get("videos")
    if listed is None:
        return {}
    found = {}
    for node in listed.elements():
        name = node.get("name") or node.get("file_name")
        found[node.field("id").key()] = "" if name is None else name.text()
    return found


def _frames(images: list[_Image], collection: Collection) -> dict[str, int]:
    """Return image id -> frame: as the images say themselves, else by their names."""
    info = collection.info
    stated = [image.frame_index for image in images if image.frame_index is not None]
    if stated and len(stated) == len(images):
        numbers = {image.key: image.frame_index or 0 for image in images}
        by_frame = {number: key for key, number in numbers.items()}
        if len(by_frame) < len(images):
            raise MaskMismatch(
                "Two images are for the same frame: their frame_index is the same.",
                "Export each video by itself, or name one with --only.",
            )
        offset, _ = match_numbers(set(numbers.values()), info, first=0, options=collection.options)
        collection.notes.append(f"Images say themselves which frames they are, from {offset}.")
        return {key: number - offset for key, number in numbers.items()}
    found, rule = match_names([image.name for image in images], info, collection.options)
    collection.notes.append(rule)
    return {image.key: found[image.name] for image in images}


class Tracks:
    """Tells the tracks of a file apart; one number on one image for two classes is two tracks.

    Args:
        entries: the annotations.
        categories: id -> name.
    """

    def __init__(self, entries: list[Node], categories: Mapping[str | None, str]) -> None:
        classes: dict[tuple[str, str | None], set[str]] = {}
        for entry in entries:
            track = _track(entry)
            if track is not None:
                kind = categories.get(key_of(entry, "category_id"), "")
                classes.setdefault((track, key_of(entry, "image_id")), set()).add(kind)
        self._shared = {track for (track, _), kinds in classes.items() if len(kinds) > 1}

    def label(self, entry: Node, category: str) -> Label | None:
        """Return the label of an annotation's track, None where it has none."""
        track = _track(entry)
        if track is None:
            return None
        name = _attribute(entry.get("attributes"), "name")
        if track in self._shared:
            return Label(f"track {track} ({category})", None, name, category)
        return Label(f"track {track}", id_in(track), name, category)


def _track(entry: Node) -> str | None:
    for node in (entry, entry.get("attributes")):
        track = key_of(node, "track_id") if node is not None else None
        if track is not None:
            return track
    return None


def _counted(entry: Node, category: str, seen: dict[tuple[int, str], int], index: int) -> Label:
    """Return the object of an annotation without a track: the k-th of its class on the frame."""
    name = _attribute(entry.get("attributes"), "name")
    count = seen[index, category] = seen.get((index, category), 0) + 1
    kind = category or "object"
    return Label(kind if count == 1 else f"{kind} #{count}", None, name or kind, category)


def _attribute(attributes: Node | None, name: str) -> str:
    node = attributes.get(name) if attributes is not None else None
    return node.value[:200] if node is not None and isinstance(node.value, str) else ""


def key_of(node: Node, name: str) -> str | None:
    """Return a field by which others refer to something; None where it is missing."""
    found = node.get(name)
    return None if found is None else found.key()


def _add(collection: Collection, entry: Node, index: int, label: str) -> None:
    try:
        _add_shape(collection, entry, index, label)
    except AnnotationReadError as error:
        collection.leave_out(error, index, label)


def _add_shape(collection: Collection, entry: Node, index: int, label: str) -> None:
    drawn = entry.get("segmentation")
    geometry = None if drawn is None else segmentation_of(drawn, collection.info)
    if geometry is not None:
        collection.add_shape(index, label, geometry=geometry)
    elif (corners := corners_of(entry)) is not None:
        by_hand = _is_drawn(entry.get("attributes"))
        collection.add_box(index, label, corners=corners, drawn=by_hand)


def corners_of(entry: Node) -> Corners | None:
    """Return the box of an annotation, None where it has none.

    Raises:
        AnnotationReadError: it is no box.
    """
    box = entry.get("bbox")
    if box is None:
        return None
    numbers = box.numbers()
    if numbers.size != 4:
        raise box.fail("is not four numbers")
    x, y, wide, high = (float(n) for n in numbers)
    if wide < 0 or high < 0:
        raise box.fail("has a negative size")
    return x, y, x + wide, y + high


def _is_drawn(attributes: Node | None) -> bool:
    """False for what CVAT has interpolated, as its attribute `keyframe` says."""
    node = attributes.get("keyframe") if attributes is not None else None
    return node is None or node.value is not False
