"""Drafts of a propagation, held in memory while it runs, and shown where no result is. No Qt.

Nothing of them reaches the project: exports and states know results alone (ADR 0045).
"""

from __future__ import annotations

import zlib

import numpy as np

from core.cache import LruCache
from core.types import FrameDraft, LabelMap
from vosapp.project import rules
from vosapp.project.model import FrameState
from vosapp.project.store import Project

BUDGET = 64 << 20
"""Bytes of drafts, packed; a frame of 480p takes some thousands."""
_Packed = tuple[bytes, tuple[int, int], tuple[int, ...]]


class Drafts:
    """Drafts by frame. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: LruCache[int, _Packed] = LruCache(BUDGET, lambda packed: len(packed[0]) + 200)

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, frame_index: int) -> bool:
        return frame_index in self._kept

    def put(self, draft: FrameDraft) -> None:
        """Hold a draft; one of the same frame is replaced."""
        label_map = np.ascontiguousarray(draft.label_map)
        height, width = label_map.shape
        packed = zlib.compress(label_map.tobytes(), 1), (height, width), draft.object_ids
        self._kept.put(draft.frame_index, packed)

    def drop(self, frame_index: int) -> None:
        """Forget the draft of a frame: its result is there."""
        self._kept.drop(frame_index)

    def clear(self) -> None:
        """Forget all: the run is over."""
        self._kept.clear()

    def over(
        self, project: Project, frame_index: int, shown: LabelMap
    ) -> tuple[LabelMap, frozenset[int]]:
        """What a frame shows, with its draft in place of what a propagation may write.

        Args:
            project: says what must not be written.
            frame_index: of the frame.
            shown: H x W, what it shows without the draft.

        Returns:
            A label map, and the objects that are drafts in it; `shown` and none without a draft.
        """
        packed = self._kept.get(frame_index)
        if packed is None or packed[1] != shown.shape:
            return shown, frozenset()
        data, shape, object_ids = packed
        label_map = np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape)
        open_ids, kept, objects = set[int](), set[int](), project.objects()
        for item in objects:
            state = project.state(frame_index, item.object_id)
            if rules.may_write(state, locked=item.locked):
                open_ids.add(item.object_id)
            elif state is not FrameState.EMPTY:
                kept.add(item.object_id)
        ids = open_ids & set(object_ids)
        order = [item.object_id for item in objects]
        merged = rules.merge_results(shown, label_map, writable=ids, kept=kept, order=order)
        merged.setflags(write=False)
        return merged, frozenset(ids)
