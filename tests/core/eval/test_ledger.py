"""A table that rows are appended to: one header, whole rows, what is there is known."""

from __future__ import annotations

import multiprocessing

import pytest

from core.errors import OutputError, UsageError
from core.eval.ledger import Ledger

COLUMNS, KEY = ("variant", "sequence", "j"), ("variant", "sequence")


def ledger(path):
    return Ledger(path, COLUMNS, key=KEY, told=("variant",))


def row(variant="plain", sequence="bear", j=0.5):
    return {"variant": variant, "sequence": sequence, "j": j}


def test_rows_are_appended_below_one_header(tmp_path):
    path = tmp_path / "t.csv"
    ledger(path).add(row())
    ledger(path).add(row(sequence='a "b", c\nd', j=1 / 3))
    assert path.read_text().splitlines() == [
        "variant,sequence,j",
        "plain,bear,0.5",
        f'plain,"a ""b"", c d",{1 / 3!r}',
    ]
    found = ledger(path)
    assert found.get({"variant": "plain", "sequence": "bear"})["j"] == "0.5"
    assert float(found.get({"variant": "plain", "sequence": 'a "b", c\nd'})["j"]) == 1 / 3
    assert found.get({"variant": "wide", "sequence": "bear"}) is None
    assert len(found.rows) == 2


@pytest.mark.parametrize("half", ["wide,be", 'wide,"be', 'wide,"bear, and'])
def test_half_a_row_is_not_read_and_harms_no_other(tmp_path, half):
    path = tmp_path / "t.csv"
    ledger(path).add(row())
    with path.open("a") as file:
        file.write(half)
    ledger(path).add(row(variant="wide", sequence='the "bear"'))
    found = ledger(path)
    assert [r["variant"] for r in found.rows] == ["plain", "wide"]
    assert found.rows[1]["sequence"] == 'the "bear"'


def test_the_last_of_equal_rows_counts(tmp_path):
    path = tmp_path / "t.csv"
    ledger(path).add(row())
    ledger(path).add(row(j=0.75))
    assert [r["j"] for r in ledger(path).rows] == ["0.75"]


def test_another_table_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("sequence,objects\nbear,1\n")
    with pytest.raises(UsageError, match="another table"):
        ledger(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read"):
        ledger(path)


def test_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(OutputError):
        ledger(tmp_path / "none" / "t.csv")
    (tmp_path / "t.csv").mkdir()
    with pytest.raises((OutputError, UsageError)):
        ledger(tmp_path / "t.csv")


def add_many(path, variant, count):
    own = ledger(path)
    for index in range(count):
        own.add(row(variant=variant, sequence=f"s{index}" * 20))


def test_two_processes_add_to_one_table(tmp_path):
    path = tmp_path / "t.csv"
    ledger(path)
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=add_many, args=(path, name, 50)) for name in "ab"]
    for other in others:
        other.start()
    for other in others:
        other.join()
    lines = path.read_text().splitlines()
    assert len(lines) == 101 and lines.count("variant,sequence,j") == 1
    assert len(ledger(path).rows) == 100
