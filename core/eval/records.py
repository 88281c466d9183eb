"""What an evaluation finds out, as values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from core.eval.statistics import Statistic, average


class Protocol(Enum):
    """Which frames and objects count, and how results are assigned to objects."""

    SEMI = "semi"
    """DAVIS 2017 semi-supervised: objects of the first frame; first and last frame not scored."""
    DAVIS16 = "davis16"
    """DAVIS 2016: as `SEMI`, with all objects taken together as one foreground."""
    UNSUPERVISED = "unsupervised"
    """DAVIS 2019 unsupervised: all frames, void ignored, proposals matched to objects."""
    YOUTUBE_VOS = "youtube-vos"
    """YouTube-VOS: each object after the frame it first appears in; G over categories."""


@dataclass(frozen=True, slots=True)
class ObjectScore:
    """Scores of one object of one sequence.

    Attributes:
        sequence: the sequence's name.
        object_id: the object's id in the ground truth; 1 for the foreground of DAVIS 2016.
        frame_count: number of frames scored.
        j: region similarity over those frames.
        f: contour accuracy over those frames.
        result_id: the proposal matched to the object; None when there was none. The same as
            `object_id` where nothing is matched.
        stability: T, 0..1, lower is better; NaN where no two frames in a row have a contour,
            None where it was not asked for.
        category: of YouTube-VOS; empty otherwise.
        seen: the category is among those seen in training; None outside YouTube-VOS.
    """

    sequence: str
    object_id: int
    frame_count: int
    j: Statistic
    f: Statistic
    result_id: int | None
    stability: float | None = None
    category: str = ""
    seen: bool | None = None

    @property
    def j_and_f(self) -> float:
        """Mean of J and F."""
        return (self.j.mean + self.f.mean) / 2


@dataclass(frozen=True, slots=True)
class Totals:
    """Means over a number of objects.

    Attributes:
        object_count: number of objects.
        j: means of their region statistics.
        f: means of their contour statistics.
        stability: mean T of the objects that have one; None where it was not asked for.
    """

    object_count: int
    j: Statistic
    f: Statistic
    stability: float | None = None

    @property
    def j_and_f(self) -> float:
        """Mean of J and F."""
        return (self.j.mean + self.f.mean) / 2


@dataclass(frozen=True, slots=True)
class SequenceScore:
    """Scores of one sequence.

    Attributes:
        name: the sequence's name.
        frame_count: number of frames looked at.
        objects: one row for each scored object, ascending ids.
    """

    name: str
    frame_count: int
    objects: tuple[ObjectScore, ...]

    @property
    def totals(self) -> Totals:
        """Means over the sequence's objects."""
        return total(self.objects)


@dataclass(frozen=True, slots=True)
class CategoryTotals:
    """YouTube-VOS's figures.

    Attributes:
        seen: means over the objects of seen categories; None where there are none.
        unseen: means over the objects of unseen categories; None where there are none.
    """

    seen: Totals | None
    unseen: Totals | None

    @property
    def g(self) -> float:
        """Mean of J and F over seen and over unseen categories, of those groups that exist."""
        groups = [group.j_and_f for group in (self.seen, self.unseen) if group is not None]
        return sum(groups) / len(groups) if groups else math.nan


@dataclass(frozen=True, slots=True)
class Report:
    """Outcome of an evaluation.

    Attributes:
        protocol: how it was scored.
        sequences: one entry for each sequence.
        totals: means over all objects (not over sequences), as DAVIS has it.
        categories: seen and unseen, for YouTube-VOS only.
        notes: what a reader of the figures has to know, one sentence each.
    """

    protocol: Protocol
    sequences: tuple[SequenceScore, ...]
    totals: Totals
    categories: CategoryTotals | None = None
    notes: tuple[str, ...] = ()

    @property
    def objects(self) -> tuple[ObjectScore, ...]:
        """Rows of all objects, in the order of the sequences."""
        return tuple(row for sequence in self.sequences for row in sequence.objects)


def total(objects: Sequence[ObjectScore]) -> Totals:
    """Means over objects; NaN where there are none."""
    return Totals(
        len(objects),
        average([row.j for row in objects]),
        average([row.f for row in objects]),
        _mean_stability([row.stability for row in objects]),
    )


def make_report(
    protocol: Protocol, sequences: Iterable[SequenceScore], *, notes: tuple[str, ...] = ()
) -> Report:
    """Put sequences together and take the means over all of their objects."""
    scores = tuple(sequences)
    rows = [row for sequence in scores for row in sequence.objects]
    categories = _categories(rows) if protocol is Protocol.YOUTUBE_VOS else None
    return Report(protocol, scores, total(rows), categories, notes)


def _categories(rows: list[ObjectScore]) -> CategoryTotals:
    seen = [row for row in rows if row.seen is not False]
    unseen = [row for row in rows if row.seen is False]
    return CategoryTotals(total(seen) if seen else None, total(unseen) if unseen else None)


def _mean_stability(values: list[float | None]) -> float | None:
    asked = [value for value in values if value is not None]
    known = [value for value in asked if not math.isnan(value)]
    if known:
        return sum(known) / len(known)
    return math.nan if asked else None
