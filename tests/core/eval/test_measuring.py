"""Rows of measurements and what they come to."""

from __future__ import annotations

import math

import pytest

from core.eval.benchmark import SequenceRun
from core.eval.measuring import OUTCOME, means, outcome
from core.eval.records import ObjectScore, SequenceScore
from core.eval.statistics import Statistic


def run(*scores, seconds=0.1, peak=2_000_000):
    rows = tuple(
        ObjectScore("a", i, 3, Statistic(j, 1, 0), Statistic(f, 1, 0), i)
        for i, (j, f) in enumerate(scores, start=1)
    )
    return SequenceRun(SequenceScore("a", 3, rows), 5, (0,), seconds, seconds, peak)


def row(*scores, **figures):
    return {name: str(value) for name, value in outcome(run(*scores, **figures)).items()}


def test_a_row_has_every_column():
    found = outcome(run((0.2, 0.4), (0.6, 1.0)))
    assert tuple(found) == OUTCOME
    assert (found["objects"], found["frames"], found["scored_frames"]) == (2, 5, 3)
    assert (found["j"], found["f"], found["j_and_f"]) == pytest.approx((0.4, 0.7, 0.55))
    assert found["peak_memory_mb"] == 2.0


def test_what_is_unknown_is_empty():
    found = outcome(run(seconds=math.nan))
    assert (found["j_and_f"], found["seconds_median"], found["objects"]) == ("", "", 0)


def test_means_of_sequences_and_of_objects():
    found = means([row((0.2, 0.4), seconds=0.3), row((0.6, 0.6), (0.8, 1.0), peak=5_000_000)])
    assert (found.rows, found.objects, found.peak_memory_mb) == (2, 3, 5.0)
    assert (found.j, found.f) == pytest.approx((0.45, 0.6))
    assert found.j_and_f == pytest.approx((0.3 + 0.75) / 2)
    assert found.by_object == pytest.approx((0.3 + 0.6 + 0.9) / 3)
    assert found.seconds == pytest.approx(0.2)


def test_nothing_has_no_mean():
    for rows in ([], [row(seconds=math.nan)]):
        found = means(rows)
        assert math.isnan(found.j_and_f) and math.isnan(found.by_object)
        assert math.isnan(found.seconds)
