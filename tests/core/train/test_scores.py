"""Scores in the log of a run."""

from __future__ import annotations

import json

import pytest
from torch import nn

from core.errors import CheckpointMissing, OutputError, UsageError
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.train.curve import read_log
from core.train.scores import add_scores, trained_steps

LOSS = json.dumps({"step": 3, "losses": {"color": 0.5}})


@pytest.fixture
def run(tmp_path):
    """A run that was killed while it wrote a line."""
    (tmp_path / "log.jsonl").write_bytes(LOSS.encode() + b"\n{half a li\xff")
    return tmp_path


def weights(run, training):
    path = run / "weights.safetensors"
    save_weights(path, nn.Linear(1, 1), CheckpointInfo("self_supervised", "tiny", {}, training))
    return path


def test_scores_come_after_what_was_logged(run):
    picture = add_scores(run, 3, {"J&F": 0.75})
    assert picture == run / "curve.png" and picture.is_file()
    lines = (run / "log.jsonl").read_bytes().splitlines()
    assert lines[:2] == [LOSS.encode(), b"{half a li\xff"]
    assert json.loads(lines[2]) == {"step": 3, "scores": {"J&F": 0.75}}
    assert read_log(run / "log.jsonl")["losses"]["color"].values == [0.5]


def test_the_last_score_of_a_name_and_step_is_drawn(run):
    for step, name, value in ((3, "J&F", 0.1), (3, "J", 0.2), (3, "J&F", 0.3), (5, "J&F", 0.4)):
        add_scores(run, step, {name: value})
    scores = read_log(run / "log.jsonl")["scores"]
    assert (scores["J&F"].steps, scores["J&F"].values) == ([3, 5], [0.3, 0.4])
    assert scores["J"].values == [0.2]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_score_is_no_point(run, value):
    before = (run / "log.jsonl").read_bytes()
    with pytest.raises(UsageError, match="no score"):
        add_scores(run, 3, {"J&F": value})
    assert (run / "log.jsonl").read_bytes() == before


def test_steps_are_those_of_the_weights(run):
    before = (run / "log.jsonl").read_bytes()
    assert trained_steps(weights(run, {"steps": 4200})) == 4200
    assert (run / "log.jsonl").read_bytes() == before


@pytest.mark.parametrize("training", [{}, {"steps": "many"}, {"steps": True}])
def test_weights_that_do_not_tell_their_steps(run, training):
    with pytest.raises(UsageError, match="how many steps"):
        trained_steps(weights(run, training))


def test_weights_without_a_run(run, tmp_path):
    with pytest.raises(CheckpointMissing):
        trained_steps(run / "none.safetensors")
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(UsageError, match="no run folder"):
        trained_steps(weights(tmp_path / "elsewhere", {"steps": 1}))


def test_a_log_that_cannot_be_written(run, tmp_path):
    (run / "log.jsonl").unlink()
    (run / "log.jsonl").mkdir()
    with pytest.raises(OutputError, match=r"log\.jsonl"):
        add_scores(tmp_path, 3, {"J&F": 0.5})
