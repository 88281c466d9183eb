"""Counting rules of the robot annotator, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from core.eval.interactive import InteractiveReport, InteractiveRun, Pick
from core.eval.interactive_figures import (
    Doubt,
    FrameMark,
    Round,
    corrections_to_reach,
    measure_doubt,
    measure_round,
    spearman,
)
from core.eval.interactive_report import to_dict, to_table


def rounds(*values):
    return tuple(Round(None, 1.0, 1.0, value, value, 0, 0.0) for value in values)


def mark(j, f, confidence):
    return FrameMark({1: (j, f)}, confidence)


def test_objects_count_alike_however_long_they_are_there():
    first, late = (0.2, 0.4), (1.0, 0.8)
    marks = {i: FrameMark({1: first} | ({5: late} if i == 3 else {}), 1) for i in (1, 2, 3)}
    assert marks[3].j == pytest.approx(0.6)
    figures = measure_round(marks, set(), corrected=None, steps=0, seconds=0)
    assert (figures.j, figures.f) == pytest.approx((0.6, 0.6))
    assert (figures.open_j, figures.open_f) == (figures.j, figures.f)
    figures = measure_round(marks, {3}, corrected=3, steps=0, seconds=0)
    assert (figures.open_j, figures.open_f) == pytest.approx(first), "it was there on that frame"


def test_corrected_frames_count_and_do_not_count():
    marks = {1: mark(0.2, 0.4, 1), 2: mark(1, 1, 1), 3: mark(0.6, 0.8, 1)}
    figures = measure_round(marks, {2}, corrected=2, steps=7, seconds=1.5)
    assert (figures.j, figures.f) == pytest.approx((0.6, 2.2 / 3))
    assert (figures.open_j, figures.open_f) == pytest.approx((0.4, 0.6))
    assert figures.j_and_f == pytest.approx((0.6 + 2.2 / 3) / 2)
    assert figures.open_j_and_f == pytest.approx(0.5)
    assert math.isnan(measure_round(marks, {1, 2, 3}, corrected=1, steps=0, seconds=0).open_j)


def test_corrections_to_reach():
    curve = rounds(0.5, 0.86, 0.8, 0.9)
    assert corrections_to_reach(curve, 0.5) == 0
    assert corrections_to_reach(curve, 0.85) == 1
    assert corrections_to_reach(curve, 0.9) == 3
    assert corrections_to_reach(curve, 0.95) is None


def test_more_than_all_corrections_is_said_so():
    doubt = Doubt(math.nan, math.nan)
    runs = (
        InteractiveRun("a", 1, 9, 7, {Pick.TRUTH: rounds(0.5, 0.86, 0.95)}, doubt),
        InteractiveRun("b", 1, 9, 7, {Pick.TRUTH: rounds(0.2, 0.3, 0.4)}, Doubt(0.5, 1.0)),
    )
    report = InteractiveReport(runs, 2, (Pick.TRUTH,), ())
    lines = to_table(report)
    assert lines[3].split()[-2:] == ["1", "2"]
    assert lines[4].split()[-4:] == [">", "2", ">", "2"]
    assert lines[6].split()[-4:] == [">=", "2.0", ">=", "2.5"]
    plain = to_dict(report)
    assert plain["picks"]["truth"]["corrections_to_reach"]["0.90"] == {"reached": 1, "mean": 2.5}
    assert plain["confidence"] == {
        "spearman": 0.5,
        "worst_found": 1.0,
        "sequences_with_all_worst_found": 1,
    }


@pytest.mark.parametrize("seed", range(5))
def test_spearman_is_that_of_scipy(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 6, 30) / 10, rng.random(30)
    expected = stats.spearmanr(first, second).statistic
    assert spearman(first, second) == pytest.approx(expected)
    assert spearman(first, first**3) == pytest.approx(1)
    assert spearman(first, -first) == pytest.approx(-1)


def test_spearman_of_nothing_is_unknown():
    assert math.isnan(spearman(np.ones(4), np.arange(4.0)))
    assert math.isnan(spearman(np.zeros(0), np.zeros(0)))


def test_worst_tenth_in_the_least_confident_quarter():
    """Of twenty frames two are the worst, and five are doubted."""
    confidence = [0.9] * 20
    for index in (3, 5, 7, 9, 11):
        confidence[index] = 0.1
    for worst, share in [((3, 9), 1.0), ((3, 4), 0.5), ((0, 1), 0.0)]:
        marks = {i: mark(0.1 if i in worst else 0.8, 0.5, c) for i, c in enumerate(confidence)}
        assert measure_doubt(marks).worst_found == share
    assert math.isnan(measure_doubt({}).worst_found)
