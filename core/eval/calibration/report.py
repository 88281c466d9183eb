"""A calibration's outcome as a text table and as plain values for JSON."""

from __future__ import annotations

from dataclasses import asdict

from core.eval.calibration.job import Calibrated, Figures
from core.eval.confidence import SOON
from core.eval.report import align_rows, cell, known

HEAD = ("", "cells", "spearman", "error", "absent", "reported", "precision", "recall", "found soon")
NOTE = (
    "Spearman: rank correlation of confidence and true J; error: mean of |confidence - J|; found"
    f" soon: returns that were found within {SOON} frames. Measured on the sequences that were not"
    " fitted to, each object given where it first appears."
)


def to_table(outcome: Calibrated) -> str:
    """Aligned text: before and after on the held-out sequences, then the constants."""
    rows = [HEAD, _row("before", outcome.figures_before), _row("after", outcome.figures_after)]
    head, *lines = align_rows(rows)
    parts = [
        f"Fitted to {', '.join(outcome.fitted)}; tried on {', '.join(outcome.held_out)}.",
        head,
        "-" * len(head),
        *lines,
        NOTE,
        *outcome.notes,
        *align_rows(_constants(outcome)),
    ]
    return "\n".join(parts)


def to_dict(outcome: Calibrated) -> dict[str, object]:
    """Plain dicts, lists, numbers and texts; None for what is unknown, never NaN."""
    return {
        "weights": str(outcome.path),
        "fitted": list(outcome.fitted),
        "held_out": list(outcome.held_out),
        "before": outcome.before.to_dict() | {"figures": _plain(outcome.figures_before)},
        "after": outcome.after.to_dict() | {"figures": _plain(outcome.figures_after)},
        "notes": list(outcome.notes),
    }


def _row(name: str, figures: Figures) -> list[str]:
    confidence, absence = figures.confidence, figures.absence
    returns = f"{absence.found_soon} of {len(absence.returns)}"
    return [
        name,
        str(confidence.cells),
        cell(confidence.spearman),
        cell(confidence.error),
        str(absence.true),
        str(absence.reported),
        cell(absence.precision),
        cell(absence.recall),
        returns,
    ]


def _constants(outcome: Calibrated) -> list[list[str]]:
    before, after = asdict(outcome.before), asdict(outcome.after)
    return [["", "before", "after"], *([n, _text(before[n]), _text(after[n])] for n in before)]


def _text(value: object) -> str:
    return ", ".join(f"{v:g}" for v in value) if isinstance(value, tuple | list) else f"{value:g}"


def _plain(figures: Figures) -> dict[str, object]:
    confidence, absence = figures.confidence, figures.absence
    return {
        "cells": confidence.cells,
        "spearman": known(confidence.spearman),
        "error": known(confidence.error),
        "absent": absence.true,
        "absent_reported": absence.reported,
        "absence_precision": known(absence.precision),
        "absence_recall": known(absence.recall),
        "returns": len(absence.returns),
        "found_soon": absence.found_soon,
    }
