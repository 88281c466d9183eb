"""When weights are measured on the way, which are the best, and when a run has settled."""

from __future__ import annotations

import pytest

from core.train.run_log import append_line
from core.train.validation import (
    Measured,
    Rules,
    best_of,
    has_settled,
    read_measured,
    with_measured,
)


def course(*values, minutes=15.0):
    """Values measured every so many minutes, the first at the start."""
    return tuple(Measured(10 * k, 60 * minutes * k, value) for k, value in enumerate(values))


def test_of_equals_the_earlier_is_the_best():
    assert best_of(course(0.1, 0.5, 0.3, 0.5)).step == 10
    assert best_of(()) is None


@pytest.mark.parametrize(
    ("values", "settled"),
    [
        ((), False),
        ((0.5,), False),
        ((0.5, 0.5, 0.5, 0.5), False),
        ((0.5, 0.5, 0.5, 0.5, 0.504), True),
        ((0.5, 0.5, 0.5, 0.5, 0.506), False),
        ((0.5, 0.506, 0.4, 0.4, 0.4), False),
        ((0.5, 0.506, 0.4, 0.4, 0.4, 0.4), True),
        ((0.3, 0.4, 0.5, 0.6, 0.7, 0.8), False),
    ],
)
def test_a_run_settles_when_an_hour_gains_too_little(values, settled):
    assert has_settled(course(*values), Rules()) is settled


def test_without_patience_nothing_settles():
    assert not has_settled(course(*[0.5] * 99), Rules(patience=0))


def test_the_log_is_read_again(tmp_path):
    log = tmp_path / "log.jsonl"

    def add(step, name, value, **more):
        line = {"step": step, "seconds": 2.0 * step, "validated": name, "scores": {name: value}}
        append_line(log, line | more)

    assert read_measured(log, "J&F") == ()
    add(2, "J&F", 0.5)
    add(4, "J&F", 0.6)
    add(4, "box agreement", 0.9)
    add(3, "J&F", 0.4)
    add(4, "J&F", 0.55)
    add(6, "J&F", float("nan"))
    append_line(log, {"step": 7, "validated": "J&F"})
    append_line(log, {"step": 8, "losses": {}, "seconds": 1})
    found = read_measured(log, "J&F")
    assert [(one.step, one.value) for one in found] == [(2, 0.5), (3, 0.4), (4, 0.6)]
    assert [one.seconds for one in found] == [4, 6, 8]


def test_of_a_step_that_is_made_again_the_weights_that_are_kept_count():
    """They are those of the better value, wherever it stands."""
    measured = course(0.1, 0.9)
    again = with_measured(measured, Measured(10, 900, 0.3))
    assert again == measured
    assert with_measured(measured, Measured(10, 900, 0.95))[1].value == 0.95
    assert [one.step for one in with_measured(measured, Measured(5, 9, 0.2))] == [0, 5, 10]


@pytest.mark.parametrize(
    ("interval", "snapshots", "often"), [(0, 0, 15), (0, 60, 60), (5, 60, 5), (5, 0, 5)]
)
def test_how_often(interval, snapshots, often):
    settings = {"interval": interval, "gain": 0.1, "patience": 2}
    assert Rules.of(settings, snapshots) == Rules(often, 0.1, 2.0)
