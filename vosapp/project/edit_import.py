"""The edit that takes over annotations from a file format, all as one step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter

import numpy as np

from core.jobs import Progress
from core.media.annotations.values import Box, ImportedAnnotations, ObjectInfo
from core.types import Keyframe
from vosapp.project import rules
from vosapp.project.boxes import label_of
from vosapp.project.edit_masks import ImportKeyframes
from vosapp.project.editor import Editor
from vosapp.project.edits import AddObject
from vosapp.project.model import MAX_NAME, TrackedObject


@dataclass(slots=True)
class ImportReport:
    """What an import did.

    Attributes:
        frames: on which something was taken over as a keyframe, ascending.
        unasserted: labeled frames that assert no object, and so make no keyframe.
        kept: by frame, the ids that stay as they are: asserted, checked, or locked.
        boxes: that became box labels.
        known_boxes: that were there already.
        kept_boxes: left out, since another box of the object is on the frame, of the project or
            the first one of the files.
        locked_boxes: boxes left out, since their objects are locked.
        notes: plain sentences on what of the objects could not be taken over.
    """

    frames: list[int] = field(default_factory=list)
    unasserted: int = 0
    kept: dict[int, tuple[int, ...]] = field(default_factory=dict)
    boxes: int = 0
    known_boxes: int = 0
    kept_boxes: int = 0
    locked_boxes: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ImportAnnotations:
    """Take over objects, keyframes and box labels; label maps are read one by one.

    Attributes:
        found: what an importer has found.
        overwrite: replace what the user asserted, checked or boxed; else it stays and keeps its
            pixels. Locked objects always stay.
        report: filled while the edit is done.
    """

    found: ImportedAnnotations
    overwrite: bool = False
    report: ImportReport = field(default_factory=ImportReport)

    def title(self, _editor: Editor) -> str:
        """Return what it does."""
        return "Import annotations"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        _add_objects(editor, self.found.objects, self.report)
        total = len(self.found.frames) + len(self.found.boxes)
        done = 0
        for keyframe in self.found.keyframes():
            self._take(editor, keyframe)
            done += 1
            yield Progress(done, total, "importing")
        for _, boxes in groupby(self.found.boxes, key=attrgetter("frame_index")):
            for _ in self._add_boxes(editor, list(boxes)):
                done += 1
                yield Progress(done, total, "importing")

    def _take(self, editor: Editor, keyframe: Keyframe) -> None:
        frame = editor.frame(keyframe.frame_index)
        ids = set(keyframe.object_ids)
        if not ids:
            self.report.unasserted += 1
            return
        asserted, checked = set(editor.assertions(frame)), editor.checked_ids(frame)
        given = set() if self.overwrite else asserted | checked
        stays = ids & (given | editor.locked_ids())
        if stays:
            self.report.kept[frame] = tuple(sorted(stays))
        if not ids - stays:
            return
        label_map, kept = keyframe.label_map, checked - (ids - stays)
        if kept and label_map.shape == editor.maps.blank.shape:
            taken = rules.isin(editor.shown(frame), kept)
            label_map = np.where(taken, 0, label_map).astype(np.uint8)
        part = replace(keyframe, object_ids=tuple(sorted(ids - stays)), label_map=label_map)
        for _ in ImportKeyframes((part,), self.overwrite).apply(editor):
            pass
        self.report.frames.append(frame)

    def _add_boxes(self, editor: Editor, boxes: list[Box]) -> Iterator[None]:
        """Add the boxes of one frame, with a step for each; what is known is read once."""
        frame = editor.frame(boxes[0].frame_index)
        known, taken = editor.boxes.on_frame(frame), set[int]()
        locked = editor.locked_ids()
        for box in boxes:
            label, there = label_of(box), known.get(box.object_id)
            if box.object_id in locked:
                self.report.locked_boxes += 1
            elif label == there:
                self.report.known_boxes += 1
            elif box.object_id in taken or (there is not None and not self.overwrite):
                self.report.kept_boxes += 1
            else:
                known[box.object_id] = label
                editor.boxes.put(label)
                self.report.boxes += 1
            taken.add(box.object_id)
            yield


def _add_objects(editor: Editor, infos: Iterable[ObjectInfo], report: ImportReport) -> None:
    known = {item.object_id: item for item in editor.objects()}
    for info in infos:
        name, category = _name(info), _given(info.category, info)
        there = known.get(info.object_id)
        if there is None:
            plain = info.color == ObjectInfo.plain(info.object_id).color
            color = None if plain else info.color
            for _ in AddObject(info.object_id, name, color, category).apply(editor):
                pass
            continue
        if name and name != there.name:
            report.notes.append(_stays(there, there.name, name))
        if category and not there.category:
            editor.put_object(replace(there, category=category))
        elif category not in ("", there.category):
            report.notes.append(_stays(there, there.category, category))


def _stays(item: TrackedObject, now: str, wanted: str) -> str:
    return f"Object {item.object_id} stays {now!r}; the file calls it {wanted!r}."


def _name(info: ObjectInfo) -> str:
    """The name in the file, or its category where it has none."""
    return _given(info.name, info) or _given(info.category, info)


def _given(text: str, info: ObjectInfo) -> str:
    """A name that can be stored; empty for those that formats write where there is none."""
    name = text.replace("\0", "")[:MAX_NAME].strip()
    return "" if name.lower() in ("object", f"object {info.object_id}") else name
