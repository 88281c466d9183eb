"""Runs of training that a table asks for."""

from __future__ import annotations

import pytest

from core.errors import TrainingError, UsageError
from core.systems.box_supervised.spec import RECIPE
from core.train.from_table import request_of


def made(tmp_path, **values):
    return request_of(RECIPE, values, out=tmp_path / "run", folder=tmp_path, device="cpu")


def test_options_are_those_of_the_command(tmp_path):
    request = made(
        tmp_path, stage="boxes", preset="tiny", steps=3, videos="V", init="w", boxes="B",
        pairwise=0, seed=4, notes="",
    )  # fmt: skip
    assert (request.stage, request.preset, request.length.steps) == ("boxes", "tiny", 3)
    assert (request.videos, request.init) == (tmp_path / "V", tmp_path / "w")
    assert request.settings["boxes"] == str(tmp_path / "B")
    assert (request.settings["pairwise"], request.settings["notes"]) == (0.0, "")
    assert (request.seed, request.length.learning_rate) == (4, 1e-4), "a start is nudged"
    assert request.resume
    assert made(tmp_path, minutes=2).length.minutes == 2.0
    assert made(tmp_path, minutes=2).length.learning_rate == RECIPE.rate


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"steps": 1, "radius": 3}, "no option radius"),
        ({"steps": "many"}, "'many'"),
        ({"steps": True}, "True"),
        ({"steps": 1, "pairwise": "x"}, "of type float"),
        ({"steps": 1, "videos": 3}, "must be a path"),
    ],
)
def test_what_makes_no_sense(tmp_path, values, message):
    with pytest.raises(UsageError, match=message):
        made(tmp_path, **values)


def test_a_run_needs_one_length(tmp_path):
    with pytest.raises(TrainingError):
        made(tmp_path)
    with pytest.raises(TrainingError):
        made(tmp_path, steps=1, minutes=1)
