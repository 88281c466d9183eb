"""Carrying keyframes through a video: from a request to one result a frame.

Every span between two keyframes is walked from both of its ends (`core.engine.span_run`). In which
order that happens, and what of it is known from earlier runs, changes no result (`Manner`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import cast

from core.engine.conditioning import Conditioning
from core.engine.manner import PLAIN, Manner, away
from core.engine.outward import outward
from core.engine.plans import (
    BOTH,
    PropagationRequest,
    SpanPlan,
    Walk,
    plan,
    step_count,
    wanted_borders,
)
from core.engine.span_run import SpanRun, Walking
from core.engine.spool import ProbabilitySpool
from core.jobs import CancelToken, Progress
from core.media.video import VideoSource
from core.ops.label_maps import absent_ids, asserted_map
from core.tracking.contract import Tracker
from core.types import FrameDraft, FrameResult, Keyframe

__all__ = [
    "BOTH",
    "Made",
    "PropagationRequest",
    "SpanPlan",
    "Walk",
    "border_result",
    "plan",
    "propagate",
    "propagate_by",
    "step_count",
    "wanted_borders",
]

Made = FrameResult | FrameDraft | Progress
"""What a propagation yields."""


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
    made = propagate_by(video, tracker, request, token, keep=keep, manner=PLAIN)
    return cast("Iterator[FrameResult | Progress]", made)  # Nobody asks for drafts.


def propagate_by(
    video: VideoSource,
    tracker: Tracker,
    request: PropagationRequest,
    token: CancelToken,
    *,
    keep: ProbabilitySpool | None,
    manner: Manner,
) -> Iterator[Made]:
    """`propagate` in another manner, with the same results.

    Args:
        video: the frames.
        tracker: as for `propagate`.
        request: what is wanted.
        token: is looked at before each frame and each keyframe.
        keep: takes the probabilities of each result but those of borders.
        manner: in which order, and what need not be done again.

    Yields:
        What `propagate` yields, and the drafts that `manner` asks for.

    Raises:
        VosError: of the kinds that `propagate` names.
        Cancelled: by the token, between two frames.
    """
    plans = plan(request, video.info.frame_count)
    borders = wanted_borders(request, video.info.frame_count)
    with Conditioning(video, tracker, keyframes=request.keyframes, token=token) as conditioning:
        walking = Walking(video, tracker, request, token, conditioning, keep, manner)
        if manner.near is not None:
            yield from _outward(walking, plans, manner.near)
            yield from _border_results(borders, token, manner)
            return
        for part in plans:
            before = [k for k in borders if k.frame_index < part.span.first]
            yield from _border_results(before, token, manner)
            borders = borders[len(before) :]
            yield from _through(walking, part)
    yield from _border_results(borders, token, manner)


def _outward(walking: Walking, plans: tuple[SpanPlan, ...], near: int) -> Iterator[Made]:
    """The spans at a frame first, with drafts of all of them before any second walk."""
    here = [part for part in plans if _away(part, near) <= 1]
    there = [part for part in plans if _away(part, near) > 1]
    with ExitStack() as stack:
        runs = [stack.enter_context(SpanRun(walking, part)) for part in here]
        for run in runs:
            yield from outward(run, near)
            yield from run.lead()
        for run in runs:
            yield from run.follow()
    for part in sorted(there, key=lambda part: _away(part, near)):
        yield from _through(walking, part)


def _away(part: SpanPlan, near: int) -> int:
    return away(part.span.first, part.span.last, near=near)


def _through(walking: Walking, part: SpanPlan) -> Iterator[Made]:
    """One span, from its first walk to its last."""
    with SpanRun(walking, part) as run:
        yield from run.lead()
        yield from run.follow()


def _border_results(
    borders: list[Keyframe], token: CancelToken, manner: Manner
) -> Iterator[FrameResult | Progress]:
    for keyframe in borders:
        token.check()
        if keyframe.frame_index in manner.have:
            yield Progress(0, 0, f"frame {keyframe.frame_index} is done")
        else:
            yield border_result(keyframe)


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
