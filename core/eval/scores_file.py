"""Scores of weights in a file beside them, from which their card is made (`core.eval.cards`)."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import UsageError
from core.eval.benchmark import BenchmarkReport
from core.eval.benchmark_plan import BenchmarkRequest
from core.eval.provenance import code_commit, file_mark, today
from core.eval.starts import Start
from core.media.atomic import write_atomic
from core.media.input_file import read_input
from core.types import Quality

SUFFIX = ".scores.json"
MAX_BYTES = 16 << 20
FIRST = "the first mask"
LATE = "each object where it first appears"
STARTS = {Start.BOX: ", as filled boxes", Start.PROMPT: ", as masks made of boxes"}
FIGURES = frozenset({"j_and_f", "j", "f", "by_object"})


@dataclass(frozen=True, slots=True)
class Score:
    """What weights made on a data set.

    Attributes:
        data: name of the data set.
        given: what was given to the system; see `given_name`.
        quality: the working resolution.
        sequences, objects: how many of them.
        j_and_f, j, f: means of sequences.
        by_object: mean J&F of objects, as DAVIS has it.
        seconds: a frame, mean of the sequences' medians; None where it is not known.
        weights: name and mark of the weights (`file_mark`).
        commit: of the code; empty where it is not known.
        date: as 2026-11-29.
        command: that made it.
    """

    data: str
    given: str
    quality: str
    sequences: int
    objects: int
    j_and_f: float
    j: float
    f: float
    by_object: float
    seconds: float | None
    weights: str
    commit: str
    date: str
    command: str

    @property
    def subject(self) -> tuple[str, str, str, int]:
        """What was measured: a newer score of the same takes its place."""
        return self.data, self.given, self.quality, self.sequences


def scores_path(weights: Path) -> Path:
    """The file of scores that belongs to weights: NAME.scores.json for NAME.safetensors."""
    return weights.with_name(weights.stem + SUFFIX)


def given_name(request: BenchmarkRequest) -> str:
    """What a benchmark gives to a system, in plain words."""
    count = request.keyframe_count
    name = LATE if request.late_entries else FIRST if count == 1 else f"{count} masks"
    if request.start is not Start.MASK:
        name += STARTS[request.start]
    if request.late_entries and count > 1:
        name += f", and {count} masks"
    if request.back_and_forth:
        name += "; played back and forth"
    if request.tracker.target:
        name += "; target models"
    if request.adaptation is None:
        return name
    return f"{name}; adapted" + (", alone" if request.adaptation.paper_mode else "")


def make_score(report: BenchmarkReport, request: BenchmarkRequest, command: str) -> Score:
    """A benchmark's outcome as a score.

    Raises:
        UsageError: nothing was scored.
    """
    if math.isnan(report.by_sequence.j_and_f):
        raise UsageError("There is no score to keep.", "Score sequences that have masks.")
    seconds = [run.seconds_median for run in report.runs if not math.isnan(run.seconds_median)]
    means = report.by_sequence
    return Score(
        data=request.root.resolve().name,
        given=given_name(request),
        quality=request.tracker.quality.value,
        sequences=means.object_count,
        objects=report.by_object.object_count,
        j_and_f=means.j_and_f,
        j=means.j.mean,
        f=means.f.mean,
        by_object=report.by_object.j_and_f,
        seconds=sum(seconds) / len(seconds) if seconds else None,
        weights=file_mark(request.tracker.weights),
        commit=code_commit(),
        date=today(),
        command=command,
    )


def read_scores(path: Path) -> tuple[Score, ...]:
    """Scores of a file, in its order; none where there is no file.

    Raises:
        UsageError: the file is no file of scores.
    """
    if not path.exists():
        return ()
    try:
        rows = json.loads(read_input(path, limit=MAX_BYTES))["scores"]
        return tuple(_score(row) for row in rows)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        msg = f"{path} is no file of scores: {error}."
        raise UsageError(msg, "Name another file, or mend it.") from error


def keep_score(path: Path, score: Score) -> None:
    """Add a score to a file, in the place of an older one of the same subject.

    Raises:
        UsageError: the file is there and is no file of scores.
        OutputError: it cannot be written.
    """
    others = [one for one in read_scores(path) if one.subject != score.subject]
    rows = [asdict(one) for one in sorted([*others, score], key=_order)]
    write_atomic(path, (json.dumps({"scores": rows}, indent=2) + "\n").encode())


def _order(score: Score) -> tuple[object, ...]:
    """By data set, by what was given, the fastest quality first."""
    qualities = [quality.value for quality in Quality]
    place = qualities.index(score.quality) if score.quality in qualities else len(qualities)
    return score.data, score.given, place, score.sequences


def _score(row: dict[str, Any]) -> Score:
    score = Score(**row)
    for name, value in row.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = {
            "sequences": type(value) is int,
            "objects": type(value) is int,
            "seconds": number or value is None,
        }
        if not fits.get(name, number if name in FIGURES else isinstance(value, str)):
            msg = f"{name} is {value!r}"
            raise TypeError(msg)
    return score
