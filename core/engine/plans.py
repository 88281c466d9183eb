"""What is to be propagated, and the walks that it takes."""

from __future__ import annotations

from dataclasses import dataclass

from core.cleaning import NONE, Cleaning
from core.engine.spans import Span, borders, cut
from core.errors import UsageError
from core.types import Direction, Keyframe

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
        cleaning: what is done to each mask that is propagated; never to what keyframes assert.
        soft: results carry soft labels.
    """

    keyframes: tuple[Keyframe, ...]
    start: int
    stop: int
    ways: tuple[Direction, ...] = BOTH
    cleaning: Cleaning = NONE
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """A row of frames in one direction: from `first` to `last`, both included."""

    first: int
    last: int
    direction: Direction

    @property
    def frames(self) -> range:
        """Indices of the frames, in the order of the walk."""
        way = self.direction.value
        return range(self.first, self.last + way, way)

    def __len__(self) -> int:
        return len(self.frames)

    def __contains__(self, frame_index: int) -> bool:
        return frame_index in self.frames


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
    """How many items `propagate` yields: walked frames, and keyframes that are borders.

    Frames that a walk to an end of the video passes before its border are walked once more.
    """
    plans = plan(request, frame_count)
    walks = [(p.span, walk) for p in plans for walk in (p.backward, p.forward) if walk is not None]
    steps = sum(len(span.lead_in(walk.direction)) + len(walk) for span, walk in walks)
    return steps + len(wanted_borders(request, frame_count))


def wanted_borders(request: PropagationRequest, frame_count: int) -> list[Keyframe]:
    """Keyframes in the wanted range that are borders, ascending."""
    cutting = borders(request.keyframes, frame_count)
    return [k for k in cutting if request.start <= k.frame_index < request.stop]
