"""The robot annotator's figures as text tables, as CSV and as plain values for JSON."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from core.eval.interactive import InteractiveReport, InteractiveRun, Pick
from core.eval.interactive_figures import Round, corrections_to_reach
from core.eval.report import align_rows, cell, known

SHOWN_ROUNDS = (0, 1, 2, 3, 5)
TARGETS = (0.85, 0.90)
MEAN = "mean of sequences"
LEGEND = (
    "all n: J&F after n corrected frames, which count as they are; open n: the same without the"
    " corrected frames; to x: corrected frames until open J&F reaches x; its mean takes > n as"
    " n + 1, so it is at least that."
)
DOUBT_LEGEND = (
    "spearman: rank correlation of confidence and true J over the frames of round 0; worst found:"
    " share of the worst tenth of these frames that lies in the least confident quarter."
)
CSV_HEAD = (
    "sequence",
    "objects",
    "scored_frames",
    "pick",
    "corrections",
    "corrected_frame",
    "j_and_f",
    "j",
    "f",
    "open_j_and_f",
    "open_j",
    "open_f",
    "steps",
    "seconds",
    "spearman",
    "worst_found",
)


def to_table(report: InteractiveReport) -> list[str]:
    """Lines: a table for each way to pick frames, one for the confidence, then notes."""
    lines: list[str] = []
    for pick in report.picks:
        lines += [f"frames to correct picked by: {pick.value}", *_pick_table(report, pick), ""]
    return [*lines, *_doubt_table(report), "", LEGEND, DOUBT_LEGEND, *report.notes]


def run_line(run: InteractiveRun) -> str:
    """One sequence in one line, to be told when it is done."""
    curves = [
        f"{pick.value} {cell(rounds[0].open_j_and_f)} to {cell(rounds[-1].open_j_and_f)}"
        for pick, rounds in run.rounds.items()
    ]
    count = max(len(rounds) for rounds in run.rounds.values()) - 1
    return f"{run.name}: J&F by {', by '.join(curves)} in {count} corrections"


def to_csv(report: InteractiveReport) -> str:
    """CSV text: one line for each sequence, pick and round; empty cells are unknown."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_HEAD)
    for run in report.runs:
        for pick, rounds in run.rounds.items():
            for number, figures in enumerate(rounds):
                writer.writerow(_csv_row(run, pick, number, figures))
    return text.getvalue()


def to_dict(report: InteractiveReport) -> dict[str, object]:
    """Plain dicts, lists, numbers and texts; None for what is unknown, never NaN."""
    found = [run.doubt.worst_found for run in report.runs]
    return {
        "rounds": report.rounds,
        "picks": {pick.value: _pick_summary(report, pick) for pick in report.picks},
        "confidence": {
            "spearman": known(_mean([run.doubt.spearman for run in report.runs])),
            "worst_found": known(_mean(found)),
            "sequences_with_all_worst_found": sum(share == 1 for share in found),
        },
        "sequences": [_sequence(run) for run in report.runs],
        "notes": list(report.notes),
    }


def _pick_table(report: InteractiveReport, pick: Pick) -> list[str]:
    numbers = [n for n in SHOWN_ROUNDS if n <= report.rounds]
    if report.rounds not in numbers:
        numbers.append(report.rounds)
    head = ["sequence", "objects", "frames"]
    head += [f"{name} {n}" for name in ("all", "open") for n in numbers]
    head += [f"to {target:.2f}" for target in TARGETS]
    rows = [_table_row(run, run.rounds[pick], numbers) for run in report.runs]
    lines = align_rows([head, *rows, _mean_row(report, pick, numbers)])
    rule = "-" * max(map(len, lines))
    return [lines[0], rule, *lines[1:-1], rule, lines[-1]]


def _table_row(run: InteractiveRun, rounds: Sequence[Round], numbers: list[int]) -> list[str]:
    shown = [rounds[n] if n < len(rounds) else None for n in numbers]
    every = [cell(r.j_and_f if r else math.nan) for r in shown]
    rest = [cell(r.open_j_and_f if r else math.nan) for r in shown]
    targets = []
    for target in TARGETS:
        needed = corrections_to_reach(rounds, target)
        targets.append(f"> {len(rounds) - 1}" if needed is None else str(needed))
    return [run.name, str(run.object_count), str(run.scored_count), *every, *rest, *targets]


def _mean_row(report: InteractiveReport, pick: Pick, numbers: list[int]) -> list[str]:
    runs = report.runs
    every = [cell(_mean(_curve(report, pick, n, whole=True))) for n in numbers]
    rest = [cell(_mean(_curve(report, pick, n, whole=False))) for n in numbers]
    targets = [_mean_needed(report, pick, target) for target in TARGETS]
    counts = [sum(run.object_count for run in runs), sum(run.scored_count for run in runs)]
    cells = [*map(str, counts), *every, *rest]
    return [f"{MEAN} ({len(runs)})", *cells, *targets]


def _mean_needed(report: InteractiveReport, pick: Pick, target: float) -> str:
    mean = _mean(_needed(report, pick, target))
    reached = [corrections_to_reach(run.rounds[pick], target) for run in report.runs]
    return "-" if math.isnan(mean) else f"{'>= ' if None in reached else ''}{mean:.1f}"


def _doubt_table(report: InteractiveReport) -> list[str]:
    head = ["confidence", "spearman", "worst found"]
    rows = [[r.name, cell(r.doubt.spearman), cell(r.doubt.worst_found)] for r in report.runs]
    means = [
        cell(_mean([run.doubt.spearman for run in report.runs])),
        cell(_mean([run.doubt.worst_found for run in report.runs])),
    ]
    lines = align_rows([head, *rows, [f"{MEAN} ({len(report.runs)})", *means]])
    rule = "-" * max(map(len, lines))
    return [lines[0], rule, *lines[1:-1], rule, lines[-1]]


def _pick_summary(report: InteractiveReport, pick: Pick) -> dict[str, object]:
    numbers = range(report.rounds + 1)
    return {
        "j_and_f": [known(_mean(_curve(report, pick, n, whole=True))) for n in numbers],
        "open_j_and_f": [known(_mean(_curve(report, pick, n, whole=False))) for n in numbers],
        "corrections_to_reach": {
            f"{target:.2f}": {
                "reached": sum(
                    corrections_to_reach(run.rounds[pick], target) is not None
                    for run in report.runs
                ),
                "mean": known(_mean(_needed(report, pick, target))),
            }
            for target in TARGETS
        },
    }


def _sequence(run: InteractiveRun) -> dict[str, object]:
    return {
        "name": run.name,
        "objects": run.object_count,
        "frames": run.frame_count,
        "scored_frames": run.scored_count,
        "picks": {pick.value: _pick_dict(rounds) for pick, rounds in run.rounds.items()},
        "spearman": known(run.doubt.spearman),
        "worst_found": known(run.doubt.worst_found),
    }


def _pick_dict(rounds: Sequence[Round]) -> dict[str, object]:
    return {
        "rounds": [_round_dict(figures) for figures in rounds],
        "corrections_to_reach": {
            f"{target:.2f}": corrections_to_reach(rounds, target) for target in TARGETS
        },
    }


def _round_dict(figures: Round) -> dict[str, object]:
    return {
        "corrected_frame": figures.corrected,
        "j_and_f": known(figures.j_and_f),
        "j": known(figures.j),
        "f": known(figures.f),
        "open_j_and_f": known(figures.open_j_and_f),
        "open_j": known(figures.open_j),
        "open_f": known(figures.open_f),
        "steps": figures.steps,
        "seconds": figures.seconds,
    }


def _csv_row(run: InteractiveRun, pick: Pick, number: int, figures: Round) -> list[object]:
    corrected = "" if figures.corrected is None else figures.corrected
    scores = (figures.j_and_f, figures.j, figures.f)
    rest = (figures.open_j_and_f, figures.open_j, figures.open_f)
    doubt = [_blank(run.doubt.spearman), _blank(run.doubt.worst_found)]
    lead = [run.name, run.object_count, run.scored_count, pick.value, number, corrected]
    return [*lead, *map(_blank, (*scores, *rest)), figures.steps, figures.seconds, *doubt]


def _curve(report: InteractiveReport, pick: Pick, number: int, *, whole: bool) -> list[float]:
    """J&F of each sequence that came so far, after a number of corrections."""
    reached = [run.rounds[pick][number] for run in report.runs if number < len(run.rounds[pick])]
    return [r.j_and_f if whole else r.open_j_and_f for r in reached]


def _needed(report: InteractiveReport, pick: Pick, target: float) -> list[float]:
    """Corrections each sequence takes; those that never got there count one more than they had."""
    counts = [
        (run.rounds[pick], corrections_to_reach(run.rounds[pick], target)) for run in report.runs
    ]
    return [float(len(rounds) if needed is None else needed) for rounds, needed in counts]


def _mean(values: Sequence[float]) -> float:
    """Mean of the values that are known; NaN where none is."""
    found = [value for value in values if not math.isnan(value)]
    return math.fsum(found) / len(found) if found else math.nan


def _blank(value: float) -> float | str:
    return "" if math.isnan(value) else value
