"""Absence played back and searched, on walks whose thresholds are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.eval.calibration.thresholds import (
    Counts,
    count,
    enough,
    longest_row,
    make_rows,
    replay,
    search,
)
from core.eval.confidence import measure_absence
from core.tracking.config import Calibration
from core.tracking.judging.absence import Track, advance

START = Calibration((0, 1, 1, 1), faint=0.48, back=0.5, back_cycle=0.1, nothing=0.1)


def walk(seen, pattern, *, there=1.4, away=0.9, seed=0, object_id=1):
    """An object that is there where the pattern has an o; evidence is about `there` or `away`."""
    random = np.random.default_rng(seed)
    row = []
    for index, sign in enumerate(pattern):
        evidence = (there if sign == "o" else away) + random.uniform(-0.1, 0.1)
        cycle = evidence / 2
        row.append(
            seen(
                index,
                cues=(0.5, 0.5, cycle),
                mass=100 * (evidence - cycle),
                gone=sign == "-",
                begun=index == 0,
                object_id=object_id,
            )
        )
    return row


def test_playing_back_is_advancing_frame_by_frame(seen):
    row = walk(seen, "ooo----oooo", away=0.2)
    track, wanted = Track((100.0,)), []
    for one in row:
        track = advance(track, one.sighting.sight, START)
        wanted.append(track.absent)
    assert replay(make_rows([row])[0], START) == wanted
    assert wanted[4] and not wanted[-1]


def test_what_a_keyframe_asserts_is_taken_over(seen):
    row = walk(seen, "ooo----oooo", away=0.2)
    asserted = Track((7.0,))
    row[5] = replace(row[5], sighting=replace(row[5].sighting, asserted=asserted))
    absent = replay(make_rows([row])[0], START)
    assert absent[4] and not absent[5]


def test_counts_are_those_of_the_benchmark(seen):
    row = walk(seen, "oooo---oo---oo", there=0.6, away=0.45, seed=3)
    rows = make_rows([row])
    told = replay(rows[0], START)
    cells = [replace(o.cell, absent=a) for o, a in zip(row, told, strict=True)]
    figures, counts = measure_absence(cells), count(rows, START)
    assert counts.right == figures.right
    assert counts.right + counts.wrong == figures.reported
    assert counts.right + counts.missed == figures.true


def test_thresholds_are_found_where_weights_see_otherwise(seen):
    """Evidence of these weights is higher than the start has it: nothing would ever be absent."""
    walks = [walk(seen, "oooooo-----oooo----ooo", seed=s, object_id=s + 1) for s in range(3)]
    rows = make_rows(walks)
    assert count(rows, START).f1 == 0
    *_, found = search(rows, START)
    assert count(rows, found) == Counts(right=27)
    assert 1.1 <= found.faint <= found.back <= 1.6
    other = make_rows([walk(seen, "oooo---ooooo-----oo", seed=99)])
    assert count(other, found).f1 == 1
    assert found.confidence == START.confidence


def test_patience_is_found(seen):
    """Every now and then one frame shows as little of an object as if it were gone."""
    row = walk(seen, "ooooooooooo---------ooooooooo", away=0.2, seed=4)
    for index in (3, 6, 9, 24):
        row[index] = replace(row[index], sighting=row[12].sighting)
    rows = make_rows([row])
    impatient = replace(START, patience=1, nothing=0.0)
    *_, found = search(rows, impatient)
    assert count(rows, found).f1 > count(rows, impatient).f1
    assert found.patience > 1


def test_what_does_as_well_stays(seen):
    rows = make_rows([walk(seen, "ooooo------oooo-----ooo", away=0.2)])
    assert count(rows, replace(START, patience=1)).f1 == 1
    *_, found = search(rows, replace(START, patience=1))
    assert found == replace(START, patience=1)


def test_enough_of_both():
    def rows(gone, there):
        return [type("Row", (), {"gone": [True] * gone + [False] * there + [None] * 50})]

    assert enough(rows(10, 10))
    assert not enough(rows(9, 100))
    assert not enough(rows(100, 9))


def test_slivers_do_not_count(seen):
    row = walk(seen, "ooo--")
    row[2] = replace(row[2], cell=replace(row[2].cell, true_area=2))
    assert make_rows([row])[0].gone == (False, False, None, True, True)


@pytest.mark.parametrize(
    ("marks", "wanted"),
    [("x", (0, 1)), ("-xx-xxx-", (4, 7)), ("xx-xx", (0, 2)), ("---", (0, 0)), ("-x", (1, 2))],
)
def test_longest_row(marks, wanted):
    assert longest_row([mark == "x" for mark in marks]) == wanted


@pytest.mark.parametrize("system", ["box_supervised", "global_instance"])
def test_thresholds_are_found_from_a_calibration_that_finds_nothing_absent(seen, system):
    """Weights whose header has none start there: all thresholds are 0."""
    from core.engine.registry import system_spec

    start = system_spec(system).calibration
    assert (start.faint, start.back, start.nothing) == (0, 0, 0)
    walks = [
        walk(seen, "oooooo-----oooo----ooo", away=0.5, seed=s, object_id=s + 1) for s in range(3)
    ]
    rows = make_rows(walks)
    assert count(rows, start).right == 0
    *_, found = search(rows, start)
    assert count(rows, found).f1 > 0.9
    assert 0 <= found.nothing <= found.faint <= found.back
    assert found.confidence == start.confidence
