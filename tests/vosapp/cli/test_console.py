"""What goes where: stdout, stderr, JSON, progress bars."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.jobs import Progress
from vosapp.cli.console import Console
from vosapp.cli.plain import plain


class Color(Enum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    path: Path


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([[1, 2]], np.uint8), [[1, 2]]),
        (np.array([np.nan, 1.0]), [None, 1.0]),
        (float("inf"), None),
        (Path("a") / "b", str(Path("a") / "b")),
        (Fraction(1, 4), 0.25),
        (Color.RED, "red"),
        ((1, "x", None, True), [1, "x", None, True]),
        (Point(np.float64(2.0), Path("p")), {"x": 2.0, "path": "p"}),
        ({1: {Path("k"): np.float64("nan")}}, {"1": {"k": None}}),
    ],
    ids=str,
)
def test_plain(value, expected):
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)


def test_plain_refuses_the_unknown():
    with pytest.raises(TypeError, match="object"):
        plain({"a": object()})


def test_warning_is_one_line_even_when_quiet(capsys):
    Console(quiet=True).warn("two\nlines")
    assert capsys.readouterr() == ("", "vosapp: warning: two\\nlines\n")


def test_track_passes_items_on_and_shows_frames_a_second(capsys):
    console = Console(progress=True)
    assert list(console.track(iter("abc"), total=3, text="film")) == ["a", "b", "c"]
    out, err = capsys.readouterr()
    assert out == ""
    assert "film" in err and "3/3" in err and "frames/s" in err and "left" in err


def test_track_is_silent_off_a_terminal(capsys):
    assert list(Console().track([1, 2])) == [1, 2]
    assert list(Console(quiet=True, progress=True).track([1, 2])) == [1, 2]
    assert capsys.readouterr() == ("", "")


def test_track_closes_the_job_when_the_reader_leaves():
    closed = []

    def job():
        try:
            yield from range(10)
        finally:
            closed.append(True)

    for item in (items := Console().track(job())):
        if item == 2:
            break
    items.close()
    assert closed == [True]


def test_follow_counts_from_where_a_resumed_job_starts(capsys):
    steps = [Progress(100, 200, "training"), Progress(150, 200, "loss 0.5"), Progress(200, 200)]
    assert list(Console(progress=True).follow(iter(steps))) == steps
    err = capsys.readouterr().err
    assert "200/200" in err and "steps/s" in err and "loss 0.5" in err


def test_lines_do_not_break_the_bar(capsys):
    console = Console(progress=True)
    for _ in console.track([1, 2], text="film"):
        console.say("between")
    assert capsys.readouterr().out == "between\nbetween\n"
