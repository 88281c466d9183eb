"""Which frames a video is learned from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.engine.spool import ProbabilitySpool
from core.jobs import CancelToken
from core.media.video import VideoSource
from core.ops.label_maps import one_hot
from core.tracking.contract import Lesson, StepResult
from core.types import VOID, Keyframe

MOST_KEYFRAMES = 16
"""Keyframes that are lessons; of more, these lie evenly among them."""
MOST_FRAMES = 20
"""Propagated frames that are lessons: the middle one of so many equal parts of the video."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """The frames a video is learned from.

    Attributes:
        object_ids: all objects, ascending.
        keyframes: those that stand alone.
        frames: propagated frames by index, ascending; a keyframe among them that asserts only
            some objects goes with them.
        spool: probabilities of those frames.
    """

    object_ids: tuple[int, ...]
    keyframes: tuple[Keyframe, ...]
    frames: dict[int, Keyframe | None]
    spool: ProbabilitySpool

    def read(self, video: VideoSource, token: CancelToken) -> Iterator[Lesson]:
        """One after the other, keyframes first, so that few frames are held at a time.

        Raises:
            VideoDecodeError: a frame cannot be read.
            Cancelled: by the token.
        """
        for keyframe in self.keyframes:
            token.check()
            index = keyframe.frame_index
            yield Lesson(index, video.frame(index), _stated(keyframe), keyframe)
        for index, inside in self.frames.items():
            token.check()
            opinion, _ = self.spool.get(index)
            step = StepResult(opinion.probabilities, opinion.object_ids, opinion.confidence)
            distance = min(opinion.distance.values(), default=0)
            yield Lesson(index, video.frame(index), step, inside, distance)


def choose(spool: ProbabilitySpool, keyframes: tuple[Keyframe, ...]) -> Lessons:
    """Keyframes, and propagated frames that lie evenly in the video.

    Not the surest of each part: sure frames look alike, and that cost much on a
    sequence with drift. How far a frame is trusted is for the system to weigh.

    A propagated frame that says nothing of some object may show it in its background; such
    frames are taken only where there are no others.

    Args:
        spool: probabilities of propagated frames.
        keyframes: of the run, ascending.
    """
    object_ids = tuple(sorted({i for k in keyframes for i in k.object_ids}))
    by_index = {k.frame_index: k for k in keyframes}
    alone = [k for k in keyframes if k.frame_index not in spool]
    inside = [i for i in spool.frames if i in by_index]
    plain = [i for i in spool.frames if i not in by_index]
    knowing = [i for i in plain if spool.bare(i).object_ids == object_ids]
    middle = [part[len(part) // 2] for part in _parts(knowing or plain, MOST_FRAMES)]
    frames = sorted({*_spread(inside, MOST_KEYFRAMES), *middle})
    spread = _spread(list(range(len(alone))), MOST_KEYFRAMES)
    told = {i: by_index.get(i) for i in frames}
    return Lessons(object_ids, tuple(alone[i] for i in spread), told, spool)


def _parts(indices: list[int], count: int) -> list[list[int]]:
    return [part.tolist() for part in np.array_split(indices, count) if len(part)]


def _spread(items: list[int], count: int) -> list[int]:
    if len(items) <= count:
        return items
    return [items[round(i)] for i in np.linspace(0, len(items) - 1, count)]


def _stated(keyframe: Keyframe) -> StepResult:
    """A keyframe as probabilities; where it makes no statement, all of them are 0."""
    probabilities = one_hot(keyframe.label_map, keyframe.object_ids)
    probabilities[:, keyframe.label_map == VOID] = 0
    confidence = dict.fromkeys(keyframe.object_ids, 1.0)
    return StepResult(probabilities, keyframe.object_ids, confidence)
