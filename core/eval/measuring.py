"""Measuring many things on many sequences, one after the other, into a table that goes on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core import __version__
from core.engine.registry import build_tracker
from core.eval.benchmark import SequenceRun, TrackerMaker, benchmark
from core.eval.benchmark_plan import BenchmarkRequest, plan_jobs
from core.eval.ledger import Ledger, Row
from core.eval.provenance import code_commit, today
from core.jobs import CancelToken, Job, Progress

OUTCOME = (
    "objects",
    "frames",
    "scored_frames",
    "j_and_f",
    "j",
    "f",
    "seconds_median",
    "peak_memory_mb",
    "version",
    "commit",
    "date",
)
"""Columns that say what came out; empty where it is unknown."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One row that is wanted: something that is measured on one sequence.

    Attributes:
        key: what the row is of, by column.
        request: names one sequence.
        frames: of the sequence.
        make_tracker: builds the tracker.
    """

    key: Mapping[str, str]
    request: BenchmarkRequest
    frames: int
    make_tracker: TrackerMaker = build_tracker


@dataclass(frozen=True, slots=True)
class Means:
    """What some rows come to.

    Attributes:
        rows: how many of them there are.
        objects: in all of them.
        j_and_f, j, f: means of sequences; NaN where nothing was scored.
        by_object: mean J&F of objects, as DAVIS has it.
        seconds: mean of the sequences' medians a frame.
        peak_memory_mb: the highest.
    """

    rows: int
    objects: int
    j_and_f: float
    j: float
    f: float
    by_object: float
    seconds: float
    peak_memory_mb: float


def sequences_of(request: BenchmarkRequest) -> list[tuple[BenchmarkRequest, int]]:
    """A request for each sequence of a request, with its number of frames.

    Raises:
        VosError: of the kinds that `plan_jobs` names.
    """
    jobs = plan_jobs(request)
    return [(replace(request, sequences=(j.plan.name,)), j.info.frame_count) for j in jobs]


def measure_all(wanted: Sequence[Measurement], ledger: Ledger, token: CancelToken) -> Job[None]:
    """Measure what a table does not have yet; each row is in it as soon as it is known.

    Yields:
        A `Progress` before each row and after each frame, counted in frames.

    Raises:
        VosError: of the kinds that `benchmark` names; rows so far are kept.
        Cancelled: by the token; likewise.
    """
    total = sum(one.frames for one in wanted)
    done = sum(one.frames for one in wanted if ledger.get(one.key) is not None)
    for one in wanted:
        if ledger.get(one.key) is not None:
            continue
        name = ", ".join(one.key[part] for part in ledger.told if one.key[part])
        yield Progress(done, total, name)
        for item in benchmark(one.request, token, make_tracker=one.make_tracker):
            if isinstance(item, SequenceRun):
                ledger.add({**one.key, **outcome(item)})
            elif isinstance(item, Progress):
                yield Progress(done + min(item.done, one.frames), total, name)
        done += one.frames
        yield Progress(done, total, name)


def outcome(run: SequenceRun) -> dict[str, object]:
    """What came out for one sequence, by the columns of `OUTCOME`."""
    totals = run.score.totals
    figures = {
        "j_and_f": totals.j_and_f,
        "j": totals.j.mean,
        "f": totals.f.mean,
        "seconds_median": run.seconds_median,
    }
    return {
        "objects": totals.object_count,
        "frames": run.frame_count,
        "scored_frames": run.score.frame_count,
        **{name: "" if math.isnan(value) else value for name, value in figures.items()},
        "peak_memory_mb": round(run.peak_bytes / 1e6, 1),
        "version": __version__,
        "commit": code_commit(),
        "date": today(),
    }


def means(rows: Sequence[Row]) -> Means:
    """Means over rows; rows without a score count as rows and no more."""
    scored = [row for row in rows if row["j_and_f"]]
    objects = sum(int(row["objects"]) for row in scored)
    weighed = sum(int(row["objects"]) * float(row["j_and_f"]) for row in scored)
    return Means(
        rows=len(rows),
        objects=objects,
        j_and_f=_mean(scored, "j_and_f"),
        j=_mean(scored, "j"),
        f=_mean(scored, "f"),
        by_object=weighed / objects if objects else math.nan,
        seconds=_mean(rows, "seconds_median"),
        peak_memory_mb=max((float(row["peak_memory_mb"]) for row in rows), default=math.nan),
    )


def _mean(rows: Sequence[Row], name: str) -> float:
    values = [float(row[name]) for row in rows if row[name]]
    return sum(values) / len(values) if values else math.nan
