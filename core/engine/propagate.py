"""Carrying keyframes through a video: from a request to one result a frame."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.errors import UsageError
from core.jobs import CancelToken
from core.media.video import VideoSource
from core.ops.label_maps import merge_keyframe
from core.systems.base import Tracker
from core.types import Direction, Frame, FrameResult, Keyframe


@dataclass(frozen=True, slots=True)
class PropagationRequest:
    """What is to be propagated.

    Attributes:
        keyframes: at least one, ascending by frame index.
        start: first frame that is wanted.
        stop: one past the last frame that is wanted.
    """

    keyframes: tuple[Keyframe, ...]
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Walk:
    """A row of frames in one direction: from `first` to `last`, both included."""

    first: int
    last: int
    direction: Direction

    def __len__(self) -> int:
        return abs(self.last - self.first) + 1


def plan(request: PropagationRequest) -> tuple[Walk, ...]:
    """The walks that label every wanted frame: forward from the first keyframe, and back from it.

    Frames between the first keyframe and the wanted range are walked too: the labels get there
    only from frame to frame.

    Raises:
        UsageError: no keyframe, or an empty range.
    """
    if not request.keyframes:
        raise UsageError("There is no keyframe to propagate.", "Give a mask with an object.")
    if request.start >= request.stop:
        msg = f"The range {request.start}:{request.stop} holds no frame."
        raise UsageError(msg, "A range A:B goes from frame A up to but without frame B.")
    origin = request.keyframes[0].frame_index
    walks = []
    if request.stop > origin:
        walks.append(Walk(origin, request.stop - 1, Direction.FORWARD))
    if request.start < origin:
        walks.append(Walk(origin - 1, request.start, Direction.BACKWARD))
    return tuple(walks)


def propagate(
    video: VideoSource, tracker: Tracker, request: PropagationRequest, token: CancelToken
) -> Iterator[FrameResult]:
    """Label every frame of the planned walks.

    Objects are looked for from their first keyframe on; before it they are unknown and not
    drawn. Frames before the first keyframe of all are reached backward from it.

    Yields:
        One result a walked frame, in the order of the walks; frames out of the wanted range
        among them, for the caller to leave out. What a keyframe asserts comes out as it is.

    Raises:
        UsageError: see `plan`.
        VideoDecodeError: the video breaks off; results so far are good.
        Cancelled: by the token, between two frames.
    """
    walks = plan(request)
    for keyframe in request.keyframes:
        token.check()
        tracker.add_keyframe(keyframe, video.frame(keyframe.frame_index))
    for walk in walks:
        tracker.start(walk.direction)
        yield from _walk(video, tracker, request.keyframes, walk, token)


def _walk(
    video: VideoSource,
    tracker: Tracker,
    keyframes: tuple[Keyframe, ...],
    walk: Walk,
    token: CancelToken,
) -> Iterator[FrameResult]:
    way = walk.direction.value
    frames = video.frames(walk.first, walk.last + way, way)
    by_index = {keyframe.frame_index: keyframe for keyframe in keyframes}
    start = time.perf_counter()
    for index, frame in zip(range(walk.first, walk.last + way, way), frames, strict=True):
        token.check()
        known = _known_objects(keyframes, max(index, keyframes[0].frame_index))
        result = _label(tracker, index, frame, known, by_index.get(index))
        now = time.perf_counter()
        yield FrameResult(*result, seconds=now - start, is_keyframe=index in by_index)
        start = time.perf_counter()


def _known_objects(keyframes: tuple[Keyframe, ...], index: int) -> tuple[int, ...]:
    """Ids that some keyframe at or before a frame makes a statement about, ascending."""
    passed = (k.object_ids for k in keyframes if k.frame_index <= index)
    return tuple(sorted({object_id for ids in passed for object_id in ids}))


def _label(
    tracker: Tracker,
    index: int,
    frame: Frame,
    object_ids: tuple[int, ...],
    keyframe: Keyframe | None,
) -> tuple[int, np.ndarray, tuple[int, ...], dict[int, float]]:
    step = tracker.step(index, frame, object_ids)
    if keyframe is None:
        return index, step.label_map, object_ids, step.confidence
    label_map = merge_keyframe(step.label_map, keyframe)
    confidence = step.confidence | dict.fromkeys(keyframe.object_ids, 1.0)
    return index, label_map, object_ids, confidence
