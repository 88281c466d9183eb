from __future__ import annotations

import threading

import numpy as np
import pytest
from vosapp_fakes import FRAMES, FakeTracker, label_map_of, mask_of

from core.errors import DeviceOutOfMemory, OutputError
from vosapp.jobs.outcome import Crashed, Done, Failed, Stopped
from vosapp.project.edit_masks import SetMask
from vosapp.project.edit_ranges import CheckFrames
from vosapp.project.model import FrameState
from vosapp.session.choice import RunChoice, RunMode


def run(qtbot, workspace, mode=RunMode.OPEN):
    with qtbot.waitSignal(workspace.propagation.finished, timeout=10000) as caught:
        workspace.propagation.start(mode)
    workspace.session.drain()
    return caught.args[0]


def stored(workspace):
    project = workspace.session.project
    return [project.label_map(i) for i in range(FRAMES)]


def test_a_run_fills_every_frame(qtbot, tracked):
    assert isinstance(run(qtbot, tracked), Done)
    for index, label_map in enumerate(stored(tracked)):
        assert np.array_equal(label_map, label_map_of(index)), index
    lane = tracked.session.lane
    qtbot.waitUntil(lambda: (lane(1).states[1:] == FrameState.PROPAGATED).all())
    assert lane(1).confidence[5] == pytest.approx(0.9, abs=0.01)
    assert tracked.propagation.state.frames == FRAMES - 1


def test_results_show_while_it_runs_and_the_user_moves(qtbot, make_workspace):
    workspace = make_workspace(FakeTracker(seconds=0.08), objects=2)
    session = workspace.session
    workspace.propagation.start()
    session.go_to(4)
    qtbot.waitUntil(lambda: session.view.frame_index == 4 and session.view.label_map.any())
    assert workspace.propagation.running
    session.go_to(2)
    qtbot.waitUntil(lambda: session.view.frame_index == 2 and session.view.label_map.any())
    with qtbot.waitSignal(workspace.propagation.finished):
        workspace.propagation.stop()


def test_stop_keeps_every_finished_frame_and_the_next_run_goes_on(
    qtbot, make_workspace, monkeypatch
):
    monkeypatch.setattr("vosapp.jobs.propagation.STORE_SECONDS", 0.0)
    gate = threading.Semaphore(0)
    workspace = make_workspace(FakeTracker(gate=gate), objects=2)
    propagation = workspace.propagation
    done = []
    propagation.frameDone.connect(done.append)
    propagation.start()
    gate.release(6)
    qtbot.waitUntil(lambda: len(done) >= 3)
    with qtbot.waitSignal(propagation.finished) as caught:
        propagation.stop()
        gate.release(FRAMES)
    assert caught.args[0] == Stopped()
    workspace.session.drain()
    finished = [label_map.any() for label_map in stored(workspace)]
    assert 3 <= sum(finished) < FRAMES
    before = [label_map for label_map in stored(workspace) if label_map.any()]
    gate.release(2 * FRAMES)
    assert isinstance(run(qtbot, workspace), Done)
    after = stored(workspace)
    assert all(label_map.any() for label_map in after)
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=False))


def test_drafts_are_shown_at_once_and_never_stored(qtbot, make_workspace):
    """Until the run ends; a run that is stopped leaves what the project has."""
    gate = threading.Semaphore(0)
    workspace = make_workspace(FakeTracker(gate=gate), objects=2)
    session, propagation = workspace.session, workspace.propagation
    for object_id in (1, 2):
        session.do(SetMask(FRAMES - 1, object_id, mask_of(FRAMES - 1, object_id)))
    session.go_to(3)
    qtbot.waitUntil(lambda: session.view.frame_index == 3)
    propagation.start()
    gate.release(6)
    qtbot.waitUntil(lambda: session.view.frame_index == 3 and bool(session.view.drafts))
    assert session.view.drafts == {1, 2} and np.array_equal(session.view.label_map, label_map_of(3))
    qtbot.waitUntil(lambda: propagation.state.steps >= 6)
    assert propagation.state.drafts == 6 and propagation.state.done == 0
    assert not session.project.label_map(3).any()
    assert session.project.state(3, 1) == FrameState.EMPTY
    with qtbot.waitSignal(propagation.finished) as caught:
        propagation.stop()
        gate.release(FRAMES)
    assert caught.args[0] == Stopped()
    qtbot.waitUntil(lambda: not session.view.drafts and not session.view.label_map.any())
    gate.release(3 * FRAMES)
    assert isinstance(run(qtbot, workspace), Done)
    qtbot.waitUntil(lambda: not session.view.drafts and session.view.label_map.any())
    assert np.array_equal(session.view.label_map, label_map_of(3))
    assert propagation.state.drafts == 0


def test_one_run_is_one_step_of_undo(qtbot, tracked):
    run(qtbot, tracked)
    tracked.session.undo()
    tracked.session.drain()
    assert not any(label_map.any() for label_map in stored(tracked)[1:])
    assert stored(tracked)[0].any()


@pytest.mark.parametrize(
    ("mode", "frames"),
    [
        (RunMode.FORWARD, range(10, FRAMES)),
        (RunMode.STEP_FORWARD, range(11, 12)),
        (RunMode.STEP_BACKWARD, range(9, 10)),
        (RunMode.TO_KEYFRAME, range(10, 20)),
    ],
)
def test_modes_fill_what_they_say(qtbot, tracked, mode, frames):
    session = tracked.session
    session.do(SetMask(10, 1, mask_of(10, 1)))
    session.do(SetMask(20, 1, mask_of(20, 1)))
    session.go_to(10)
    session.drain()
    qtbot.waitUntil(lambda: session.lane(1).states[20] == FrameState.KEYFRAME)
    run(qtbot, tracked, mode)
    filled = np.flatnonzero(session.project.states(1) == FrameState.PROPAGATED)
    assert set(filled) == set(frames) - {10, 20}


def test_a_correction_makes_only_its_span_stale_and_only_that_is_computed(qtbot, tracked):
    session = tracked.session
    session.do(SetMask(12, 1, mask_of(12, 1)))
    session.do(SetMask(12, 2, mask_of(12, 2)))
    run(qtbot, tracked)
    before = stored(tracked)
    session.do(SetMask(18, 1, mask_of(17, 1)))
    session.drain()
    states = session.project.states(1)
    assert set(np.flatnonzero(states == FrameState.STALE)) == set(range(13, FRAMES)) - {18}
    seen = []
    tracked.propagation.frameDone.connect(seen.append)
    run(qtbot, tracked)
    assert set(seen) <= set(range(12, FRAMES))
    after = stored(tracked)
    assert all(np.array_equal(before[i], after[i]) for i in range(13))
    assert np.array_equal(after[18] == 1, mask_of(17, 1))


def test_checked_frames_and_keyframes_stay(qtbot, make_workspace):
    workspace = make_workspace(objects=2)
    session = workspace.session
    run(qtbot, workspace)
    session.do(CheckFrames((1,), 5, 6))
    session.do(SetMask(9, 1, mask_of(2, 1)))
    session.drain()
    checked = session.project.label_map(5) == 1
    run(qtbot, workspace, RunMode.FORWARD)
    assert np.array_equal(session.project.label_map(5) == 1, checked)
    assert np.array_equal(session.project.label_map(9) == 1, mask_of(2, 1))


def test_without_a_keyframe_it_says_what_to_do(qtbot, workspace):
    with qtbot.waitSignal(workspace.session.failed) as caught:
        workspace.propagation.start()
    assert "box" in caught.args[0].hint


def test_what_fails_keeps_what_is_done_and_the_engine_lives_on(qtbot, make_workspace):
    error = DeviceOutOfMemory("Too little memory.", "Choose a lower quality.")
    tracker = FakeTracker(error=error, fails_at=6)
    workspace = make_workspace(tracker, objects=1)
    outcome = run(qtbot, workspace)
    assert isinstance(outcome, Failed)
    assert [i for i, m in enumerate(stored(workspace)) if m.any()] == list(range(6))
    tracker.error = None
    assert isinstance(run(qtbot, workspace), Done)
    assert all(label_map.any() for label_map in stored(workspace))


def test_a_bug_in_the_engine_is_a_crash_report(qtbot, make_workspace):
    workspace = make_workspace(FakeTracker(error=KeyError("oops"), fails_at=2), objects=1)
    outcome = run(qtbot, workspace)
    assert isinstance(outcome, Crashed)
    assert "oops" in outcome.report
    assert len(workspace.crashes) == 1
    workspace.crashes.clear()


def test_the_engine_has_a_thread_of_its_own(qtbot, make_workspace):
    tracker = FakeTracker()
    workspace = make_workspace(tracker, objects=1)
    run(qtbot, workspace)
    assert threading.current_thread().name not in tracker.threads


def test_learning_the_video_needs_a_system_that_can(qtbot, tracked):
    tracked.propagation.set_choice(RunChoice(system="copy", adapt=True))
    outcome = run(qtbot, tracked)
    assert isinstance(outcome, Failed)
    assert "copy" in outcome.error.message


def test_target_models_are_asked_of_the_system(tracked):
    tracked.propagation.set_choice(RunChoice(system="copy", target=True))
    assert tracked.propagation.order(RunMode.OPEN).system.target
    tracked.propagation.set_choice(RunChoice(system="copy"))
    assert not tracked.propagation.order(RunMode.OPEN).system.target


def test_learning_the_video_gives_every_frame_twice_and_ends_with_the_second(qtbot, make_workspace):
    from vosapp_fakes import LearningTracker

    workspace = make_workspace(LearningTracker(), objects=1)
    workspace.propagation.set_choice(RunChoice(adapt=True))
    texts = []
    workspace.propagation.stateChanged.connect(lambda state: texts.append(state.text))
    assert isinstance(run(qtbot, workspace), Done)
    state = workspace.propagation.state
    assert (state.frames, state.done, state.total) == (FRAMES - 1, 2 * FRAMES - 2, 2 * FRAMES - 2)
    assert any("learning" in text for text in texts)
    # What was learned takes the object's upper half away; the keyframe stays whole.
    frames = stored(workspace)
    assert np.array_equal(frames[0] == 1, mask_of(0, 1))
    assert (frames[5] == 1).sum() < mask_of(5, 1).sum()


def test_a_video_that_was_exchanged_meanwhile_is_not_propagated(qtbot, tracked, monkeypatch):
    """The user is asked when the project is opened; what comes later is refused."""
    monkeypatch.setattr("vosapp.project.relink.content_hash", lambda _path: (1, "another"))
    monkeypatch.setattr("vosapp.project.video_ref.content_hash", lambda _path: (1, "another"))
    outcome = run(qtbot, tracked)
    assert isinstance(outcome, Failed) and outcome.error.code == "video-mismatch"
    assert not any(label_map.any() for label_map in stored(tracked)[1:])


def test_frames_that_found_no_room_do_not_count(qtbot, make_workspace, monkeypatch):
    monkeypatch.setattr("vosapp.jobs.propagation.STORE_SECONDS", 0.0)
    workspace = make_workspace(objects=2)
    project, done = workspace.session.project, []
    real = project.put_results

    def put_results(*args, **options):
        if len(done) == 3:
            raise OutputError("the disk is full")
        done.append(real(*args, **options))
        return done[-1]

    monkeypatch.setattr(project, "put_results", put_results)
    outcome = run(qtbot, workspace)
    assert isinstance(outcome, Failed) and outcome.error.code == "output"
    filled = sum(label_map.any() for label_map in stored(workspace)[1:])
    assert workspace.propagation.state.frames == filled == 3
