"""Edits of what the user asserts: painting, whole masks, absence, import of keyframes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import MaskMismatch, UsageError
from core.jobs import Progress
from core.types import VOID, Keyframe, LabelMap
from vosapp.project import rules
from vosapp.project.editor import Editor
from vosapp.project.model import Assertion

Mask = NDArray[np.bool_]
"""H x W, or a part of it."""


@dataclass(frozen=True, slots=True)
class Paint:
    """One stroke of the brush or the eraser.

    The object's mask on this frame, wherever it came from, becomes the user's; other objects lose
    the pixels painted over, unless they are locked or painting is limited to others.

    Attributes:
        frame_index: 0-based.
        object_id: whose mask.
        top, left: where the patch lies in the frame; it may reach over the edge.
        patch: True where the stroke went.
        erase: take the pixels away instead of adding them.
        over: ids, 0 for the background, whose pixels may be painted over; None for all.
    """

    frame_index: int
    object_id: int
    top: int
    left: int
    patch: Mask
    erase: bool = False
    over: frozenset[int] | None = None

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"{'Erase' if self.erase else 'Paint'} {editor.object(self.object_id).name}"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        frame = editor.frame(self.frame_index)
        editor.editable(self.object_id)
        rows, columns, patch = self._clip(editor)
        layer = _with_own_mask(editor, frame, self.object_id)
        part = layer[rows, columns]
        changed = {self.object_id}
        if self.erase:
            part[patch & (part == self.object_id)] = 0
        else:
            free = patch & self._may_change(editor, frame)[rows, columns]
            changed |= _labels(part[free])
            part[free] = self.object_id
            if patch.any() and not (layer == self.object_id).any():
                raise _all_taken(editor, self.object_id)
        editor.put_keyframe(frame, layer, changed)
        return ()

    def _may_change(self, editor: Editor, frame: int) -> Mask:
        free = ~_locked(editor, frame, self.object_id)
        if self.over is not None:
            free &= rules.isin(editor.shown(frame), self.over | {self.object_id})
        return free

    def _clip(self, editor: Editor) -> tuple[slice, slice, Mask]:
        if self.patch.ndim != 2 or self.patch.dtype != np.bool_:
            raise UsageError("A stroke must be a mask of two dimensions.")
        bottom = min(self.top + self.patch.shape[0], editor.video.height)
        right = min(self.left + self.patch.shape[1], editor.video.width)
        top, left = max(0, self.top), max(0, self.left)
        rows, columns = slice(top, max(top, bottom)), slice(left, max(left, right))
        height, width = rows.stop - rows.start, columns.stop - columns.start
        down, across = top - self.top, left - self.left
        return rows, columns, self.patch[down : down + height, across : across + width]


@dataclass(frozen=True, slots=True)
class SetMask:
    """Assert an object's whole mask on a frame, as a box or points propose one.

    What the user has drawn, imported, checked or locked of other objects there stays theirs, and
    wins (ADR 0047).

    Attributes:
        frame_index: 0-based.
        object_id: whose mask.
        mask: H x W; all False asserts that it is absent.
    """

    frame_index: int
    object_id: int
    mask: Mask

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Set mask of {editor.object(self.object_id).name}"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        frame = editor.frame(self.frame_index)
        editor.editable(self.object_id)
        if self.mask.dtype != np.bool_ or self.mask.shape != editor.maps.blank.shape:
            raise MaskMismatch(f"The mask is {self.mask.shape}, not as large as the video.")
        others = _spoken_for(editor, frame) - {self.object_id}
        free = self.mask & ~rules.isin(editor.shown(frame), others)
        if self.mask.any() and not free.any():
            raise _all_taken(editor, self.object_id)
        layer = editor.keyframe_map(frame)
        layer[layer == self.object_id] = 0
        layer[free] = self.object_id
        editor.put_keyframe(frame, layer, (self.object_id,))
        return ()


@dataclass(frozen=True, slots=True)
class AddWithMask:
    """Add an object with its mask on a frame, as something that was found is accepted.

    Attributes:
        frame_index: 0-based.
        mask: H x W.
        name: empty takes "Object" and its id.
    """

    frame_index: int
    mask: Mask
    name: str = ""

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Accept {editor.new_object(None, self.name).name}"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        if not self.mask.any():
            raise UsageError("There is nothing of the object on this frame.")
        item = editor.new_object(None, self.name)
        editor.put_object(item)
        return SetMask(self.frame_index, item.object_id, self.mask).apply(editor)


@dataclass(frozen=True, slots=True)
class MarkAbsent:
    """Assert that an object is not on the frames `start` to `stop` - 1; None is the end."""

    object_id: int
    start: int
    stop: int | None = None

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Mark {editor.object(self.object_id).name} absent"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        start, stop = editor.range(self.start, self.stop)
        editor.editable(self.object_id)
        for frame in range(start, stop):
            known = editor.assertions(frame).get(self.object_id)
            if known is None:
                editor.put_assertion(Assertion(frame, self.object_id, 0))
            elif known.area:
                layer = editor.keyframe_map(frame)
                layer[layer == self.object_id] = 0
                editor.put_keyframe(frame, layer, (self.object_id,))
            yield Progress(frame + 1 - start, stop - start, "marking frames")


@dataclass(frozen=True, slots=True)
class ImportKeyframes:
    """Take over keyframes from elsewhere. Objects that are missing are added.

    Attributes:
        keyframes: with label maps at the video's size; ascending.
        overwrite: replace what is asserted already of these objects; else it stays, and wins
            where both claim a pixel. What is asserted of others, and locked ones, always stay.
    """

    keyframes: tuple[Keyframe, ...]
    overwrite: bool = False

    def title(self, _editor: Editor) -> str:
        """Return what it does."""
        return f"Import {len(self.keyframes)} keyframes"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        _add_missing(editor, self.keyframes)
        locked = editor.locked_ids()
        for done, keyframe in enumerate(self.keyframes, start=1):
            self._take(editor, keyframe, locked)
            yield Progress(done, len(self.keyframes), "importing keyframes")

    def _take(self, editor: Editor, keyframe: Keyframe, locked: Collection[int]) -> None:
        frame = editor.frame(keyframe.frame_index)
        _check_map(editor, keyframe)
        known = set(editor.assertions(frame))
        stays = set(locked) if self.overwrite else known | set(locked)
        ids = set(keyframe.object_ids) - stays
        if not ids:
            return
        layer = editor.keyframe_map(frame)
        layer[rules.isin(layer, ids)] = 0
        take = rules.isin(keyframe.label_map, ids)
        take &= ~rules.isin(layer, (stays | known) - ids)
        take &= ~_locked(editor, frame, 0)
        changed = ids
        layer[take] = keyframe.label_map[take]
        layer[(keyframe.label_map == VOID) & (layer == 0)] = VOID
        editor.put_keyframe(frame, layer, changed)


def conflicts(editor: Editor, keyframes: Iterable[Keyframe]) -> dict[int, tuple[int, ...]]:
    """Return by frame the ids that an import would not take over, being asserted already."""
    found = {}
    for keyframe in keyframes:
        both = set(editor.assertions(keyframe.frame_index)) & set(keyframe.object_ids)
        if both:
            found[keyframe.frame_index] = tuple(sorted(both))
    return found


def _add_missing(editor: Editor, keyframes: Iterable[Keyframe]) -> None:
    known = {item.object_id for item in editor.objects()}
    wanted = {object_id for keyframe in keyframes for object_id in keyframe.object_ids}
    for object_id in sorted(wanted - known):
        editor.put_object(editor.new_object(object_id))


def _check_map(editor: Editor, keyframe: Keyframe) -> None:
    label_map = keyframe.label_map
    if label_map.shape != editor.maps.blank.shape or label_map.dtype != np.uint8:
        raise MaskMismatch(
            f"The keyframe of frame {keyframe.frame_index} is {label_map.shape},"
            f" the video {editor.maps.blank.shape}."
        )


def _with_own_mask(editor: Editor, frame: int, object_id: int) -> LabelMap:
    """A copy of the keyframe layer that holds the object's mask, taken from what is shown."""
    layer = editor.keyframe_map(frame)
    if object_id not in editor.assertions(frame):
        layer[editor.shown(frame) == object_id] = object_id
    return layer


def _locked(editor: Editor, frame: int, object_id: int) -> Mask:
    """Where locked objects other than this one are shown."""
    locked = editor.locked_ids() - {object_id}
    return rules.isin(editor.shown(frame), locked) if locked else editor.maps.blank != 0


def _spoken_for(editor: Editor, frame: int) -> frozenset[int]:
    """Ids whose pixels on a frame no proposed mask takes: locked, asserted, checked."""
    asserted = {i for i, item in editor.assertions(frame).items() if item.area}
    return editor.locked_ids() | asserted | editor.checked_ids(frame)


def _all_taken(editor: Editor, object_id: int) -> UsageError:
    name = editor.object(object_id).name
    return UsageError(
        f"All of these pixels are other objects', so {name} gets none.",
        "Paint with the limit Everything where it is in front, or unlock the other object.",
    )


def _labels(pixels: NDArray[np.uint8]) -> set[int]:
    """Ids of the objects that occur."""
    return {int(label) for label in np.flatnonzero(np.bincount(pixels))} - {0, VOID}
