"""Edits over ranges of frames: checks, references, deleting, merging and splitting objects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.errors import UsageError
from core.jobs import Progress
from vosapp.project.edit_boxes import move_boxes, remove_boxes
from vosapp.project.edit_cleanings import split_cleanings
from vosapp.project.editor import Editor
from vosapp.project.model import Assertion
from vosapp.project.schema import KEYFRAMES, OBJECTS, RESULTS, Table


@dataclass(frozen=True, slots=True)
class CheckFrames:
    """Lock propagated masks that the user finds right, or unlock them.

    Attributes:
        object_ids: whose; keyframes and empty cells are left out.
        start, stop: the frames `start` to `stop` - 1; None is the end.
        checked: False takes the check away.
    """

    object_ids: tuple[int, ...]
    start: int
    stop: int | None = None
    checked: bool = True

    def title(self, _editor: Editor) -> str:
        """Return what it does."""
        return "Check frames" if self.checked else "Uncheck frames"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        start, stop = editor.range(self.start, self.stop)
        for object_id in self.object_ids:
            editor.object(object_id)
            asserted = editor.asserted_frames(object_id, start, stop)
            for first, last in zip([start - 1, *asserted], [*asserted, stop], strict=True):
                editor.lanes.set_checked(object_id, first + 1, last, checked=self.checked)
        return ()


@dataclass(frozen=True, slots=True)
class SetReference:
    """Make a keyframe one that the engine always keeps in its memory, or an ordinary one.

    Attributes:
        frame_index: 0-based.
        object_ids: which of the objects asserted there; all where it is empty.
        reference: False makes it an ordinary keyframe.
    """

    frame_index: int
    object_ids: tuple[int, ...] = ()
    reference: bool = True

    def title(self, _editor: Editor) -> str:
        """Return what it does."""
        return "Make reference frame" if self.reference else "Remove reference frame"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        known = editor.assertions(editor.frame(self.frame_index))
        wanted = self.object_ids or tuple(known)
        if not wanted or not known.keys() >= set(wanted):
            raise UsageError(
                f"Frame {self.frame_index} is no keyframe of these objects.",
                "Only a keyframe can be a reference frame: draw or import a mask first.",
            )
        for object_id in wanted:
            editor.set_reference(replace(known[object_id], reference=self.reference))
        return ()


@dataclass(frozen=True, slots=True)
class ClearMasks:
    """Delete an object's masks, keyframes and prompts on the frames `start` to `stop` - 1.

    Box labels stay: `vosapp.project.edit_boxes.RemoveBoxes` removes them.
    """

    object_id: int
    start: int
    stop: int | None = None

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Delete masks of {editor.object(self.object_id).name}"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        editor.editable(self.object_id)
        yield from _clear(editor, self.object_id, *editor.range(self.start, self.stop))


@dataclass(frozen=True, slots=True)
class DeleteObject:
    """Delete an object everywhere."""

    object_id: int

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Delete {editor.object(self.object_id).name}"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        editor.editable(self.object_id)
        yield from _clear(editor, self.object_id, 0, editor.video.frame_count)
        remove_boxes(editor, self.object_id)
        editor.cleanings.put(self.object_id, ())
        editor.rows.delete(OBJECTS, self.object_id)


@dataclass(frozen=True, slots=True)
class MergeObjects:
    """Make one object of two: `source` goes, its masks become part of `target`."""

    source: int
    target: int

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        names = editor.object(self.source).name, editor.object(self.target).name
        return f"Merge {names[0]} into {names[1]}"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        if self.source == self.target:
            raise UsageError("An object cannot be merged with itself.")
        source, target = editor.editable(self.source), editor.editable(self.target)
        if source.category and not target.category:
            editor.put_object(replace(target, category=source.category))
        yield from _relabel(editor, self.source, self.target, 0)
        editor.cleanings.put(self.source, ())
        editor.rows.delete(OBJECTS, self.source)


@dataclass(frozen=True, slots=True)
class SplitObject:
    """From a frame on, make an object of its own of what was tracked as this one.

    Attributes:
        object_id: the object that ends before the frame.
        frame_index: the first frame of the new one.
        name: of the new one; empty takes "Object" and its id.
    """

    object_id: int
    frame_index: int
    name: str = ""

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Split {editor.object(self.object_id).name}"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        frame = editor.frame(self.frame_index)
        whole = editor.editable(self.object_id)
        item = editor.new_object(name=self.name)
        editor.put_object(replace(item, category=whole.category))
        yield from _relabel(editor, self.object_id, item.object_id, frame)
        split_cleanings(editor, self.object_id, item.object_id, frame)


def _clear(editor: Editor, object_id: int, start: int, stop: int) -> Iterable[Progress]:
    editor.remove_prompts(object_id, start, stop)
    asserted = editor.asserted_frames(object_id, start, stop)
    for frame in asserted:
        editor.remove_assertion(frame, object_id)
        _repaint(editor, KEYFRAMES, frame, {object_id: 0})
    frames = sorted({*editor.lanes.frames(object_id, start, stop), *asserted})
    for done, frame in enumerate(frames, start=1):
        _repaint(editor, RESULTS, frame, {object_id: 0})
        yield Progress(done, len(frames), "deleting masks")
    editor.lanes.clear(object_id, start, stop)
    editor.softs.clear(object_id, start, stop)


def _relabel(editor: Editor, source: int, target: int, start: int) -> Iterable[Progress]:
    stop = editor.video.frame_count
    asserted = editor.asserted_frames(source, start, stop)
    both = {*asserted, *editor.asserted_frames(target, start, stop)}
    stored = editor.lanes.frames(source, start, stop)
    frames = sorted({*asserted, *stored})
    for done, frame in enumerate(frames, start=1):
        if frame in both:
            _relabel_keyframe(editor, source, target, frame)
        _repaint(editor, RESULTS, frame, {source: target})
        yield Progress(done, len(frames), "moving masks")
    editor.lanes.merge(source, target, start, stop)
    editor.softs.move(source, target, start, stop)
    editor.move_prompts(source, target, start)
    move_boxes(editor, source, target, start)


def _relabel_keyframe(editor: Editor, source: int, target: int, frame: int) -> None:
    """Assert the union of both masks where one of the two is asserted.

    What was propagated is not stale: the user sees the union everywhere.
    """
    known = editor.assertions(frame)
    shown = editor.shown(frame)
    layer = editor.keyframe_map(frame)
    for object_id in (source, target):
        if object_id not in known:
            layer[shown == object_id] = object_id
    layer[layer == source] = target
    reference = any(known[i].reference for i in (source, target) if i in known)
    if source in known:
        editor.remove_assertion(frame, source, stale=False)
    area = int((layer == target).sum())
    editor.put_assertion(Assertion(frame, target, area, reference), stale=False)
    editor.maps.put_layer(KEYFRAMES, frame, layer)


def _repaint(editor: Editor, table: Table, frame: int, labels: dict[int, int]) -> None:
    """Replace labels in one layer of a frame; writes nothing where none of them occurs."""
    layer = editor.maps.layer(table, frame)
    if layer is None:
        return
    painted = layer.copy()
    for old, new in labels.items():
        painted[layer == old] = new
    if (painted != layer).any():
        editor.maps.put_layer(table, frame, painted)
