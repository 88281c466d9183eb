from __future__ import annotations

import threading
import time
import weakref

import pytest
from PySide6.QtCore import QObject

from core.errors import UsageError
from core.jobs import Progress
from vosapp.jobs.outcome import Crashed, Done, Failed, Stopped
from vosapp.jobs.runner import JobRunner


@pytest.fixture
def runner(qtbot):
    made = JobRunner("test")
    yield made
    made.close()


def finish(qtbot, handle):
    values, outcomes, owner = [], [], QObject()
    handle.tell(owner, finished=outcomes.append, batch=values.extend)
    qtbot.waitUntil(lambda: bool(outcomes))
    return outcomes[0], values


def test_values_come_in_order_and_in_few_batches(qtbot, runner):
    batches = []

    def job(_token):
        yield from range(1000)
        return "end"

    handle = runner.submit(job)
    handle.tell(runner, finished=lambda _outcome: None, batch=batches.append)
    outcome, values = finish(qtbot, handle)
    assert outcome == Done("end")
    assert values == list(range(1000))
    assert len(batches) < 20


def test_slots_run_in_the_window_thread_and_jobs_do_not(qtbot, runner):
    threads = {}

    def job(_token):
        threads["job"] = threading.get_ident()
        yield 1

    handle = runner.submit(job)
    handle.tell(
        runner,
        finished=lambda _outcome: None,
        batch=lambda _values: threads.setdefault("slot", threading.get_ident()),
    )
    finish(qtbot, handle)
    assert threads["slot"] == threading.get_ident() != threads["job"]


def test_cancel_ends_between_two_values_and_cleans_up(qtbot, runner):
    cleaned = threading.Event()
    started = threading.Event()

    def job(token):
        try:
            while True:
                token.check()
                started.set()
                yield Progress(0, 0)
                time.sleep(0.005)
        finally:
            cleaned.set()

    handle = runner.submit(job)
    qtbot.waitUntil(started.is_set)
    handle.cancel()
    outcome, _ = finish(qtbot, handle)
    assert outcome == Stopped()
    assert cleaned.is_set()


def test_a_job_that_was_cancelled_before_its_turn_never_starts(qtbot, runner):
    gate, ran = threading.Event(), []

    def first(_token):
        gate.wait(5)
        yield 1

    def second(_token):
        ran.append(True)
        yield 1

    runner.submit(first)
    handle = runner.submit(second)
    handle.cancel()
    gate.set()
    outcome, _ = finish(qtbot, handle)
    assert outcome == Stopped()
    assert ran == []


def test_what_the_user_can_mend_and_what_is_a_bug(qtbot, runner):
    def mendable(_token):
        yield 1
        raise UsageError("No.", "Do otherwise.")

    def bug(_token):
        yield 1
        raise KeyError("oops")

    outcome, values = finish(qtbot, runner.submit(mendable))
    assert isinstance(outcome, Failed)
    assert outcome.error.hint == "Do otherwise."
    assert values == [1]
    outcome, _ = finish(qtbot, runner.submit(bug))
    assert isinstance(outcome, Crashed)
    assert "KeyError" in outcome.report


def test_close_stops_what_runs(qtbot):
    runner = JobRunner("closing")
    started, stopped = threading.Event(), threading.Event()

    def job(token):
        try:
            while True:
                started.set()
                token.check()
                yield 1
                time.sleep(0.002)
        finally:
            stopped.set()

    runner.submit(job)
    assert started.wait(5)
    runner.close()
    assert stopped.is_set()


def test_waiting_hands_over_what_a_job_had_to_say(qtbot, runner):
    gate, told = threading.Event(), []

    def job(_token):
        gate.wait(5)
        yield 1

    handle = runner.submit(job)
    handle.tell(runner, finished=told.append, batch=told.append)
    threading.Timer(0.05, gate.set).start()
    runner.wait_for(handle)
    assert told == [[1], Done(None)]
    assert not handle.running and not runner.busy


def test_handles_that_nobody_keeps_go_in_the_window_thread(qtbot, runner):
    """A QObject that goes in another thread takes the process down, now and then."""
    gone = []

    def job(_token):
        yield 1

    for _ in range(200):
        handle = runner.submit(job)
        weakref.finalize(handle, lambda: gone.append(threading.get_ident()))
        del handle
    qtbot.waitUntil(lambda: len(gone) == 200)
    assert set(gone) == {threading.get_ident()}


def test_a_slot_that_knows_its_handle_does_not_keep_it(qtbot, runner):
    """Qt keeps slots, and what they refer to, out of the collector's sight."""
    results, told = [], []

    class Large:
        pass

    def job(_token):
        yield 1
        large = Large()
        results.append(weakref.ref(large))
        return large

    def listen(handle):
        handle.tell(runner, finished=lambda outcome: told.append((handle.running, type(outcome))))
        results.append(weakref.ref(handle))

    for _ in range(3):
        listen(runner.submit(job))
    qtbot.waitUntil(lambda: len(told) == 3)
    assert told == [(False, Done)] * 3
    qtbot.waitUntil(lambda: all(result() is None for result in results))


def test_an_error_keeps_nothing_of_the_job(qtbot, runner):
    """A traceback holds every value that its functions had: frames, decoders, whole videos."""
    results = []

    class Large:
        pass

    def fail():
        large = Large()
        results.append(weakref.ref(large))
        raise KeyError("inner")

    def job(_token):
        large = Large()
        results.append(weakref.ref(large))
        yield 1
        try:
            fail()
        except KeyError as error:
            raise UsageError("No.", "Do otherwise.") from error

    outcome, _ = finish(qtbot, runner.submit(job))
    assert isinstance(outcome, Failed)
    assert [result() for result in results] == [None, None]
