"""One control for all long work: begun, followed, stopped, replaced, ended."""

from __future__ import annotations

import math
import threading

import pytest

from core.errors import OutputError
from core.jobs import Progress
from vosapp.jobs.outcome import Crashed, Done, Failed, Stopped
from vosapp.jobs.owners import retire
from vosapp.jobs.runner import JobRunner
from vosapp.session.work import MEASURED_SECONDS, Pace, WorkControl, WorkState


@pytest.fixture
def runner(qtbot):
    made = JobRunner("work")
    yield made
    made.close()


@pytest.fixture
def work(qtbot):
    made = WorkControl()
    made.told = []
    made.started.connect(lambda: made.told.append("started"))
    made.stateChanged.connect(made.told.append)
    made.finished.connect(made.told.append)
    return made


def counting(count, gate=None):
    def job(token):
        for done in range(count + 1):
            token.check()
            yield Progress(done, count, "counting")
            if gate is not None:
                gate.acquire()
        return "counted"

    return job


def begin(runner, work, job):
    work.follow(runner.submit(job), WorkState("beginning"))


def test_it_says_that_it_began_how_far_it_is_and_how_it_ended(runner, work, qtbot):
    with qtbot.waitSignal(work.finished):
        begin(runner, work, counting(3))
        assert work.running and not work.stopping
    assert work.told[:2] == ["started", WorkState("beginning")]
    assert work.told[-1] == Done("counted") and not work.running
    last = work.told[-2]
    assert (last.text, last.done, last.total) == ("counting", 3, 3)
    assert work.state == last


def test_a_stop_is_told_at_once_and_again_when_it_is_over(runner, work, qtbot):
    gate = threading.Semaphore(0)
    begin(runner, work, counting(3, gate))
    count = len(work.told)
    work.stop()
    work.stop()
    assert work.stopping and work.running and len(work.told) == count + 1
    with qtbot.waitSignal(work.finished):
        gate.release(9)
    assert work.told[-1] == Stopped() and not work.stopping


def test_errors_and_bugs_are_outcomes(runner, work, qtbot):
    def refuse(_token):
        raise OutputError("The disk is full.", "Make room.")
        yield

    def break_down(_token):
        yield Progress(0, 0)
        raise RuntimeError("a bug")

    with qtbot.waitSignal(work.finished):
        begin(runner, work, refuse)
    assert isinstance(work.told[-1], Failed)
    with qtbot.waitSignal(work.finished):
        begin(runner, work, break_down)
    assert isinstance(work.told[-1], Crashed)


def test_what_is_replaced_or_dropped_is_heard_of_no_more(runner, work, qtbot):
    gate = threading.Semaphore(0)
    begin(runner, work, counting(3, gate))
    with qtbot.waitSignal(work.finished):
        begin(runner, work, counting(1))
        gate.release(9)
    outcomes = [one for one in work.told if isinstance(one, Done | Stopped)]
    assert outcomes == [Done("counted")] and work.state.total == 1
    begin(runner, work, counting(3, gate))
    work.drop()
    assert not work.running
    gate.release(9)
    qtbot.waitUntil(lambda: not runner.busy)
    assert [one for one in work.told if isinstance(one, Done | Stopped)] == outcomes


def test_whoever_is_gone_is_told_nothing(runner, work, qtbot):
    begin(runner, work, counting(3))
    retire(work)
    qtbot.waitUntil(lambda: not runner.busy)
    assert work.told == ["started", WorkState("beginning")]


def test_time_left_follows_from_what_was_done_since_the_part_began():
    now = [0.0]
    pace = Pace(lambda: now[0])

    def after(seconds, done, phase=""):
        now[0] += seconds
        return pace.seconds_left(Progress(done, 100, phase=phase))

    assert math.isnan(after(0, 10))
    assert math.isnan(after(MEASURED_SECONDS / 2, 20))
    assert after(MEASURED_SECONDS, 40) == pytest.approx(60 * 3 / 30)
    assert after(3, 100) == 0
    assert math.isnan(after(5, 0)), "another part begins anew"
    assert math.isnan(after(5, 50, phase="other"))
    assert math.isnan(Pace().seconds_left(Progress(3, 0)))
