"""The undo history survives a restart, is long enough, and does not grow without end."""

from __future__ import annotations

import numpy as np
import pytest

from vosapp.project.edit_masks import Paint
from vosapp.project.edits import AddObject, RenameObject
from vosapp.project.file import Options
from vosapp.project.history import HistoryLimits
from vosapp.project.opening import create_project, open_project


def strokes(project, count):
    for i in range(count):
        project.do(Paint(i % 5, 1, i % 12, i % 16, np.ones((1 + i % 4, 2), np.bool_)))


def test_200_steps_survive_a_restart(project, path, snapshot):
    states = [snapshot(project)]
    for _ in range(4):
        strokes(project, 51)
        states.append(snapshot(project))
    project.close()
    with open_project(path) as again:
        for state in reversed(states):
            assert snapshot(again) == state
            for _ in range(51):
                again.undo()
        assert again.objects() == ()  # both "Add" steps were undone, too
        for _ in range(2):
            again.redo()
    with open_project(path) as again:
        assert snapshot(again) == states[0]
        while again.redo().name:
            pass
        assert snapshot(again) == states[-1]


def test_limits(path, video):
    limits = HistoryLimits(min_entries=5, max_entries=20, max_bytes=1)
    with create_project(path, video, Options(limits=limits)) as project:
        project.do(AddObject())
        strokes(project, 30)
        assert len(project.history()) == 5
    limits = HistoryLimits(min_entries=5, max_entries=20, max_bytes=1 << 30)
    with open_project(path, Options(limits=limits)) as project:
        strokes(project, 30)
        assert len(project.history()) == 20
        rows = project._connection.execute(
            "SELECT COUNT(*) FROM changes WHERE entry_id NOT IN (SELECT entry_id FROM history)"
        )
        assert rows.fetchone()[0] == 0
        while project.undo().name:
            pass


def test_default_limits_keep_200():
    assert HistoryLimits().min_entries >= 200


def test_sizes_are_those_of_the_file(project):
    strokes(project, 10)
    project.undo()
    rows = project._connection.execute(
        "SELECT entry_id, SUM(60 + length(CAST(fields AS BLOB)) + COALESCE(length(data), 0))"
        " FROM changes GROUP BY entry_id"
    ).fetchall()
    assert [(e.entry_id, e.size) for e in project.history()] == rows


def test_a_propagation_is_one_step(project, box, result, snapshot):
    strokes(project, 3)
    before = snapshot(project)
    run = project.begin_propagation("fake")
    for frame in range(40):
        project.put_results(run, [result(frame, {1: box(0, 0, 3, 3), 2: box(5, 5, 6, 6)})])
    assert [e.name for e in project.history()][-2:] == ["Paint Bear", "Propagate"]
    after = snapshot(project)
    # What was empty before costs next to nothing to take back.
    assert project.history()[-1].size < 40 * 100
    project.undo()
    assert snapshot(project) == before
    project.redo()
    assert snapshot(project) == after


def test_an_edit_in_between_splits_the_step(project, box, result, snapshot):
    run = project.begin_propagation("fake")
    states = [snapshot(project)]
    project.put_results(run, [result(1, {1: box(0, 0, 3, 3)})])
    states.append(snapshot(project))
    project.do(RenameObject(1, "Max"))
    states.append(snapshot(project))
    project.put_results(run, [result(f, {1: box(0, 0, 4, 3)}) for f in (1, 2)])
    project.put_results(run, [result(f, {1: box(0, 0, 5, 3)}) for f in (2, 3)])
    assert [e.name for e in project.history()][-3:] == ["Propagate", "Rename Bear", "Propagate"]
    for state in reversed(states):
        project.undo()
        assert snapshot(project) == state


def test_settings_do_not_split_the_step(project, box, result):
    run = project.begin_propagation("fake")
    count = len(project.history())
    for frame in range(3):
        project.put_results(run, [result(frame, {1: box(0, 0, 3, 3)})])
        project.set_setting("zoom", frame)
    assert len(project.history()) == count + 1


def test_undo_during_a_propagation(project, box, result, snapshot):
    before = snapshot(project)
    run = project.begin_propagation("fake")
    project.put_results(run, [result(1, {1: box(0, 0, 3, 3)})])
    project.undo()
    project.put_results(run, [result(2, {1: box(0, 0, 3, 3)})])
    assert project.redo().name == ""
    assert not project.label_map(1).any() and project.label_map(2).any()
    project.undo()
    assert snapshot(project) == before


@pytest.mark.parametrize("action", ["undo", "redo"])
def test_nothing_left(video, path, action):
    with create_project(path, video) as project:
        assert getattr(project, action)().name == ""
