"""Tuning beside the window: one at a time, nothing kept of a cancel, switched and remembered."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from vosapp_fakes import FakeTracker, FakeTuner

from core.errors import OutputError, TrainingError, VideoDecodeError
from vosapp.jobs.outcome import Crashed, Done, Failed, Stopped
from vosapp.project.edit_ranges import DeleteObject
from vosapp.project.file import Options
from vosapp.project.opening import open_project
from vosapp.project.store import Project
from vosapp.project.tuned import digest_of
from vosapp.services.weights import default_weights, finetuned_system
from vosapp.session.choice import RunChoice


def tuned(qtbot, workspace, **options):
    with qtbot.waitSignal(workspace.finetuning.finished) as caught:
        workspace.finetuning.start(3, **options)
    return caught.args[0]


def stored(path):
    with open_project(path, Options(read_only=True)) as project:
        return project.tuned(), project.uses_tuned


@pytest.fixture
def refuse_once(monkeypatch):
    """Let the next try to put weights into any project fail, and those after it succeed."""
    put = Project.put_tuned

    def refuse(error):
        def fail(*_args, **_options):
            monkeypatch.setattr(Project, "put_tuned", put)
            raise error

        monkeypatch.setattr(Project, "put_tuned", fail)

    return refuse


FULL = OutputError("The disk is full.", "Free some space.")


def test_a_tuning_is_shown_and_compared(qtbot, make_workspace):
    tuner = FakeTuner()
    workspace = make_workspace(objects=2, tuner=tuner)
    states = []
    workspace.finetuning.stateChanged.connect(states.append)
    outcome = tuned(qtbot, workspace)
    assert isinstance(outcome, Done)
    assert (tuner.orders[0].minutes, tuner.orders[0].start, tuner.orders[0].stop) == (3, 0, 24)
    assert tuner.orders[0].base == default_weights(finetuned_system())
    assert states[-1].text == "learning" and states[-1].step == 4
    # Of 0.1, 0.05, 0.0333 and 0.025: a running mean, for single steps jump.
    assert states[-1].loss == pytest.approx(0.08245) and states[-1].done == states[-1].total
    (one,) = workspace.finetuning.outcome.comparisons
    assert one.scores == {1: (0.5, 0.75), 2: (0.5, 0.75)} and one.picture.shape == (48, 64, 3)
    assert (one.after == one.drawn).all() and (one.before != one.drawn).any()


def test_compared_is_what_was_drawn_when_it_began(qtbot, make_workspace):
    gate = threading.Semaphore(0)
    workspace = make_workspace(objects=1, tuner=FakeTuner(gate=gate))
    control, session = workspace.finetuning, workspace.session
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
    control = tracked.finetuning
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
    workspace.finetuning.decide(use=True)
    assert workspace.finetuning.used and workspace.propagation.choice.tuned
    workspace.session.drain()
    workspace.close()
    assert stored(film_project)[1]
    again = make_workspace()
    assert again.finetuning.used and again.finetuning.info == workspace.finetuning.info
    again.finetuning.switch(on=False)
    assert not again.finetuning.used
    again.session.drain()
    again.close()
    info, used = stored(film_project)
    assert info is not None and not used


def test_a_cancel_keeps_nothing(qtbot, make_workspace):
    gate = threading.Semaphore(0)
    workspace = make_workspace(objects=1, tuner=FakeTuner(gate=gate))
    control = workspace.finetuning
    control.start(3)
    gate.release(2)
    qtbot.waitUntil(lambda: control.state.step == 2)
    assert control.running
    with qtbot.waitSignal(control.finished) as caught:
        control.stop()
        gate.release(9)
    assert caught.args[0] == Stopped() and not control.running
    assert control.info is None and workspace.session.project.tuned() is None


def test_earlier_ones_stay_until_the_user_decides_for_the_new_ones(qtbot, make_workspace):
    tuner = FakeTuner()
    workspace = make_workspace(objects=1, tuner=tuner)
    project, control = workspace.session.project, workspace.finetuning
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
    assert not workspace.finetuning.undecided


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
    workspace.finetuning.start(3)
    workspace.propagation.start()
    qtbot.wait(100)
    assert workspace.propagation.state.frames == 0 and workspace.session.engine.busy
    with qtbot.waitSignal(workspace.propagation.finished) as caught:
        gate.release(9)
    assert isinstance(caught.args[0], Done) and workspace.finetuning.outcome is not None


def test_a_project_to_look_at_cannot_keep_any(qtbot, make_workspace, film_project):
    make_workspace(objects=1).close()
    workspace = make_workspace(options=Options(read_only=True))
    outcome = tuned(qtbot, workspace)
    assert isinstance(outcome, Failed) and "only to look at" in outcome.error.message


def test_closing_stops_it(qtbot, make_workspace, film_project):
    gate = threading.Semaphore(0)
    workspace = make_workspace(objects=1, tuner=FakeTuner(gate=gate))
    workspace.finetuning.start(3)
    gate.release(1)
    qtbot.waitUntil(lambda: workspace.finetuning.state.step == 1)
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
    tracked.finetuning.decide(use=True)
    choice = tracked.propagation.choice
    tracked.propagation.set_choice(replace(choice, weights=tmp_path / "x", tuned=False))
    tracked.session.drain()
    assert not tracked.session.project.uses_tuned


def test_damaged_ones_are_told_and_the_systems_own_are_used(qtbot, tracked):
    """`tuned` is no weights file: the engine finds that when it wants to load it."""
    tuned(qtbot, tracked)
    tracked.finetuning.decide(use=True)
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
    assert origin.weights.startswith(default_weights(finetuned_system()).name)
    assert not tracked.finetuning.used and not project.uses_tuned
    assert (
        tracked.finetuning.problem is error or tracked.finetuning.problem.message == error.message
    )


def test_what_makes_no_sense_is_known_at_once(make_workspace, film_project, qtbot):
    first = make_workspace(objects=1)
    tuned(qtbot, first)
    first.finetuning.decide(use=True)
    first.session.drain()
    project = first.session.project
    with project._writing():
        project._connection.execute("UPDATE tuned SET made = '[]'")
    first.close()
    again = make_workspace()
    assert again.finetuning.info is None and not again.finetuning.used
    assert "damaged" in again.finetuning.problem.message


@pytest.mark.parametrize("use", [True, False])
def test_what_a_full_disk_refuses_is_shown_and_kept_later(qtbot, make_workspace, film_project, use):
    """SQLite itself refuses, as on a full disk; either decision asks the project again."""
    workspace = make_workspace(objects=1, tuner=FakeTuner(data=b"tuned" * 50_000))
    control, project = workspace.finetuning, workspace.session.project
    pages = project._connection.execute("PRAGMA page_count").fetchone()[0]
    project._connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()
    assert isinstance(tuned(qtbot, workspace), Done)
    assert control.undecided and control.losable and len(control.outcome.comparisons) == 1
    assert "disk is full" in control.outcome.refused.error.message
    assert control.info is None and project.tuned() is None
    project._connection.execute("PRAGMA max_page_count = 1073741823").fetchone()
    control.decide(use=use)
    workspace.session.drain()
    assert not control.undecided and not control.losable and control.outcome.refused is None
    assert control.info == project.tuned() and control.used == use
    workspace.close()
    assert stored(film_project) == (control.info, use)


@pytest.mark.parametrize("use", [True, False])
def test_a_decision_that_the_project_refuses_can_be_made_again(
    qtbot, make_workspace, refuse_once, tmp_path, use
):
    workspace = make_workspace(objects=1)
    control, project = workspace.finetuning, workspace.session.project
    chosen = replace(workspace.propagation.choice, weights=tmp_path / "mine.safetensors")
    workspace.propagation.set_choice(chosen)
    refuse_once(FULL)
    tuned(qtbot, workspace)
    refuse_once(FULL)
    with qtbot.waitSignal(workspace.session.failed) as caught:
        control.decide(use=use)
    assert caught.args[0] is FULL and control.outcome.refused == Failed(FULL)
    assert control.undecided and control.losable
    assert control.info is None and workspace.propagation.choice == chosen
    control.decide(use=use)
    workspace.session.drain()
    assert not control.undecided and not control.losable and control.used == use
    assert project.tuned() == control.info and project.uses_tuned == use


def test_a_refused_decision_leaves_earlier_weights_as_they_were(qtbot, make_workspace, refuse_once):
    tuner = FakeTuner()
    workspace = make_workspace(objects=1, tuner=tuner)
    control, project = workspace.finetuning, workspace.session.project
    tuned(qtbot, workspace)
    control.switch(on=True)
    control.decide(use=False)
    first, tuner.data = control.info, b"other"
    tuned(qtbot, workspace)
    refuse_once(FULL)
    with qtbot.waitSignal(workspace.session.failed):
        control.decide(use=True)
    assert control.undecided and control.losable and control.info == first and control.used
    assert project.tuned() == first and project.uses_tuned
    # To stay with those is no reason to ask the project again.
    control.decide(use=False)
    workspace.session.drain()
    assert not control.losable and project.tuned() == first and project.uses_tuned


def test_what_is_kept_already_cannot_be_lost_by_a_refused_decision(qtbot, tracked, refuse_once):
    control, project = tracked.finetuning, tracked.session.project
    tuned(qtbot, tracked)
    refuse_once(FULL)
    with qtbot.waitSignal(tracked.session.failed):
        control.decide(use=True)
    assert control.undecided and not control.losable and not control.used
    assert control.info == project.tuned() and not project.uses_tuned
    control.decide(use=True)
    tracked.session.drain()
    assert control.used and project.uses_tuned


def test_a_choice_made_while_a_decision_is_written_stays(qtbot, tracked, refuse_once, tmp_path):
    control, choice = tracked.finetuning, tracked.propagation.choice
    tuned(qtbot, tracked)
    refuse_once(FULL)
    mine = replace(choice, weights=tmp_path / "mine.safetensors")
    with qtbot.waitSignal(tracked.session.failed):
        control.decide(use=True)
        tracked.propagation.set_choice(mine)
    assert tracked.propagation.choice == mine and control.undecided
    tracked.session.drain()
    assert not tracked.session.project.uses_tuned


def test_a_bug_while_a_decision_is_written_loses_nothing(qtbot, tracked, refuse_once):
    control = tracked.finetuning
    refuse_once(FULL)
    tuned(qtbot, tracked)
    refuse_once(RuntimeError("a bug"))
    with qtbot.waitSignal(tracked.session.crashed) as caught:
        control.decide(use=True)
    assert "a bug" in caught.args[0] and tracked.crashes == caught.args
    tracked.crashes.clear()
    assert control.undecided and control.losable and isinstance(control.outcome.refused, Crashed)


def test_without_a_comparison_the_weights_are_there(qtbot, tracked, monkeypatch):
    """The video has gone away, say, since it was learned."""

    def gone(*_args):
        raise VideoDecodeError("The video breaks off.", "Copy it again.")

    monkeypatch.setattr("vosapp.jobs.finetune._comparison", gone)
    assert isinstance(tuned(qtbot, tracked), Done)
    control = tracked.finetuning
    assert control.undecided and control.outcome.comparisons == ()
    assert "breaks off" in control.outcome.unseen.error.message
    assert control.outcome.kept and control.info == tracked.session.project.tuned() is not None


def test_a_bug_in_the_comparison_is_told_and_the_weights_are_there(qtbot, tracked, monkeypatch):
    monkeypatch.setattr("vosapp.jobs.finetune.LONG_SIDE", None)
    assert isinstance(tuned(qtbot, tracked), Done)
    assert len(tracked.crashes) == 1 and "TypeError" in tracked.crashes[0]
    tracked.crashes.clear()
    control = tracked.finetuning
    assert control.undecided and control.info == tracked.session.project.tuned() is not None


def test_damaged_ones_make_way_for_new_ones(qtbot, tracked):
    project, control = tracked.session.project, tracked.finetuning
    tuned(qtbot, tracked)
    control.decide(use=True)
    tracked.session.drain()
    with project._writing():
        project._connection.execute("UPDATE tuned SET made = '[]'")
    assert isinstance(tuned(qtbot, tracked), Done)
    assert control.outcome.kept and control.info == project.tuned() is not None
