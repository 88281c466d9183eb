"""Finetuned weights in a project: kept, switched, copied, damaged."""

from __future__ import annotations

import json
import math
import sqlite3
from dataclasses import replace

import pytest

from core.errors import CheckpointMismatch, OutputError, UsageError
from vosapp.project import tuned
from vosapp.project.edits import RenameObject
from vosapp.project.file import Options
from vosapp.project.opening import open_project
from vosapp.project.recovery import salvage
from vosapp.project.tuned import KeyframeScore, TunedInfo, digest_of, parse_tuned, tuned_row

DATA = bytes(range(256)) * 40
SCORES = (KeyframeScore(3, 9, 0.5, 0.75), KeyframeScore(9, 3, 0.7, 0.65))
INFO = TunedInfo(
    "self_supervised-thin.safetensors sha256:ab", digest_of(DATA), "thin",
    steps=150, seconds=181.5, loss=0.0125, seed=0, frames=20, start=0, stop=40, scores=SCORES,
)  # fmt: skip


def execute(path, sql, *values):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(sql, values)
    connection.close()


def test_a_project_begins_without(project):
    assert project.tuned() is None and not project.uses_tuned
    with pytest.raises(CheckpointMismatch, match="missing"):
        project.tuned_data()


def test_they_are_kept_with_what_made_them(project, path):
    project.put_tuned(INFO, DATA, use=True)
    project.close()
    with open_project(path) as again:
        assert again.tuned() == INFO and again.tuned_data() == DATA and again.uses_tuned
        assert again.tuned().identity == f"adapted.safetensors sha256:{digest_of(DATA)}"


def test_means_are_over_keyframes():
    assert INFO.before == pytest.approx(0.6) and INFO.after == pytest.approx(0.7)
    assert math.isnan(replace(INFO, scores=()).after)


def test_they_are_switched_and_forgotten(project, path):
    project.put_tuned(INFO, DATA, use=False)
    assert not project.uses_tuned
    project.use_tuned(on=True)
    assert project.uses_tuned
    project.use_tuned(on=False)
    assert not project.uses_tuned and project.tuned() == INFO
    project.use_tuned(on=True)
    project.drop_tuned()
    assert not project.uses_tuned and project.tuned() is None


def test_new_ones_take_the_place_of_old_ones(project):
    project.put_tuned(INFO, DATA, use=True)
    other = b"other"
    project.put_tuned(replace(INFO, digest=digest_of(other), seed=1), other, use=False)
    assert project.tuned_data() == other and project.tuned().seed == 1
    assert not project.uses_tuned


def test_they_are_no_step_of_the_history(project):
    before = project.history()
    project.put_tuned(INFO, DATA, use=True)
    assert project.history() == before
    project.do(RenameObject(1, "Max"))
    project.undo()
    assert project.tuned() == INFO


def test_the_origin_of_masks_stays_what_it_was(project, result, box):
    run = project.begin_propagation("self_supervised", INFO.identity)
    project.put_results(run, [result(1, {1: box(0, 0, 4, 4)})])
    project.put_tuned(replace(INFO, digest=digest_of(b"x")), b"x", use=True)
    project.drop_tuned()
    assert project.run_of(int(project.lane(1).runs[1])).weights == INFO.identity


def test_a_copy_has_them_too(project, tmp_path):
    project.put_tuned(INFO, DATA, use=True)
    for _ in project.save_copy(tmp_path / "copy.vosapp"):
        pass
    with open_project(tmp_path / "copy.vosapp") as copy:
        assert copy.tuned_data() == DATA and copy.uses_tuned


def test_a_project_to_look_at_takes_none(project, path):
    project.close()
    with open_project(path, Options(read_only=True)) as looked:
        with pytest.raises(OutputError):
            looked.put_tuned(INFO, DATA, use=True)
        assert looked.tuned() is None


def test_what_is_too_large_is_refused(project, monkeypatch):
    monkeypatch.setattr("vosapp.project.file.MAX_TUNED_BYTES", 100)
    with pytest.raises(UsageError, match="at most"):
        project.put_tuned(INFO, DATA, use=True)
    assert project.tuned() is None and not project.uses_tuned


def test_data_of_another_hash_is_a_bug(project):
    with pytest.raises(ValueError, match="changed"):
        project.put_tuned(INFO, b"other", use=True)


@pytest.mark.parametrize("spoiled", [b"\0" * len(DATA), DATA[:-1], b"", "a text"])
def test_spoiled_weights_are_told(project, path, spoiled):
    project.put_tuned(INFO, DATA, use=True)
    project.close()
    execute(path, "UPDATE tuned SET weights = ?", spoiled)
    with open_project(path) as again:
        assert again.tuned() == INFO and len(again.objects()) == 2
        with pytest.raises(CheckpointMismatch, match="damaged") as caught:
            again.tuned_data()
        assert "Fine-tune on the video again" in caught.value.hint


def test_a_large_row_is_not_read(project, path, monkeypatch):
    project.put_tuned(INFO, DATA, use=True)
    monkeypatch.setattr(tuned, "MAX_TUNED_BYTES", len(DATA) - 1)
    with pytest.raises(CheckpointMismatch, match="too large"):
        project.tuned_data()


def _made(**changes):
    return json.dumps(json.loads(tuned_row(INFO)[2]) | changes)


@pytest.mark.parametrize(
    "made",
    [
        "",
        "[]",
        "[" * 100_000,
        "{}",
        _made(steps=-1),
        _made(steps=True),
        _made(loss="NaN"),
        _made(more=1),
        _made(preset=["thin"]),
        _made(scores=[{}]),
        _made(scores=[[1, 2, 3, 4]]),
        _made(scores=json.loads(tuned_row(INFO)[2])["scores"] * 40),
        _made().replace("0.0125", "NaN"),
        _made().replace("0.75", "1.5"),
        b"\xff",
        7,
    ],
)
def test_what_makes_no_sense_is_told(project, path, made, tmp_path):
    project.put_tuned(INFO, DATA, use=True)
    project.close()
    execute(path, "UPDATE tuned SET made = ?", made)
    with open_project(path) as again, pytest.raises(CheckpointMismatch, match="damaged"):
        again.tuned()
    saved = salvage(path, tmp_path / "new.vosapp")
    assert any(line.startswith("tuned: 1 rows") for line in saved.lost)
    with open_project(saved.path) as new:
        assert new.tuned() is None


def test_rows_are_read_as_they_were_written():
    assert parse_tuned(tuned_row(INFO)) == INFO


def test_they_are_saved_from_a_damaged_project(project, path, tmp_path):
    project.put_tuned(INFO, DATA, use=True)
    project.close()
    saved = salvage(path, tmp_path / "new.vosapp")
    assert saved.kept["tuned"] == 1
    assert saved.lost == ("the undo history is not taken over",)
    with open_project(saved.path) as new:
        assert new.tuned() == INFO and new.tuned_data() == DATA and new.uses_tuned


def test_spoiled_ones_are_left_behind(project, path, tmp_path):
    project.put_tuned(INFO, DATA, use=True)
    project.close()
    execute(path, "UPDATE tuned SET weights = ?", b"other")
    saved = salvage(path, tmp_path / "new.vosapp")
    assert "tuned: 1 rows make no sense and were left out" in saved.lost
    with open_project(saved.path) as new:
        assert new.tuned() is None and len(new.objects()) == 2
