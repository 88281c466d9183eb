"""Sentences about what a format cannot hold, each made only where this source has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from core.media.export.base import ids_in, labeled_frames
from core.types import VOID

if TYPE_CHECKING:
    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource

_SHOWN = 5


@dataclass(slots=True)
class Survey:
    """What one walk over all label maps finds.

    Attributes:
        missing: frames without a label map.
        empty: labeled frames without any object.
        void: frames with void pixels.
        first_seen: object id -> the first frame with a pixel of it.
        frames_of: object id -> number of frames with a pixel of it.
    """

    missing: list[int] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    void: list[int] = field(default_factory=list)
    first_seen: dict[int, int] = field(default_factory=dict)
    frames_of: dict[int, int] = field(default_factory=dict)


def survey(source: AnnotationSource, *, token: CancelToken | None = None) -> Survey:
    """Walk over all label maps once.

    Raises:
        Cancelled: the token was cancelled.
    """
    found = Survey()
    for index, label_map in labeled_frames(source, token=token):
        if label_map is None:
            found.missing.append(index)
            continue
        ids = ids_in(label_map)
        if not ids:
            found.empty.append(index)
        if bool(np.any(label_map == VOID)):
            found.void.append(index)
        for object_id in ids:
            found.first_seen.setdefault(object_id, index)
            found.frames_of[object_id] = found.frames_of.get(object_id, 0) + 1
    return found


def names_lost(source: AnnotationSource, *, categories: bool = True) -> list[str]:
    """Say that names (and categories) are lost, where there are any; colors always go with them."""
    named = [info for info in source.objects if info.name]
    classed = [info for info in source.objects if info.category]
    sentences = []
    if named:
        sentences.append(f"Not written: names ({counted(len(named), 'object')}).")
    if classed and categories:
        sentences.append(f"Not written: categories ({counted(len(classed), 'object')}).")
    return sentences


def palette_lost(source: AnnotationSource, found: Survey, *, void: bool = False) -> list[str]:
    """Say what palette masks alone do not hold; `void` where they keep it."""
    return [
        *names_lost(source),
        *colors_lost(source),
        *([] if void else void_lost(found)),
        *unseen_lost(source, found),
        *missing_frames(found),
    ]


def colors_lost(source: AnnotationSource, *, palette: bool = True) -> list[str]:
    """Say that colors are lost; a palette format has those of DAVIS, by id."""
    from core.media.annotations.values import ObjectInfo

    changed = [i for i in source.objects if i.color != ObjectInfo.plain(i.object_id).color]
    if not palette:
        return ["Not written: the colors of the objects."] if source.objects else []
    if not changed:
        return []
    return [f"Shown in the colors of DAVIS, not their own: {counted(len(changed), 'object')}."]


def void_lost(found: Survey) -> list[str]:
    """Say that void pixels become background."""
    if not found.void:
        return []
    return [f"Void pixels become background on frames {listed(found.void)}."]


def missing_frames(found: Survey) -> list[str]:
    """Say which frames have no label map and so no file."""
    if not found.missing:
        return []
    return [f"Nothing is written for frames without a label map: {listed(found.missing)}."]


def missing_as_empty(found: Survey) -> list[str]:
    """Say that frames without a label map cannot be told from frames without objects."""
    if not found.missing:
        return []
    frames = listed(found.missing)
    return [f"Frames without a label map look as if no object were there: {frames}."]


def empty_as_missing(found: Survey) -> list[str]:
    """Say that frames without objects cannot be told from frames without a label map."""
    if not found.empty:
        return []
    frames = listed(found.empty)
    return [f"Frames without any object look as if they were not labeled: {frames}."]


def listed(frames: list[int]) -> str:
    """Return frames as ranges, the first few of them: `0-3, 7 and 12 more`."""
    ranges: list[list[int]] = []
    for index in frames:
        if ranges and index == ranges[-1][1] + 1:
            ranges[-1][1] = index
        else:
            ranges.append([index, index])
    shown = ", ".join(f"{a}-{b}" if a < b else str(a) for a, b in ranges[:_SHOWN])
    left = sum(b - a + 1 for a, b in ranges[_SHOWN:])
    return f"{shown} and {left} more" if left else shown


def counted(count: int, noun: str) -> str:
    """Return `1 frame` or `3 frames`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def unseen_lost(source: AnnotationSource, found: Survey) -> list[str]:
    """Say which objects have no pixel and so leave no trace."""
    unseen = [i.title for i in source.objects if i.object_id not in found.frames_of]
    if not unseen:
        return []
    more = f" and {len(unseen) - _SHOWN} more" if len(unseen) > _SHOWN else ""
    return [f"No frame shows {', '.join(unseen[:_SHOWN])}{more}: not written."]
