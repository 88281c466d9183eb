"""A run of training goes on as it began."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image

from core.data.synthetic import moving_shapes
from core.errors import UsageError
from core.jobs import CancelToken
from core.systems.self_supervised.spec import RECIPE
from core.train.config import FitConfig
from core.train.loop import TrainProgress
from core.train.origin import begun_with, settings_of
from core.train.request import TrainRequest
from core.train.run import train


@pytest.fixture
def request_(tmp_path):
    """A run on two images."""
    folder = tmp_path / "images"
    folder.mkdir()
    for index, frame in enumerate(moving_shapes(frame_count=2)[0]):
        Image.fromarray(frame).save(folder / f"{index}.png")
    return TrainRequest(
        RECIPE,
        tmp_path / "run",
        FitConfig(steps=2),
        "tiny",
        options={"batch": 2, "crop": 32},
        device="cpu",
        workers=0,
        images=folder,
    )


def steps(request):
    return [item.step for item in train(request, CancelToken()) if isinstance(item, TrainProgress)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 9}, "began with seed 0, not 9"),
        ({"options": {"batch": 2, "crop": 32, "radius": 3}}, "began with radius 8, not 3"),
        ({"options": {"batch": 1, "crop": 32}}, "began with batch 2, not 1"),
        ({"options": {"batch": 2, "crop": 64}}, "began with crop 32, not 64"),
        ({"options": {"batch": 2, "crop": 32, "widen": 7}}, "began with widen 0, not 7"),
        ({"length": FitConfig(steps=3, learning_rate=0.1)}, r"began with rate 0\.001, not 0\.1"),
        ({"length": FitConfig(steps=3, bf16=True)}, "began with bf16 False, not True"),
    ],
)
def test_other_settings_are_refused(request_, change, message):
    steps(request_)
    before = (request_.out / "state.pt").read_bytes()
    with pytest.raises(UsageError, match=message) as caught:
        steps(replace(request_, resume=True, **change))
    assert "another --out" in caught.value.hint
    assert (request_.out / "state.pt").read_bytes() == before


def test_the_same_settings_go_on(request_):
    assert steps(request_) == [1, 2]
    assert begun_with(request_.out)["batch"] == 2
    # The stage's own radius, said aloud.
    options = {"batch": 2, "crop": 32, "radius": 8}
    more = replace(request_, resume=True, options=options, length=FitConfig(steps=4))
    assert steps(more) == [3, 4]


@pytest.mark.parametrize("note", ['{"init": null}', '{"settings": 3}', "no json", "[]"])
def test_a_run_that_is_older_than_the_note_of_its_settings_goes_on(request_, note):
    steps(request_)
    (request_.out / "start.json").write_text(note)
    assert begun_with(request_.out) == {}
    assert steps(replace(request_, resume=True, seed=9, length=FitConfig(steps=3))) == [3]


def test_what_is_given_comes_before_what_began_and_that_before_the_default(request_):
    steps(request_)

    def settings(given, **changed):
        asked = {"stage": "pairwise", "out": request_.out, "resume": True, "refines": False}
        return settings_of(RECIPE, given, **(asked | changed))

    assert settings({})["batch"] == 2
    assert settings({"batch": 5})["batch"] == 5
    assert settings({}, resume=False)["batch"] == 8
    assert (settings({})["rate"], settings({}, resume=False, refines=True)["rate"]) == (1e-3, 1e-4)
    assert settings({}, resume=False, stage="labels")["radius"] == 10
    assert "blend" not in settings({})
