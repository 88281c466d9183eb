"""The robot annotator: how much better a system gets with each frame that a person corrects.

From the first true mask on, each round one frame gets its true mask as a further keyframe, and the
engine propagates the frames that depend on it again. After Caelles et al., "The 2018 DAVIS
Challenge on Video Object Segmentation" (interactive track), with whole masks in place of scribbles.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial

import numpy as np

from core.engine.adapted import AdaptedRequest, adapted_step_count, propagate_adapted
from core.engine.conditioning import changed
from core.engine.propagate import PropagationRequest, propagate, step_count
from core.engine.registry import build_tracker
from core.engine.run import memory_guard
from core.engine.spool import ProbabilitySpool, SpoolMark
from core.eval.benchmark import LATE, SEMI, start_notes
from core.eval.benchmark_plan import BenchmarkRequest, SequenceJob, plan_jobs
from core.eval.interactive_figures import Doubt, FrameMark, Round, measure_doubt, measure_round
from core.eval.jf import score_frame
from core.eval.starts import started
from core.jobs import CancelToken, Progress, mapped
from core.media.video import VideoSource
from core.tracking.contract import Adaptation, Tracker
from core.types import VOID, FrameResult, Keyframe

CACHE_BYTES = 64 << 20
"""Decoded frames that are kept: rounds come back to the same frames."""

ROBOT = (
    "Each round one frame gets its true mask, whole; only the frames that depend on it, between"
    " the neighboring keyframes and beyond outer ones, are propagated again."
)
PICKS = (
    "truth: the frame with the worst true J is corrected; confidence: the one that the system"
    " trusts least, before any truth is looked at. Both are means over the objects; of equals the"
    " frame farthest from a keyframe is taken."
)


class Pick(Enum):
    """Who says which frame is corrected next."""

    TRUTH = "truth"
    """The true J: what somebody sees who looks at every frame."""
    CONFIDENCE = "confidence"
    """The system: what somebody gets who only follows its doubts."""


@dataclass(frozen=True, slots=True)
class InteractiveRequest:
    """What the robot is to do.

    Attributes:
        benchmark: dataset, sequences, system, adaptation, how objects are given, and whether they
            are where they first appear; its other fields are not used.
        rounds: frames that are corrected in each sequence, one a round.
        picks: each starts from the same round 0.
    """

    benchmark: BenchmarkRequest
    rounds: int = 5
    picks: tuple[Pick, ...] = (Pick.TRUTH, Pick.CONFIDENCE)


@dataclass(frozen=True, slots=True)
class InteractiveRun:
    """What came out for one sequence.

    Attributes:
        name: the sequence's name.
        object_count: objects that are scored.
        frame_count: frames of the sequence.
        scored_count: frames that are scored.
        rounds: for each pick the figures after 0, 1, 2, ... corrected frames. They end early
            where all scored frames but one are corrected.
        doubt: what the confidence of round 0 is worth.
        notes: what is odd about the ground truth.
    """

    name: str
    object_count: int
    frame_count: int
    scored_count: int
    rounds: dict[Pick, tuple[Round, ...]]
    doubt: Doubt
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InteractiveReport:
    """Outcome of the robot's work.

    Attributes:
        runs: one entry for each sequence.
        rounds: rounds that were asked for.
        picks: as asked for.
        notes: what a reader of the figures has to know, one sentence each.
    """

    runs: tuple[InteractiveRun, ...]
    rounds: int
    picks: tuple[Pick, ...]
    notes: tuple[str, ...]


def annotate(
    request: InteractiveRequest, token: CancelToken
) -> Generator[Progress | InteractiveRun, None, InteractiveReport]:
    """Let the robot correct every sequence of a dataset; nothing but figures is kept.

    Yields:
        A `Progress` after each frame, which counts rounds, and an `InteractiveRun` after each
        sequence.

    Returns:
        All of them together.

    Raises:
        VosError: of the kinds that `plan_jobs`, `build_tracker` and `propagate` name.
        Cancelled: by the token, between two frames.
    """
    jobs = plan_jobs(request.benchmark)
    each = 1 + request.rounds * len(request.picks)
    runs: list[InteractiveRun] = []
    yield Progress(0, each * len(jobs), jobs[0].plan.name)
    for number, job in enumerate(jobs):
        told = partial(_round, number * each, total=each * len(jobs), name=job.plan.name)
        run = yield from mapped(_run(job, request, token), told)
        runs.append(run)
        yield run
        yield Progress((number + 1) * each, each * len(jobs), job.plan.name)
    return make_interactive_report(runs, request)


def _round(before: int, done: int, *, total: int, name: str) -> Progress:
    return Progress(before + done, total, name)


def make_interactive_report(
    runs: Sequence[InteractiveRun], request: InteractiveRequest
) -> InteractiveReport:
    """Put the sequences that were run together; also for a job that was stopped."""
    scored = LATE if request.benchmark.late_entries else SEMI
    begins = start_notes(request.benchmark.start)
    notes = (scored, *begins, ROBOT, PICKS, *(note for run in runs for note in run.notes))
    return InteractiveReport(tuple(runs), request.rounds, request.picks, notes)


def pick_frame(
    marks: dict[int, FrameMark], keyframes: Sequence[int], closed: Collection[int], *, by: Pick
) -> int | None:
    """The frame to correct next; None where only one frame would be left to score, or none.

    Args:
        marks: of all scored frames.
        keyframes: frame indices of the keyframes there are.
        closed: those that have been corrected.
        by: what is asked.
    """
    open_frames = [index for index in sorted(marks) if index not in closed]
    if len(open_frames) < 2:
        return None

    def rank(index: int) -> tuple[float, int]:
        value = marks[index].j if by is Pick.TRUTH else marks[index].confidence
        return value, -min(abs(index - keyframe) for keyframe in keyframes)

    return min(open_frames, key=rank)


def _run(
    job: SequenceJob, request: InteractiveRequest, token: CancelToken
) -> Generator[int, None, InteractiveRun]:
    """Yield the number of rounds done after each frame; return the sequence's figures."""
    system = request.benchmark.tracker
    with (
        job.open(cache_bytes=CACHE_BYTES) as video,
        memory_guard(system.system),
        ProbabilitySpool() as spool,
    ):
        passes = _Passes(video, build_tracker(system), token, spool, request.benchmark.adaptation)
        robot = _Robot(job, passes, request.benchmark)
        for _ in robot.begin():
            yield 0
        start = robot.snapshot()
        rounds = {}
        for number, pick in enumerate(request.picks):
            robot.restore(start)
            for done in range(request.rounds):
                for _ in robot.correct(pick):
                    yield 1 + number * request.rounds + done
            rounds[pick] = tuple(robot.rounds)
    return InteractiveRun(
        name=job.plan.name,
        object_count=len(job.plan.object_ids),
        frame_count=job.info.frame_count,
        scored_count=len(job.scored),
        rounds=rounds,
        doubt=measure_doubt(start.marks),
        notes=(*job.plan.notes, *job.plan.reader.notes),
    )


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Where the robot stands: figures only, no masks but the keyframes'."""

    keyframes: dict[int, Keyframe]
    marks: dict[int, FrameMark]
    rounds: list[Round]
    probabilities: SpoolMark


@dataclass(frozen=True, slots=True)
class _Passes:
    """How a span is propagated: once, or twice with all that was propagated so far as lessons."""

    video: VideoSource
    tracker: Tracker
    token: CancelToken
    spool: ProbabilitySpool
    adaptation: Adaptation | None

    def run(self, request: PropagationRequest) -> Iterator[FrameResult | Progress]:
        if self.adaptation is None:
            return propagate(self.video, self.tracker, request, self.token)
        adapted = AdaptedRequest.whole(request, self.adaptation)
        return propagate_adapted(self.video, self.tracker, adapted, self.token, spool=self.spool)

    def steps(self, request: PropagationRequest, frame_count: int) -> int:
        if self.adaptation is None:
            return step_count(request, frame_count)
        adapted = AdaptedRequest.whole(request, self.adaptation)
        return adapted_step_count(adapted, frame_count, frozenset())


class _Robot:
    """One sequence under correction, with one tracker from first to last."""

    def __init__(self, job: SequenceJob, passes: _Passes, request: BenchmarkRequest) -> None:
        self._request = request
        self.rounds: list[Round] = []
        self._job = job
        self._passes = passes
        self._scored = job.scored
        self._keyframes: dict[int, Keyframe] = {}
        self._marks: dict[int, FrameMark] = {}

    def begin(self) -> Iterator[None]:
        """Round 0: propagate the masks that are given through the whole sequence."""
        given = self._job.keyframes()
        if len(given) == 1:
            # Nothing turns up later: what counts and is not on the first mask is absent there.
            given = (self._truth(given[0].frame_index),)
        given = started(
            given,
            self._request.start,
            video=self._passes.video,
            tracker=self._request.tracker,
            token=self._passes.token,
            whole=self._job.whole(),
        )
        self._keyframes = {k.frame_index: k for k in given}
        yield from self._propagate(0, self._job.info.frame_count, None)

    def correct(self, pick: Pick) -> Iterator[None]:
        """Correct one more frame; nothing happens where none is left."""
        index = pick_frame(self._marks, tuple(self._keyframes), self._closed, by=pick)
        if index is None:
            return
        before = self._given()
        self._keyframes[index] = self._truth(index)
        frames = changed(before, self._given(), self._job.info.frame_count)
        yield from self._propagate(frames.start, frames.stop, index)

    @property
    def _closed(self) -> set[int]:
        """Frames that have been corrected; an object may be given on others, too."""
        return {r.corrected for r in self.rounds if r.corrected is not None}

    def _given(self) -> tuple[Keyframe, ...]:
        return tuple(self._keyframes[index] for index in sorted(self._keyframes))

    def snapshot(self) -> _Snapshot:
        """The state now, for `restore`."""
        return _Snapshot(
            dict(self._keyframes), dict(self._marks), list(self.rounds), self._passes.spool.mark()
        )

    def restore(self, state: _Snapshot) -> None:
        """Take back every correction since the snapshot."""
        self._keyframes, self._marks = dict(state.keyframes), dict(state.marks)
        self.rounds = list(state.rounds)
        self._passes.spool.rewind(state.probabilities)

    def _propagate(self, start: int, stop: int, corrected: int | None) -> Iterator[None]:
        request = PropagationRequest(self._given(), start, stop)
        seconds = 0.0
        for result in self._passes.run(request):
            if isinstance(result, FrameResult) and not result.is_draft:
                seconds += result.seconds
                if result.frame_index in self._scored:
                    self._marks[result.frame_index] = self._mark(result)
            yield
        steps = self._passes.steps(request, self._job.info.frame_count)
        closed = self._closed if corrected is None else self._closed | {corrected}
        figures = measure_round(
            self._marks, closed, corrected=corrected, steps=steps, seconds=seconds
        )
        self.rounds.append(figures)

    def _mark(self, result: FrameResult) -> FrameMark:
        plan, position = self._job.plan, self._scored[result.frame_index]
        truth = self._job.read(plan.truths[position])
        scores = score_frame(result.label_map, truth, plan.active(position))
        sure = [result.confidence.get(object_id, 1.0) for object_id in scores]
        return FrameMark({k: (x.j, x.f) for k, x in scores.items()}, float(np.mean(sure)))

    def _truth(self, index: int) -> Keyframe:
        """A frame's true mask, which asserts every object: one that is not on it is absent."""
        job = self._job
        label_map = job.read(job.masks[job.frame_indices.index(index)])
        ids = job.plan.object_ids
        kept = np.isin(label_map, (*ids, VOID))
        return Keyframe(index, ids, np.where(kept, label_map, 0).astype(np.uint8))
