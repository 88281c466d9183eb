"""COCO with one entry an image: polygons, run lengths, boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.data.importing.collect import Collection, Label
from core.data.importing.matching import folder_of, match_names
from core.data.importing.reading import Node, read_json
from core.data.importing.roots import COCO, file_in
from core.data.importing.shapes import CocoRuns, Geometry, Rings
from core.errors import AnnotationReadError, MaskMismatch
from core.jobs import CancelToken, Progress
from core.types import VideoInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.media.annotations.values import ImportedAnnotations, Job

_CHECK_EVERY = 256
_MAX_SIZE = 1 << 20


def read_coco(
    path: Path,
    info: VideoInfo,
    *,
    mapping: Mapping[str, int] | None = None,
    token: CancelToken | None = None,
) -> Job[ImportedAnnotations]:
    """Read a COCO file. Objects are told apart by `track_id` where there is one.

    Args:
        path: the JSON file, or the root of a dataset with it.
        info: the video that it belongs to.
        mapping: label -> object id; None takes the proposal, see `ImportedAnnotations.mapping`.
        token: cancels the job.

    Raises:
        AnnotationReadError: no COCO file, damaged, hostile, or without any annotation.
        MaskMismatch: images of another size, or that are no frames of this video.
    """
    path = file_in(path, info, COCO)
    document = read_json(path)
    collection = Collection(info)
    frames = _frames(document, info, collection)
    categories = category_names(document)
    entries = list(document.field("annotations").elements())
    seen: dict[tuple[int, str], int] = {}
    for done, entry in enumerate(entries):
        if done % _CHECK_EVERY == 0:
            if token is not None:
                token.check()
            yield Progress(done, len(entries), f"reading {path.name}")
        index = frames.get(entry.field("image_id").key())
        if index is None:
            continue
        category = categories.get(_key(entry, "category_id"), "")
        label = _label(entry, category, seen, index)
        _add(collection, entry, index, collection.add_label(label))
    return collection.assemble(mapping, token)


def category_names(document: Node) -> dict[int | str | None, str]:
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
            "Annotations must be made at the video's own size, or at one of the same shape.",
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
    key: int | str
    name: str
    frame_index: int | None


def _frames(document: Node, info: VideoInfo, collection: Collection) -> dict[int | str, int]:
    """Return image id -> frame, and make all of these frames known as labeled."""
    images = []
    for node in document.field("images").elements():
        name = node.field("file_name").text()
        size = [n.integer(0, _MAX_SIZE) for key in ("width", "height") if (n := node.get(key))]
        if len(size) == 2:
            check_size(size[0], size[1], info, f"Image {name[:80]}")
        index = node.get("frame_index")
        number = None if index is None else index.integer(0, max(0, info.frame_count - 1))
        images.append(_Image(node.field("id").key(), name, number))
    images = _of_this_video(images, info, collection)
    frames = {image.key: image.frame_index for image in images if image.frame_index is not None}
    if len(frames) == len(images) and len(set(frames.values())) == len(frames):
        found = dict(frames)
        collection.notes.append("Images say themselves which frames they are.")
    else:
        names, rule = match_names([image.name for image in images], info)
        found = {image.key: names[image.name] for image in images}
        collection.notes.append(rule)
    for frame_index in found.values():
        collection.add_frame(frame_index)
    return found


def _of_this_video(images: list[_Image], info: VideoInfo, collection: Collection) -> list[_Image]:
    """Take the images in the folder of this video's name, where there are several folders."""
    folders = {folder_of(image.name) for image in images}
    if len(folders) < 2 or info.name not in folders:
        return images
    collection.notes.append(f"Only images in the folder {info.name} are read.")
    return [image for image in images if folder_of(image.name) == info.name]


def _label(entry: Node, category: str, seen: dict[tuple[int, str], int], index: int) -> Label:
    """Return the object of an annotation: its track, else the k-th of its category on the frame."""
    attributes = entry.get("attributes")
    name = _attribute(attributes, "name")
    for node in (entry, attributes):
        track = _key(node, "track_id") if node is not None else None
        if track is not None:
            wanted = track if isinstance(track, int) else None
            return Label(f"track {track}", wanted, name or "", category)
    count = seen[index, category] = seen.get((index, category), 0) + 1
    kind = category or "object"
    return Label(kind if count == 1 else f"{kind} #{count}", None, name or kind, category)


def _attribute(attributes: Node | None, name: str) -> str:
    node = attributes.get(name) if attributes is not None else None
    return node.value[:200] if node is not None and isinstance(node.value, str) else ""


def _key(node: Node, name: str) -> int | str | None:
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
    elif (box := entry.get("bbox")) is not None:
        numbers = box.numbers()
        if numbers.size != 4:
            raise box.fail("is not four numbers")
        x, y, wide, high = (float(n) for n in numbers)
        if wide < 0 or high < 0:
            raise box.fail("has a negative size")
        collection.add_box(index, label, corners=(x, y, x + wide, y + high))
