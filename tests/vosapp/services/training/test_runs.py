"""Runs as processes: a child that learns nothing stands in for the real one."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace

import pytest

from core.errors import CheckpointMissing, TrainingError, UsageError
from vosapp.services.training import protocol, runs
from vosapp.services.training.folder import (
    ProcessMark,
    RunFolder,
    new_folder,
    read_process,
    read_request,
    write_request,
)
from vosapp.services.training.protocol import Seen, Speaker
from vosapp.services.training.run_values import RunRequest, RunState
from vosapp.services.training.values import Kind, Source

CHILD = """
import sys, time
from pathlib import Path
from vosapp.services.training.control import Control
from vosapp.services.training.folder import RunFolder
from vosapp.services.training.protocol import Seen, Speaker
from vosapp.services.training.run_values import LossPoint, RunState
folder = RunFolder(Path(sys.argv[1]))
speaker, control = Speaker(folder), Control(folder.path)
print("child speaks")
speaker.state(RunState.TRAINING)
for step in range(1, 600):
    speaker.step(LossPoint(step, step, {"a": 1.0}), fraction=0.1, left=1.0, memory=5)
    if control.wants_stop:
        speaker.state(RunState.STOPPED, "Stopped.")
        break
    time.sleep(0.1)
"""
COMMAND = [sys.executable, "-P", "-c", CHILD]


@pytest.fixture
def request_of(tmp_path):
    def make(**changes):
        sources = (Source(tmp_path / "a.vosapp", Kind.PROJECT),)
        return replace(RunRequest("self_supervised", 1.0, sources), **changes)

    return make


@pytest.fixture
def started(tmp_path, request_of):
    """A run that goes on; it is ended with the test."""
    folder = runs.start_run(request_of(), root=tmp_path / "runs", command=COMMAND)
    wait(folder, lambda status: status.state is RunState.TRAINING)
    yield folder
    mark = read_process(RunFolder(folder))
    if mark is not None and mark.is_alive:
        os.kill(mark.pid, signal.SIGKILL)
    if folder.exists():
        wait(folder, lambda status: not status.state.alive)


def wait(folder, fits, seconds=60):
    until = time.monotonic() + seconds
    while not fits(status := runs.run_status(folder)) and time.monotonic() < until:
        time.sleep(0.05)
    assert fits(status), status
    return status


def test_a_run_is_found_again_and_stopped(started, tmp_path):
    (found,) = runs.find_runs(tmp_path / "runs")
    assert (found.folder, found.state) == (started, RunState.TRAINING)
    assert found.memory == 5 and found.heard > 0 and not found.resumable
    assert os.getsid(read_process(RunFolder(started)).pid) != os.getsid(0)
    with pytest.raises(UsageError, match="runs already"):
        runs.resume_run(started, command=COMMAND)
    with pytest.raises(UsageError, match="running"):
        runs.discard_run(started)
    runs.stop_run(started)
    ended = wait(started, lambda status: status.state is RunState.STOPPED)
    assert ended.resumable and "child speaks" in runs.RunWatch(started).log()
    runs.discard_run(started)
    assert runs.find_runs(tmp_path / "runs") == ()


def test_what_is_wanted_and_has_not_come_is_known(started):
    assert runs.run_status(started).wanted == ""
    runs.pause_run(started)
    assert runs.run_status(started).wanted == "pause"
    Speaker(RunFolder(started)).state(RunState.PAUSED)
    wait(started, lambda status: status.wanted == "" and status.state is RunState.PAUSED)
    runs.stop_run(started)
    assert wait(started, lambda status: not status.state.alive).wanted == ""


def test_a_killed_run_is_lost_and_resumed(started):
    os.kill(read_process(RunFolder(started)).pid, signal.SIGKILL)
    lost = wait(started, lambda status: status.state is RunState.LOST)
    assert lost.resumable and "resumed" in lost.text
    runs.pause_run(started)
    runs.resume_run(started, command=COMMAND)
    status = wait(started, lambda one: one.state is RunState.TRAINING)
    assert status.state.alive
    assert not (started / "control/pause").exists()


def test_a_run_that_never_speaks_is_told(tmp_path, request_of):
    silent = [sys.executable, "-c", "import time; time.sleep(600)"]
    folder = runs.start_run(request_of(), root=tmp_path / "runs", command=silent)
    try:
        status = runs.run_status(folder)
        now = time.time()
        assert status.state is RunState.STARTING and runs.silent_for(status, now) == ""
        assert "7 s" in runs.silent_for(status, now + 7)
    finally:
        os.kill(read_process(RunFolder(folder)).pid, signal.SIGKILL)
    wait(folder, lambda one: one.state is RunState.LOST)


def test_the_number_of_another_process_is_not_taken_for_the_run(tmp_path, request_of):
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    write_request(folder, request_of())
    folder.process.write_text(f'{{"pid": {os.getpid()}, "created": 5.0, "at": 6.0}}')
    assert runs.run_status(folder.path).state is RunState.LOST
    assert ProcessMark.of(os.getpid()).is_alive


def test_what_a_run_has_said_is_read_once(tmp_path, request_of, monkeypatch):
    """A run of days says much, and the window looks at it more than once a second."""
    folder = RunFolder(tmp_path)
    write_request(folder, request_of())
    Speaker(folder).log("one video was left out")
    Speaker(folder).view(Seen("clip", 3, 40), place=0, best=False)
    folder.view.mkdir()
    (folder.view / "frame.png").touch()
    watch = runs.RunWatch(tmp_path)
    watch.status()
    monkeypatch.setattr(protocol, "sound_lines", lambda x: pytest.fail(f"read again: {x}"))
    (view,) = watch.views()
    assert view.step == 40 and watch.log() == "one video was left out"


def test_folders_are_never_taken_twice(tmp_path, request_of):
    request = request_of(title="my / cats")
    made = {new_folder(tmp_path, request).path.name for _ in range(4)}
    assert len(made) == 4 and all(name.count("my_cats") == 1 for name in made)


def test_a_request_is_kept_whole(tmp_path, request_of):
    request = request_of(start=tmp_path / "w", options={"rate": 0.1, "batch": 2}, title="x")
    folder = RunFolder(tmp_path)
    write_request(folder, request)
    assert read_request(folder) == request
    folder.request.write_text("{}")
    with pytest.raises(TrainingError):
        read_request(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"minutes": 0.0},
        {"minutes": float("nan")},
        {"threads": 0},
        {"device": "abacus"},
        {"sources": ()},
        {"preset": "huge", "fresh": True},
        {"stage": "third"},
        {"options": {"color": 1}},
        {"options": {"batch": 0}},
        {"system": "copy"},
        {"start": "w.safetensors"},
    ],
)
def test_what_no_run_can_do_is_refused_before_it_starts(tmp_path, request_of, changes):
    if "start" in changes:
        changes = {"start": tmp_path / changes["start"]}
    with pytest.raises((UsageError, CheckpointMissing)):
        runs.start_run(request_of(**changes), root=tmp_path / "runs", command=COMMAND)
    assert not (tmp_path / "runs").exists()
