"""A run of training goes on as it began."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from PIL import Image

from core.data.synthetic import moving_shapes
from core.errors import UsageError
from core.jobs import Cancelled, CancelToken
from core.nn.checkpoints import read_info
from core.systems.self_supervised.spec import RECIPE
from core.train.config import FitConfig
from core.train.loop import TrainProgress
from core.train.origin import begun_with, settings_of, threads_of
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


def test_what_is_freed_is_kept(request_, monkeypatch):
    told = []
    monkeypatch.setattr("core.train.run.keep_freed_memory", lambda: told.append(1))
    steps(request_)
    assert told == [1]


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


@pytest.fixture
def many_threads():
    """Between two parts of a run torch is told to take two threads, as on another machine.

    Nothing of these small networks is computed with two: that crashes on some processors.
    """
    before = torch.get_num_threads()
    yield lambda: torch.set_num_threads(2)
    torch.set_num_threads(before)


def weights(request):
    return torch.load(request.out / "state.pt", weights_only=True)["module"]


def test_a_run_goes_on_with_as_many_threads_as_it_began_with(request_, many_threads):
    """Else its weights would differ from those of a run that was never stopped."""
    torch.set_num_threads(1)
    whole = replace(request_, out=request_.out.with_name("whole"), length=FitConfig(steps=4))
    steps(whole)
    token = CancelToken()
    with pytest.raises(Cancelled):
        for _ in train(replace(request_, length=FitConfig(steps=4)), token):
            if (request_.out / "log.jsonl").exists():
                token.cancel()
    assert begun_with(request_.out)["threads"] == 1
    many_threads()
    steps(replace(request_, length=FitConfig(steps=4), resume=True))
    assert torch.get_num_threads() == 2  # what surrounds a run has its own
    first, second = weights(whole), weights(request_)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert read_info(request_.out / "weights.safetensors").training["threads"] == 1


def test_other_threads_are_refused_and_as_many_are_taken(request_, many_threads):
    many_threads()
    steps(replace(request_, threads=1))
    assert begun_with(request_.out)["threads"] == 1
    with pytest.raises(UsageError, match="began with threads 1, not 2"):
        steps(replace(request_, threads=2, resume=True))
    more = replace(request_, threads=1, resume=True, length=FitConfig(steps=3))
    assert steps(more) == [3]


@pytest.mark.parametrize("number", [0, -1, 100_000])
def test_impossible_numbers_of_threads_are_refused(request_, number):
    with pytest.raises(UsageError, match="threads are not possible"):
        steps(replace(request_, threads=number))


@pytest.mark.parametrize("number", ["0", "true", "2.5", "1e9", '"two"'])
def test_a_note_with_an_impossible_number_of_threads_pins_none(request_, number):
    steps(request_)
    (request_.out / "start.json").write_text(f'{{"settings": {{"threads": {number}}}}}')
    assert threads_of(request_) is None
