"""Two passes: propagate, learn the video from what came out, and make the results again from both.

Online adaptation of system 001 (Yang et al. 2020, section 3.3) as a job. The first pass hands out
its results as drafts while its probabilities go to a spool; then keyframes and propagated frames
are the lessons of a network that knows nothing but this video; the second pass refines the soft
labels frame by frame. What a keyframe asserts is not touched by any of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import cast

from core.engine.fuse import Opinion
from core.engine.lessons import Lessons, choose
from core.engine.manner import PLAIN, Manner, away
from core.engine.propagate import (
    Made,
    PropagationRequest,
    propagate_by,
    step_count,
    wanted_borders,
)
from core.engine.span_run import Seen, render_seen
from core.engine.spool import ProbabilitySpool
from core.errors import UsageError
from core.jobs import CancelToken, Job, Progress, mapped
from core.media.video import VideoSource
from core.tracking.contract import Adaptable, Adaptation, Refiner, StepResult, Tracker
from core.types import Frame, FrameResult

LEARNING = "learning this video"
"""Phase, and begin of the text, of every `Progress` while a video is learned."""


@dataclass(frozen=True, slots=True)
class AdaptedRequest:
    """What is to be propagated, learned and made again.

    Attributes:
        request: the whole run; its keyframes are lessons, wherever they lie.
        adaptation: how the video is learned.
        pieces: what the first pass propagates; the rest of the run must be in the spool already.
    """

    request: PropagationRequest
    adaptation: Adaptation
    pieces: tuple[PropagationRequest, ...]

    @classmethod
    def whole(cls, request: PropagationRequest, adaptation: Adaptation) -> AdaptedRequest:
        """A run that begins with its first frame."""
        return cls(request, adaptation, (request,))


def adapted_step_count(adapted: AdaptedRequest, frame_count: int, kept: Set[int]) -> int:
    """About how many items `propagate_adapted` yields, the steps of learning left out.

    Args:
        adapted: the run.
        frame_count: frames of the video.
        kept: frames whose probabilities are in the spool already.
    """
    walked = sum(step_count(piece, frame_count) for piece in adapted.pieces)
    new = {i for piece in adapted.pieces for i in range(piece.start, piece.stop)}
    borders = {keyframe.frame_index for keyframe in wanted_borders(adapted.request, frame_count)}
    return walked + len((new | kept) - borders)


def propagate_either(
    video: VideoSource,
    tracker: Tracker,
    request: PropagationRequest,
    token: CancelToken,
    *,
    adaptation: Adaptation | None,
    pieces: tuple[PropagationRequest, ...] | None = None,
) -> Iterator[FrameResult | Progress]:
    """`propagate`, or `propagate_adapted` with a spool of its own where an adaptation is given.

    Args:
        video: the frames.
        tracker: `Adaptable` where an adaptation is given.
        request: the whole run.
        token: is looked at between two frames.
        adaptation: how the video is learned; None learns nothing.
        pieces: what of the run is computed; None computes all of it.
    """
    pieces = (request,) if pieces is None else pieces
    made = either_by(
        video, tracker, request, token, adaptation=adaptation, pieces=pieces, manner=PLAIN
    )
    return cast("Iterator[FrameResult | Progress]", made)  # Nobody asks for drafts.


def either_by(
    video: VideoSource,
    tracker: Tracker,
    request: PropagationRequest,
    token: CancelToken,
    *,
    adaptation: Adaptation | None,
    pieces: tuple[PropagationRequest, ...],
    manner: Manner,
) -> Iterator[Made]:
    """`propagate_either` in another manner, with the same results.

    Args:
        video: the frames.
        tracker: `Adaptable` where an adaptation is given.
        request: the whole run.
        token: is looked at between two frames.
        adaptation: how the video is learned; None learns nothing.
        pieces: what of the run is computed.
        manner: in which order, and what need not be done again.
    """
    pieces = _nearest_first(pieces, manner.near)
    if adaptation is None:
        for piece in pieces:
            yield from propagate_by(video, tracker, piece, token, keep=None, manner=manner)
        return
    adapted = AdaptedRequest(request, adaptation, pieces)
    with ProbabilitySpool() as spool:
        yield from _adapted_by(video, tracker, adapted, token, spool=spool, manner=manner)


def _nearest_first(
    pieces: tuple[PropagationRequest, ...], near: int | None
) -> tuple[PropagationRequest, ...]:
    if near is None:
        return pieces
    return tuple(sorted(pieces, key=lambda p: away(p.start, p.stop - 1, near=near)))


def propagate_adapted(
    video: VideoSource,
    tracker: Tracker,
    adapted: AdaptedRequest,
    token: CancelToken,
    *,
    spool: ProbabilitySpool,
) -> Iterator[FrameResult | Progress]:
    """Label every wanted frame twice: by propagation, and by what was learned from it.

    Args:
        video: the frames.
        tracker: must be `Adaptable`; without keyframes of an earlier run.
        adapted: what is wanted.
        token: is looked at between two frames and two steps.
        spool: takes the probabilities of the first pass. Frames that it holds already are lessons,
            and are made again where the run wants them.

    Yields:
        What `propagate` yields, results as drafts but for borders; a `Progress` for each step of
        learning; the final `FrameResult` of each frame that had a draft.

    Raises:
        UsageError: the system cannot adapt, or see `propagate.plan`.
        VosError: of the kinds that `propagate` names; drafts so far are good.
        Cancelled: by the token.
    """
    made = _adapted_by(video, tracker, adapted, token, spool=spool, manner=PLAIN)
    return cast("Iterator[FrameResult | Progress]", made)  # Nobody asks for drafts.


def _adapted_by(
    video: VideoSource,
    tracker: Tracker,
    adapted: AdaptedRequest,
    token: CancelToken,
    *,
    spool: ProbabilitySpool,
    manner: Manner,
) -> Iterator[Made]:
    """See `propagate_adapted`; the manner is that of the first pass, which leaves out nothing."""
    if not isinstance(tracker, Adaptable):
        msg = f"{type(tracker).__name__} cannot adapt to a video."
        raise UsageError(msg, "Leave the adaptation out.")
    _drop_borders(adapted.request, video.info.frame_count, spool)
    for piece in adapted.pieces:
        for item in propagate_by(video, tracker, piece, token, keep=spool, manner=manner):
            yield _as_draft(item, spool)
    lessons = choose(spool, adapted.request.keyframes)
    refiner = yield from _learn(video, tracker, lessons, adapted.adaptation, token)
    yield from _second_pass(video, tracker, adapted, refiner, token, spool=spool)


def _drop_borders(request: PropagationRequest, frame_count: int, spool: ProbabilitySpool) -> None:
    """What was propagated to a frame before it became a border is no lesson any more."""
    for keyframe in wanted_borders(replace(request, start=0, stop=frame_count), frame_count):
        spool.discard(keyframe.frame_index)


def _as_draft(item: Made, spool: ProbabilitySpool) -> Made:
    if isinstance(item, FrameResult) and item.frame_index in spool:
        return replace(item, is_draft=True)
    return item


def _learn(
    video: VideoSource,
    tracker: Adaptable,
    lessons: Lessons,
    adaptation: Adaptation,
    token: CancelToken,
) -> Job[Refiner]:
    token.check()
    yield Progress(0, 0, LEARNING, phase=LEARNING)
    frames = lessons.read(video, token)
    job = tracker.adapt(frames, lessons.object_ids, adaptation, token)
    return (yield from mapped(job, _named))


def _named(step: Progress) -> Progress:
    text = f"{LEARNING}, {step.done} of {step.total}"
    return Progress(step.done, step.total, text, phase=LEARNING)


def _second_pass(
    video: VideoSource,
    tracker: Tracker,
    adapted: AdaptedRequest,
    refiner: Refiner,
    token: CancelToken,
    *,
    spool: ProbabilitySpool,
) -> Iterator[FrameResult]:
    keyframes = {k.frame_index: k for k in adapted.request.keyframes}
    for index in _wanted(adapted, spool.frames):
        token.check()
        start = time.perf_counter()
        opinion, spent = spool.get(index)
        frame = video.frame(index)
        refined = _refined(refiner, index, opinion, frame=frame)
        seen = Seen(index, frame, refined, spent + time.perf_counter() - start)
        yield render_seen(tracker, seen, keyframes.get(index), request=adapted.request)


def _wanted(adapted: AdaptedRequest, kept: Sequence[int]) -> list[int]:
    request = adapted.request
    return [index for index in kept if request.start <= index < request.stop]


def _refined(refiner: Refiner, index: int, opinion: Opinion, *, frame: Frame) -> Opinion:
    step = StepResult(opinion.probabilities, opinion.object_ids, opinion.confidence, opinion.absent)
    better = refiner.refine(index, frame, step)
    return replace(opinion, probabilities=better.probabilities, confidence=better.confidence)
