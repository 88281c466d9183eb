"""A report as a text table, as CSV and as plain values for JSON."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from core.eval.records import ObjectScore, Report, Totals
from core.eval.statistics import Statistic
from core.text import visible

FIGURES = ("J&F", "J mean", "J recall", "J decay", "F mean", "F recall", "F decay")
STABILITY = "T"
MEAN = "mean"


def to_table(report: Report) -> list[str]:
    """Lines of a table: one for each sequence, the mean over all objects; then notes."""
    with_stability = report.totals.stability is not None
    rows = [["sequence", "objects", "frames", *FIGURES, *([STABILITY] if with_stability else [])]]
    rows += [
        [s.name, str(len(s.objects)), str(s.frame_count), *_cells(s.totals)]
        for s in report.sequences
    ]
    frames = str(sum(sequence.frame_count for sequence in report.sequences))
    rows.append([MEAN, str(report.totals.object_count), frames, *_cells(report.totals)])
    lines = align_rows(rows)
    rule = "-" * max(len(line) for line in lines)
    return [lines[0], rule, *lines[1:-1], rule, lines[-1], *_category_lines(report), *report.notes]


def to_csv(report: Report) -> str:
    """CSV text: one line for each object, then one called mean; empty cells are unknown."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["sequence", "object", "result", "category", "seen", "frames", *_csv_names()])
    for row in report.objects:
        seen = "" if row.seen is None else int(row.seen)
        result = "" if row.result_id is None else row.result_id
        lead = [row.sequence, row.object_id, result, row.category, seen, row.frame_count]
        writer.writerow([*lead, *_csv_cells(row)])
    writer.writerow([MEAN, "", "", "", "", "", *_csv_cells(report.totals)])
    return text.getvalue()


def to_dict(report: Report) -> dict[str, object]:
    """Plain dicts, lists, numbers and texts; None for what is unknown, never NaN."""
    plain: dict[str, object] = {
        "protocol": report.protocol.value,
        "mean": figures(report.totals),
        "sequences": [
            {
                "name": sequence.name,
                "frames": sequence.frame_count,
                "mean": figures(sequence.totals),
                "objects": [object_row(row) for row in sequence.objects],
            }
            for sequence in report.sequences
        ],
        "notes": list(report.notes),
    }
    if report.categories is not None:
        seen, unseen = report.categories.seen, report.categories.unseen
        plain["g"] = known(report.categories.g)
        plain["seen"] = None if seen is None else figures(seen)
        plain["unseen"] = None if unseen is None else figures(unseen)
    return plain


def object_row(row: ObjectScore) -> dict[str, object]:
    """One object as plain values."""
    plain: dict[str, object] = {"object_id": row.object_id, "result_id": row.result_id}
    plain["frames"] = row.frame_count
    if row.seen is not None:
        plain |= {"category": row.category, "seen": row.seen}
    return plain | figures(row)


def figures(score: Totals | ObjectScore) -> dict[str, object]:
    """Means of one row as plain values."""
    plain: dict[str, object] = {
        "j_and_f": known(score.j_and_f),
        "j": _statistic(score.j),
        "f": _statistic(score.f),
    }
    if score.stability is not None:
        plain["t"] = known(score.stability)
    return plain


def _statistic(statistic: Statistic) -> dict[str, float | None]:
    return {
        "mean": known(statistic.mean),
        "recall": known(statistic.recall),
        "decay": known(statistic.decay),
    }


def known(value: float) -> float | None:
    """A figure for JSON: None for NaN."""
    return value if math.isfinite(value) else None


def cell(value: float | None, digits: int = 3) -> str:
    """A figure for a table: a dash where it is unknown."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def _values(score: Totals | ObjectScore) -> list[float]:
    j, f = score.j, score.f
    return [score.j_and_f, j.mean, j.recall, j.decay, f.mean, f.recall, f.decay]


def _cells(score: Totals) -> list[str]:
    values = _values(score) + ([] if score.stability is None else [score.stability])
    return ["-" if math.isnan(value) else f"{value:.3f}" for value in values]


def _csv_names() -> list[str]:
    return ["j_and_f", "j_mean", "j_recall", "j_decay", "f_mean", "f_recall", "f_decay", "t"]


def _csv_cells(score: Totals | ObjectScore) -> list[float | str]:
    stability = math.nan if score.stability is None else score.stability
    return ["" if math.isnan(value) else value for value in [*_values(score), stability]]


def _category_lines(report: Report) -> list[str]:
    if report.categories is None:
        return []
    lines = [f"G {report.categories.g:.3f}"]
    for name, group in (("seen", report.categories.seen), ("unseen", report.categories.unseen)):
        if group is not None:
            figures = f"J {group.j.mean:.3f}  F {group.f.mean:.3f}  J&F {group.j_and_f:.3f}"
            lines.append(f"{name:<6}  {figures}  ({group.object_count} objects)")
    return lines


def align_rows(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table: the first column to the left, the others to the right."""
    # As wide as they are shown: names may be anybody's.
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*shown, strict=True)]
    lines = []
    for row in shown:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells))
    return lines


def markdown_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: int
) -> list[str]:
    """Lines of a Markdown table whose columns stand one below the other.

    Args:
        head: titles.
        rows: cells.
        numbers: the first column of numbers; these go to the right.
    """
    widths = [max(3, *map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if place >= numbers else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = [
        f"{'-' * (width + 1)}:" if place >= numbers else "-" * (width + 2)
        for place, width in enumerate(widths)
    ]
    return [line(head), f"|{'|'.join(rule)}|", *map(line, rows)]
