"""Counting rules of confidence and absence, by hand."""

from __future__ import annotations

import json
import math

import pytest

from core.eval.benchmark import SequenceRun
from core.eval.confidence import Cell, measure_absence, measure_confidence
from core.eval.confidence_report import to_dict, to_table
from core.eval.records import SequenceScore

AREA = 100


def cell(index, *, j=1.0, confidence=0.5, true_area=AREA, absent=False, object_id=1):
    area = 0 if absent else AREA
    return Cell(index, object_id, j, confidence, true_area, area, absent)


def graded(confidences, js):
    pairs = zip(confidences, js, strict=True)
    return [cell(i, j=j, confidence=c) for i, (c, j) in enumerate(pairs)]


def seen(pattern, found=None):
    """Cells of an object that is there where the pattern has an o; J is 1 where `found` has."""
    found = found or pattern
    return [
        cell(
            i,
            true_area=AREA if there == "o" else 0,
            absent=says == "-",
            j=float((there == "o") == (says == "o")),
        )
        for i, (there, says) in enumerate(zip(pattern, found, strict=True))
    ]


def test_confidence_that_ranks_as_the_truth_does():
    values = [0.1 * i for i in range(10)]
    same = measure_confidence(graded(values, [v**2 for v in values]))
    assert (same.cells, same.spearman, same.worst_found) == (10, pytest.approx(1), 1)
    assert same.error == pytest.approx(sum(v - v**2 for v in values) / 10)
    turned = measure_confidence(graded(values[::-1], values))
    assert (turned.spearman, turned.worst_found) == (pytest.approx(-1), 0)


def test_worst_tenth_against_least_confident_quarter():
    js = [0.1, 0.2, *[0.9] * 18]
    confidences = [0.3, 0.9, *[0.8] * 18]
    assert measure_confidence(graded(confidences, js)).worst_found == 0.5


def test_a_system_without_opinion_is_not_judged():
    figures = measure_confidence([cell(i, j=i / 5, confidence=None) for i in range(5)])
    assert figures.cells == 0
    assert math.isnan(figures.spearman) and math.isnan(figures.worst_found)
    assert math.isnan(measure_confidence(graded([1.0] * 4, [0, 1, 0, 1])).spearman)


def test_cells_that_are_empty_by_both_do_not_count_for_confidence():
    gone = cell(9, true_area=0, absent=True, confidence=0.0)
    invented = cell(10, j=0.0, true_area=0, confidence=0.9)
    assert measure_confidence([*graded([0.1, 0.9], [0.1, 0.9]), gone, invented]).cells == 3


def test_absence_is_counted_by_cell():
    figures = measure_absence(seen("oo---oo", "ooo---o"))
    assert (figures.true, figures.reported, figures.right) == (3, 3, 2)
    assert figures.precision == figures.recall == pytest.approx(2 / 3)
    never = measure_absence(seen("ooo"))
    assert math.isnan(never.precision) and math.isnan(never.recall)


def test_a_sliver_is_neither_there_nor_gone():
    row = [*seen("ooo"), cell(3, true_area=4, absent=True), cell(4, true_area=6, absent=True)]
    figures = measure_absence(row)
    assert (figures.true, figures.reported, figures.right) == (0, 1, 0)


@pytest.mark.parametrize(
    ("truth", "result", "waits"),
    [
        ("oo--ooo", "oo--ooo", (0,)),
        ("oo--ooo", "oo----o", (2,)),
        ("oo--oooo", "oo------", (None,)),
        ("oo--oo--", "oo------", ()),
        ("o-oo-ooo", "o--o--oo", (1, 1)),
        ("--oooo", "----oo", (2,)),
    ],
    ids=["at once", "later", "never", "too short", "twice", "not there at first"],
)
def test_returns(truth, result, waits):
    figures = measure_absence(seen(truth, result))
    assert figures.returns == waits
    assert figures.found_soon == sum(wait is not None for wait in waits)


def test_objects_are_told_apart():
    other = [cell(i, object_id=2) for i in range(5)]
    assert measure_absence([*seen("oo-oo"), *other]) == measure_absence(seen("oo-oo"))


def test_report():
    score = SequenceScore("pond", 8, ())
    run = SequenceRun(score, 8, (0,), 0.1, 0.1, 1, cells=tuple(seen("oo--oooo", "oo------")))
    lines = to_table([run])
    assert lines[2].split()[0] == "pond" and lines[2].split()[-1] == "-"
    plain = to_dict([run])
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["all"]["absence_precision"] == pytest.approx(2 / 6)
    assert plain["sequences"][0]["found_again_after"] == [None]
