"""A run from its first to its last line, with a trainer that learns nothing and no torch."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import CheckpointMismatch, TrainingError
from core.jobs import CancelToken, Progress
from vosapp.services.training import worker as module
from vosapp.services.training.control import Control
from vosapp.services.training.folder import RunFolder
from vosapp.services.training.protocol import Listener
from vosapp.services.training.run_values import RunState
from vosapp.services.training.trainer import Scored, Shown, Step
from vosapp.services.training.worker import Worker

MINUTE = 60.0


@dataclass
class FakeTrainer:
    """Makes a step a minute; its weights are a file with the number of the step."""

    start: Path | None
    count: int = 5
    seconds: float = MINUTE
    at: int = 0
    saved: list[int] = field(default_factory=list)
    after: dict[int, object] = field(default_factory=dict)
    broken: str = ""

    def steps(self, token):
        yield Progress(1, 1, "left out b.mp4: it is damaged", warning=True)
        while self.at < self.count:
            if token.cancelled:
                self.saved.append(self.at)
                token.check()
            self.at += 1
            if callable(doing := self.after.get(self.at)):
                doing()
            yield Step(self.at, self.at / self.count, self.at * self.seconds, {"loss": 1 / self.at})

    def write(self, target):
        target.write_text(str(self.at))

    def verify(self, weights):
        if weights.read_text() == self.broken:
            raise CheckpointMismatch("Not finite.", "Go back.")


@dataclass
class FakeScorer:
    """Knows what each weights are worth."""

    values: dict[str, float]
    is_able: bool = True
    on_score: object = None

    def score(self, weights, token):
        yield Progress(0, 1, "a")
        if callable(self.on_score):
            self.on_score()
        value = self.values.get(weights.read_text(), 0.0)
        shown = Shown("a", 3, np.full((8, 8), int(value * 10), np.uint8))
        return Scored(j=value, shown=(shown, replace(shown, frame_index=5)))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "runs/one").mkdir(parents=True)
    (tmp_path / "start").write_text("start")
    return RunFolder(tmp_path / "runs/one")


def go(folder, trainer, scorer, token=None, **options):
    made = Worker(folder, trainer, scorer, 1.0, token or CancelToken(), **options)
    for _ in made.run():
        pass
    return Listener(folder).heard()


def start_of(folder):
    return folder.path.parent.parent / "start"


def test_the_best_weights_are_the_model(folder):
    values = {"start": 0.2, "1": 0.3, "2": 0.7, "3": 0.5, "5": 0.6}
    heard = go(folder, FakeTrainer(start_of(folder)), FakeScorer(values))
    assert heard.state is RunState.DONE and "0.200 before, 0.700 of the model" in heard.text
    assert folder.weights("best").read_text() == "2"
    assert [(p.step, p.best) for p in heard.scores] == [
        (0, True), (1, True), (2, True), (3, False), (4, False), (5, False),
    ]  # fmt: skip
    assert any("b.mp4" in line for line in heard.log)
    names = {path.name for path in folder.view.iterdir()}
    assert {"before.png", "now.png", "best.png"} <= names
    assert {"before-1.png", "now-1.png", "best-1.png"} <= names
    assert [(one.clip, one.frame_index, one.step) for one in heard.views] == [
        ("a", 3, 5), ("a", 5, 5),
    ]  # fmt: skip


def test_where_nothing_was_gained_the_model_is_the_start(folder):
    heard = go(folder, FakeTrainer(start_of(folder)), FakeScorer({"start": 0.9}))
    assert folder.weights("best").read_text() == "start" and "gained nothing" in heard.text


def test_without_held_out_clips_the_latest_is_the_model(folder):
    heard = go(folder, FakeTrainer(start_of(folder)), FakeScorer({}, is_able=False))
    assert folder.weights("best").read_text() == "5" and heard.state is RunState.DONE


def test_from_nothing_the_first_weights_are_those_before(folder):
    go(folder, FakeTrainer(None), FakeScorer({"1": 0.1, "5": 0.4}))
    assert folder.weights("before").read_text() == "1"


def test_stop_leaves_a_verified_model_and_a_state(folder):
    control = Control(folder.path)
    trainer = FakeTrainer(start_of(folder), after={3: control.stop})
    heard = go(folder, trainer, FakeScorer({"start": 0.1, "3": 0.8}))
    assert heard.state is RunState.STOPPED and folder.weights("best").read_text() == "3"
    assert trainer.saved == [3] and not control.wants_stop


def test_stop_before_anything_was_learned(folder):
    control = Control(folder.path)
    control.stop()
    heard = go(folder, FakeTrainer(None), FakeScorer({}))
    assert heard.state is RunState.STOPPED and "there is no model" in heard.text


def test_weights_that_cannot_be_used_never_become_the_model(folder):
    values = {"start": 0.1, "2": 0.9}
    heard = go(folder, FakeTrainer(start_of(folder), broken="2"), FakeScorer(values))
    assert heard.state is RunState.FAILED and "Not finite" in heard.text
    assert folder.weights("best").read_text() in ("start", "1")


def test_a_loss_that_is_not_finite_keeps_the_best(folder):
    def burst():
        raise TrainingError("The loss is nan at step 4.", "Lower the learning rate.")

    heard = go(folder, FakeTrainer(start_of(folder), after={4: burst}), FakeScorer({"2": 0.5}))
    assert heard.state is RunState.FAILED
    assert "nan" in heard.text and "kept" in heard.text and "Lower" in heard.text
    assert folder.weights("best").read_text() == "2"


def test_memory_that_runs_out_ends_the_run_plainly(folder, monkeypatch):
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    free = iter([1 << 30, 1 << 30, 1 << 20])
    trainer = FakeTrainer(start_of(folder))
    heard = go(folder, trainer, FakeScorer({"start": 0.5}), free_memory=lambda: next(free))
    assert heard.state is RunState.FAILED and "1 MB of memory left" in heard.text
    assert trainer.saved == [3] and folder.weights("best").exists()
    raised = FakeTrainer(start_of(folder), after={1: lambda: (_ for _ in ()).throw(MemoryError())})
    assert "out of memory" in go(folder, raised, FakeScorer({})).text


def test_a_mistake_of_the_program_is_no_plain_end(folder):
    with pytest.raises(ZeroDivisionError):
        go(folder, FakeTrainer(start_of(folder), after={2: lambda: 1 / 0}), FakeScorer({}))


def test_an_end_from_outside_can_be_resumed_and_goes_on(folder):
    token = CancelToken()
    values = {"start": 0.2, "1": 0.6, "5": 0.4}
    trainer = FakeTrainer(start_of(folder), after={2: token.cancel})
    heard = go(folder, trainer, FakeScorer(values), token)
    assert heard.state is RunState.LOST and trainer.saved == [2]
    heard = go(folder, FakeTrainer(start_of(folder), at=2), FakeScorer(values))
    assert heard.state is RunState.DONE and folder.weights("best").read_text() == "1"
    assert [p.step for p in heard.scores].count(0) == 1


@pytest.mark.parametrize("by_user", [True, False])
def test_a_pause_waits_until_it_ends(folder, by_user):
    from vosapp.services.training import control as wishes

    root, control, seen = folder.path.parent, Control(folder.path), list[RunState]()

    def pause():
        if by_user:
            control.pause()
        else:
            wishes.hold(root, "propagation")

    def end_it():
        wanted = RunState.PAUSED if by_user else RunState.HELD
        until = time.monotonic() + 20
        while time.monotonic() < until and Listener(folder).heard().state is not wanted:
            time.sleep(0.02)
        seen.append(Listener(folder).heard().state)
        control.go_on()
        wishes.release(root, "propagation")

    helper = threading.Thread(target=end_it)
    helper.start()
    heard = go(folder, FakeTrainer(start_of(folder), after={2: pause}), FakeScorer({}))
    helper.join()
    assert seen == [RunState.PAUSED if by_user else RunState.HELD]
    assert heard.state is RunState.DONE and heard.step == 5


def test_stop_ends_a_pause(folder):
    control = Control(folder.path)
    trainer = FakeTrainer(start_of(folder), after={2: control.pause})
    helper = threading.Timer(0.3, control.stop)
    helper.start()
    assert go(folder, trainer, FakeScorer({})).state is RunState.STOPPED
    helper.join()
    assert not control.wants_pause
