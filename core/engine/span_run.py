"""Walking one span: the first walk leaves what it says of each frame, the second fuses the two.

Which of the two goes first is free: what the backward walk says is rounded to 1 / 255, what the
forward one says is not, and they are fused in that order whichever came first (ADR 0045).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.cleaning import Cleaning
from core.engine.conditioning import Conditioning
from core.engine.fuse import Opinion, fuse
from core.engine.kept_walk import KeptWalk
from core.engine.manner import Manner, leads
from core.engine.plans import PropagationRequest, SpanPlan, Walk
from core.engine.spool import ProbabilitySpool, levels, rounded
from core.jobs import CancelToken, Progress
from core.media.video import VideoSource
from core.ops.clean_maps import clean_map
from core.ops.label_maps import absent_ids, merge_keyframe
from core.tracking.contract import StepResult, Tracker
from core.types import Direction, Frame, FrameDraft, FrameResult, Keyframe, LabelMap

EXACT_BYTES = 4 << 30
"""A forward walk goes first where all it may say of its frames, which has to wait unrounded, takes
no more than this at the frames' own size; most systems work at a sixteenth of it."""


@dataclass(frozen=True, slots=True)
class Walking:
    """What all spans of a run are walked with.

    Attributes:
        video: the frames.
        tracker: knows what `conditioning` has turned it to.
        request: the run.
        token: is looked at before each frame.
        conditioning: gives the tracker the keyframes of a span.
        keep: takes the probabilities of each result.
        manner: in which order, and what need not be done again.
    """

    video: VideoSource
    tracker: Tracker
    request: PropagationRequest
    token: CancelToken
    conditioning: Conditioning
    keep: ProbabilitySpool | None
    manner: Manner

    def wants(self, frame_index: int) -> bool:
        """Whether a frame is to get a result."""
        inside = self.request.start <= frame_index < self.request.stop
        return inside and frame_index not in self.manner.have


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame that has been labeled, before it is rendered."""

    index: int
    frame: Frame
    opinion: Opinion
    seconds: float


def seen_of(
    index: int, frame: Frame, step: StepResult, *, known: dict[int, int], seconds: float
) -> Seen:
    """A frame as a step of a walk labels it.

    Args:
        index: of the frame.
        frame: H x W x 3 uint8.
        step: what the walk says.
        known: see `Opinion`.
        seconds: that it took.
    """
    opinion = Opinion(step.object_ids, step.probabilities, step.confidence, known, step.absent)
    return Seen(index, frame, opinion, seconds)


class SpanRun:
    """The walks through one span; a context, since what waits may lie in a file.

    Attributes:
        walking: what it is walked with.
        span: which.
        looked: frames that have a draft which no first walk replaces, see `core.engine.outward`.
    """

    def __init__(self, walking: Walking, part: SpanPlan) -> None:
        self.walking, self.span = walking, part.span
        self.looked: set[int] = set()
        kept, request = walking.manner.kept, walking.request
        self._kept = None if kept is None else kept.span(part.span, request.keyframes)
        self._done = None if self._kept is None else self._kept.done(request)
        walks = {Direction.BACKWARD: part.backward, Direction.FORWARD: part.forward}
        way = leads(part.span, walking.manner, fits=self._fits())
        order = [walks[way], walks[Direction(-way.value)]]
        found = [walk for walk in order if walk is not None]
        self._lead = found[0] if len(found) == 2 else None
        self._follow = found[-1] if found else None
        self._spool = ProbabilitySpool(exact=way is Direction.FORWARD)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._spool.close()

    def turn(self) -> None:
        """Let the tracker know the keyframes of this span, and no others."""
        self.walking.conditioning.turn_to(self.span)

    def lead(self) -> Iterator[FrameResult | FrameDraft | Progress]:
        """The walk that another one follows; what it alone reaches is complete with it."""
        if self._lead is None or self._follow is None:
            return
        self.turn()
        wants = self.walking.wants
        fused = {i for i in self._lead.frames if i in self._follow and wants(i)}
        for index, seen in self._walk(self._lead, fused):
            if seen is None:
                yield Progress(0, 0, f"passed frame {index}")
            elif index in fused:
                self._spool.put(index, seen.opinion, seen.seconds)
                if self.walking.manner.drafts and index not in self.looked:
                    yield self.draft(seen)
                yield Progress(0, 0, f"frame {index}, first of two walks")
            else:
                yield self._finish(seen)

    def follow(self) -> Iterator[FrameResult | Progress]:
        """The walk that completes the span."""
        if self._follow is None:
            return
        self.turn()
        for index, seen in self._walk(self._follow, set(self._spool.frames)):
            if seen is None:
                yield Progress(0, 0, f"passed frame {index}")
            else:
                yield self._finish(self._joined(seen))

    def begins_near(self, frame_index: int, distance: int) -> bool:
        """Whether the first walk comes to a frame within some steps."""
        lead = self._lead or self._follow
        if lead is None:
            return False
        steps = (frame_index - lead.first) * lead.direction.value
        return 0 <= steps <= distance - len(self.span.lead_in(lead.direction))

    def draft(self, seen: Seen) -> FrameDraft:
        """What one walk alone says of a frame, without what keyframes assert on it."""
        ids = seen.opinion.object_ids
        label_map = rendered(self.walking.tracker, seen, self.walking.request.cleaning)
        return FrameDraft(seen.index, label_map, ids)

    def _fits(self) -> bool:
        info, request = self.walking.video.info, self.walking.request
        objects = {object_id for k in request.keyframes for object_id in k.object_ids}
        planes = (1 + len(objects)) * (self.span.last - self.span.first + 1)
        return 4 * planes * info.width * info.height <= EXACT_BYTES

    def _walk(self, walk: Walk, fused: set[int]) -> Iterator[tuple[int, Seen | None]]:
        """Each frame of a walk, with what is said of it; None where it is only passed.

        Args:
            walk: through this span.
            fused: frames that another walk reaches as well; of the others all is kept exactly.
        """
        way, walking = walk.direction.value, self.walking
        wanted = [i for i in walk.frames if walking.wants(i)]
        last = wanted[-1] if wanted else walk.first - way
        rounding = fused if walk.direction is Direction.BACKWARD else set[int]()
        with KeptWalk(walk) if self._kept is None else self._kept.walk(walk) as kept:
            begin = kept.resume(wanted, rounding, walking.tracker)
            fresh = bool(wanted) and begin == walk.first
            yield from ((i, None) for i in self._lead_in(walk.direction, steps=fresh))
            for index in range(walk.first, begin, way):
                walking.token.check()
                yield index, self._recalled(kept, walk, index) if walking.wants(index) else None
            start = time.perf_counter()
            for index, frame in self._frames_from(begin, last, way):
                walking.token.check()
                known = self.span.known(index, walk.direction)
                kept.about_to_step()
                step = walking.tracker.step(index, frame, tuple(known))
                kept.put(index, step, exact=index not in rounding)
                spent = time.perf_counter() - start
                seen = seen_of(index, frame, step, known=known, seconds=spent)
                yield index, seen if walking.wants(index) else None
                start = time.perf_counter()
        begun = begin if (begin - last) * way > 0 else last + way
        for index in range(begun, walk.last + way, way):
            yield index, None

    def _lead_in(self, direction: Direction, *, steps: bool) -> Iterator[int]:
        """Pass what lies before the border, so that the walk goes on with what it has seen there.

        Args:
            direction: of the walk.
            steps: the tracker needs it; else it has seen that before.
        """
        border = self.span.before if direction is Direction.FORWARD else self.span.after
        frames = self.span.lead_in(direction)
        if border is None or not frames or not steps:
            yield from frames
            return
        ids = tuple(sorted(border.object_ids))
        for index, frame in self._frames_from(frames[0], frames[-1], direction.value):
            self.walking.token.check()
            self.walking.tracker.step(index, frame, ids)
            yield index

    def _frames_from(self, first: int, last: int, way: int) -> Iterator[tuple[int, Frame]]:
        """The frames that are stepped on, with their indices."""
        indices = range(first, last + way, way)
        if indices:
            frames = self.walking.video.frames(first, last + way, way)
            yield from zip(indices, frames, strict=True)

    def _recalled(self, kept: KeptWalk, walk: Walk, index: int) -> Seen:
        start = time.perf_counter()
        frame, step = self.walking.video.frame(index), kept.get(index)
        known = self.span.known(index, walk.direction)
        return seen_of(index, frame, step, known=known, seconds=time.perf_counter() - start)

    def _joined(self, seen: Seen) -> Seen:
        """What the first walk left of a frame, fused with what the second one says."""
        if seen.index not in self._spool:
            return seen
        start = time.perf_counter()
        earlier, spent = self._spool.get(seen.index)
        if self._spool.exact:
            opinion = fuse(earlier, rounded(seen.opinion))
        else:
            opinion = fuse(seen.opinion, earlier)
        spent += seen.seconds + time.perf_counter() - start
        return replace(seen, opinion=opinion, seconds=spent)

    def _finish(self, seen: Seen) -> FrameResult:
        """A frame at its full size."""
        walking = self.walking
        if walking.keep is not None:
            walking.keep.put(seen.index, seen.opinion, seen.seconds)
        keyframe = next((k for k in self.span.inside if k.frame_index == seen.index), None)
        result = render_seen(walking.tracker, seen, keyframe, request=walking.request)
        if self._done is not None:
            self._done.note(result)
        return result


def rendered(tracker: Tracker, seen: Seen, cleaning: Cleaning) -> LabelMap:
    """The label map of a frame at its full size, cleaned up; the one place where that is done."""
    ids = seen.opinion.object_ids
    label_map = tracker.render(seen.opinion.probabilities, seen.frame, ids)
    return clean_map(label_map, dict.fromkeys(ids, cleaning))


def render_seen(
    tracker: Tracker, seen: Seen, keyframe: Keyframe | None, *, request: PropagationRequest
) -> FrameResult:
    """A frame at its full size; what a keyframe asserts on it comes out as it is.

    Args:
        tracker: renders.
        seen: the frame, with what is said of it.
        keyframe: of the frame, if it has one.
        request: says what is done to what was propagated, and whether soft labels are wanted.
    """
    start = time.perf_counter()
    ids, opinion = seen.opinion.object_ids, seen.opinion
    label_map = rendered(tracker, seen, request.cleaning)
    confidence, absent = dict(opinion.confidence), opinion.absent
    disagreement = dict(opinion.disagreement)
    if keyframe is not None:
        label_map = merge_keyframe(label_map, keyframe)
        confidence |= dict.fromkeys(keyframe.object_ids, 1.0)
        absent = (absent - set(keyframe.object_ids)) | absent_ids(keyframe)
        disagreement = {i: d for i, d in disagreement.items() if i not in keyframe.object_ids}
    spent = seen.seconds + time.perf_counter() - start
    soft = _soft(opinion) if request.soft else {}
    return FrameResult(
        seen.index,
        label_map,
        ids,
        confidence,
        spent,
        is_keyframe=keyframe is not None,
        absent=absent,
        disagreement=disagreement,
        soft=soft,
    )


def _soft(opinion: Opinion) -> dict[int, NDArray[np.uint8]]:
    """Soft labels of the objects that are there: each against its strongest rival of a cell.

    So half is where the most probable label changes, however many objects share the rest.
    """
    probabilities = opinion.probabilities
    order = np.sort(probabilities, axis=0)
    first, second = order[-1], order[-2] if len(order) > 1 else np.zeros_like(order[-1])
    found = {}
    for object_id in opinion.object_ids:
        if object_id not in opinion.absent:
            own = opinion.plane(object_id)
            rival = np.where(own >= first, second, first)
            found[object_id] = levels(own / np.maximum(own + rival, np.float32(1e-6)))
    return found
