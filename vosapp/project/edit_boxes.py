"""Edits of box labels. Interpolated ones follow the drawn ones that they lie between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from core.errors import UsageError
from core.jobs import Progress
from vosapp.project.boxes import BoxLabel, between
from vosapp.project.editor import Editor


@dataclass(frozen=True, slots=True)
class PutBox:
    """Add a drawn box label, or change the one of its object on its frame.

    The box is cut off at the frame's edges. Interpolated labels up to the next drawn one on either
    side are computed anew.

    Attributes:
        label: drawn.
        fill: make interpolated labels on all frames up to these drawn ones, too.
    """

    label: BoxLabel
    fill: bool = False

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        known = self.label.object_id in editor.boxes.on_frame(self.label.frame_index)
        name = editor.object(self.label.object_id).name
        return f"Change box label of {name}" if known else f"Add box label to {name}"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        if not self.label.drawn:
            raise UsageError(
                "A box label that is put is drawn; others are made between drawn ones."
            )
        frame = editor.frame(self.label.frame_index)
        editor.editable(self.label.object_id)
        editor.boxes.put(inside(editor, self.label))
        _follow(editor, self.label.object_id, frame, frame, ends_gone=False)
        if self.fill:
            _fill(editor, self.label.object_id, frame)
        return ()


@dataclass(frozen=True, slots=True)
class RemoveBoxes:
    """Remove an object's box labels on the frames `start` to `stop` - 1; masks stay.

    Where drawn ones go, interpolated labels beside the range are computed anew between those that
    are left, or go with them where there is none on one side.

    Attributes:
        object_id: whose.
        start, stop: the frames; None is the end.
        interpolated_only: leave the drawn ones.
        fill: where drawn ones go, make interpolated labels on all frames between those beside the
            range; nobody draws there any more.
    """

    object_id: int
    start: int
    stop: int | None = None
    interpolated_only: bool = False
    fill: bool = False

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Remove box labels of {editor.object(self.object_id).name}"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        start, stop = editor.range(self.start, self.stop)
        editor.editable(self.object_id)
        labels = editor.boxes.of_object(self.object_id, start, stop)
        going = [x for x in labels if not (x.drawn and self.interpolated_only)]
        for label in going:
            editor.boxes.remove(label)
        if any(label.drawn for label in going):
            _follow(editor, self.object_id, start, stop - 1, ends_gone=True)
            if self.fill:
                _fill(editor, self.object_id, start)
        return ()


@dataclass(frozen=True, slots=True)
class InterpolateBoxes:
    """Make box labels on all frames between an object's drawn ones in `start` to `stop` - 1.

    Nothing is made next to a label that says that the object is not visible: nobody knows when it
    left or came.
    """

    object_id: int
    start: int = 0
    stop: int | None = None

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Interpolate box labels of {editor.object(self.object_id).name}"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        start, stop = editor.range(self.start, self.stop)
        editor.editable(self.object_id)
        drawn = [x for x in editor.boxes.of_object(self.object_id, start, stop) if x.drawn]
        for done, (first, last) in enumerate(pairwise(drawn), 1):
            if first.visible and last.visible:
                frames = range(first.frame_index + 1, last.frame_index)
                editor.boxes.put_all(between(first, last, frame) for frame in frames)
            yield Progress(done, len(drawn) - 1, "interpolating boxes")


def inside(editor: Editor, label: BoxLabel) -> BoxLabel:
    """The part of a label that lies in the frame; one that is not visible stays as it is.

    Raises:
        UsageError: all of it lies outside.
    """
    if not label.visible:
        return replace(label, x=0.0, y=0.0)
    x, width = _cut(label.x, label.width, editor.video.width)
    y, height = _cut(label.y, label.height, editor.video.height)
    if width <= 0 or height <= 0:
        raise UsageError(
            f"The box of object {label.object_id} lies outside frame {label.frame_index}.",
            "An object that is not visible has a box of width and height 0.",
        )
    return replace(label, x=x, y=y, width=width, height=height)


def move_boxes(editor: Editor, source: int, target: int, start: int) -> None:
    """Hand an object's labels from a frame on to another one.

    Where both have one, a drawn one stays, else the target's.
    """
    stop = editor.video.frame_count
    known = {x.frame_index: x for x in editor.boxes.of_object(target, start, stop)}
    for label in editor.boxes.of_object(source, start, stop):
        there = known.get(label.frame_index)
        if there is None or (label.drawn and not there.drawn):
            editor.boxes.put(replace(label, object_id=target))
        editor.boxes.remove(label)


def remove_boxes(editor: Editor, object_id: int) -> None:
    """Remove all labels of an object."""
    for label in editor.boxes.of_object(object_id, 0, editor.video.frame_count):
        editor.boxes.remove(label)


def _cut(start: float, length: float, limit: int) -> tuple[float, float]:
    """Start and length of what lies in 0..limit; what lies in it whole is not rounded."""
    if start >= 0 and start + length <= limit:
        return start, length
    first = max(start, 0.0)
    return first, min(start + length, float(limit)) - first


def _follow(editor: Editor, object_id: int, first: int, last: int, *, ends_gone: bool) -> None:
    """Let interpolated labels follow a change of drawn ones on the frames `first` to `last`.

    Between two drawn ones they are computed anew. With one on one side only they are a file's, and
    stay, unless what was on the other side has gone just now.
    """
    labels = editor.boxes.of_object(object_id, 0, editor.video.frame_count)
    drawn = [x.frame_index for x in labels if x.drawn]
    before = max((x for x in drawn if x < first), default=-1)
    after = min((x for x in drawn if x > last), default=editor.video.frame_count)
    start: BoxLabel | None = None
    waiting: list[BoxLabel] = []
    for label in (x for x in labels if before <= x.frame_index <= after):
        if not label.drawn:
            waiting.append(label)
            continue
        if start is not None or ends_gone:
            _renew(editor, waiting, start, label)
        start, waiting = label, []
    if ends_gone:
        _renew(editor, waiting, start, None)


def _fill(editor: Editor, object_id: int, frame: int) -> None:
    """Make labels between a frame and the drawn ones on either side of it, as far as these tell."""
    labels = editor.boxes.of_object(object_id, 0, editor.video.frame_count)
    drawn = [label for label in labels if label.drawn]
    before = [label for label in drawn if label.frame_index < frame][-1:]
    here = [label for label in drawn if label.frame_index == frame]
    after = [label for label in drawn if label.frame_index > frame][:1]
    for first, last in pairwise((*before, *here, *after)):
        if first.visible and last.visible:
            frames = range(first.frame_index + 1, last.frame_index)
            editor.boxes.put_all(between(first, last, index) for index in frames)


def _renew(
    editor: Editor, labels: list[BoxLabel], first: BoxLabel | None, last: BoxLabel | None
) -> None:
    """Compute labels between two drawn ones anew, or remove them where these do not tell."""
    if first is None or last is None or not (first.visible and last.visible):
        for label in labels:
            editor.boxes.remove(label)
        return
    editor.boxes.put_all(between(first, last, label.frame_index) for label in labels)
