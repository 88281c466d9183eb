"""Closing while the video is being learned: asked first, and nothing is asked otherwise."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox
from vosapp_fakes import FakeTracker, FakeTuner

from vosapp.project.opening import open_project

STAY, GO = "Go On Learning", "Stop and Close"


@pytest.fixture
def learning(make_shell, open_in, drawn_project, qtbot):
    """A window in which a video is being learned; the tuner waits at each step."""
    gate = threading.Semaphore(0)
    shell = make_shell(tuner=FakeTuner(gate=gate))
    open_in(shell, drawn_project)
    shell.workspace.finetuning.start(3)
    gate.release(1)
    qtbot.waitUntil(lambda: shell.workspace.finetuning.state.step == 1)
    shell.gate = gate
    yield shell
    gate.release(1000)


def questions():
    found = QApplication.topLevelWidgets()
    return [box for box in found if isinstance(box, QMessageBox) and box.isVisible()]


def is_free(path):
    return not path.with_name(path.name + ".lock").exists()


@pytest.mark.parametrize("way", ["file.close", "file.quit", "window"])
def test_it_is_asked_and_goes_on_by_default(learning, dialog, qtbot, way):
    if way == "window":
        assert not learning.window.close()
    else:
        learning.actions.run(way)
    box = dialog(QMessageBox)
    assert "still being learned" in box.text() and "is lost" in box.informativeText()
    assert box.defaultButton().text().replace("&", "") == STAY
    qtbot.waitUntil(box.defaultButton().hasFocus)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not questions())
    assert learning.window.isVisible() and learning.workspace.finetuning.running
    with qtbot.waitSignal(learning.workspace.finetuning.finished):
        learning.gate.release(9)
    assert learning.workspace.finetuning.info is not None


def test_escape_stays_too_and_it_can_be_asked_again(learning, dialog, press, qtbot):
    learning.actions.run("file.close")
    box = dialog(QMessageBox)
    qtbot.waitUntil(box.defaultButton().hasFocus)
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not questions())
    assert learning.workspace.finetuning.running
    learning.actions.run("file.close")
    learning.actions.run("file.close")
    learning.gate.release(9)
    press(GO)
    assert learning.workspace is None and learning.window.isVisible()


def test_the_window_closes_when_the_user_wants(learning, press, drawn_project):
    learning.window.close()
    # Closing waits for the step that goes on.
    threading.Timer(0.3, learning.gate.release, (9,)).start()
    press(GO)
    assert not learning.window.isVisible() and learning.workspace is None
    with open_project(drawn_project) as project:
        assert project.tuned() is None and len(project.objects()) == 2


def other(shell, film, tmp_path, qtbot, *, damage=""):
    """Open the film once more, as a copy of the project."""
    copy = tmp_path / "other.vosapp"
    for _ in shell.workspace.session.project.save_copy(copy):
        pass
    if damage:
        with closing(sqlite3.connect(copy)) as connection, connection:
            connection.execute(damage)
        shell.opener.open_saved(copy)
    else:
        shell.opener.open(copy)
    qtbot.waitUntil(lambda: bool(questions()))
    return copy


def test_another_project_waits_for_the_answer(learning, film, tmp_path, press, qtbot):
    first = learning.workspace
    copy = other(learning, film, tmp_path, qtbot)
    press(STAY)
    qtbot.waitUntil(lambda: is_free(copy))
    assert learning.workspace is first and first.finetuning.running
    copy = other(learning, film, tmp_path, qtbot)
    learning.gate.release(9)
    press(GO)
    assert learning.workspace is not first
    assert learning.workspace.session.project.path == copy


def test_notes_wait_for_their_project(learning, film, tmp_path, press, qtbot):
    copy = other(learning, film, tmp_path, qtbot, damage="DROP TABLE prompts")
    assert learning.window.notice.notice is None
    press(STAY)
    qtbot.waitUntil(lambda: is_free(copy.with_name("other recovered.vosapp")))
    assert learning.window.notice.notice is None
    other(learning, film, tmp_path, qtbot, damage="DROP TABLE prompts")
    learning.gate.release(9)
    press(GO)
    path = learning.workspace.session.project.path
    assert path.stem.startswith("other recovered")
    assert learning.window.notice.notice.title == f"Recovered as {path.name}"


def test_a_signal_is_not_asked(learning, film, tmp_path, qtbot):
    """Nobody may be there to answer; a question that is open counts as answered by no."""
    copy = other(learning, film, tmp_path, qtbot)
    learning.gate.release(9)
    learning.window.close_now()
    assert not learning.window.isVisible() and learning.workspace is None
    assert is_free(copy) and not questions()


def test_what_nobody_has_decided_on_is_asked_for_where_it_is_not_kept(
    make_shell, open_in, drawn_project, press, qtbot
):
    shell = make_shell()
    workspace = open_in(shell, drawn_project)
    for _ in range(2):
        with qtbot.waitSignal(workspace.finetuning.finished):
            workspace.finetuning.start(3)
        # The first ones are kept in the project, switched off.
        assert workspace.finetuning.undecided
    shell.actions.run("file.close")
    assert "not decided" in questions()[0].informativeText()
    press("Go Back")
    assert shell.workspace is workspace
    workspace.finetuning.decide(use=True)
    shell.actions.run("file.close")
    assert shell.workspace is None and not questions()


def test_a_question_goes_when_nothing_can_be_lost_any_more(learning, film, tmp_path, qtbot):
    """These are the project's first: they are kept in it. It counts as staying."""
    first = learning.workspace
    copy = other(learning, film, tmp_path, qtbot)
    with qtbot.waitSignal(first.finetuning.finished):
        learning.gate.release(9)
    qtbot.waitUntil(lambda: not questions() and is_free(copy))
    assert learning.workspace is first and first.finetuning.outcome.kept


def test_a_question_goes_when_the_user_stops_the_learning(learning, qtbot):
    learning.actions.run("file.quit")
    tuning = learning.workspace.finetuning
    with qtbot.waitSignal(tuning.finished):
        tuning.stop()
        learning.gate.release(9)
    qtbot.waitUntil(lambda: not questions())
    assert learning.window.isVisible()


def test_the_other_question_is_asked_when_learning_has_ended(
    make_shell, open_in, drawn_project, film, tmp_path, press, qtbot
):
    gate = threading.Semaphore(9)
    shell = make_shell(tuner=FakeTuner(gate=gate))
    workspace = open_in(shell, drawn_project)
    tuning = workspace.finetuning
    with qtbot.waitSignal(tuning.finished):
        tuning.start(3)
    tuning.decide(use=False)
    while gate.acquire(blocking=False):
        pass
    tuning.start(3)
    copy = other(shell, film, tmp_path, qtbot)
    with qtbot.waitSignal(tuning.finished):
        gate.release(9)
    qtbot.waitUntil(lambda: len(questions()) == 1)
    (box,) = questions()
    assert "not decided" in box.informativeText()
    assert box.defaultButton().text().replace("&", "") == "Go Back"
    assert shell.workspace is workspace and not is_free(copy)
    press("Close Without Them")
    assert shell.workspace.session.project.path == copy and not questions()


def test_a_decision_answers_the_question(make_shell, open_in, drawn_project, qtbot):
    shell = make_shell()
    workspace = open_in(shell, drawn_project)
    for _ in range(2):
        with qtbot.waitSignal(workspace.finetuning.finished):
            workspace.finetuning.start(3)
    shell.actions.run("file.close")
    assert questions()
    workspace.finetuning.decide(use=True)
    qtbot.waitUntil(lambda: not questions())
    assert shell.workspace is workspace
    shell.actions.run("file.close")
    assert shell.workspace is None


def test_all_else_closes_without_a_question(make_shell, open_in, drawn_project, qtbot):
    gate = threading.Semaphore(0)
    shell = make_shell(FakeTracker(gate=gate))
    workspace = open_in(shell, drawn_project)
    with qtbot.waitSignal(workspace.finetuning.finished):
        workspace.finetuning.start(3)
    assert workspace.finetuning.undecided and workspace.finetuning.outcome.kept
    workspace.propagation.start()
    gate.release(1000)
    assert shell.window.close() and not questions()


def test_a_stop_that_was_asked_for_needs_no_question(learning):
    learning.workspace.finetuning.stop()
    learning.gate.release(9)
    learning.actions.run("file.close")
    assert learning.workspace is None and not questions()
