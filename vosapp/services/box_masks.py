"""Boxes become masks, as the box tool makes them. No Qt, no torch, no weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.media.annotations.values import Box, ImportedAnnotations
from core.prompts.request import BoxPrompt, SegmentRequest
from core.types import MAX_OBJECT_ID, Keyframe
from vosapp.project.model import PromptKind

if TYPE_CHECKING:
    from core.jobs import CancelToken
    from core.types import Frame
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
    for box in found.boxes:
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
    note = f"Boxes that become masks: {len(found.boxes)} on {len(by_frame)} frames."
    notes = (*found.notes, note) if by_frame else found.notes
    return replace(found, frames=frames, keyframes=keyframes, notes=notes)


def boxes_of(project: Project) -> tuple[Box, ...]:
    """Return the boxes in a project whose objects have no keyframe and no lock there."""
    locked = {item.object_id for item in project.objects() if item.locked}
    found = []
    for index in project.prompted_frames():
        prompts = [p for p in project.prompts(index) if p.kind is PromptKind.BOX]
        asserted = project.assertions(index) if prompts else {}
        for prompt in prompts:
            if prompt.object_id not in locked and prompt.object_id not in asserted:
                (x0, y0, _), (x1, y1, _) = prompt.points
                corners = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
                found.append(Box(index, prompt.object_id, *corners))
    return tuple(found)


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
