"""The figures of prompts as a text table, as CSV and as plain values for JSON."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence

from core.eval.prompts import MOST, SHIFT, TARGET, PromptFigures, PromptRun
from core.eval.report import align_rows

LEGEND = (
    f"box: overlap (intersection over union) from the tight box; shifted: its edges moved by up to"
    f" {SHIFT:.0%} of its side; NoC: clicks until {TARGET:.2f}, {MOST} where that was not reached;"
    " violated: share of earlier clicks at which a mask was worse after a later one; spoiled:"
    " pixels that a click made wrong, as a share of the object, a click;"
    " ms: processor time of one box and of one click, without making the features. Means are over"
    " objects; those over sequences are in brackets."
)
COLUMNS = ("box", "shifted", "NoC", "violated", "spoiled", "ms box", "ms click")
CSV_HEAD = (
    *("sequence", "object", "method", "box", "shifted", "clicks", "box_ms", "click_ms"),
    *("violated", "earlier", "spoiled"),
)


def to_table(runs: Sequence[PromptRun]) -> list[str]:
    """Lines of a table: one for each object, the means of each method below."""
    names = list(runs[0].figures) if runs else []
    head = ["object", *(f"{name}: {column}" for name in names for column in ("box", "NoC"))]
    rows = [
        [f"{run.name} {run.object_id}", *(cell for name in names for cell in _cells(run, name))]
        for run in runs
    ]
    lines = align_rows([head, *rows])
    rule = "-" * max(map(len, lines))
    means = align_rows([["mean", *COLUMNS], *(_mean_row(runs, name) for name in names)])
    return [lines[0], rule, *lines[1:], "", *means, "", LEGEND]


def to_csv(runs: Sequence[PromptRun]) -> str:
    """CSV text: one line for each object and method."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_HEAD)
    for run in runs:
        for name, figures in run.figures.items():
            lead = [run.name, run.object_id, name, figures.tight, figures.shifted]
            times = [1000 * figures.box_seconds, 1000 * figures.click_seconds]
            clicks = figures.clicks if figures.overlaps else ""
            harm = [figures.violated, figures.earlier, figures.spoiled]
            writer.writerow([*lead, clicks, *times, *(harm if figures.overlaps else [""] * 3)])
    return text.getvalue()


def to_dict(runs: Sequence[PromptRun]) -> dict[str, object]:
    """Plain dicts, lists, numbers and texts; None for what was not measured."""
    names = list(runs[0].figures) if runs else []
    return {
        "target": TARGET,
        "most_clicks": MOST,
        "shift": SHIFT,
        "methods": {name: _summary(runs, name) for name in names},
        "objects": [
            {
                "sequence": run.name,
                "object_id": run.object_id,
                "methods": {name: _plain(figures) for name, figures in run.figures.items()},
            }
            for run in runs
        ],
    }


def run_line(run: PromptRun) -> str:
    """One object in one line, to be told when it is done."""
    told = [f"{name} {figures.tight:.3f}" for name, figures in run.figures.items()]
    return f"{run.name} {run.object_id}: box {', '.join(told)}"


def mean(
    runs: Sequence[PromptRun], name: str, value: Callable[[PromptFigures], float]
) -> tuple[float, float]:
    """A figure's mean over objects and its mean over sequences' means; NaN for no runs."""
    groups: dict[str, list[float]] = {}
    for run in runs:
        groups.setdefault(run.name, []).append(value(run.figures[name]))
    every = [x for group in groups.values() for x in group]
    return _mean(every), _mean([_mean(group) for group in groups.values()])


def _summary(runs: Sequence[PromptRun], name: str) -> dict[str, object]:
    clicked = any(run.figures[name].overlaps for run in runs)
    missed = sum(max(run.figures[name].overlaps, default=0.0) < TARGET for run in runs)
    objects, sequences = ([mean(runs, name, value)[index] for value in _VALUES] for index in (0, 1))
    return {
        "box": objects[0],
        "shifted": objects[1],
        "clicks": objects[2] if clicked else None,
        "not_reached": missed if clicked else None,
        "box_ms": 1000 * objects[3],
        "click_ms": 1000 * objects[4] if clicked else None,
        "violated": _violated(runs, name) if clicked else None,
        "spoiled": objects[5] if clicked else None,
        "box_by_sequence": sequences[0],
        "shifted_by_sequence": sequences[1],
        "clicks_by_sequence": sequences[2] if clicked else None,
    }


_VALUES: tuple[Callable[[PromptFigures], float], ...] = (
    lambda figures: figures.tight,
    lambda figures: figures.shifted,
    lambda figures: figures.clicks,
    lambda figures: figures.box_seconds,
    lambda figures: figures.click_seconds,
    lambda figures: figures.spoiled,
)


def _violated(runs: Sequence[PromptRun], name: str) -> float:
    """Share of earlier clicks that later ones violated; 0 where there was no later one."""
    of = sum(run.figures[name].earlier for run in runs)
    return sum(run.figures[name].violated for run in runs) / max(1, of)


def _plain(figures: PromptFigures) -> dict[str, object]:
    return {
        "box": figures.tight,
        "shifted": figures.shifted,
        "clicks": figures.clicks if figures.overlaps else None,
        "overlaps": list(figures.overlaps),
        "violated": figures.violated if figures.overlaps else None,
        "earlier": figures.earlier if figures.overlaps else None,
        "spoiled": figures.spoiled if figures.overlaps else None,
    }


def _cells(run: PromptRun, name: str) -> list[str]:
    figures = run.figures[name]
    return [f"{figures.tight:.3f}", str(figures.clicks) if figures.overlaps else "-"]


def _mean_row(runs: Sequence[PromptRun], name: str) -> list[str]:
    clicked = any(run.figures[name].overlaps for run in runs)
    pairs = [mean(runs, name, value) for value in _VALUES]
    boxes = [f"{pair[0]:.3f} ({pair[1]:.3f})" for pair in pairs[:2]]
    clicks = f"{pairs[2][0]:.2f} ({pairs[2][1]:.2f})" if clicked else "-"
    times = [f"{1000 * pairs[3][0]:.0f}", f"{1000 * pairs[4][0]:.0f}" if clicked else "-"]
    harm = [f"{_violated(runs, name):.3f}", f"{pairs[5][0]:.3f}"] if clicked else ["-", "-"]
    return [name, *boxes, clicks, *harm, *times]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan
