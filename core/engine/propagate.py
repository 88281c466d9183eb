"""Carrying keyframes through a video: from a request to one result a frame.

Every span between two keyframes is walked from both of its ends. The walk from its end comes
first and leaves its probabilities behind; the walk from its start meets them and fuses the two.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.engine.conditioning import Conditioning
from core.engine.fuse import Opinion, fuse
from core.engine.spans import Span, cut
from core.engine.spool import ProbabilitySpool
from core.errors import UsageError
from core.jobs import CancelToken, Progress
from core.media.video import VideoSource
from core.ops.label_maps import absent_ids, asserted_map, merge_keyframe
from core.tracking.contract import Tracker
from core.types import Direction, Frame, FrameResult, Keyframe

BOTH = (Direction.FORWARD, Direction.BACKWARD)


@dataclass(frozen=True, slots=True)
class PropagationRequest:
    """What is to be propagated.

    Attributes:
        keyframes: at least one, ascending by frame index.
        start: first frame that is wanted.
        stop: one past the last frame that is wanted.
        ways: directions in which keyframes are carried. Frames that no keyframe reaches in one
            of them get no result.
    """

    keyframes: tuple[Keyframe, ...]
    start: int
    stop: int
    ways: tuple[Direction, ...] = BOTH


@dataclass(frozen=True, slots=True)
class Walk:
    """A row of frames in one direction: from `first` to `last`, both included."""

    first: int
    last: int
    direction: Direction

    def __len__(self) -> int:
        return abs(self.last - self.first) + 1

    def __contains__(self, frame_index: int) -> bool:
        return min(self.first, self.last) <= frame_index <= max(self.first, self.last)


@dataclass(frozen=True, slots=True)
class SpanPlan:
    """The walks through one span; None where nothing reaches the wanted frames in that way."""

    span: Span
    backward: Walk | None
    forward: Walk | None


def plan(request: PropagationRequest, frame_count: int) -> tuple[SpanPlan, ...]:
    """The walks that reach every wanted frame, span by span.

    Frames between a span's keyframe and the wanted range are walked too: labels get there only
    from frame to frame. A span that has no wanted frame costs nothing.

    Raises:
        UsageError: no keyframe, or an empty range.
    """
    if not request.keyframes:
        raise UsageError("There is no keyframe to propagate.", "Give a mask with an object.")
    if request.start >= request.stop:
        msg = f"The range {request.start}:{request.stop} holds no frame."
        raise UsageError(msg, "A range A:B goes from frame A up to, but not including, frame B.")
    spans = cut(request.keyframes, frame_count)
    wanted = [s for s in spans if s.first < request.stop and s.last >= request.start]
    return tuple(_plan_span(span, request) for span in wanted)


def _plan_span(span: Span, request: PropagationRequest) -> SpanPlan:
    ends = {
        Direction.FORWARD: min(span.last, request.stop - 1),
        Direction.BACKWARD: max(span.first, request.start),
    }
    walks: dict[Direction, Walk] = {}
    for way in request.ways:
        origin, end = span.origin(way), ends[way]
        if origin is not None and (end - origin) * way.value >= 0:
            walks[way] = Walk(origin, end, way)
    return SpanPlan(span, walks.get(Direction.BACKWARD), walks.get(Direction.FORWARD))


def step_count(request: PropagationRequest, frame_count: int) -> int:
    """How many items `propagate` yields: walked frames, and keyframes that are borders."""
    plans = plan(request, frame_count)
    walks = [walk for p in plans for walk in (p.backward, p.forward) if walk is not None]
    return sum(len(walk) for walk in walks) + len(wanted_borders(request))


def propagate(
    video: VideoSource,
    tracker: Tracker,
    request: PropagationRequest,
    token: CancelToken,
    *,
    keep: ProbabilitySpool | None = None,
) -> Iterator[FrameResult | Progress]:
    """Label every wanted frame that a keyframe reaches.

    Where keyframes lie on both sides, the two walks are fused by distance and confidence. What a
    keyframe asserts comes out as it is; what it does not assert is propagated through it. A span
    is computed from the keyframes it lies between or holds, and from references.

    Args:
        video: the frames.
        tracker: without keyframes; it is given those of each span, and left without any.
        request: what is wanted.
        token: is looked at before each frame and each keyframe.
        keep: takes the probabilities of each result but those of borders.

    Yields:
        A `FrameResult` for each wanted frame, and a `Progress` for each frame that is only passed
        or waits for its second walk. `step_count` items in all.

    Raises:
        UsageError: see `plan`.
        VideoDecodeError: the video breaks off; results so far are good.
        OutputError: the disk for temporary results is full.
        Cancelled: by the token, between two frames.
    """
    plans = plan(request, video.info.frame_count)
    borders = wanted_borders(request)
    with Conditioning(video, tracker, keyframes=request.keyframes, token=token) as conditioning:
        for part in plans:
            while borders and borders[0].frame_index < part.span.first:
                token.check()
                yield border_result(borders.pop(0))
            conditioning.turn_to(part.span)
            yield from _run_span(video, tracker, part, request, token, keep=keep)
    for keyframe in borders:
        token.check()
        yield border_result(keyframe)


def wanted_borders(request: PropagationRequest) -> list[Keyframe]:
    """Keyframes in the wanted range that assert every object, ascending."""
    objects = {object_id for keyframe in request.keyframes for object_id in keyframe.object_ids}
    return [
        k
        for k in request.keyframes
        if objects <= set(k.object_ids) and request.start <= k.frame_index < request.stop
    ]


def border_result(keyframe: Keyframe) -> FrameResult:
    """The result of a frame on which a keyframe asserts every object."""
    confidence = dict.fromkeys(keyframe.object_ids, 1.0)
    return FrameResult(
        keyframe.frame_index,
        asserted_map(keyframe),
        keyframe.object_ids,
        confidence,
        is_keyframe=True,
        absent=absent_ids(keyframe),
    )


def _run_span(
    video: VideoSource,
    tracker: Tracker,
    part: SpanPlan,
    request: PropagationRequest,
    token: CancelToken,
    *,
    keep: ProbabilitySpool | None,
) -> Iterator[FrameResult | Progress]:
    """Walk a span from its end, then from its start; render what is complete."""
    with ProbabilitySpool() as spool:
        if part.backward is not None:
            for seen in _walk(video, tracker, part.span, part.backward, token):
                waits = part.forward is not None and seen.index in part.forward
                if waits and request.start <= seen.index < request.stop:
                    spool.put(seen.index, seen.opinion, seen.seconds)
                    yield Progress(0, 0, f"frame {seen.index} from its end")
                else:
                    yield _finish(tracker, seen, part.span, request, keep)
        if part.forward is not None:
            for seen in _walk(video, tracker, part.span, part.forward, token):
                yield _finish(tracker, _joined(seen, spool), part.span, request, keep)


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame that has been labeled, before it is rendered."""

    index: int
    frame: Frame
    opinion: Opinion
    seconds: float


def _walk(
    video: VideoSource, tracker: Tracker, span: Span, walk: Walk, token: CancelToken
) -> Iterator[Seen]:
    way = walk.direction.value
    tracker.start(walk.direction)
    indices = range(walk.first, walk.last + way, way)
    frames = video.frames(walk.first, walk.last + way, way)
    start = time.perf_counter()
    for index, frame in zip(indices, frames, strict=True):
        token.check()
        known = span.known(index, walk.direction)
        step = tracker.step(index, frame, tuple(known))
        opinion = Opinion(step.object_ids, step.probabilities, step.confidence, known, step.absent)
        yield Seen(index, frame, opinion, time.perf_counter() - start)
        start = time.perf_counter()


def _joined(seen: Seen, spool: ProbabilitySpool) -> Seen:
    """What the first walk left of a frame, fused with what the second one says."""
    if seen.index not in spool:
        return seen
    start = time.perf_counter()
    earlier, spent = spool.get(seen.index)
    opinion = fuse(seen.opinion, earlier)
    return replace(
        seen, opinion=opinion, seconds=seen.seconds + spent + time.perf_counter() - start
    )


def _finish(
    tracker: Tracker,
    seen: Seen,
    span: Span,
    request: PropagationRequest,
    keep: ProbabilitySpool | None,
) -> FrameResult | Progress:
    """A frame at its full size, or only a sign of life where it is not wanted."""
    if not request.start <= seen.index < request.stop:
        return Progress(0, 0, f"passed frame {seen.index}")
    if keep is not None:
        keep.put(seen.index, seen.opinion, seen.seconds)
    keyframe = next((k for k in span.inside if k.frame_index == seen.index), None)
    return render_seen(tracker, seen, keyframe)


def render_seen(tracker: Tracker, seen: Seen, keyframe: Keyframe | None) -> FrameResult:
    """A frame at its full size; what a keyframe asserts on it comes out as it is."""
    start = time.perf_counter()
    ids, opinion = seen.opinion.object_ids, seen.opinion
    label_map = tracker.render(opinion.probabilities, seen.frame, ids)
    confidence, absent = dict(opinion.confidence), opinion.absent
    if keyframe is not None:
        label_map = merge_keyframe(label_map, keyframe)
        confidence |= dict.fromkeys(keyframe.object_ids, 1.0)
        absent = (absent - set(keyframe.object_ids)) | absent_ids(keyframe)
    spent = seen.seconds + time.perf_counter() - start
    is_keyframe = keyframe is not None
    return FrameResult(seen.index, label_map, ids, confidence, spent, is_keyframe, absent)
