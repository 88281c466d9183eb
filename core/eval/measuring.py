"""Measuring many things on many sequences, one after the other, into a table that goes on."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

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
Found = tuple[Mapping[str, str], Mapping[str, object]]
"""The key of a row, and what came out."""


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

    @property
    def keys(self) -> tuple[Mapping[str, str], ...]:
        """Of the rows that it makes."""
        return (self.key,)

    def run(self, token: CancelToken) -> Generator[Progress | Found]:
        """Measure; yields its progress in frames, and what it found."""
        for item in benchmark(self.request, token, make_tracker=self.make_tracker):
            if isinstance(item, SequenceRun):
                yield self.key, outcome(item)
            elif isinstance(item, Progress):
                yield item


class Wanted(Protocol):
    """Something that makes one row or several of one sequence."""

    @property
    def keys(self) -> tuple[Mapping[str, str], ...]:
        """Of the rows that it makes."""

    @property
    def frames(self) -> int:
        """As it counts its progress."""

    def run(self, token: CancelToken) -> Generator[Progress | Found]:
        """Measure; yields its progress in frames, and what it found."""


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


def measure_all(wanted: Sequence[Wanted], ledger: Ledger, token: CancelToken) -> Job[None]:
    """Measure what a table does not have yet; each row is in it as soon as it is known.

    Yields:
        A `Progress` before each row and after each frame, counted in frames.

    Raises:
        VosError: of the kinds that `benchmark` names; rows so far are kept.
        Cancelled: by the token; likewise.
    """
    total = sum(one.frames for one in wanted)
    done = sum(one.frames for one in wanted if _is_known(one, ledger))
    for one in wanted:
        if _is_known(one, ledger):
            continue
        name = ", ".join(one.keys[0][part] for part in ledger.told if one.keys[0][part])
        yield Progress(done, total, name)
        for item in one.run(token):
            if isinstance(item, Progress):
                yield Progress(done + min(item.done, one.frames), total, name)
            else:
                key, found = item
                ledger.add({**key, **found})
        done += one.frames
        yield Progress(done, total, name)


def _is_known(one: Wanted, ledger: Ledger) -> bool:
    return all(ledger.get(key) is not None for key in one.keys)


def outcome(run: SequenceRun) -> dict[str, object]:
    """What came out for one sequence, by the columns of `OUTCOME`."""
    totals = run.score.totals
    figures = {
        "j_and_f": totals.j_and_f,
        "j": totals.j.mean,
        "f": totals.f.mean,
        "seconds_median": run.seconds_median,
    }
    counts = {
        "objects": totals.object_count,
        "frames": run.frame_count,
        "scored_frames": run.score.frame_count,
    }
    return counts | told(figures, run.peak_bytes)


def told(figures: Mapping[str, float], peak_bytes: int) -> dict[str, object]:
    """Figures, memory, and the code that made them, by the columns of `OUTCOME`."""
    return {
        **{name: "" if math.isnan(value) else value for name, value in figures.items()},
        "peak_memory_mb": round(peak_bytes / 1e6, 1),
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
