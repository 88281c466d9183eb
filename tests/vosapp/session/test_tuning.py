"""Tuning beside the window: one at a time, nothing kept of a cancel, switched and remembered."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from vosapp_fakes import FakeTracker, FakeTuner

from core.errors import TrainingError
from vosapp.jobs.outcome import Done, Failed, Stopped
from vosapp.project.edit_ranges import DeleteObject
from vosapp.project.file import Options
from vosapp.project.opening import open_project
from vosapp.project.tuned import digest_of
from vosapp.session.choice import RunChoice


def tuned(qtbot, workspace, **options):
    with qtbot.waitSignal(workspace.tuning.finished) as caught:
        workspace.tuning.start(3, **options)
    return caught.args[0]


def stored(path):
    with open_project(path, Options(read_only=True)) as project:
        return project.tuned(), project.uses_tuned


def test_a_tuning_is_shown_and_compared(qtbot, make_workspace):
    tuner = FakeTuner()
    workspace = make_workspace(objects=2, tuner=tuner)
    states = []
    workspace.tuning.stateChanged.connect(states.append)
    outcome = tuned(qtbot, workspace)
    assert isinstance(outcome, Done)
    assert (tuner.orders[0].minutes, tuner.orders[0].start, tuner.orders[0].stop) == (3, 0, 24)
    assert tuner.orders[0].base.name == "self_supervised-thin.safetensors"
    assert states[-1].text == "learning" and states[-1].step == 4
    # Of 0.1, 0.05, 0.0333 and 0.025: a running mean, for single steps jump.
    assert states[-1].loss == pytest.approx(0.08245) and states[-1].done == states[-1].total
    (one,) = workspace.tuning.outcome.comparisons
    assert one.scores == {1: (0.5, 0.75), 2: (0.5, 0.75)} and one.picture.shape == (48, 64, 3)
    assert (one.after == one.drawn).all() and (one.before != one.drawn).any()


def test_compared_is_what_was_drawn_when_it_began(qtbot, make_workspace):
    gate = threading.Semaphore(0)
    workspace = make_workspace(objects=1, tuner=FakeTuner(gate=gate))
    control, session = workspace.tuning, workspace.session
    drawn = session.project.keyframe_map(0).copy()
    control.start(3)
    gate.release(1)
    qtbot.waitUntil(lambda: control.state.step == 1)
    session.do(DeleteObject(1))
    session.drain()
    with qtbot.waitSignal(control.finished):
        gate.release(9)
    (one,) = control.outcome.comparisons
    assert drawn.any() and (one.drawn == drawn).all() and not session.project.objects()


def test_what_was_made_is_kept_but_not_used_before_the_user_decides(qtbot, tracked, film_project):
    tuned(qtbot, tracked)
    control = tracked.tuning
    assert control.undecided and control.info is not None and not control.used
    assert tracked.session.project.tuned() == control.info
    assert not tracked.session.project.uses_tuned
    control.decide(use=False)
    tracked.session.drain()
    assert not control.undecided and not control.used
    assert not tracked.session.project.uses_tuned


def test_decided_for_it_counts_from_then_on_and_after_opening_again(
    qtbot, make_workspace, film_project
):
    workspace = make_workspace(objects=1)
    tuned(qtbot, workspace)
    workspace.tuning.decide(use=True)
    assert workspace.tuning.used and workspace.propagation.choice.tuned
    workspace.session.drain()
    workspace.close()
    assert stored(film_project)[1]
    again = make_workspace()
    assert again.tuning.used and again.tuning.info == workspace.tuning.info
    again.tuning.switch(on=False)
    assert not again.tuning.used
    again.session.drain()
    again.close()
    info, used = stored(film_project)
    assert info is not None and not used


def test_a_cancel_keeps_nothing(qtbot, make_workspace):
    gate = threading.Semaphore(0)
    workspace = make_workspace(objects=1, tuner=FakeTuner(gate=gate))
    control = workspace.tuning
    control.start(3)
    gate.release(2)
    qtbot.waitUntil(lambda: control.state.step == 2)
    assert control.running
    with qtbot.waitSignal(control.finished) as caught:
        control.cancel()
        gate.release(9)
    assert caught.args[0] == Stopped() and not control.running
    assert control.info is None and workspace.session.project.tuned() is None


def test_earlier_ones_stay_until_the_user_decides_for_the_new_ones(qtbot, make_workspace):
    tuner = FakeTuner()
    workspace = make_workspace(objects=1, tuner=tuner)
    project, control = workspace.session.project, workspace.tuning
    tuned(qtbot, workspace)
    control.decide(use=True)
    workspace.session.drain()
    tuner.data = b"other"
    tuned(qtbot, workspace)
    assert control.undecided and project.tuned_data() == b"tuned" and control.used
    control.decide(use=False)
    workspace.session.drain()
    assert project.tuned_data() == b"tuned" and control.used
    tuned(qtbot, workspace)
    control.decide(use=True)
    workspace.session.drain()
    assert project.tuned_data() == b"other" and project.uses_tuned
    assert control.info.digest == digest_of(b"other")


def test_a_problem_is_an_outcome(qtbot, make_workspace):
    workspace = make_workspace(objects=1, tuner=FakeTuner(error=TrainingError("the loss is nan")))
    outcome = tuned(qtbot, workspace)
    assert isinstance(outcome, Failed) and "nan" in outcome.error.message
    assert not workspace.tuning.undecided


def test_it_learns_between_in_and_out(qtbot, make_workspace):
    tuner = FakeTuner()
    workspace = make_workspace(objects=1, tuner=tuner)
    workspace.session.set_range(4, 20)
    tuned(qtbot, workspace, whole=False)
    assert (tuner.orders[0].start, tuner.orders[0].stop) == (4, 20)


def test_propagations_and_tunings_take_turns(qtbot, make_workspace):
    gate = threading.Semaphore(0)
    workspace = make_workspace(FakeTracker(gate=gate), objects=1)
    workspace.propagation.start()
    qtbot.waitUntil(lambda: workspace.propagation.running)
    outcome = tuned(qtbot, workspace)
    assert isinstance(outcome, Failed) and "propagation is running" in outcome.error.message
    gate.release(100)
    qtbot.waitUntil(lambda: not workspace.propagation.running)


def test_a_propagation_waits_for_a_tuning(qtbot, make_workspace):
    gate = threading.Semaphore(0)
    workspace = make_workspace(objects=1, tuner=FakeTuner(gate=gate))
    workspace.tuning.start(3)
    workspace.propagation.start()
    qtbot.wait(100)
    assert workspace.propagation.state.frames == 0 and workspace.session.engine.busy
    with qtbot.waitSignal(workspace.propagation.finished) as caught:
        gate.release(9)
    assert isinstance(caught.args[0], Done) and workspace.tuning.outcome is not None


def test_a_project_to_look_at_cannot_keep_any(qtbot, make_workspace, film_project):
    make_workspace(objects=1).close()
    workspace = make_workspace(options=Options(read_only=True))
    outcome = tuned(qtbot, workspace)
    assert isinstance(outcome, Failed) and "only to look at" in outcome.error.message


def test_closing_stops_it(qtbot, make_workspace, film_project):
    gate = threading.Semaphore(0)
    workspace = make_workspace(objects=1, tuner=FakeTuner(gate=gate))
    workspace.tuning.start(3)
    gate.release(1)
    qtbot.waitUntil(lambda: workspace.tuning.state.step == 1)
    threading.Timer(0.1, gate.release, (9,)).start()
    workspace.close()
    assert stored(film_project) == (None, False)


def test_other_weights_and_systems_come_first():
    choice = RunChoice(tuned=True)
    assert choice.uses_tuned
    assert not replace(choice, system="copy").uses_tuned
    assert not replace(choice, weights="mine.safetensors").uses_tuned


def test_a_choice_of_other_weights_is_remembered(qtbot, tracked, tmp_path):
    tuned(qtbot, tracked)
    tracked.tuning.decide(use=True)
    choice = tracked.propagation.choice
    tracked.propagation.set_choice(replace(choice, weights=tmp_path / "x", tuned=False))
    tracked.session.drain()
    assert not tracked.session.project.uses_tuned


def test_damaged_ones_are_told_and_the_systems_own_are_used(qtbot, tracked):
    """`tuned` is no weights file: the engine finds that when it wants to load it."""
    tuned(qtbot, tracked)
    tracked.tuning.decide(use=True)
    told = []
    tracked.session.failed.connect(told.append)
    with qtbot.waitSignal(tracked.propagation.finished) as caught:
        tracked.propagation.start()
    assert isinstance(caught.args[0], Done)
    (error,) = told
    assert "cannot be used" in error.message and "own weights are used" in error.hint
    tracked.session.drain()
    project = tracked.session.project
    origin = project.run_of(int(project.lane(1).runs[5]))
    assert origin.weights.startswith("self_supervised-thin.safetensors")
    assert not tracked.tuning.used and not project.uses_tuned
    assert tracked.tuning.problem is error or tracked.tuning.problem.message == error.message


def test_what_makes_no_sense_is_known_at_once(make_workspace, film_project, qtbot):
    first = make_workspace(objects=1)
    tuned(qtbot, first)
    first.tuning.decide(use=True)
    first.session.drain()
    project = first.session.project
    with project._writing():
        project._connection.execute("UPDATE tuned SET made = '[]'")
    first.close()
    again = make_workspace()
    assert again.tuning.info is None and not again.tuning.used
    assert "damaged" in again.tuning.problem.message
