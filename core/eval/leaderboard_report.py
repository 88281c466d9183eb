"""A leaderboard as Markdown, which reads well in a terminal, too, and as plain values for JSON."""

from __future__ import annotations

from dataclasses import asdict

from core.eval.leaderboard import Leaderboard, Place
from core.eval.report import cell, known, markdown_table

HEAD = (
    "system",
    "weights",
    "quality",
    "J&F",
    "J",
    "F",
    "J&F of objects",
    "s a frame",
    "peak MB",
)
CORRECTED = (
    " +1, +2, ...: J&F after so many corrected frames, each time the one with the worst true J,"
    " corrected frames left out."
)
NUMBERS = HEAD.index("J&F")
"""Columns from here on are numbers."""


def to_markdown(board: Leaderboard, command: str) -> str:
    """The whole document: title, what was measured and how, the table, what was not run."""
    several = len({place.given for place in board.places if place.means is not None}) > 1
    rounds = max((len(place.corrected) for place in board.places), default=0)
    rows = [_row(place, several=several, rounds=rounds) for place in board.places]
    lead, rest = HEAD[:NUMBERS], HEAD[NUMBERS:]
    lead = (*lead, "given") if several else lead
    head = (*lead, *rest, *(f"+{number}" for number in range(1, rounds + 1)))
    parts = [
        f"# All systems on {board.data}",
        "",
        f"{board.sequences} sequences; each system is given {board.given}. J&F, J, F: means of"
        " sequences. Seconds: frames without a given mask, decoding included; memory: the whole"
        " process, of which torch stays loaded once a system has needed it."
        + (CORRECTED if rounds else ""),
        "",
        *markdown_table(head, rows, numbers=len(lead)),
        "",
    ]
    missing = [place for place in board.places if place.missing]
    if missing:
        parts += [*(f"- {place.system} was not run: {place.missing}" for place in missing), ""]
    parts.append(f"Measured with `{command}`{_origin(board)}.")
    return "\n".join(parts) + "\n"


def to_dict(board: Leaderboard) -> dict[str, object]:
    """Plain dicts, lists, numbers and texts; None for what is unknown, never NaN."""
    return {
        "data": board.data,
        "given": board.given,
        "sequences": board.sequences,
        "commits": list(board.commits),
        "dates": list(board.dates),
        "places": [_plain(place) for place in board.places],
    }


def _row(place: Place, *, several: bool, rounds: int) -> list[str]:
    if place.means is None:
        return [place.system, "missing", *["-"] * (len(HEAD) - 2 + several + rounds)]
    means = place.means
    figures = (means.j_and_f, means.j, means.f, means.by_object, means.seconds)
    peak = known(means.peak_memory_mb)
    return [
        place.system,
        place.weights or "none",
        "-" if place.quality is None else place.quality.value,
        *([place.given] if several else []),
        *(cell(value) for value in figures),
        "-" if peak is None else f"{peak:.0f}",
        *(cell(value) for value in place.corrected),
    ]


def _plain(place: Place) -> dict[str, object]:
    figures = {} if place.means is None else asdict(place.means)
    return {
        "system": place.system,
        "weights": place.weights or None,
        "quality": None if place.quality is None else place.quality.value,
        "missing": place.missing or None,
        "given": place.given or None,
        "corrected": [known(value) for value in place.corrected],
        **{name: known(value) for name, value in figures.items()},
    }


def _origin(board: Leaderboard) -> str:
    if not board.dates:
        return ""
    days = " to ".join(dict.fromkeys((board.dates[0], board.dates[-1])))
    return f", code {', '.join(board.commits)}, {days}"
