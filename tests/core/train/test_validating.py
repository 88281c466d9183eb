"""A run whose weights are measured on the way: the best are its result."""

from __future__ import annotations

import json
import sys
import types
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from core.data.synthetic import moving_shapes
from core.errors import DatasetError
from core.jobs import Cancelled, CancelToken, Progress
from core.nn.checkpoints import read_info
from core.systems.self_supervised.spec import RECIPE
from core.train.config import FitConfig
from core.train.loop import TrainProgress
from core.train.request import TrainRequest
from core.train.run import train
from core.train.validation import Validator

NAME = "luck"


@pytest.fixture(scope="module")
def videos(tmp_path_factory, write_mpeg4):
    folder = tmp_path_factory.mktemp("videos")
    write_mpeg4(folder / "a.mp4", moving_shapes(seed=0, frame_count=6)[0], rate=12)
    return folder


@pytest.fixture
def request_(videos, tmp_path):
    """A run that is measured after each step."""
    return TrainRequest(
        RECIPE,
        tmp_path / "run",
        FitConfig(steps=4),
        "tiny",
        options={"batch": 2, "crop": 32, "interval": 1e-6, "patience": 0.0},
        videos=videos,
        device="cpu",
        workers=0,
        cache=tmp_path / "cache",
    )


class Oracle:
    """Says of the weights of each step what it was told."""

    def __init__(self, *values, seen=None, on=None):
        self.values = list(values)
        self.steps = []
        self.seen = seen
        self.on = on or {}

    def measure(self, weights, token):
        step = read_info(weights).training["steps"]
        self.steps.append(step)
        if step in self.on:
            self.on[step]()
        yield Progress(1, 2, "half")
        token.check()
        return self.values.pop(0)

    @property
    def validator(self):
        return Validator(NAME, self.measure)


def run(request, oracle, token=None):
    return list(train(request, token or CancelToken(), validator=oracle and oracle.validator))


def steps_of(request, *names):
    return [read_info(request.out / f"{n}.safetensors").training["steps"] for n in names]


def lines(request):
    return [json.loads(line) for line in (request.out / "log.jsonl").read_text().splitlines()]


def state(request):
    return torch.load(request.out / "state.pt", weights_only=True)["module"]


def test_the_best_are_the_result_and_the_last_are_kept(request_):
    oracle = Oracle(0.1, 0.4, 0.3, 0.2)
    items = run(request_, oracle)
    assert oracle.steps == [1, 2, 3, 4]
    assert steps_of(request_, "weights", "weights-last") == [2, 4]
    best, last = (read_info(request_.out / f"{n}.safetensors") for n in ("weights", "weights-last"))
    assert best.metrics == {"validation": {NAME: 0.4}}
    assert last.metrics == {}
    assert not list(request_.out.glob("*moment*"))
    told = [line for line in lines(request_) if line.get("validated") == NAME]
    assert [(x["step"], x["scores"][NAME], x["best"]) for x in told] == [
        (1, 0.1, True), (2, 0.4, True), (3, 0.3, False), (4, 0.2, False),
    ]  # fmt: skip
    assert lines(request_)[-1]["best_step"] == 2
    assert any("the best so far" in x.text for x in items if isinstance(x, Progress))
    assert (request_.out / "curve.png").is_file()


def test_measuring_changes_nothing_that_is_learned(request_):
    run(request_, Oracle(*[0.5] * 4))
    plain = replace(request_, out=request_.out.with_name("plain"))
    run(plain, None)
    one, other = state(request_), state(plain)
    assert all(torch.equal(x, other[k]) for k, x in one.items())
    assert not (plain.out / "weights-last.safetensors").exists()


def test_the_clock_stands_still_meanwhile(request_, monkeypatch):
    from core.train import loop

    now = [0.0]
    monkeypatch.setattr(loop.time, "monotonic", lambda: now[0])

    def wait():
        now[0] += 1000

    oracle = Oracle(*[0.5] * 4, on={1: wait, 2: wait, 3: wait})
    steps = []
    for item in train(request_, CancelToken(), validator=oracle.validator):
        if isinstance(item, TrainProgress):
            steps.append(item.seconds)
            wait()
    assert steps == [0.0] * 4, "neither measuring counts, nor what is done with a step"


def test_a_run_ends_that_gains_too_little_and_stays_ended(request_):
    rules = {**request_.options, "patience": 1e-9, "gain": 0.05}
    request = replace(request_, options=rules, length=FitConfig(steps=50))
    items = run(request, Oracle(0.1, 0.2, 0.21))
    assert [x.step for x in items if isinstance(x, TrainProgress)] == [1, 2, 3]
    assert steps_of(request, "weights", "weights-last") == [3, 3]
    assert "less than 0.05 gained" in lines(request)[-1]["stopped"]
    again = run(replace(request, resume=True), Oracle())
    assert not [x for x in again if isinstance(x, TrainProgress)]
    more = replace(request, resume=True, options={**rules, "gain": 0.0})
    steps = [x.step for x in run(more, Oracle(*[0.1] * 47)) if isinstance(x, TrainProgress)]
    assert steps == list(range(4, 51))
    assert steps_of(request, "weights", "weights-last") == [3, 50]


def test_a_resumed_run_keeps_the_best(request_):
    token = CancelToken()
    oracle = Oracle(0.1, 0.9)
    with pytest.raises(Cancelled):
        for item in train(request_, token, validator=oracle.validator):
            if isinstance(item, TrainProgress) and item.step == 3:
                token.cancel()
    assert steps_of(request_, "weights") == [2]
    run(replace(request_, resume=True), Oracle(0.2, 0.2))
    assert steps_of(request_, "weights", "weights-last") == [2, 4]


def test_a_stop_while_measuring_keeps_the_state(request_):
    token = CancelToken()
    with pytest.raises(Cancelled):
        run(request_, Oracle(0.1, 0.2, on={2: token.cancel}), token)
    assert torch.load(request_.out / "state.pt", weights_only=True)["step"] == 2
    assert steps_of(request_, "weights") == [1]
    assert not list(request_.out.glob("*moment*"))


def test_a_stop_at_the_last_measurement_is_a_stop(request_):
    token = CancelToken()
    with pytest.raises(Cancelled):
        run(request_, Oracle(*[0.1] * 4, on={4: token.cancel}), token)
    oracle = Oracle(0.7)
    run(replace(request_, resume=True), oracle)
    assert oracle.steps == [4]
    assert steps_of(request_, "weights") == [4]


def test_what_cannot_be_measured_is_told_and_training_goes_on(request_):
    def fail():
        raise DatasetError("bear is gone.", "Look for it.")

    items = run(request_, Oracle(0.5, float("nan"), 0.3, 0.2, on={1: fail}))
    told = [x.text for x in items if isinstance(x, Progress) and x.warning]
    assert told == [
        "step 1 was not measured: bear is gone. Look for it.",
        "step 3 was not measured: nothing was compared",
    ]
    nothing = replace(request_, out=request_.out.with_name("nothing"))
    run(nothing, Oracle(*[float("nan")] * 4))
    assert steps_of(nothing, "weights", "weights-last") == [4, 4]


def test_weights_that_a_run_starts_from_are_measured_first(request_):
    run(request_, None)
    start = request_.out / "weights.safetensors"
    tuned = replace(request_, out=request_.out.with_name("tuned"), init=start)
    oracle = Oracle(0.9, *[0.1] * 4)
    run(tuned, oracle)
    assert oracle.steps == [0, 1, 2, 3, 4]
    assert steps_of(tuned, "weights", "weights-last") == [0, 4]
    one, other = load_file(start), load_file(tuned.out / "weights.safetensors")
    assert all(torch.equal(x, other[k]) for k, x in one.items())


def test_how_it_is_measured_is_remembered(request_):
    from core.train.origin import begun_with, settings_of

    run(request_, Oracle(*[0.1] * 4))
    assert begun_with(request_.out)["interval"] == 1e-6
    changed = {**request_.options, "interval": 7.0}
    run(replace(request_, options=changed, resume=True), Oracle())
    chosen = settings_of(RECIPE, {}, stage="pairwise", out=request_.out, resume=True, refines=False)
    assert (chosen["interval"], chosen["crop"]) == (7.0, 32)


def test_tensorboard_is_told_of_steps_and_scores(request_, monkeypatch, tmp_path):
    told = []

    class Writer:
        def __init__(self, folder, purge_step):
            told.append((folder, purge_step))

        def add_scalar(self, name, value, step):
            told.append((name, step))

        def close(self):
            told.append("closed")

    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    request = replace(request_, length=FitConfig(steps=2), board=tmp_path / "board")
    run(request, Oracle(0.1, 0.2))
    assert told[0] == (str(tmp_path / "board"), None) and told[-1] == "closed"
    for step in (1, 2):
        for name in ("losses/color", "losses/total", "learning_rate", f"scores/{NAME}"):
            assert (name, step) in told
    told.clear()
    run(replace(request, resume=True, length=FitConfig(steps=3)), Oracle(0.1))
    assert told[0] == (str(tmp_path / "board"), 3)
    assert ("losses/total", 3) in told and ("losses/total", 2) not in told
