"""A process that edits at full speed is killed; every acknowledged edit is there afterward."""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
KILLS, PROJECTS = (300, 10) if os.environ.get("VOSAPP_SOAK") else (24, 2)
MOST_SECONDS = 0.4


def load(name):
    """Import a file beside this one; the tests are no package."""
    spec = importlib.util.spec_from_file_location(f"soak_{name}", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


worker = load("worker")
log_lines = load("conftest").log_lines


@pytest.fixture(scope="module")
def totals():
    counts = {"done": 0, "in flight": 0}
    yield counts
    # The kills must have met work: most of them many edits, some in the middle of one.
    assert counts["done"] > 5 * KILLS, counts
    told = f"{counts['done']} acknowledged changes, {KILLS} kills"
    print(f"\n{told}, {counts['in flight']} of them between commit and acknowledgment")


@pytest.mark.parametrize("number", range(PROJECTS))
def test_kill_loses_nothing_acknowledged(nursery, tmp_path, totals, number):
    rng = random.Random(number)
    for kill in range(KILLS // PROJECTS):
        seed = 1000 * number + kill
        pid = nursery.start("soak", seed, tmp_path)
        time.sleep(rng.random() * MOST_SECONDS)
        os.kill(pid, signal.SIGKILL)
        assert nursery.wait() == -signal.SIGKILL
        check_after_kill(tmp_path, seed, totals)


def check_after_kill(folder, seed, totals):
    lines = log_lines(folder, "soak", seed)
    path = folder / "p.vosapp"
    if not lines:
        return  # killed before the first line: an earlier test of this loop says what is there
    assert lines[-1][0] in ("done", "next"), lines[-1]
    done = [rest for word, rest in lines if word == "done"]
    totals["done"] += len(done)
    with worker.open_project(path) as project:
        assert project.problems() == ()
        found = worker.digest(project)
        allowed = {done[-1]}
        if lines[-1][0] == "next":
            allowed.add(lines[-1][1])
        assert found in allowed
        totals["in flight"] += found != done[-1]


def test_the_check_can_fail(nursery, tmp_path):
    """An edit that is lost after it was acknowledged is noticed."""
    pid = nursery.start("soak", 7, tmp_path)
    while len(log_lines(tmp_path, "soak", 7)) < 20:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    nursery.wait()
    check_after_kill(tmp_path, 7, {"done": 0, "in flight": 0})
    with worker.open_project(tmp_path / "p.vosapp") as project:
        project.do(worker.edits.AddObject())
    with pytest.raises(AssertionError):
        check_after_kill(tmp_path, 7, {"done": 0, "in flight": 0})
