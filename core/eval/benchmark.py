"""Running a system on every sequence of a dataset and scoring it while it runs."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from core.cleaning import NONE
from core.engine.adapted import LEARNING, propagate_either
from core.engine.propagate import PropagationRequest
from core.engine.registry import build_tracker
from core.engine.run import PeakMemory, memory_guard
from core.eval.benchmark_plan import (
    BenchmarkRequest,
    SequenceJob,
    plan_jobs,
    result_folder,
    trained_on,
)
from core.eval.confidence import Cell
from core.eval.records import ObjectScore, SequenceScore, Totals, total
from core.eval.scoring import SequenceScorer
from core.eval.starts import Start, started
from core.eval.statistics import average
from core.jobs import CancelToken, Progress
from core.tracking.contract import Tracker, TrackerRequest
from core.types import FrameResult

TrackerMaker = Callable[[TrackerRequest], Tracker]

CACHE_BYTES = 8 << 20
"""Decoded frames that are kept; images stand alone, so more would only blur the memory figure."""

SEMI = "Objects of the first mask; the first and the last mask are not scored (DAVIS)."
LATE = (
    "Each object is given where it first appears and scored from the next mask on, the last one"
    " included (YouTube-VOS)."
)
CORRECTED = "{} evenly spaced true masks are given; frames with one of them are not scored."
ADAPTED = (
    "Each sequence is learned between two passes, in {:.0f} seconds on average, which are not in"
    " the seconds a frame; both passes are."
)
STARTS = {
    Start.BOX: "The boxes of the true masks are given to begin with, filled.",
    Start.PROMPT: "Masks made of the boxes of the true masks alone are given to begin with.",
}
BACK_AND_FORTH = (
    "Each sequence is played forward, backward and forward again; every pass is scored, and the"
    " first mask of the first pass is all that is known of the others."
)
CLEANED = "Masks were cleaned up before they were scored: {}."
SEEN = "Also sequences that the weights were trained on are scored: {}."
TARGET = "A target model of each object is learned along the walk; that is in the seconds a frame."
TIMES = (
    "Seconds a frame: frames without a given mask, decoding included, scoring and writing not."
    " Memory: the whole process."
)


@dataclass(frozen=True, slots=True)
class SequenceRun:
    """What came out for one sequence.

    Attributes:
        score: J and F by object; its frame count is that of the scored frames.
        frame_count: frames that were labeled.
        keyframes: frame indices of the masks that were given.
        seconds_median, seconds_mean: per frame without a given mask.
        peak_bytes: highest resident memory of the process during the sequence.
        notes: what is odd about the ground truth.
        cells: confidence, true J and absence of each object on each scored frame.
        learning_seconds: time between the two passes of a run that adapts.
    """

    score: SequenceScore
    frame_count: int
    keyframes: tuple[int, ...]
    seconds_median: float
    seconds_mean: float
    peak_bytes: int
    notes: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = ()
    learning_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class BenchmarkReport:
    """Outcome of a benchmark.

    Attributes:
        runs: one entry for each sequence.
        by_object: means over all objects of all sequences, as DAVIS has it.
        by_sequence: means over the sequences' means.
        notes: what a reader of the figures has to know, one sentence each.
    """

    runs: tuple[SequenceRun, ...]
    by_object: Totals
    by_sequence: Totals
    notes: tuple[str, ...]

    @property
    def objects(self) -> tuple[ObjectScore, ...]:
        """Rows of all objects, in the order of the sequences."""
        return tuple(row for run in self.runs for row in run.score.objects)


def benchmark(
    request: BenchmarkRequest, token: CancelToken, *, make_tracker: TrackerMaker = build_tracker
) -> Generator[Progress | SequenceRun, None, BenchmarkReport]:
    """Run and score a dataset, frame by frame; nothing but figures is kept.

    Which masks are given and what is scored:

    - By default the first mask, as DAVIS has it: its objects count, the first and the last frame
      with ground truth are not scored. This is `SEMI` of `core.eval.protocols`.
    - With late entries each object is given on the frame it first appears on and counts from the
      next frame with ground truth on. This is `YOUTUBE_VOS` there.
    - Of several true masks the others lie evenly after the first (of 60 masks 3 are 0, 20, 40).
      They assert every object met so far, absent ones too, and their frames are not scored.

    Args:
        request: what is run, and on what.
        token: is looked at between two frames.
        make_tracker: builds the tracker of each sequence anew.

    Yields:
        A `Progress` before the first and after each frame, and a `SequenceRun` after each
        sequence.

    Returns:
        All of them together.

    Raises:
        VosError: of the kinds that `plan_jobs`, `build_tracker` and `propagate` name.
        Cancelled: by the token, between two frames.
    """
    jobs = plan_jobs(request)
    frame_count = sum(job.info.frame_count for job in jobs)
    done = 0
    yield Progress(0, frame_count, jobs[0].plan.name)
    runs = []
    for job in jobs:
        for step in _run(job, request, token, make_tracker=make_tracker):
            if isinstance(step, SequenceRun):
                runs.append(step)
                yield step
            elif isinstance(step, Progress):
                yield Progress(done, frame_count, f"{job.plan.name}, {step.text}")
            else:
                done += 1
                yield Progress(done, frame_count, job.plan.name)
    return make_benchmark_report(runs, request)


def start_notes(start: Start) -> list[str]:
    """What a reader of figures has to know of how objects were given; nothing for true masks."""
    return [STARTS[start]] if start in STARTS else []


def make_benchmark_report(
    runs: Sequence[SequenceRun], request: BenchmarkRequest
) -> BenchmarkReport:
    """Put the sequences that were run together; also for a benchmark that was stopped."""
    totals = [run.score.totals for run in runs if run.score.objects]
    by_sequence = Totals(
        len(totals), average([t.j for t in totals]), average([t.f for t in totals])
    )
    notes = [LATE if request.late_entries else SEMI]
    notes += start_notes(request.start)
    notes += [] if request.cleaning == NONE else [CLEANED.format(request.cleaning.text)]
    notes += [BACK_AND_FORTH] if request.back_and_forth else []
    if seen := trained_on(request.tracker.weights, [run.score.name for run in runs]):
        notes.append(SEEN.format(", ".join(seen)))
    if request.keyframe_count > 1:
        notes.append(CORRECTED.format(request.keyframe_count))
    if request.adaptation is not None:
        spent = statistics.fmean([run.learning_seconds for run in runs] or [0.0])
        alone = " What was learned decides alone." if request.adaptation.paper_mode else ""
        notes.append(ADAPTED.format(spent) + alone)
    if request.tracker.target:
        notes.append(TARGET)
    notes += [TIMES, *(note for run in runs for note in run.notes)]
    rows = [row for run in runs for row in run.score.objects]
    return BenchmarkReport(tuple(runs), total(rows), by_sequence, tuple(notes))


def _run(
    job: SequenceJob, request: BenchmarkRequest, token: CancelToken, *, make_tracker: TrackerMaker
) -> Iterator[FrameResult | Progress | SequenceRun]:
    """Yield each frame's final result, then the sequence's figures."""
    scorer = SequenceScorer(job.plan.name, job.plan.object_ids)
    scored = job.scored
    seconds: list[float] = []
    cells: list[Cell] = []
    learning = _Stopwatch()
    with (
        PeakMemory() as peak,
        job.open(cache_bytes=CACHE_BYTES) as video,
        nullcontext() if request.out is None else result_folder(request.out, job) as folder,
        memory_guard(request.tracker.system),
    ):
        keyframes = started(
            job.keyframes(),
            request.start,
            video=video,
            tracker=request.tracker,
            token=token,
            whole=job.whole(),
        )
        tracker = make_tracker(request.tracker)
        count, cleaning = job.info.frame_count, request.cleaning
        wanted = PropagationRequest(keyframes, 0, count, cleaning=cleaning)
        adaptation = request.adaptation
        for result in propagate_either(video, tracker, wanted, token, adaptation=adaptation):
            learning.look(result)
            if isinstance(result, Progress) or result.is_draft:
                if adaptation is not None:
                    yield _sign(result)
                continue
            if folder is not None:
                folder.write(result.frame_index, result.label_map)
            if result.frame_index in scored:
                cells += _score(result, job, scorer, scored[result.frame_index])
            if not result.is_keyframe:
                seconds.append(result.seconds)
            yield result
        yield SequenceRun(
            score=scorer.finish(),
            frame_count=job.info.frame_count,
            keyframes=tuple(keyframe.frame_index for keyframe in keyframes),
            seconds_median=statistics.median(seconds or [math.nan]),
            seconds_mean=statistics.fmean(seconds or [math.nan]),
            peak_bytes=peak.bytes,
            notes=(*job.plan.notes, *job.plan.reader.notes),
            cells=tuple(cells),
            learning_seconds=learning.seconds,
        )


class _Stopwatch:
    """Measures how long a run learns."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._start: float | None = None

    def look(self, item: FrameResult | Progress) -> None:
        """Take note of what a run yields."""
        if isinstance(item, Progress) and item.phase == LEARNING:
            self._start = self._start or time.perf_counter()
            self.seconds = time.perf_counter() - self._start


def _sign(item: FrameResult | Progress) -> Progress:
    return item if isinstance(item, Progress) else Progress(0, 0, "first pass")


def _score(result: FrameResult, job: SequenceJob, scorer: SequenceScorer, index: int) -> list[Cell]:
    truth = job.read(job.plan.truths[index])
    scores = scorer.add(result.label_map, truth, object_ids=job.plan.active(index))
    true_areas, areas = (np.bincount(x.ravel(), minlength=256) for x in (truth, result.label_map))
    return [
        Cell(
            frame_index=result.frame_index,
            object_id=object_id,
            j=score.j,
            confidence=result.confidence.get(object_id),
            true_area=int(true_areas[object_id]),
            area=int(areas[object_id]),
            absent=object_id in result.absent,
        )
        for object_id, score in scores.items()
    ]
