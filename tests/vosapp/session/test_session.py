from __future__ import annotations

import threading
import time

import numpy as np
from vosapp_fakes import FRAMES, FakeTracker, label_map_of, mask_of

from core.jobs import Progress
from core.prompts.request import PointPrompt
from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import AddObject, LockObject
from vosapp.project.model import FrameState
from vosapp.project.opening import open_project
from vosapp.session.prompting import PromptAsk


def test_the_first_frame_is_shown(workspace):
    view = workspace.session.view
    assert view.frame_index == 0
    assert view.exact
    assert view.frame.shape == (48, 64, 3)
    assert not view.label_map.any()


def test_moving_shows_the_newest_wish(qtbot, workspace):
    session = workspace.session
    for index in (3, 9, 200, 17):
        session.go_to(index)
    qtbot.waitUntil(lambda: session.view.frame_index == 17)
    assert session.frame_index == 17
    session.go_to(99)
    assert session.frame_index == FRAMES - 1


def test_an_edit_comes_back_as_views(qtbot, workspace):
    session = workspace.session
    with qtbot.waitSignals([session.objectsChanged, session.edited, session.historyChanged]):
        session.do(AddObject(name="Fox"))
    assert [item.name for item in session.objects] == ["Fox"]
    assert session.object_id == 1
    session.do(SetMask(0, 1, mask_of(0, 1)))
    qtbot.waitUntil(lambda: session.view.label_map.any())
    assert np.array_equal(session.view.label_map, label_map_of(0, ids=(1,)))
    assert session.lane(1).states[0] == FrameState.KEYFRAME
    assert session.update.undo == "Set mask of Fox"
    assert session.view.assertions[1].area == int(mask_of(0, 1).sum())


def test_undo_and_redo_change_the_views_back(qtbot, tracked):
    session = tracked.session
    session.undo()
    qtbot.waitUntil(lambda: session.update.redo != "")
    qtbot.waitUntil(lambda: not (session.view.label_map == 2).any())
    session.redo()
    qtbot.waitUntil(lambda: (session.view.label_map == 2).any())
    assert session.update.redo == ""


def test_undo_of_the_selected_object_selects_none(qtbot, workspace):
    """Else the next box would be the prompt of an object that nobody has selected."""
    session = workspace.session
    session.do(AddObject(name="Fox"))
    session.do(AddObject(name="Bear"))
    qtbot.waitUntil(lambda: len(session.objects) == 2)
    session.select_object(2)
    session.undo()
    qtbot.waitUntil(lambda: len(session.objects) == 1)
    assert session.object_id == 0


def test_what_cannot_be_done_is_said_and_changes_nothing(qtbot, tracked):
    session = tracked.session
    session.do(LockObject(1, True))
    with qtbot.waitSignal(session.failed) as caught:
        session.do(SetMask(0, 1, mask_of(3, 1)))
    assert "locked" in caught.args[0].message
    assert np.array_equal(session.view.label_map == 1, mask_of(0, 1))


def test_range_stays_inside_the_video(workspace):
    session = workspace.session
    session.set_range(5, 90)
    assert session.range == (5, FRAMES)
    session.set_range(-4, -1)
    assert session.range == (0, 1)


def test_everything_asked_for_is_on_disk_when_it_is_closed(make_workspace, film_project):
    workspace = make_workspace()
    for number in range(20):
        workspace.session.do(AddObject(name=f"Object {number}"))
    workspace.close()
    with open_project(film_project) as project:
        assert len(project.objects()) == 20


def test_closing_while_everything_runs_stops_all_of_it(make_workspace, film_project):
    gate, started, stopped = threading.Event(), threading.Event(), []
    workspace = make_workspace(FakeTracker(seconds=0.02), objects=2)
    session = workspace.session

    def export(token):
        try:
            while True:
                started.set()
                token.check()
                yield Progress(0, 0)
                time.sleep(0.002)
        finally:
            stopped.append("export")

    def waiting(_token):
        stopped.append("never")
        yield gate

    session.files.submit(export)
    session.files.submit(waiting)
    workspace.propagation.start()
    workspace.prompting.ask(PromptAsk(points=(PointPrompt(12, 15),)))
    session.do(AddObject(name="Last"))
    assert started.wait(10)
    workspace.close()
    assert stopped == ["export"]
    assert not workspace.propagation.running and not workspace.prompting.busy
    with open_project(film_project) as project:
        assert [item.name for item in project.objects()] == ["Box 1", "Box 2", "Last"]
