"""CVAT 1.1, for video and for images: boxes, polygons, ellipses and masks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

import numpy as np

from core.data.importing.coco import check_size
from core.data.importing.collect import (
    MAX_BOXES,
    VOID_LABEL,
    Collection,
    Label,
    require_room,
    says_ignore,
)
from core.data.importing.cvat_tasks import of_this_task, track_label
from core.data.importing.matching import match_names
from core.data.importing.reading import finite, id_in, line_of, read_member, read_xml
from core.data.importing.roots import CVAT, file_in
from core.data.importing.shapes import (
    CvatRuns,
    Ellipse,
    Geometry,
    Rings,
    box_around,
    turned_corners,
)
from core.errors import AnnotationReadError, MaskMismatch
from core.jobs import CancelToken, Progress
from core.media.annotations.options import AS_USUAL, ImportOptions
from core.types import VideoInfo

if TYPE_CHECKING:
    from core.jobs import Job
    from core.media.annotations.values import ImportedAnnotations

_AREAS = ("box", "polygon", "ellipse", "mask")
_MAX_SIZE = 1 << 20
_MAX_FRAME = 1 << 40
_Turned = tuple[float, float, float, float, float]


def read_cvat(
    path: Path,
    info: VideoInfo,
    *,
    mapping: Mapping[str, int] | None = None,
    token: CancelToken | None = None,
    options: ImportOptions = AS_USUAL,
) -> Job[ImportedAnnotations]:
    """Read a CVAT file. Boxes between two keyframes of a track are interpolated.

    A track is an object. CVAT writes masks as tracks of one frame; these are put together by their
    attribute `object_id`, else by their group, else by label and order on the frame. Boxes that
    are turned become the upright boxes around them; a shape that is not understood is left out
    and named.

    Args:
        path: annotations.xml, or CVAT's zip or folder with it.
        info: the video that it belongs to.
        mapping: label -> object id; None takes the proposal, see `ImportedAnnotations.mapping`.
        token: cancels the job.
        options: what the user says of the files.

    Raises:
        AnnotationReadError: no CVAT file, damaged or hostile.
        MaskMismatch: another size than the video, or frames that it does not have.
    """
    path = file_in(path, info, CVAT)
    root = read_xml(read_member(path, "annotations.xml"), path)
    if root.tag != "annotations":
        raise AnnotationReadError(f"{path} is no CVAT file: it starts with <{root.tag[:40]}>.")
    reader = _Reader(path, Collection(info, options=options), _Labels(root))
    tracks, images, size = of_this_task(root, reader.collection)
    reader.check_size(size)
    reader.match_images(images)
    total = len(tracks) + len(images)
    for done, element in enumerate([*tracks, *images]):
        if token is not None:
            token.check()
        if done % 64 == 0:
            yield Progress(done, total, f"reading {path.name}")
        reader.read(element)
    return reader.finish().assemble(mapping, token)


class _Labels:
    """Colors and categories of labels, as the head of the file lists them."""

    def __init__(self, root: Element) -> None:
        self._colors: dict[str, tuple[int, int, int]] = {}
        self._categories: dict[str, str] = {}
        for label in root.iter("label"):
            name = label.findtext("name") or ""
            color = (label.findtext("color") or "").removeprefix("#")
            if len(color) == 6 and not set(color.lower()) - set("0123456789abcdef"):
                self._colors[name] = (int(color[:2], 16), int(color[2:4], 16), int(color[4:], 16))
            for attribute in label.iter("attribute"):
                if attribute.findtext("name") == "category":
                    self._categories[name] = attribute.findtext("default_value") or ""

    def make(self, text: str, wanted: int | None, name: str) -> Label:
        category = self._categories.get(name, name)
        return Label(text, wanted, name, category, self._colors.get(name))


@dataclass(slots=True)
class _Reader:
    """Turns elements into shapes."""

    path: Path
    collection: Collection
    labels: _Labels
    frames: dict[str, int] | None = None
    skipped: int = 0
    turned: int = 0
    numbers: Counter[str] = field(default_factory=Counter)
    _seen: dict[tuple[int, str], int] | None = None

    def check_size(self, size: Element | None) -> None:
        if size is not None:
            width, height = (self._whole(size.findtext(k), k) for k in ("width", "height"))
            check_size(width, height, self.collection.info, "The annotated video")

    def match_images(self, images: list[Element]) -> None:
        if images:
            names = [image.get("name", "") for image in images]
            collection = self.collection
            ids = [image.get("id", "") for image in images]
            places = {n: int(i) for n, i in zip(names, ids, strict=True) if id_in(i) is not None}
            self.frames, rule = match_names(
                names, collection.info, collection.options, places=places
            )
            self.collection.notes.append(rule)

    def read(self, element: Element) -> None:
        """Read one track, or one image with all its shapes."""
        if element.tag == "track":
            self._track(element)
            return
        index = (self.frames or {})[element.get("name", "")]
        if element.get("width") and element.get("height"):
            width, height = (self._whole(element.get(k), k) for k in ("width", "height"))
            check_size(width, height, self.collection.info, f"Image {element.get('name', '')[:80]}")
        self.collection.add_frame(index)
        for shape in element:
            if shape.tag in _AREAS:
                name = shape.get("label", "object")[:200]
                group = shape.get("group_id")
                self._try_shape(shape, index, self._object_label(shape, name, index, group))
            elif shape.tag != "tag":
                self.skipped += 1

    def finish(self) -> Collection:
        if self.skipped:
            text = f"Points, lines and other shapes without an area are left out: {self.skipped}."
            self.collection.notes.append(text)
        if self.turned:
            text = "Turned boxes are taken as the upright boxes around them"
            self.collection.notes.append(f"{text}: {self.turned}.")
        return self.collection

    def _track(self, track: Element) -> None:
        require_room(len(track), most=MAX_BOXES, what="shapes in a track")
        shapes = [(self._frame(s), s) for s in track if s.tag in _AREAS]
        self.skipped += sum(s.tag not in _AREAS for s in track)
        shown = [(index, s) for index, s in shapes if s.get("outside", "0") != "1"]
        name = track.get("label", "object")[:200]
        if shown and all(s.tag == "mask" for _, s in shown) and len(shown) == 1:
            label = self._object_label(shown[0][1], name, shown[0][0], track.get("group_id"))
        else:
            number = track.get("id", "")[:40]
            text, wanted = track_label(number, self.numbers)
            label = VOID_LABEL
            if not says_ignore(name):
                label = self.collection.add_label(self.labels.make(text, wanted, name))
        for index, shape in shown:
            if shape.tag != "box":
                self._try_shape(shape, index, label)
        boxes = self._boxes(shapes, label)
        drawn = {index for index, shape in shapes if shape.get("keyframe", "1") != "0"}
        for index, box in self._interpolated(boxes):
            self._add_box(index, label, box, drawn=index in drawn)
        for index, shape in shapes:
            if shape.tag != "box" and shape.get("outside", "0") == "1" and len(shown) > 1:
                self.collection.add_labeled_frame(index)

    def _object_label(self, shape: Element, name: str, index: int, group: str | None) -> str:
        """Return the label of a shape that stands alone: see `read_cvat`."""
        if says_ignore(name):
            return VOID_LABEL
        own = next((a.text for a in shape.iter("attribute") if a.get("name") == "object_id"), None)
        for kind, value in (("object", own), ("group", group)):
            number = (value or "").strip()
            if number.isdecimal() and len(number) < 9 and int(number) > 0:
                made = self.labels.make(f"{kind} {int(number)}", int(number), name)
                return self.collection.add_label(made)
        if self._seen is None:
            self._seen = {}
        count = self._seen[index, name] = self._seen.get((index, name), 0) + 1
        text = name if count == 1 else f"{name} #{count}"
        return self.collection.add_label(self.labels.make(text, None, name))

    def _try_shape(self, shape: Element, index: int, label: str) -> None:
        try:
            self._shape(shape, index, label)
        except AnnotationReadError as error:
            self.collection.leave_out(_placed(error, shape), index, label)

    def _shape(self, shape: Element, index: int, label: str) -> None:
        if shape.tag == "box":
            self._add_box(index, label, self._box(shape))
            return
        z = self._number(shape.get("z_order", "0"), "z_order")
        self.collection.add_shape(index, label, geometry=self._geometry(shape), z=z)

    def _add_box(self, index: int, label: str, box: _Turned, *, drawn: bool = True) -> None:
        *corners, angle = box
        left, top, right, bottom = corners
        around = (left, top, right, bottom)
        if angle % 180:
            self.turned += 1
            around = box_around(turned_corners(around, angle))
        self.collection.add_box(index, label, corners=around, drawn=drawn)

    def _geometry(self, shape: Element) -> Geometry:
        where = f"{self.path}: {shape.tag} on frame {shape.get('frame', '?')[:20]}"
        if shape.tag == "polygon":
            texts = shape.get("points", "").split(";")
            points = [[self._number(t, "points") for t in text.split(",")] for text in texts]
            if any(len(point) != 2 for point in points):
                raise self._fail("points", "are not pairs of x and y")
            return Rings((np.array(points, np.float64).reshape(-1, 2),), where)
        if shape.tag == "ellipse":
            cx, cy, rx, ry = (self._attribute(shape, key) for key in ("cx", "cy", "rx", "ry"))
            return Ellipse((cx, cy), (abs(rx), abs(ry)), self._angle(shape))
        names = ("left", "top", "width", "height")
        left, top, wide, high = (self._whole(shape.get(name), name) for name in names)
        info = self.collection.info
        if left + wide > info.width or top + high > info.height:
            raise MaskMismatch(f"A mask in {self.path} reaches out of the video's frame.")
        runs = CvatRuns(shape.get("rle", ""), (left, top, wide, high), where)
        runs.fill(info.height, info.width)  # small: to leave it out here, not fail while painting
        return runs

    def _boxes(
        self, shapes: list[tuple[int, Element]], label: str
    ) -> list[tuple[int, _Turned, bool]]:
        """Return the boxes of a track by frame, and whether it has left there."""
        found = []
        for index, shape in shapes:
            if shape.tag != "box":
                continue
            try:
                found.append((index, self._box(shape), shape.get("outside", "0") == "1"))
            except AnnotationReadError as error:
                self.collection.leave_out(_placed(error, shape), index, label)
        return sorted(found, key=lambda box: box[0])

    def _interpolated(
        self, boxes: list[tuple[int, _Turned, bool]]
    ) -> Iterator[tuple[int, _Turned]]:
        """Yield the boxes of a track, and between two of them those that CVAT would show."""
        for (first, start, gone), (last, stop, _) in pairwise(boxes):
            for index in range(first, last) if not gone else ():
                share = (index - first) / (last - first)
                # A turn goes the shorter way around.
                turn = (stop[4] - start[4] + 180) % 360 - 180
                ends = zip(start, (*stop[:4], start[4] + turn), strict=True)
                left, top, right, bottom, angle = (a + (b - a) * share for a, b in ends)
                yield index, (left, top, right, bottom, angle)
        if boxes and not boxes[-1][2]:
            yield boxes[-1][0], boxes[-1][1]

    def _box(self, shape: Element) -> _Turned:
        """Return left, top, right, bottom, and how far it is turned."""
        left, top, right, bottom = (self._attribute(shape, k) for k in ("xtl", "ytl", "xbr", "ybr"))
        return left, top, right, bottom, self._angle(shape)

    def _angle(self, shape: Element) -> float:
        return self._number(shape.get("rotation", "0"), "rotation") % 360

    def _frame(self, shape: Element) -> int:
        number = self._whole(shape.get("frame"), "frame", high=_MAX_FRAME)
        index = number - (self.collection.options.first_frame or 0)
        if not 0 <= index < self.collection.info.frame_count:
            raise MaskMismatch(
                f"{self.path} has annotations on frame {number}, but"
                f" {self.collection.info.path} has {self.collection.info.frame_count} frames.",
                "Is this the video that the annotations belong to?",
            )
        return index

    def _attribute(self, shape: Element, name: str) -> float:
        return self._number(shape.get(name, ""), name)

    def _number(self, text: str, name: str) -> float:
        try:
            return finite(text)
        except ValueError:
            raise self._fail(name, f"is {text[:40]!r}, not a finite number") from None

    def _whole(self, text: str | None, name: str, high: int = _MAX_SIZE) -> int:
        number = (text or "").strip()
        if not (number.isdecimal() and number.isascii()) or len(number) > 15 or int(number) > high:
            raise self._fail(name, f"is {number[:40]!r}, not a whole number up to {high}")
        return int(number)

    def _fail(self, name: str, reason: str) -> AnnotationReadError:
        return AnnotationReadError(f"{self.path}: {name} {reason}.", "Export it again from CVAT.")


def _placed(error: AnnotationReadError, shape: Element) -> AnnotationReadError:
    """Say where in the file a shape is."""
    frame = f" on frame {shape.get('frame', '')[:20]}" if shape.get("frame") else ""
    return AnnotationReadError(
        f"Line {line_of(shape)}, {shape.tag}{frame}: {error.message}", error.hint
    )
