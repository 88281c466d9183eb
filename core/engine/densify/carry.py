"""One keyframe's masks on their way to another one, kept in little space."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

import numpy as np

from core.data.dense_labels import Arrival, agreement
from core.engine.fuse import Opinion
from core.engine.propagate import PropagationRequest, propagate
from core.engine.spool import ProbabilitySpool
from core.jobs import CancelToken, Progress
from core.media.annotations.rectangles import mask_overlap
from core.types import Direction, FrameResult, Keyframe, LabelMap

if TYPE_CHECKING:
    from core.media.annotations.rectangles import Corners
    from core.media.video import VideoSource
    from core.tracking.contract import Tracker


class CarriedMasks:
    """The masks of one keyframe, carried to a frame on which another one lies."""

    def __init__(
        self, video: VideoSource, tracker: Tracker, keyframe: Keyframe, *, to: int
    ) -> None:
        self.keyframe = keyframe
        self._video = video
        self._tracker = tracker
        self._to = to
        self._maps: dict[int, bytes] = {}
        self._spool = ProbabilitySpool()
        self._begun = {i: int((keyframe.label_map == i).sum()) for i in keyframe.object_ids}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._spool.close()

    def go(self, token: CancelToken) -> Iterator[Progress]:
        """Walk; nothing happens where there is no mask to be carried."""
        if not any(self._begun.values()):
            return
        at = self.keyframe.frame_index
        forward = self._to > at
        bounds = (at + 1, self._to + 1) if forward else (self._to, at)
        way = Direction.FORWARD if forward else Direction.BACKWARD
        request = PropagationRequest((self.keyframe,), *bounds, ways=(way,))
        for item in propagate(self._video, self._tracker, request, token, keep=self._spool):
            if isinstance(item, FrameResult):
                self._maps[item.frame_index] = zlib.compress(item.label_map.tobytes(), 1)
            yield Progress(0, 0, f"carrying {way.name.lower()}")

    def map(self, index: int) -> LabelMap:
        """The label map of a frame; empty where nothing was carried."""
        info = self._video.info
        if index not in self._maps:
            return np.zeros((info.height, info.width), np.uint8)
        flat = np.frombuffer(zlib.decompress(self._maps[index]), np.uint8)
        return flat.reshape(info.height, info.width)

    def opinion(self, index: int) -> Opinion:
        """What the walk says of a frame."""
        return self._spool.get(index)[0]

    def arrival(self, object_id: int, end: Keyframe, drawn: Corners | None) -> Arrival | None:
        """How an object agrees with the keyframe it arrives at; None where it was not carried."""
        begun = self._begun.get(object_id, 0)
        if not begun:
            return None
        mask, shown = self.map(self._to) == object_id, end.label_map == object_id
        likeness = mask_overlap(mask, shown) if shown.any() else None
        return Arrival(agreement(mask, drawn, begun=begun), likeness)
