"""Scores in the log of a run."""

from __future__ import annotations

import json

import pytest
from torch import nn

from core.errors import CheckpointMissing, OutputError, UsageError
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.train.scores import add_scores, trained_steps

LOSS = json.dumps({"step": 3, "losses": {"color": 0.5}})


@pytest.fixture
def run(tmp_path):
    (tmp_path / "log.jsonl").write_text(LOSS + "\n{half a li")
    return tmp_path


def logged(run):
    return (run / "log.jsonl").read_text().splitlines()


def weights(run, training):
    path = run / "w.safetensors"
    save_weights(path, nn.Linear(1, 1), CheckpointInfo("self_supervised", "tiny", {}, training))
    return path


def test_scores_come_after_what_was_logged(run):
    picture = add_scores(run, 3, {"J&F": 0.75})
    assert picture.name == "curve.png" and picture.is_file()
    assert logged(run)[:2] == [LOSS, "{half a li"]
    assert json.loads(logged(run)[2]) == {"step": 3, "scores": {"J&F": 0.75}}


def test_a_score_is_replaced_by_one_of_its_name_and_step(run):
    for step, name, value in ((3, "J&F", 0.1), (3, "J", 0.2), (5, "J&F", 0.3), (3, "J&F", 0.4)):
        add_scores(run, step, {name: value})
    scores = [json.loads(line) for line in logged(run)[2:]]
    assert [(x["step"], x["scores"]) for x in scores] == [
        (3, {"J": 0.2}), (5, {"J&F": 0.3}), (3, {"J&F": 0.4})
    ]  # fmt: skip


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_score_is_no_point(run, value):
    with pytest.raises(UsageError, match="no score"):
        add_scores(run, 3, {"J&F": value})
    assert len(logged(run)) == 2


def test_steps_are_those_of_the_weights(run):
    assert trained_steps(weights(run, {"steps": 4200}), run) == 4200


@pytest.mark.parametrize("training", [{}, {"steps": "many"}, {"steps": True}])
def test_weights_that_do_not_tell_their_steps(run, training):
    with pytest.raises(UsageError, match="how many steps"):
        trained_steps(weights(run, training), run)


def test_what_is_not_there(run, tmp_path):
    with pytest.raises(CheckpointMissing):
        trained_steps(run / "none.safetensors", run)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no training run"):
        trained_steps(weights(run, {"steps": 1}), tmp_path / "empty")


def test_a_log_that_cannot_be_written(run, monkeypatch):
    def refuse(*_):
        raise OutputError("full", "")

    monkeypatch.setattr("core.train.scores.write_atomic", refuse)
    with pytest.raises(OutputError):
        add_scores(run, 3, {"J&F": 0.5})
    assert len(logged(run)) == 2
