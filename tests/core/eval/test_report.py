"""The report as text, CSV and plain values."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest

from core.eval.records import ObjectScore, Protocol, SequenceScore, make_report
from core.eval.report import to_csv, to_dict, to_table
from core.eval.statistics import Statistic


def row(sequence, object_id, value, **more):
    statistic = Statistic(value, value, 0.1)
    return ObjectScore(sequence, object_id, 7, statistic, statistic, object_id, **more)


@pytest.fixture
def report():
    sequences = [
        SequenceScore("bear", 7, (row("bear", 1, 1.0), row("bear", 2, 0.5))),
        SequenceScore("a-longer-name", 7, (row("a-longer-name", 1, 0.0),)),
    ]
    return make_report(Protocol.SEMI, sequences, notes=("A remark.",))


def test_table_is_aligned(report):
    lines = to_table(report)
    table, note = lines[:-1], lines[-1]
    assert note == "A remark."
    assert len({len(line) for line in table}) == 1
    assert table[0].split()[:3] == ["sequence", "objects", "frames"]
    assert table[2].split()[:4] == ["bear", "2", "7", "0.750"]
    assert table[-1].split()[:4] == ["mean", "3", "14", "0.500"]
    assert " T" not in table[0]


def test_csv_has_a_line_for_each_object_and_the_mean(report):
    lines = list(csv.DictReader(io.StringIO(to_csv(report))))
    assert [(x["sequence"], x["object"]) for x in lines] == [
        ("bear", "1"),
        ("bear", "2"),
        ("a-longer-name", "1"),
        ("mean", ""),
    ]
    assert float(lines[1]["j_and_f"]) == 0.5
    assert float(lines[3]["j_mean"]) == 0.5
    assert lines[0]["t"] == ""


def test_dict_is_plain_json(report):
    plain = to_dict(report)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["mean"]["j"]["mean"] == 0.5
    assert plain["sequences"][0]["objects"][1]["object_id"] == 2
    assert plain["notes"] == ["A remark."]
    assert "g" not in plain


def test_unknown_values_are_none_or_a_dash():
    nothing = Statistic(math.nan, math.nan, math.nan)
    score = ObjectScore("bear", 1, 7, nothing, nothing, None, stability=math.nan)
    report = make_report(Protocol.UNSUPERVISED, [SequenceScore("bear", 7, (score,))])
    plain = to_dict(report)
    json.dumps(plain, allow_nan=False)
    assert plain["mean"]["t"] is None
    assert plain["sequences"][0]["objects"][0]["result_id"] is None
    assert to_table(report)[-1].split()[-1] == "-"
    assert to_csv(report).splitlines()[-1].endswith(",,")


def test_stability_is_averaged_over_those_who_have_one():
    rows = (
        row("bear", 1, 1.0, stability=0.2),
        row("bear", 2, 1.0, stability=math.nan),
        row("bear", 3, 1.0, stability=0.4),
    )
    report = make_report(Protocol.SEMI, [SequenceScore("bear", 7, rows)])
    assert report.totals.stability == pytest.approx(0.3)
    assert to_table(report)[0].split()[-1] == "T"


def test_categories_are_reported_for_youtube():
    rows = (
        row("0a", 1, 1.0, category="person", seen=True),
        row("0a", 2, 1.0, category="person", seen=True),
        row("0a", 3, 0.5, category="whale", seen=False),
    )
    report = make_report(Protocol.YOUTUBE_VOS, [SequenceScore("0a", 7, rows)])
    assert report.categories.g == 0.75
    assert report.totals.j_and_f == pytest.approx(2.5 / 3)
    plain = to_dict(report)
    assert (plain["g"], plain["seen"]["j_and_f"], plain["unseen"]["j_and_f"]) == (0.75, 1, 0.5)
    assert plain["sequences"][0]["objects"][2]["category"] == "whale"
    assert "G 0.750" in to_table(report)
    assert "whale,0,7" in to_csv(report)
