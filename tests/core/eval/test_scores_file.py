"""Scores beside weights: kept, replaced by newer ones of the same, refused where they make none."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import OutputError, UsageError
from core.eval.benchmark import SequenceRun, make_benchmark_report
from core.eval.benchmark_plan import BenchmarkRequest
from core.eval.records import ObjectScore, SequenceScore
from core.eval.scores_file import (
    Score,
    given_name,
    keep_score,
    make_score,
    read_scores,
    scores_path,
)
from core.eval.statistics import Statistic
from core.tracking.contract import Adaptation, TrackerRequest
from core.types import Quality

REQUEST = BenchmarkRequest(Path("somewhere/DEV"), TrackerRequest("copy", Quality.FAST))
SCORE = Score(
    data="DEV",
    given="the first mask",
    quality="fast",
    sequences=2,
    objects=3,
    j_and_f=0.5,
    j=0.4,
    f=0.6,
    by_object=0.45,
    seconds=None,
    weights="w.safetensors 0123",
    commit="abc",
    date="2026-11-29",
    command="vosapp benchmark --davis DEV --quality fast",
)


def run(name, *scores, seconds=0.1):
    rows = tuple(
        ObjectScore(name, i, 3, Statistic(j, 1, 0), Statistic(f, 1, 0), i)
        for i, (j, f) in enumerate(scores, start=1)
    )
    return SequenceRun(SequenceScore(name, 3, rows), 5, (0,), seconds, seconds, 1)


def test_a_report_becomes_a_score():
    report = make_benchmark_report(
        [run("a", (0.2, 0.4)), run("b", (0.6, 0.6), (0.8, 1.0), seconds=0.3)], REQUEST
    )
    score = make_score(report, REQUEST, "vosapp benchmark")
    assert (score.data, score.given, score.quality) == ("DEV", "the first mask", "fast")
    assert (score.sequences, score.objects) == (2, 3)
    assert (score.j, score.f) == (pytest.approx((0.2 + 0.7) / 2), pytest.approx((0.4 + 0.8) / 2))
    assert score.j_and_f == pytest.approx((0.3 + 0.75) / 2)
    assert score.by_object == pytest.approx((0.3 + 0.6 + 0.9) / 3)
    assert (score.seconds, score.weights) == (pytest.approx(0.2), "")
    with pytest.raises(UsageError, match="no score"):
        make_score(make_benchmark_report([], REQUEST), REQUEST, "")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "the first mask"),
        ({"keyframe_count": 3}, "3 masks"),
        ({"late_entries": True}, "each object where it first appears"),
        ({"adaptation": Adaptation()}, "the first mask; adapted"),
        ({"tracker": replace(REQUEST.tracker, target=True)}, "the first mask; target models"),
        ({"adaptation": Adaptation(paper_mode=True)}, "the first mask; adapted, alone"),
    ],
)
def test_what_was_given(changes, name):
    assert given_name(replace(REQUEST, **changes)) == name


def test_a_newer_score_takes_the_place_of_the_same(tmp_path):
    path = scores_path(tmp_path / "w.safetensors")
    assert path.name == "w.scores.json" and read_scores(path) == ()
    fine, newer = replace(SCORE, quality="fine"), replace(SCORE, j=0.9, date="2026-12-01")
    for score in (fine, SCORE, replace(SCORE, data="AAA"), newer):
        keep_score(path, score)
    assert read_scores(path) == (replace(SCORE, data="AAA"), newer, fine)
    assert json.loads(path.read_text())["scores"][1]["date"] == "2026-12-01"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"scores": 3}', '{"scores": [{}]}', '{"scores": [3]}', "[" * 100_000],
)
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / "w.scores.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="no file of scores"):
        keep_score(path, SCORE)
    assert path.read_text() == text


@pytest.mark.parametrize("changes", [{"j": "0.4"}, {"sequences": True}, {"extra": 1}])
def test_rows_that_are_no_scores(tmp_path, changes):
    path = tmp_path / "w.scores.json"
    keep_score(path, SCORE)
    rows = json.loads(path.read_text())["scores"]
    path.write_text(json.dumps({"scores": [rows[0] | changes]}))
    with pytest.raises(UsageError):
        read_scores(path)


def test_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(OutputError):
        keep_score(tmp_path / "none" / "w.scores.json", SCORE)
    assert math.isfinite(SCORE.j)
