"""All systems at all qualities on one data set, in one table that goes on."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.data.layouts import read_tree
from core.engine.registry import build_tracker, systems
from core.errors import CheckpointMismatch, CheckpointMissing
from core.eval.benchmark_plan import BenchmarkRequest, told_of_training, trained_on
from core.eval.corrected import Corrections
from core.eval.ledger import Ledger, Row
from core.eval.measuring import (
    OUTCOME,
    Means,
    Measurement,
    Wanted,
    means,
    measure_all,
    sequences_of,
)
from core.eval.provenance import file_mark
from core.eval.scores_file import given_name
from core.eval.starts import Start
from core.jobs import CancelToken, Job
from core.nn.checkpoints import read_info, require_system
from core.tracking.contract import TrackerRequest
from core.tracking.spec import load
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
        given: what it was given; see `core.eval.scores_file.given_name`.
        corrected: its mean J&F after 1, 2, ... corrected frames, these left out.
    """

    system: str
    weights: str
    quality: Quality | None = None
    means: Means | None = None
    missing: str = ""
    given: str = ""
    corrected: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """Outcome of a comparison.

    Attributes:
        data: name of the data set.
        given: what was given to each system, each in its turn.
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
    system, weights = contestant.system, contestant.weights
    if weights is None:
        return contestant
    try:
        if is_foreign(system, weights):
            build_tracker(TrackerRequest(system, Quality.FAST, "cpu", weights))
        else:
            require_system(read_info(weights), system, weights)
    except (CheckpointMissing, CheckpointMismatch) as error:
        return replace(contestant, weights=None, missing=error.message)
    return contestant


def is_foreign(system: str, weights: Path) -> bool:
    """Whether weights are a file of another program that a system tracks with as it is.

    Raises:
        CheckpointMissing: there is no such file.
    """
    foreign = systems()[system].foreign if system in systems() else ""
    return bool(foreign) and weights.is_file() and bool(load(foreign)(weights))


def compare(
    request: BenchmarkRequest,
    contestants: Sequence[Contestant],
    token: CancelToken,
    *,
    table: Path | None = None,
    starts: Sequence[Start] = (Start.MASK,),
    corrections: int = 0,
) -> Job[Leaderboard]:
    """Run all contestants that can be run, and rank them.

    Weights that were trained on some of the sequences are missing, too, but where the request says
    that these are scored.

    Args:
        request: data set, sequences and what is given; its tracker says the device alone, and its
            `start` nothing.
        contestants: systems with their weights.
        token: is looked at between two frames.
        table: a CSV file; rows that it has are not measured again. None keeps none.
        starts: how objects are given, each in its turn.
        corrections: so many frames are corrected afterwards, one after the other.

    Raises:
        UsageError: the table is another one.
        VosError: of the kinds that `benchmark` names; rows so far are kept.
        Cancelled: by the token; likewise.
    """
    looked_at = [_unseen(usable(one), request) for one in contestants]
    entries = [
        _Entry(replace(request, start=start), contestant, quality, corrections)
        for contestant in looked_at
        for quality in _qualities(contestant)
        for start in starts
    ]
    wanted = [one for entry in entries for one in entry.measurements()]
    with tempfile.TemporaryDirectory() as folder:
        path = table or Path(folder) / "table.csv"
        ledger = Ledger(path, COLUMNS, key=KEY, told=TOLD)
        yield from measure_all(wanted, ledger, token)
        rows = [row for one in wanted for key in one.keys if (row := ledger.get(key)) is not None]
    return _ranked(entries, [one for one in looked_at if one.missing], rows, request)


def _qualities(contestant: Contestant) -> tuple[Quality | None, ...]:
    """At which it is run; one that is no quality where none makes a difference."""
    return () if contestant.missing else contestant.qualities or (None,)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A contestant at one quality, with what it is given."""

    request: BenchmarkRequest
    contestant: Contestant
    quality: Quality | None
    corrections: int

    @property
    def keys(self) -> tuple[dict[str, str], ...]:
        """What tells rows without a correction, and those after 1, 2, ..., but for the sequence."""
        given = given_name(self.request)
        one = {
            "system": self.contestant.system,
            "weights": file_mark(self.contestant.weights),
            "quality": self.quality.value if self.quality else "",
            "data": self.request.root.resolve().name,
        }
        numbers = range(self.corrections + 1)
        return tuple({**one, "given": _after(given, number)} for number in numbers)

    def measurements(self) -> list[Wanted]:
        """By sequence; those with corrections come after all others."""
        quality = self.quality or Quality.BALANCED
        device = self.request.tracker.device
        tracker = TrackerRequest(self.contestant.system, quality, device, self.contestant.weights)
        plain, *corrected = self.keys
        found = list[Wanted]()
        later = list[Wanted]()
        for one, frames in sequences_of(replace(self.request, tracker=tracker)):
            name = {"sequence": (one.sequences or ("",))[0]}
            found.append(Measurement({**plain, **name}, one, frames))
            keys = tuple({**key, **name} for key in corrected)
            later += [Corrections(keys, one, frames)] if keys else []
        return found + later

    def place(self, rows: Sequence[Row]) -> Place:
        """What its rows come to."""
        plain, *corrected = ([row for row in rows if row.items() >= k.items()] for k in self.keys)
        weights = self.contestant.weights
        return Place(
            self.contestant.system,
            "" if weights is None else weights.stem,
            self.quality,
            means(plain),
            given=given_name(self.request),
            corrected=tuple(means(own).j_and_f for own in corrected),
        )


def _after(given: str, corrections: int) -> str:
    return f"{given}; {corrections} corrected" if corrections else given


def _unseen(contestant: Contestant, request: BenchmarkRequest) -> Contestant:
    """The contestant; missing where its weights were trained on what is to be scored."""
    if contestant.weights is None or request.seen:
        return contestant
    names = [sequence.name for sequence in read_tree(request.root, sequences=request.sequences)]
    seen = trained_on(contestant.weights, names)
    if not seen:
        return contestant
    return replace(contestant, weights=None, missing=told_of_training(contestant.weights, seen))


def _ranked(
    entries: Sequence[_Entry],
    missing: Sequence[Contestant],
    rows: Sequence[Row],
    request: BenchmarkRequest,
) -> Leaderboard:
    run = sorted((entry.place(rows) for entry in entries), key=_worth, reverse=True)
    others = [Place(one.system, "", missing=one.missing) for one in missing]
    return Leaderboard(
        request.root.resolve().name,
        " or ".join(dict.fromkeys(given_name(e.request) for e in entries)) or given_name(request),
        (*run, *others),
        len({row["sequence"] for row in rows}),
        tuple(dict.fromkeys(row["commit"] or "unknown" for row in rows)),
        tuple(sorted({row["date"] for row in rows})),
    )


def _worth(place: Place) -> float:
    worth = math.nan if place.means is None else place.means.j_and_f
    return -1.0 if math.isnan(worth) else worth
