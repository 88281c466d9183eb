"""What the engine gets: keyframes as a pure function of the project.

The engine keeps no memory that is not made from these, so taking back an edit takes back its
effect on propagation, too.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.types import VOID, Keyframe
from vosapp.project import rules
from vosapp.project.store import Project


def keyframes(project: Project) -> tuple[Keyframe, ...]:
    """Return all keyframes, ascending by frame. Each takes H x W bytes."""
    return tuple(iter_keyframes(project))


def iter_keyframes(project: Project) -> Iterator[Keyframe]:
    """Yield the keyframes one by one, ascending by frame.

    A keyframe asserts what the user does on its frame; one whose objects are all absent has a
    label map of zeros, which is shared. It is a reference where one of its objects is.
    """
    for frame_index in project.keyframe_indices():
        assertions = project.assertions(frame_index)
        object_ids = tuple(sorted(assertions))
        reference = any(item.reference for item in assertions.values())
        label_map = project.keyframe_map(frame_index)
        foreign = ~rules.isin(label_map, {0, VOID, *object_ids})
        if foreign.any():
            label_map = np.where(foreign, 0, label_map).astype(np.uint8)
        yield Keyframe(frame_index, object_ids, label_map, reference)
