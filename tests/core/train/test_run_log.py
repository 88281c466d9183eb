"""The log of a run."""

from __future__ import annotations

import pytest

from core.errors import OutputError
from core.train.run_log import append_line, read_lines


def test_lines_come_back_in_order(tmp_path):
    log = tmp_path / "log.jsonl"
    assert list(read_lines(log)) == []
    for step in (1, 2):
        append_line(log, {"step": step})
    assert list(read_lines(log)) == [{"step": 1}, {"step": 2}]
    before = log.read_bytes()
    append_line(log)
    assert log.read_bytes() == before


def test_half_a_line_costs_only_itself(tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_bytes(b'{"step": 1}\n[3]\n{"step": 2, "fr\xff')
    append_line(log, {"step": 3})
    assert list(read_lines(log)) == [{"step": 1}, {"step": 3}]


def test_a_log_that_cannot_be_written(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        append_line(tmp_path / "nowhere" / "log.jsonl", {"step": 1})


def test_a_link_in_place_of_the_log_is_not_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    (tmp_path / "log.jsonl").symlink_to(precious)
    with pytest.raises(OutputError, match="symbolic link"):
        append_line(tmp_path / "log.jsonl", {"step": 1})
    assert precious.read_bytes() == b"mine"
