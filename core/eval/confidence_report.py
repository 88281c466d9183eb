"""Figures of confidence and absence as a text table and as plain values for JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.eval.benchmark import SequenceRun
from core.eval.confidence import (
    GOOD_SPEARMAN,
    SOON,
    AbsenceFigures,
    ConfidenceFigures,
    measure_absence,
    measure_confidence,
    total_absence,
)
from core.eval.report import align_rows, cell, known

HEAD = (
    "confidence",
    "cells",
    "spearman",
    "worst found",
    "error",
    "absent",
    "reported",
    "precision",
    "recall",
    "found again after",
)
ALL = "all cells"
MEAN = "mean of sequences"
NOTES = (
    "spearman: rank correlation of confidence and true J over objects and frames; worst found:"
    " share of the worst tenth that lies in the least confident quarter; error: mean of"
    " |confidence - J|. Cells where truth and result are empty are left out there.",
    "absent: cells without the object, those with a sliver of it left out; found again after:"
    " frames until J is 0.5, for each return (- = not before it left again).",
)


def to_table(runs: Sequence[SequenceRun]) -> list[str]:
    """Lines of a table: one for each sequence, one for all cells, one of means; then notes."""
    rows = [list(HEAD)]
    for run in runs:
        rows.append(_row(run.score.name, *_measure(run)))
    rows += [_row(ALL, *_measure(*runs)), _mean_row(runs)]
    lines = align_rows(rows)
    rule = "-" * max(len(line) for line in lines)
    return [lines[0], rule, *lines[1:-2], rule, *lines[-2:], _verdict(runs), *NOTES]


def to_dict(runs: Sequence[SequenceRun]) -> dict[str, object]:
    """Plain dicts, lists and numbers; None for what is unknown, never NaN."""
    return {
        "all": _plain(*_measure(*runs)),
        "mean_spearman": known(_mean([c.spearman for c, _ in map(_measure, runs)])),
        "mean_worst_found": known(_mean([c.worst_found for c, _ in map(_measure, runs)])),
        "sequences": [{"name": run.score.name} | _plain(*_measure(run)) for run in runs],
    }


def _measure(*runs: SequenceRun) -> tuple[ConfidenceFigures, AbsenceFigures]:
    cells = [cell for run in runs for cell in run.cells]
    return measure_confidence(cells), total_absence([measure_absence(run.cells) for run in runs])


def _row(name: str, confidence: ConfidenceFigures, absence: AbsenceFigures) -> list[str]:
    waits = ["-" if wait is None else str(wait) for wait in absence.returns]
    if len(waits) > SOON:
        waits = [f"{absence.found_soon} of {len(waits)} within {SOON}"]
    values = (confidence.spearman, confidence.worst_found, confidence.error)
    shares = (absence.precision, absence.recall)
    counts = (str(absence.true), str(absence.reported))
    cells = (*(cell(v, 2) for v in values), *counts, *(cell(v, 2) for v in shares))
    return [name, str(confidence.cells), *cells, " ".join(waits)]


def _mean_row(runs: Sequence[SequenceRun]) -> list[str]:
    figures = [confidence for confidence, _ in map(_measure, runs)]
    columns = ("spearman", "worst_found", "error")
    means = [_mean([getattr(f, name) for f in figures]) for name in columns]
    return [f"{MEAN} ({len(runs)})", "", *(cell(v, 2) for v in means), "", "", "", "", ""]


def _verdict(runs: Sequence[SequenceRun]) -> str:
    """In how many sequences the aims are met."""
    figures = [c for c, _ in map(_measure, runs) if not math.isnan(c.worst_found)]
    ranked = sum(c.spearman >= GOOD_SPEARMAN for c in figures)
    whole = sum(c.worst_found == 1 for c in figures)
    most = sum(c.worst_found > 0.5 for c in figures)
    return (
        f"Of {len(figures)} sequences with an opinion: spearman at least {GOOD_SPEARMAN} in"
        f" {ranked}; the worst tenth in the least confident quarter wholly in {whole}, for the"
        f" most part in {most}."
    )


def _plain(confidence: ConfidenceFigures, absence: AbsenceFigures) -> dict[str, object]:
    return {
        "cells": confidence.cells,
        "spearman": known(confidence.spearman),
        "worst_found": known(confidence.worst_found),
        "error": known(confidence.error),
        "absent": absence.true,
        "absent_reported": absence.reported,
        "absence_precision": known(absence.precision),
        "absence_recall": known(absence.recall),
        "found_again_after": list(absence.returns),
    }


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan
