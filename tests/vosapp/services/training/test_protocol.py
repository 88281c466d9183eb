"""What a run says: half lines, nonsense, many points, steps that were made twice."""

from __future__ import annotations

import math

import pytest

from vosapp.services.training import protocol
from vosapp.services.training.folder import RunFolder
from vosapp.services.training.protocol import Listener, Seen, Speaker
from vosapp.services.training.run_values import LossPoint, RunState, ScorePoint


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path)


def say_step(speaker, step):
    point = LossPoint(step, 2.0 * step, {"box": 1.5})
    speaker.step(point, fraction=0.5, left=math.nan, memory=7)


def test_what_is_said_is_heard_and_only_once_read(folder):
    speaker, listener = Speaker(folder), Listener(folder)
    assert listener.heard().state is RunState.STARTING
    speaker.state(RunState.TRAINING, "Go.")
    say_step(speaker, 1)
    speaker.score(ScorePoint(1, 2.0, 0.5, boxes=0.5, best=True))
    speaker.view(Seen("a", 3, 0, {"before": 0.25}), place=0, best=True)
    speaker.view(Seen("b", 5, 0, {"before": 0.5}), place=1, best=True)
    speaker.view(Seen("a", 3, 1, {"now": 0.2}), place=0, best=False)
    speaker.view(Seen("b", 5, 1, {"now": math.nan}), place=1, best=True)
    heard = listener.heard()
    assert (heard.state, heard.text, heard.step, heard.memory) == (RunState.TRAINING, "Go.", 1, 7)
    assert math.isnan(heard.left) and heard.losses[0].losses == {"box": 1.5}
    assert math.isnan(heard.scores[0].j) and heard.scores[0].boxes == 0.5
    first, second = heard.views
    assert first == Seen("a", 3, 1, {"before": 0.25, "now": 0.2, "best": 0.25})
    assert (second.clip, second.frame_index, second.scores["before"]) == ("b", 5, 0.5)
    assert math.isnan(second.scores["now"]) and math.isnan(second.scores["best"])
    say_step(speaker, 2)
    assert [point.step for point in listener.heard().losses] == [1, 2]


def test_half_a_line_waits_for_its_end(folder):
    Speaker(folder).log("one")
    listener = Listener(folder)
    whole = folder.progress.read_bytes()
    folder.progress.write_bytes(whole + b'{"kind": "log", "te')
    assert listener.heard().log == ("one",)
    folder.progress.write_bytes(whole + b'{"kind": "log", "text": "two"}\n')
    assert listener.heard().log == ("one", "two")


def test_nonsense_is_skipped(folder):
    lines = [b"{", b"[1]", b'{"kind": "state", "state": "no"}', b'{"kind": "step"}', b"{}"]
    folder.progress.write_bytes(b"\n".join(lines) + b"\n")
    Speaker(folder).log("one")
    assert Listener(folder).heard().log == ("one",)


def test_steps_that_were_made_twice_count_once(folder):
    speaker = Speaker(folder)
    for step in (1, 2, 3, 2, 3, 4):
        say_step(speaker, step)
    assert [point.step for point in Listener(folder).heard().losses] == [1, 2, 3, 4]


def test_curves_do_not_grow_without_end(folder, monkeypatch):
    monkeypatch.setattr(protocol, "MOST_POINTS", 10)
    for step in range(1, 40):
        say_step(Speaker(folder), step)
    steps = [point.step for point in Listener(folder).heard().losses]
    assert len(steps) <= 10 and steps[0] == 1 and steps[-1] == 39
