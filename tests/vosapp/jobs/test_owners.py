from __future__ import annotations

import threading

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog
from shiboken6 import delete

from vosapp.jobs.outcome import Done
from vosapp.jobs.owners import is_there, retire, while_there
from vosapp.jobs.runner import JobRunner


def test_an_owner_is_there_until_it_or_what_it_belongs_to_is_gone(qtbot):
    grandparent = QObject()
    parent = QObject(grandparent)
    child = QObject(parent)
    assert is_there(child)
    retire(grandparent)
    assert not is_there(child) and not is_there(parent)
    other = QObject()
    inner = QObject(other)
    delete(other)
    assert not is_there(inner) and not is_there(other)


def test_an_answer_is_taken_with_all_that_it_has_or_not_at_all(qtbot):
    dialog, heard = QDialog(), []
    take = while_there(dialog, lambda *args, **kwargs: heard.append((args, kwargs)))
    take(1, b=2)
    delete(dialog)
    take(3)
    assert heard == [((1,), {"b": 2})]


def test_a_job_tells_those_who_are_still_there_and_bugs_in_any_case(qtbot):
    runner, gate, heard, bugs = JobRunner("test"), threading.Event(), [], []
    runner.crashed.connect(bugs.append)
    closed, kept = QObject(), QObject()

    def job(_token):
        gate.wait(5)
        yield 1

    def bug(_token):
        yield from ()
        raise KeyError("oops")

    try:
        handle = runner.submit(job)
        handle.tell(closed, finished=lambda _o: heard.append("closed"), batch=heard.append)
        handle.tell(kept, finished=heard.append)
        runner.submit(bug).tell(closed, finished=lambda _o: heard.append("closed"))
        delete(closed)
        gate.set()
        qtbot.waitUntil(lambda: bool(bugs))
    finally:
        gate.set()
        runner.close()
    assert heard == [Done(None)]
    assert "KeyError" in bugs[0] and len(bugs) == 1
