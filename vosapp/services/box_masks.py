"""Boxes become masks, as the box tool makes them. No Qt, no torch, no weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.media.annotations.values import Box, ImportedAnnotations
from core.prompts.request import BoxPrompt, SegmentRequest
from core.types import MAX_OBJECT_ID, Keyframe
from vosapp.project.boxes import box_of
from vosapp.project.edit_import import ImportAnnotations
from vosapp.project.model import PromptKind

if TYPE_CHECKING:
    from core.jobs import CancelToken
    from core.types import Frame
    from vosapp.project.model import Prompt
    from vosapp.project.store import Project


def with_masks(
    found: ImportedAnnotations, frame: Callable[[int], Frame], token: CancelToken | None = None
) -> ImportedAnnotations:
    """Return annotations in which each box has a mask; objects that have one there keep it.

    Args:
        found: what was read.
        frame: gives the picture of a frame; called while the keyframes are read.
        token: looked at before each box.
    """
    by_frame: dict[int, list[Box]] = {}
    for box in filter(lambda box: box.visible, found.boxes):
        by_frame.setdefault(box.frame_index, []).append(box)

    def keyframes() -> Iterator[Keyframe]:
        waiting = sorted(by_frame)
        for keyframe in found.keyframes():
            while waiting and waiting[0] < keyframe.frame_index:
                yield from _made(waiting.pop(0), None)
            if waiting and waiting[0] == keyframe.frame_index:
                yield from _made(waiting.pop(0), keyframe)
            else:
                yield keyframe
        for index in waiting:
            yield from _made(index, None)

    def _made(index: int, known: Keyframe | None) -> Iterator[Keyframe]:
        picture = frame(index)
        base = np.zeros(picture.shape[:2], np.uint8) if known is None else known.label_map
        ids = () if known is None else known.object_ids
        yield _keyframe(Keyframe(index, ids, base), by_frame[index], picture, token)

    frames = tuple(sorted({*found.frames, *by_frame}))
    count = sum(map(len, by_frame.values()))
    note = f"Boxes that become masks: {count} on {len(by_frame)} frames."
    notes = (*found.notes, note) if by_frame else found.notes
    return replace(found, frames=frames, keyframes=keyframes, notes=notes)


def boxes_of(project: Project) -> tuple[Box, ...]:
    """Return the boxes in a project whose objects have no keyframe and no lock there.

    Box labels, drawn and interpolated; and boxes that older versions kept as prompts, where the
    object has no label. By frame, and from front to back: who is in front gets its pixels first.
    """
    objects = project.objects()
    locked = {item.object_id for item in objects if item.locked}
    place = {item.object_id: number for number, item in enumerate(objects)}
    found = {
        (label.frame_index, label.object_id): box_of(label)
        for label in project.boxes_in()
        if label.visible
    }
    for index in project.prompted_frames():
        for prompt in project.prompts(index):
            if prompt.kind is PromptKind.BOX:
                found.setdefault((index, prompt.object_id), _box_of_prompt(prompt))
    asserted = {index: project.assertions(index) for index in {index for index, _ in found}}
    return tuple(
        found[index, object_id]
        for index, object_id in sorted(found, key=lambda key: (key[0], place.get(key[1], 0)))
        if object_id not in locked and object_id not in asserted[index]
    )


def masking(
    project: Project, frame: Callable[[int], Frame], token: CancelToken | None = None
) -> ImportAnnotations:
    """Return the edit that makes keyframes of the boxes in a project; the masks are made while it
    is done.

    Args:
        project: see `boxes_of` for which boxes.
        frame: gives the picture of a frame.
        token: looked at before each box.
    """
    found = ImportedAnnotations((), boxes=boxes_of(project))
    return ImportAnnotations(replace(with_masks(found, frame, token), boxes=()))


def _box_of_prompt(prompt: Prompt) -> Box:
    (x0, y0, _), (x1, y1, _) = prompt.points
    corners = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    return Box(prompt.frame_index, prompt.object_id, *corners)


def _keyframe(
    known: Keyframe, boxes: list[Box], picture: Frame, token: CancelToken | None
) -> Keyframe:
    from core.prompts.segment import segment

    label_map = known.label_map.copy()
    ids = set(known.object_ids)
    for box in boxes:
        if token is not None:
            token.check()
        if 0 < box.object_id <= MAX_OBJECT_ID and not np.any(label_map == box.object_id):
            prompt = BoxPrompt((box.left, box.top, box.right, box.bottom))
            mask = segment(SegmentRequest(picture, prompt, protected=label_map > 0))
            if mask.any():
                label_map[mask] = box.object_id
                ids.add(box.object_id)
    label_map.flags.writeable = False
    return Keyframe(known.frame_index, tuple(sorted(ids)), label_map)
