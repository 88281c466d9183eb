"""A run: begun, followed, paused, stopped, resumed; and a window that closes."""

from __future__ import annotations

import pytest
from train_hands import click, state
from vosapp_fakes import FakeTracker

from core.errors import OutputError
from vosapp.services.training.run_values import RunState
from vosapp.ui.place_bar import Place


def test_a_run_is_begun_with_what_was_chosen(running, services):
    ((_, request),) = [one for one in services.asked if one[0] == "start"]
    assert request.minutes == 25 and [s.path.name for s in request.sources] == [
        "first.vosapp",
        "second.vosapp",
    ]
    assert running.tabs.currentWidget() is running.run
    assert not running.recipe.start_button.isEnabled()


def test_curves_pictures_and_time_left_are_shown(running, services, qtbot):
    services.train()
    state(running, qtbot, RunState.TRAINING)
    run = running.run
    qtbot.waitUntil(lambda: run.curves is not None and run.curves.best is not None)
    assert run.curves.best == pytest.approx((40 / 60, 0.7))
    assert "2 min left" in run.head.text() and "step 40" in run.head.text()
    assert run.bar.value() == 400 and run.pair.isVisible()
    assert "0.400 before, 0.700 at best" in run.score.text()
    assert run.pair.titles[1].text() == "Now, step 40"
    shown = [item.name() for item in run.curves.losses.listDataItems()]
    assert shown == ["projection", "pairwise"]


def test_a_silent_run_is_told_of(running, services, qtbot):
    services.change(text="silent")
    qtbot.waitUntil(running.run.silence.isVisible)
    assert running.run.silence.text() == "Nothing was heard for 6 s."


def test_pause_and_go_on(running, services, qtbot):
    services.train()
    state(running, qtbot, RunState.TRAINING)
    click(running.run.pause_button)
    state(running, qtbot, RunState.PAUSED)
    qtbot.waitUntil(lambda: running.run.pause_button.text() == "Go On")
    assert "minutes do not pass" in running.run.explained.text()
    click(running.run.pause_button)
    state(running, qtbot, RunState.TRAINING)


def test_stop_keeps_and_resume_is_one_button(running, services, qtbot):
    services.train()
    state(running, qtbot, RunState.TRAINING)
    click(running.run.stop_button)
    state(running, qtbot, RunState.STOPPED)
    qtbot.waitUntil(running.run.resume_button.isVisible)
    assert running.hub.runs.status.model is not None and not running.run.stop_button.isVisible()
    click(running.run.resume_button)
    state(running, qtbot, RunState.STARTING)


@pytest.mark.parametrize(("wanted", "told"), [("stop", "Stopping"), ("pause", "Pausing")])
def test_what_was_asked_for_and_has_not_come_is_told(wanted, told, running, services, qtbot):
    services.train()
    services.change(wanted=wanted)
    qtbot.waitUntil(lambda: told in running.run.explained.text())
    assert running.run.stop_button.isEnabled() == (wanted == "pause")
    assert not running.run.pause_button.isEnabled()


def test_a_run_is_not_resumed_beside_another(running, services, qtbot):
    first = running.hub.runs.status.folder
    services.change(first, state=RunState.STOPPED, resumable=True)
    state(running, qtbot, RunState.STOPPED)
    running.hub.runs.start(running.hub.plan.request())
    qtbot.waitUntil(lambda: len(services.statuses) == 2 and len(running.hub.runs.runs) == 2)
    running.hub.runs.show(first)
    qtbot.waitUntil(lambda: running.hub.runs.status is not None)
    state(running, qtbot, RunState.STOPPED)
    run = running.run
    qtbot.waitUntil(lambda: run.resume_button.isVisible() and not run.resume_button.isEnabled())
    assert "Another run" in run.silence.text()
    assert not running.shell.actions["train.resume"].isEnabled()
    services.change(state=RunState.DONE)
    qtbot.waitUntil(run.resume_button.isEnabled, timeout=20_000)


def test_a_run_that_is_lost_can_be_resumed(running, services, qtbot):
    services.change(state=RunState.LOST, resumable=True, text="Its process is gone.")
    qtbot.waitUntil(running.run.resume_button.isVisible)
    assert "process is gone" in running.run.explained.text()


def test_a_run_of_an_earlier_window_is_found(make_shell, running, services, qtbot):
    services.train()
    other = make_shell(services=services)
    other.actions.run("place.train")
    qtbot.waitUntil(lambda: other.training.runs.status is not None)
    page = other.window.stack.currentWidget()
    assert page.picker.count() == 1 and "run-1" in page.picker.currentText()
    services.stop(other.training.runs.status.folder)


def test_the_log_is_read_when_it_is_wanted(running, qtbot):
    assert not running.run.log.isVisible()
    click(running.run.fold)
    qtbot.waitUntil(lambda: running.run.log.toPlainText() == "reading the videos\nstep 1")
    qtbot.waitUntil(lambda: running.run.log.height() > 100)


def test_the_bar_shows_in_any_place_that_a_training_goes_on(running, services, qtbot):
    button = running.shell.window.place_bar.buttons[Place.TRAIN]
    running.shell.actions.run("place.annotate")
    assert button.text() == "Train \u25cf" and button.accessibleName() == "Train, running"
    running.shell.actions.run("view.theme")
    assert button.text() == "Train \u25cf"
    services.change(state=RunState.DONE)
    qtbot.waitUntil(lambda: button.text() == "Train")
    running.shell.settings.set_value("theme", "system")


def test_what_cannot_be_done_is_said(running, services, qtbot):
    services.refuse["stop"] = OutputError("The folder cannot be written.", "Free some space.")
    click(running.run.stop_button)
    notice = running.shell.window.notice
    qtbot.waitUntil(notice.isVisible)
    assert running.run.stop_button.isEnabled()


def test_a_propagation_holds_the_training(running, services, qtbot, drawn_project, open_in):
    services.train()
    state(running, qtbot, RunState.TRAINING)
    workspace = open_in(running.shell, drawn_project)
    workspace.propagation.start()
    qtbot.waitUntil(lambda: ("hold", None) in services.asked)
    running.shell.actions.run("place.train")
    qtbot.waitUntil(lambda: ("release", None) in services.asked, timeout=60_000)
    state(running, qtbot, RunState.TRAINING)
    services.hold()
    state(running, qtbot, RunState.HELD)
    qtbot.waitUntil(lambda: "as in a propagation" in running.run.explained.text())
    services.release()


def test_a_project_that_is_closed_in_a_propagation_lets_training_go_on(
    make_shell, services, qtbot, drawn_project, open_in
):
    shell = make_shell(FakeTracker(seconds=0.05), services=services)
    workspace = open_in(shell, drawn_project)
    workspace.propagation.start()
    qtbot.waitUntil(lambda: services.held)
    shell.close_workspace()
    qtbot.waitUntil(lambda: not services.held)


@pytest.mark.parametrize(
    ("answer", "stopped"), [("Let It Go On", False), ("Stop It and Keep", True)]
)
def test_a_window_that_closes_asks(answer, stopped, running, services, qtbot, press):
    window = running.shell.window
    window.close()
    assert window.isVisible()
    press(answer)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert (("stop", "run-1") in services.asked) is stopped


def test_a_window_stays_where_the_user_goes_back(running, qtbot, press, services):
    running.shell.window.close()
    press("Go Back")
    assert running.shell.window.isVisible() and ("stop", "run-1") not in services.asked


def test_nothing_is_asked_once_the_run_has_ended(running, services, qtbot):
    services.train()
    services.change(state=RunState.DONE)
    state(running, qtbot, RunState.DONE)
    running.shell.window.close()
    assert not running.shell.window.isVisible()
