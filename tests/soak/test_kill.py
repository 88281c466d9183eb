"""A process that works at full speed is killed.

Every acknowledged edit is there afterward; every file under its final name is whole; and what was
not whole yet is gone after the next run of the same kind.
"""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from core.jobs import result_of
from core.media.export.formats import exporter_named

SOAKS = bool(os.environ.get("VOSAPP_SOAK"))
KILLS, PROJECTS = (300, 10) if SOAKS else (24, 2)
EXPORTS, MIGRATIONS = (150, 120) if SOAKS else (5, 6)
MOST_SECONDS = 0.4


@pytest.fixture(scope="module")
def totals():
    counts = {"done": 0, "in flight": 0}
    yield counts
    # The kills must have met work: most of them many edits, some in the middle of one.
    assert counts["done"] > KILLS, counts


@pytest.mark.parametrize("number", range(PROJECTS))
def test_kill_loses_nothing_acknowledged(nursery, worker, tmp_path, totals, number):
    rng = random.Random(number)
    for kill in range(KILLS // PROJECTS):
        seed = 1000 * number + kill
        pid = nursery.start("soak", seed, tmp_path)
        time.sleep(rng.random() * MOST_SECONDS)
        os.kill(pid, signal.SIGKILL)
        assert nursery.wait() == -signal.SIGKILL
        check_after_kill(worker, tmp_path, seed, totals)


def check_after_kill(worker, folder, seed, totals):
    lines = worker.log_lines(folder, "soak", seed)
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


def test_the_check_can_fail(nursery, worker, tmp_path):
    """An edit that is lost after it was acknowledged is noticed."""
    pid = nursery.start("soak", 7, tmp_path)
    while len(worker.log_lines(tmp_path, "soak", 7)) < 20:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    nursery.wait()
    check_after_kill(worker, tmp_path, 7, {"done": 0, "in flight": 0})
    with worker.open_project(tmp_path / "p.vosapp") as project:
        project.do(worker.edits.AddObject())
    with pytest.raises(AssertionError):
        check_after_kill(worker, tmp_path, 7, {"done": 0, "in flight": 0})


def test_killed_exports_leave_whole_files_and_the_next_one_clears_up(
    nursery, worker, whole_files, tmp_path
):
    rng, left = random.Random(1), 0
    for kill in range(EXPORTS):
        lines = killed(nursery, worker, tmp_path, "export", seed=kill, after=1.2 * rng.random())
        if not lines:
            continue
        exporter = exporter_named(lines[-1][1])
        out = tmp_path / "out" / exporter.name
        whole_files.check_files(tmp_path / "out")
        left += len(whole_files.leftovers(out))
        report = result_of(exporter.export(whole_files.source(), out))
        whole_files.check_files(out)
        files = [path for path in out.rglob("*") if path.is_file()]
        assert whole_files.leftovers(out) == []
        assert report.written + report.unchanged == len(files)
    assert left or not SOAKS, "no kill met a file that was not whole"


def test_killed_migrations_lose_nothing_and_the_next_one_clears_up(
    nursery, worker, whole_files, tmp_path
):
    rng, left = random.Random(2), 0
    for kill in range(MIGRATIONS):
        lines = killed(nursery, worker, tmp_path, "migrate", seed=kill, after=rng.random() / 2)
        if not lines:
            continue
        place = tmp_path / lines[-1][1]
        left += len(whole_files.leftovers(place))
        with worker.open_project(place / whole_files.OLD) as project:
            assert project.problems() == ()
            assert [item.name for item in project.objects()] == ["Bear", "Old fox"]
        assert {path.name for path in place.iterdir()} == {whole_files.OLD, whole_files.BACKUP}
        options = worker.Options(read_only=True)
        with worker.open_project(place / whole_files.BACKUP, options) as backup:
            assert len(backup.objects()) == 2
    assert left or not SOAKS, "no kill met a file that was not whole"


def killed(nursery, worker, folder, mode, *, seed, after):
    """What a worker has said before it was killed."""
    pid = nursery.start(mode, seed, folder)
    time.sleep(after)
    os.kill(pid, signal.SIGKILL)
    assert nursery.wait() == -signal.SIGKILL, worker.log_lines(folder, mode, seed)
    return worker.log_lines(folder, mode, seed)
