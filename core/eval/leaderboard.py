"""All systems at all qualities on one data set, in one table that goes on."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import CheckpointMismatch, CheckpointMissing
from core.eval.benchmark_plan import BenchmarkRequest
from core.eval.ledger import Ledger, Row
from core.eval.measuring import OUTCOME, Means, Measurement, means, measure_all, sequences_of
from core.eval.provenance import file_mark
from core.eval.scores_file import given_name
from core.jobs import CancelToken, Job
from core.nn.checkpoints import read_info, require_system
from core.tracking.contract import TrackerRequest
from core.types import Quality

KEY = ("system", "weights", "quality", "given", "data", "sequence")
COLUMNS = (*KEY, *OUTCOME)
TOLD = ("system", "quality", "sequence")


@dataclass(frozen=True, slots=True)
class Contestant:
    """A system, with the weights that it takes part with.

    Attributes:
        system: its name.
        weights: None for a system without weights, or where they are missing.
        qualities: at which it is run; none for a system to which they make no difference.
        missing: why it cannot be run; empty where it can.
    """

    system: str
    weights: Path | None
    qualities: tuple[Quality, ...]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the table.

    Attributes:
        system: its name.
        weights: name of its weights; empty for none.
        quality: at which it was run; None where it was not, or where it makes no difference.
        means: what it made; None where it was not run.
        missing: why it was not.
    """

    system: str
    weights: str
    quality: Quality | None = None
    means: Means | None = None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """Outcome of a comparison.

    Attributes:
        data: name of the data set.
        given: what was given to each system.
        places: best mean J&F of sequences first, then those that were not run.
        sequences: how many each was run on.
        commits, dates: of all rows.
    """

    data: str
    given: str
    places: tuple[Place, ...]
    sequences: int
    commits: tuple[str, ...]
    dates: tuple[str, ...]


def usable(contestant: Contestant) -> Contestant:
    """A contestant whose weights were looked at: damaged or foreign ones are missing, too."""
    if contestant.weights is None:
        return contestant
    try:
        info = read_info(contestant.weights)
        require_system(info, contestant.system, contestant.weights)
    except (CheckpointMissing, CheckpointMismatch) as error:
        return replace(contestant, weights=None, missing=error.message)
    return contestant


def compare(
    request: BenchmarkRequest,
    contestants: Sequence[Contestant],
    token: CancelToken,
    *,
    table: Path | None = None,
) -> Job[Leaderboard]:
    """Run all contestants that can be run, and rank them.

    Args:
        request: data set, sequences and what is given; its tracker says the device alone.
        contestants: systems with their weights.
        token: is looked at between two frames.
        table: a CSV file; rows that it has are not measured again. None keeps none.

    Raises:
        UsageError: the table is another one.
        VosError: of the kinds that `benchmark` names; rows so far are kept.
        Cancelled: by the token; likewise.
    """
    looked_at = [usable(one) for one in contestants]
    wanted = [
        one
        for contestant in looked_at
        for quality in _qualities(contestant)
        for one in _measurements(request, contestant, quality)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = table or Path(folder) / "table.csv"
        ledger = Ledger(path, COLUMNS, key=KEY, told=TOLD)
        yield from measure_all(wanted, ledger, token)
        rows = [row for one in wanted if (row := ledger.get(one.key)) is not None]
    return _ranked(request, looked_at, rows)


def _qualities(contestant: Contestant) -> tuple[Quality | None, ...]:
    """At which it is run; one that is no quality where none makes a difference."""
    return () if contestant.missing else contestant.qualities or (None,)


def _measurements(
    request: BenchmarkRequest, contestant: Contestant, quality: Quality | None
) -> list[Measurement]:
    tracker = TrackerRequest(
        contestant.system,
        quality or Quality.BALANCED,
        request.tracker.device,
        contestant.weights,
    )
    key = {
        "system": contestant.system,
        "weights": file_mark(contestant.weights),
        "quality": quality.value if quality else "",
        "given": given_name(request),
        "data": request.root.resolve().name,
    }
    return [
        Measurement({**key, "sequence": (one.sequences or ("",))[0]}, one, frames)
        for one, frames in sequences_of(replace(request, tracker=tracker))
    ]


def _ranked(
    request: BenchmarkRequest, contestants: Sequence[Contestant], rows: Sequence[Row]
) -> Leaderboard:
    run, others = [], []
    for contestant in contestants:
        if contestant.missing:
            others.append(Place(contestant.system, "", missing=contestant.missing))
            continue
        mark = file_mark(contestant.weights)
        name = "" if contestant.weights is None else contestant.weights.stem
        for quality in _qualities(contestant):
            at = quality.value if quality else ""
            key = {"system": contestant.system, "weights": mark, "quality": at}
            own = [row for row in rows if row.items() >= key.items()]
            run.append(Place(contestant.system, name, quality, means(own)))
    run.sort(key=_worth, reverse=True)
    return Leaderboard(
        request.root.resolve().name,
        given_name(request),
        (*run, *others),
        len({row["sequence"] for row in rows}),
        tuple(dict.fromkeys(row["commit"] or "unknown" for row in rows)),
        tuple(sorted({row["date"] for row in rows})),
    )


def _worth(place: Place) -> float:
    worth = math.nan if place.means is None else place.means.j_and_f
    return -1.0 if math.isnan(worth) else worth
