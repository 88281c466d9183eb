"""From shapes with labels to imported annotations: ids, painting order, notes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from core.data.importing.shapes import Rings
from core.errors import AnnotationReadError
from core.media.annotations.options import AS_USUAL, OPEN, ImportOptions, unlabeled_notes
from core.media.annotations.values import Box, ImportedAnnotations, ObjectInfo
from core.types import MAX_OBJECT_ID, VOID, Keyframe, VideoInfo

if TYPE_CHECKING:
    from core.data.importing.shapes import Geometry
    from core.jobs import CancelToken
    from core.types import LabelMap

VOID_LABEL = ""
"""Label of shapes that carry no statement."""
MAX_BOXES = 500_000
MAX_SHAPES = 1_000_000
MAX_HELD_BYTES = 1 << 30
"""More boxes or shapes in one import, or shapes that take more memory, are refused."""
NO_FRAME = -1
"""The frame of a shape whose frame is not understood."""
_SPLIT = "Split the files, for example by frames, and import the parts one after another."
_SHOWN = 8
_TOLD = 5
_IGNORED = frozenset({"ignore", "ignored", "ignoreregion", "ignoreregions", "dontcare", "void"})


@dataclass(frozen=True, slots=True)
class Label:
    """What a file says of one of its objects.

    Attributes:
        text: the key of the mapping.
        wanted: id that the file itself gives it, None where it gives none.
        name, category: may be empty.
        color: None takes that of DAVIS.
    """

    text: str
    wanted: int | None = None
    name: str = ""
    category: str = ""
    color: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Shape:
    label: str
    geometry: Geometry
    z: float


@dataclass(slots=True)
class Collection:
    """What was read so far.

    Attributes:
        info: the video.
        notes: sentences for the user.
        options: what the user says of the files.
        unlabelled: what the format says of a frame without any shape: `OPEN` or `ABSENT`.
    """

    info: VideoInfo
    notes: list[str] = field(default_factory=list)
    options: ImportOptions = AS_USUAL
    unlabelled: str = OPEN
    _labels: dict[str, Label] = field(default_factory=dict)
    _shapes: dict[int, list[_Shape]] = field(default_factory=dict)
    _boxes: list[tuple[str, Box]] = field(default_factory=list)
    _outside: int = 0
    _shape_count: int = 0
    _held_bytes: int = 0
    _swapped: int = 0
    _left_out: list[AnnotationReadError] = field(default_factory=list)
    _unknown: dict[int, set[str]] = field(default_factory=dict)
    _stated: set[int] = field(default_factory=set)

    def add_label(self, label: Label) -> str:
        """Make a label known, if it is new, and return its text."""
        self._labels.setdefault(label.text, label)
        return label.text

    def add_frame(self, frame_index: int) -> None:
        """Say that the file lists a frame; without any shape it is what `unlabelled` says."""
        self._shapes.setdefault(frame_index, [])

    def add_labeled_frame(self, frame_index: int) -> None:
        """Say that a frame is labeled, even if nothing is on it."""
        self.add_frame(frame_index)
        self._stated.add(frame_index)

    def add_shape(
        self, frame_index: int, label: str, *, geometry: Geometry, z: float = 0.0
    ) -> None:
        """Add a shape; later ones and those with a higher `z` cover earlier ones.

        Raises:
            AnnotationReadError: there are too many.
        """
        self._shape_count += 1
        self._held_bytes += geometry.held_bytes
        if self._held_bytes > MAX_HELD_BYTES:
            raise AnnotationReadError(
                f"The shapes take more than {MAX_HELD_BYTES >> 20} MB.", _SPLIT
            )
        require_room(self._shape_count, most=MAX_SHAPES, what="shapes")
        self._shapes.setdefault(frame_index, []).append(_Shape(label, geometry, z))

    def add_unseen(self, frame_index: int, label: str) -> None:
        """Say that an object is not visible on a frame; asserts nothing of its mask.

        Raises:
            AnnotationReadError: there are too many boxes.
        """
        require_room(len(self._boxes) + self._outside + 1, most=MAX_BOXES, what="boxes")
        if label != VOID_LABEL:
            self._boxes.append((label, Box(frame_index, 0, 0.0, 0.0, 0.0, 0.0)))

    def add_box(
        self,
        frame_index: int,
        label: str,
        *,
        corners: tuple[float, float, float, float],
        drawn: bool = True,
    ) -> None:
        """Add a box (left, top, right, bottom), cut off at the frame's edge; void ones are shapes.

        Corners that are swapped are put right. `drawn` is False for an interpolated one.

        Raises:
            AnnotationReadError: a number is not finite, or there are too many.
        """
        # Those outside the frame, too: they take time.
        require_room(len(self._boxes) + self._outside + 1, most=MAX_BOXES, what="boxes")
        if not all(map(math.isfinite, corners)):
            raise AnnotationReadError(f"A box on frame {frame_index} is not finite.")
        if corners[2] < corners[0] or corners[3] < corners[1]:
            self._swapped += 1
            x0, y0, x1, y1 = corners
            corners = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        width, height = float(self.info.width), float(self.info.height)
        left, right = max(0.0, corners[0]), min(width, corners[2])
        top, bottom = max(0.0, corners[1]), min(height, corners[3])
        if right <= left or bottom <= top:
            self._outside += 1
            return
        if label == VOID_LABEL:
            ring = np.array(((left, top), (right, top), (right, bottom), (left, bottom)))
            self.add_shape(frame_index, label, geometry=Rings((ring,), "a region to be ignored"))
            return
        self._boxes.append((label, Box(frame_index, 0, left, top, right, bottom, drawn)))

    def leave_out(self, error: AnnotationReadError, frame_index: int, label: str = "") -> None:
        """Remember a shape that is not understood; nothing is said of its object on that frame.

        Args:
            error: says where it is and what is wrong.
            frame_index: its frame; `NO_FRAME` where that is not understood.
            label: its object; empty where that is not understood either.

        Raises:
            AnnotationReadError: it says that there is too much, which is no fault of one shape.
        """
        if error.hint == _SPLIT:
            raise error
        self._left_out.append(error)
        self._unknown.setdefault(frame_index, set()).add(label)

    def assemble(
        self, mapping: Mapping[str, int] | None, token: CancelToken | None
    ) -> ImportedAnnotations:
        """Give ids to the labels and return what was read.

        Args:
            mapping: label -> id; None takes the proposal.
            token: looked at while label maps are painted.

        Raises:
            AnnotationReadError: an id of the mapping is out of range, or nothing was found, or
                nothing of it is understood.
        """
        self._tell_left_out()
        if not self._labels and not self._shapes:
            raise AnnotationReadError("There is no annotation of this video in it.")
        ids = propose_ids(tuple(self._labels.values()), self.notes)
        if mapping is not None:
            ids = checked_mapping(mapping, ids, self.notes)
        self._note_rules()
        self._settle_unlabeled()
        boxes = [replace(box, object_id=ids[label]) for label, box in self._boxes if ids[label]]
        unknown = {
            index: {ids.get(label, 0) for label in labels}
            for index, labels in self._unknown.items()
        }
        for box in filter(lambda box: box.visible, boxes):
            unknown.setdefault(box.frame_index, set()).add(box.object_id)
        painted = _Painter(self.info, self._shapes, ids, token, unknown)
        return ImportedAnnotations(
            objects=object_infos(tuple(self._labels.values()), ids),
            frames=tuple(sorted(self._shapes)),
            keyframes=painted.keyframes,
            boxes=tuple(sorted(boxes, key=lambda box: (box.frame_index, box.object_id))),
            notes=tuple(self.notes),
            mapping=MappingProxyType(ids),
        )

    def _tell_left_out(self) -> None:
        """Say which shapes are not understood; fail where there is nothing else."""
        if not self._left_out:
            return
        if not self._boxes and not any(self._shapes.values()):
            raise self._left_out[0]
        shown = " ".join(str(error.message) for error in self._left_out[:_TOLD])
        more = len(self._left_out) - _TOLD
        rest = f" And {more} more." if more > 0 else ""
        count = len(self._left_out)
        self.notes.append(f"Shapes that are not understood are left out: {count}. {shown}{rest}")
        for index in self._unknown:
            if not self._shapes.get(index, True):
                del self._shapes[index]

    def _settle_unlabeled(self) -> None:
        """Leave out the frames without any shape, unless the format or the user calls them empty.

        A frame with boxes alone makes no keyframe either: boxes say nothing of masks.
        """
        bare = {i for i, on_frame in self._shapes.items() if not on_frame} - self._stated
        state = self.options.unlabelled or self.unlabelled
        boxed = {box.frame_index for _, box in self._boxes}
        self.notes += unlabeled_notes(len(bare - boxed), state)
        if state == OPEN:
            for index in bare:
                del self._shapes[index]

    def _note_rules(self) -> None:
        shapes = self._shapes.values()
        if any(len({shape.label for shape in on_frame}) > 1 for on_frame in shapes):
            ordered = any(shape.z for on_frame in shapes for shape in on_frame)
            rule = "the one with the higher z order" if ordered else "the later one in the file"
            self.notes.append(f"Where objects overlap, {rule} is on top.")
        if self._outside:
            self.notes.append(f"Boxes outside the frame are left out: {self._outside}.")
        if self._swapped:
            self.notes.append(f"Boxes whose corners are swapped are put right: {self._swapped}.")


@dataclass(frozen=True, slots=True)
class _Painter:
    """Makes label maps of shapes, one frame at a time."""

    info: VideoInfo
    shapes: dict[int, list[_Shape]]
    ids: Mapping[str, int]
    token: CancelToken | None
    unknown: Mapping[int, set[int]]

    def keyframes(self) -> Iterator[Keyframe]:
        seen: set[int] = set()
        for index in sorted(self.shapes):
            label_map = self._paint(index)
            shown = {self.ids[s.label] for s in self.shapes[index] if s.label != VOID_LABEL}
            seen |= shown
            # An object with a box there and no shape is not absent: its mask is not known. A shape
            # of an object that is not known may be that of any.
            unknown = self.unknown.get(index, set())
            said = shown if 0 in unknown else seen - (unknown - shown)
            yield Keyframe(index, tuple(sorted(said - {0})), label_map)

    def _paint(self, index: int) -> LabelMap:
        label_map = np.zeros((self.info.height, self.info.width), np.uint8)
        for shape in sorted(self.shapes[index], key=lambda s: (s.label != VOID_LABEL, s.z)):
            if self.token is not None:
                self.token.check()
            object_id = VOID if shape.label == VOID_LABEL else self.ids[shape.label]
            if object_id:
                label_map[shape.geometry.fill(*label_map.shape)] = object_id
        label_map.flags.writeable = False
        return label_map


def require_room(count: int, *, most: int, what: str) -> None:
    """Refuse to read on where there are too many.

    Raises:
        AnnotationReadError: `count` is more than `most`; `what` says of what.
    """
    if count > most:
        raise AnnotationReadError(f"There are more than {most:,} {what}.", _SPLIT)


def says_ignore(text: str) -> bool:
    """Tell whether a label is one that stands for regions to be ignored: they become void."""
    return "".join(c for c in text.casefold() if c.isalnum()) in _IGNORED


def propose_ids(labels: tuple[Label, ...], notes: list[str]) -> dict[str, int]:
    """Return an id for each label: the file's own where all have a fitting one, else 1, 2, 3.

    Labels for which no id is left get 0, and a note says so.
    """
    wanted = [label.wanted for label in labels]
    fitting = all(w is not None and 1 <= w <= MAX_OBJECT_ID for w in wanted)
    if fitting and len(set(wanted)) == len(wanted):
        return {label.text: label.wanted or 0 for label in labels}
    ids = {
        label.text: number if number <= MAX_OBJECT_ID else 0
        for number, label in enumerate(labels, 1)
    }
    shown = ", ".join(f"{text[:40]!r} is object {i}" for text, i in list(ids.items())[:_SHOWN])
    more = f", and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    notes.append(f"Ids are given in order of appearance: {shown}{more}.")
    if len(ids) > MAX_OBJECT_ID:
        left = len(ids) - MAX_OBJECT_ID
        notes.append(f"{left} labels are left out: there are ids for {MAX_OBJECT_ID} objects.")
    return ids


def checked_mapping(
    mapping: Mapping[str, int], proposed: Mapping[str, int], notes: list[str]
) -> dict[str, int]:
    """Return the ids that a caller wants; labels that are not in the mapping get 0.

    Raises:
        AnnotationReadError: an id is outside 0..254, or a label is unknown.
    """
    for text, object_id in mapping.items():
        if text not in proposed:
            known = ", ".join(list(proposed)[:_SHOWN])
            raise AnnotationReadError(f"There is no label {text!r}.", f"The labels are {known}.")
        if not 0 <= object_id <= MAX_OBJECT_ID:
            raise AnnotationReadError(
                f"Label {text!r} cannot become object {object_id}.",
                f"Choose an id from 1 to {MAX_OBJECT_ID}, or 0 to leave it out.",
            )
    left_out = [text for text in proposed if not mapping.get(text)]
    if left_out:
        notes.append(f"Labels left out by the mapping: {', '.join(left_out[:_SHOWN])}.")
    return {text: mapping.get(text, 0) for text in proposed}


def object_infos(labels: tuple[Label, ...], ids: Mapping[str, int]) -> tuple[ObjectInfo, ...]:
    """Return the objects that have an id; where labels share one, the first one names it."""
    infos: dict[int, ObjectInfo] = {}
    for label in labels:
        object_id = ids[label.text]
        if object_id and object_id not in infos:
            info = ObjectInfo.plain(object_id, name=label.name, category=label.category)
            infos[object_id] = replace(info, color=label.color or info.color)
    return tuple(infos[object_id] for object_id in sorted(infos))
