"""The training loop: length, schedule, resuming, cancelling, and losses that break."""

from __future__ import annotations

import math
import time

import pytest
import torch
from torch import nn

from core.errors import CheckpointMismatch, TrainingError
from core.jobs import Cancelled, CancelToken
from core.train import loop
from core.train.config import FitConfig
from core.train.loop import fit
from core.train.terms import LossTerms


class Run:
    """A small network with batch norm that learns a random map; batches depend on the step."""

    def __init__(self, folder, width=4):
        torch.manual_seed(0)
        self.module = nn.Sequential(nn.Conv2d(2, width, 3), nn.BatchNorm2d(width))
        self.optimizer = torch.optim.AdamW(self.module.parameters())
        self.state_file = folder / "state.pt"
        self.token = CancelToken()
        self.asked = []
        self.spoil_at = None

    def batches(self, start):
        self.asked.append(start)
        step = start
        while True:
            generator = torch.Generator().manual_seed(step)
            yield step, torch.randn(3, 2, 6, 6, generator=generator)
            step += 1

    def step(self, batch):
        number, x = batch
        y = self.module(x)
        loss = (y - x.mean()).square().mean()
        if number == self.spoil_at:
            loss = loss * float("nan")
        return LossTerms({"main": (loss, 1.0), "other": (y.square().mean(), 0.1)})

    def fit(self, config):
        return fit(
            self.step,
            self.batches,
            self.module,
            self.optimizer,
            config,
            state_file=self.state_file,
            token=self.token,
        )

    def weights(self):
        return {name: tensor.clone() for name, tensor in self.module.state_dict().items()}


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def test_steps_are_counted_and_the_loss_falls(tmp_path):
    progress = list(Run(tmp_path).fit(FitConfig(steps=60, learning_rate=0.03)))
    assert [p.step for p in progress] == list(range(1, 61))
    assert [p.fraction for p in progress] == pytest.approx([i / 60 for i in range(1, 61)])
    assert progress[-1].losses["main"] < 0.7 * progress[0].losses["main"]
    assert set(progress[0].losses) == {"main", "other"}
    seconds = [p.seconds for p in progress]
    assert seconds == sorted(seconds) and seconds[0] > 0


@pytest.mark.parametrize("stop", [1, 4, 8])
def test_resumed_run_ends_like_an_unbroken_one(tmp_path, stop):
    config = FitConfig(steps=9, save_every=4)
    (tmp_path / "whole").mkdir()
    whole = Run(tmp_path / "whole")
    rates = [p.learning_rate for p in whole.fit(config)]

    first = Run(tmp_path)
    job = first.fit(config)
    got = [next(job).learning_rate for _ in range(stop)]
    first.token.cancel()
    with pytest.raises(Cancelled):
        next(job)
    second = Run(tmp_path)
    got += [p.learning_rate for p in second.fit(config)]

    assert second.asked == [stop]
    assert got == rates
    assert same(second.weights(), whole.weights())
    assert not same(second.weights(), first.weights())


def test_run_that_was_killed_goes_on_from_the_last_state(tmp_path):
    config = FitConfig(steps=9, save_every=4)
    killed = Run(tmp_path)
    job = killed.fit(config)
    for _ in range(7):
        next(job)
    job.close()
    second = Run(tmp_path)
    steps = [p.step for p in second.fit(config)]
    assert steps == [5, 6, 7, 8, 9]
    (tmp_path / "whole").mkdir()
    whole = Run(tmp_path / "whole")
    list(whole.fit(config))
    assert same(second.weights(), whole.weights())


def test_cancel_before_the_first_step_saves_a_state(tmp_path):
    run = Run(tmp_path)
    run.token.cancel()
    with pytest.raises(Cancelled):
        next(run.fit(FitConfig(steps=3)))
    assert run.state_file.exists()
    assert [p.step for p in Run(tmp_path).fit(FitConfig(steps=3))] == [1, 2, 3]


def test_finished_run_that_is_resumed_does_nothing(tmp_path):
    run = Run(tmp_path)
    list(run.fit(FitConfig(steps=3)))
    again = Run(tmp_path)
    assert list(again.fit(FitConfig(steps=3))) == []
    assert same(again.weights(), run.weights())
    assert [p.step for p in Run(tmp_path).fit(FitConfig(steps=5))] == [4, 5]


def test_loss_that_is_not_finite_ends_the_run_and_keeps_the_last_state(tmp_path):
    run = Run(tmp_path)
    run.spoil_at = 6
    job = run.fit(FitConfig(steps=9, save_every=4))
    for _ in range(6):
        next(job)
    before = run.weights()
    saved = run.state_file.read_bytes()
    with pytest.raises(TrainingError, match="nan at step 7"):
        next(job)
    after = run.weights()
    assert same({n: t for n, t in after.items() if "0." in n}, before)
    assert run.state_file.read_bytes() == saved
    assert next(p.step for p in Run(tmp_path).fit(FitConfig(steps=9))) == 5


def test_gradient_that_is_not_finite_ends_the_run_before_it_spoils_the_weights(tmp_path):
    """The root of 0 is 0, its slope is infinite."""
    run = Run(tmp_path)
    plain = run.step

    def step(batch):
        zero = (run.module[0].bias * 0).sum().abs().sqrt()
        return LossTerms({**plain(batch).terms, "root": (zero, 1.0)})

    run.step = step
    before = run.weights()
    with pytest.raises(TrainingError, match="gradient is nan at step 1"):
        next(run.fit(FitConfig(steps=3)))
    assert torch.equal(run.module[0].weight, before["0.weight"])
    assert not run.state_file.exists()


def test_long_gradients_are_shortened(tmp_path):
    lengths = []
    for clip in (1e-3, 1e3):
        folder = tmp_path / str(clip)
        folder.mkdir()
        run = Run(folder)
        next(run.fit(FitConfig(steps=3, clip_norm=clip)))
        grads = [p.grad.flatten() for p in run.module.parameters()]
        lengths.append(torch.cat(grads).norm().item())
    assert lengths[0] == pytest.approx(1e-3, rel=1e-2)
    assert lengths[1] > 1e-2


@pytest.mark.parametrize("bf16", [False, True])
def test_precision_of_the_forward_pass(tmp_path, bf16):
    run = Run(tmp_path)
    kinds = []
    plain = run.step

    def step(batch):
        kinds.append(nn.functional.conv2d(batch[1], run.module[0].weight).dtype)
        return plain(batch)

    run.step = step
    list(run.fit(FitConfig(steps=1, bf16=bf16)))
    assert kinds == [torch.bfloat16 if bf16 else torch.float32]


def test_schedule_rises_and_falls():
    schedule = loop._schedule
    assert schedule(0.0, 0.02) == pytest.approx(0.05 / 1.05)
    assert schedule(0.01, 0.02) == pytest.approx(0.55 / 1.05)
    assert schedule(0.02, 0.02) == 1
    assert schedule(0.51, 0.02) == pytest.approx(0.5)
    assert schedule(1.0, 0.02) == pytest.approx(0, abs=1e-12)
    assert schedule(0.0, 0.0) == 1
    values = [schedule(i / 1000, 0.1) for i in range(1001)]
    peak = values.index(max(values))
    assert peak == 100
    assert values[:101] == sorted(values[:101])
    assert values[100:] == sorted(values[100:], reverse=True)
    assert all(0 <= value <= 1 for value in values)


def test_rate_follows_the_schedule(tmp_path):
    run = Run(tmp_path)
    for progress in run.fit(FitConfig(steps=20, learning_rate=0.5, warmup=0.2)):
        wanted = 0.5 * loop._schedule((progress.step - 1) / 20, 0.2)
        assert progress.learning_rate == pytest.approx(wanted)
        assert run.optimizer.param_groups[0]["lr"] == pytest.approx(wanted)


@pytest.mark.parametrize("power", [1.0, 0.9, 2.0])
def test_rates_that_fall_as_a_power_of_what_is_left(power):
    assert loop._schedule(0.1, 0.2, power=power) == loop._schedule(0.1, 0.2)
    for share in (0.2, 0.5, 0.9, 1.0):
        wanted = ((1 - share) / 0.8) ** power
        assert loop._schedule(share, 0.2, power=power) == pytest.approx(wanted)


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by two seconds whenever it is read."""

    class Clock:
        now = 1000.0

        def __call__(self):
            self.now += 2
            return self.now

    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def test_run_in_minutes_ends_in_time(tmp_path, clock):
    progress = list(Run(tmp_path).fit(FitConfig(minutes=1)))
    assert 45 < progress[-1].seconds < 70
    assert 5 < len(progress) < 30
    fractions = [p.fraction for p in progress]
    assert fractions == sorted(fractions)
    assert 0.85 < fractions[-1] <= 1
    assert progress[-1].learning_rate < 0.1 * max(p.learning_rate for p in progress)


def test_what_others_do_with_a_step_is_no_training(tmp_path, clock):
    """Measuring the weights for an hour takes nothing from a run of a minute."""
    seconds = []
    for progress in Run(tmp_path).fit(FitConfig(minutes=1)):
        seconds.append(progress.seconds)
        clock.now += 3600
    assert len(seconds) > 3
    assert seconds[-1] < 70


def test_a_run_that_is_called_over_ends_and_keeps_its_state(tmp_path):
    run = Run(tmp_path)
    done = []
    for progress in fit(
        run.step, run.batches, run.module, run.optimizer, FitConfig(steps=9),
        state_file=run.state_file, token=run.token, ended=lambda: len(done) == 3,
    ):  # fmt: skip
        done.append(progress.step)
    assert done == [1, 2, 3]
    assert torch.load(run.state_file, weights_only=True)["step"] == 3


def test_slow_steps_are_saved_by_the_clock(tmp_path, clock):
    """A kill takes minutes, however long a step is."""
    job = Run(tmp_path).fit(FitConfig(steps=1000, save_minutes=1))
    for _ in range(30):
        next(job)
    job.close()
    assert next(Run(tmp_path).fit(FitConfig(steps=1000))).step > 5


def test_minutes_of_earlier_parts_count(tmp_path, clock):
    first = Run(tmp_path)
    job = first.fit(FitConfig(minutes=1))
    while next(job).fraction < 0.7:
        pass
    first.token.cancel()
    with pytest.raises(Cancelled):
        next(job)
    clock.now += 5000
    progress = list(Run(tmp_path).fit(FitConfig(minutes=1)))
    assert len(progress) < 5
    assert progress[0].fraction > 0.7


@pytest.mark.parametrize(
    "length",
    [
        {},
        {"steps": 3, "minutes": 1},
        {"steps": 0},
        {"steps": -3},
        {"minutes": 0.0},
        {"minutes": -1.0},
        {"minutes": math.nan},
        {"minutes": math.inf},
        {"steps": 3, "learning_rate": 0.0},
        {"steps": 3, "learning_rate": -1.0},
        {"steps": 3, "learning_rate": math.nan},
    ],
)
def test_runs_that_make_no_sense(length):
    with pytest.raises(TrainingError) as caught:
        FitConfig(**length)
    assert caught.value.hint


def test_state_of_another_network(tmp_path):
    list(Run(tmp_path).fit(FitConfig(steps=1)))
    with pytest.raises(CheckpointMismatch, match=r"state\.pt"):
        next(Run(tmp_path, width=5).fit(FitConfig(steps=2)))


def test_what_is_done_between_two_steps_is_no_time_of_the_run(tmp_path, monkeypatch):
    """Whoever drives the run may pause it, or measure its weights, as long as it likes."""
    now = [0.0]
    monkeypatch.setattr(loop.time, "monotonic", lambda: now[0])
    seconds = []
    run = Run(tmp_path)
    learn = run.step

    def step(batch):
        now[0] += 30.0
        return learn(batch)

    run.step = step
    for progress in run.fit(FitConfig(minutes=2.0)):
        seconds.append(progress.seconds)
        now[0] += 1000.0
    assert seconds == [30.0, 60.0, 90.0, 120.0]
