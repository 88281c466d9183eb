"""A benchmark's figures as a text table, as CSV and as plain values for JSON."""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Sequence

from core.eval.benchmark import BenchmarkReport, SequenceRun
from core.eval.records import Totals
from core.eval.report import align_rows, cell, figures, object_row

HEAD = ("sequence", "objects", "frames", "J&F", "J", "F", "s/frame", "mean s", "peak MB")
CSV_HEAD = (
    "sequence",
    "objects",
    "frames",
    "scored_frames",
    "keyframes",
    "j_and_f",
    "j",
    "f",
    "seconds_median",
    "seconds_mean",
    "peak_memory_mb",
)
MEAN = "mean of sequences"
OBJECT_MEAN = "mean of objects"


def to_table(report: BenchmarkReport) -> list[str]:
    """Lines of a table: one for each sequence, both means, then notes.

    `s/frame` is the median of a sequence's frames; the mean row has the mean of the medians and
    the highest peak.
    """
    rows = [HEAD, *(_row(run) for run in report.runs), *_mean_rows(report)]
    lines = align_rows(rows)
    rule = "-" * max(len(line) for line in lines)
    return [lines[0], rule, *lines[1:-2], rule, *lines[-2:], *report.notes]


def run_line(run: SequenceRun) -> str:
    """One sequence in one line, to be told when it is done."""
    scores = run.score.totals
    return (
        f"{run.score.name}: J&F {cell(scores.j_and_f)}, J {cell(scores.j.mean)}, "
        f"F {cell(scores.f.mean)}, {run.seconds_median:.3f} s/frame"
    )


def to_csv(report: BenchmarkReport) -> str:
    """CSV text: one line for each sequence, then the two means; empty cells are unknown."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_HEAD)
    for run in report.runs:
        writer.writerow(_csv_row(run))
    writer.writerow([MEAN, "", "", "", "", *_csv_scores(report.by_sequence), "", "", ""])
    writer.writerow([OBJECT_MEAN, "", "", "", "", *_csv_scores(report.by_object), "", "", ""])
    return text.getvalue()


def to_dict(report: BenchmarkReport) -> dict[str, object]:
    """Plain dicts, lists, numbers and texts; None for what is unknown, never NaN."""
    return {
        "mean": figures(report.by_object),
        "mean_of_sequences": figures(report.by_sequence),
        "sequences": [_sequence(run) for run in report.runs],
        "seconds_per_frame": _mean([run.seconds_median for run in report.runs]),
        "peak_memory_mb": max((_megabytes(run) for run in report.runs), default=None),
        "notes": list(report.notes),
    }


def _sequence(run: SequenceRun) -> dict[str, object]:
    return {
        "name": run.score.name,
        "frames": run.frame_count,
        "scored_frames": run.score.frame_count,
        "keyframes": list(run.keyframes),
        "mean": figures(run.score.totals),
        "objects": [object_row(row) for row in run.score.objects],
        "seconds_per_frame": {"median": run.seconds_median, "mean": run.seconds_mean},
        "peak_memory_mb": _megabytes(run),
        "learning_seconds": run.learning_seconds,
    }


def _row(run: SequenceRun) -> list[str]:
    times = [f"{run.seconds_median:.3f}", f"{run.seconds_mean:.3f}", f"{_megabytes(run):.0f}"]
    lead = [run.score.name, str(len(run.score.objects)), str(run.frame_count)]
    return [*lead, *_cells(run.score.totals), *times]


def _mean_rows(report: BenchmarkReport) -> list[list[str]]:
    runs = report.runs
    frames = str(sum(run.frame_count for run in runs))
    times = [cell(_mean([run.seconds_median for run in runs]))]
    times += [cell(_mean([run.seconds_mean for run in runs]))]
    peak = f"{max(map(_megabytes, runs)):.0f}" if runs else "-"
    count = str(report.by_object.object_count)
    return [
        [f"{MEAN} ({len(runs)})", count, frames, *_cells(report.by_sequence), *times, peak],
        [f"{OBJECT_MEAN} ({count})", count, frames, *_cells(report.by_object), *times, peak],
    ]


def _csv_row(run: SequenceRun) -> list[object]:
    keyframes = " ".join(map(str, run.keyframes))
    counts = [len(run.score.objects), run.frame_count, run.score.frame_count, keyframes]
    times = [run.seconds_median, run.seconds_mean, round(_megabytes(run), 1)]
    return [run.score.name, *counts, *_csv_scores(run.score.totals), *times]


def _csv_scores(scores: Totals) -> list[float | str]:
    values = (scores.j_and_f, scores.j.mean, scores.f.mean)
    return ["" if math.isnan(value) else value for value in values]


def _cells(scores: Totals) -> list[str]:
    return [cell(value) for value in (scores.j_and_f, scores.j.mean, scores.f.mean)]


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None


def _megabytes(run: SequenceRun) -> float:
    return run.peak_bytes / 1e6
