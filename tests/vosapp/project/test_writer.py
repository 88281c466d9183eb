"""Changes in a thread of their own: in order, with their errors, and all done at the end."""

from __future__ import annotations

import threading

import pytest

from core.errors import UsageError
from vosapp.project.edits import AddObject, RenameObject
from vosapp.project.writer import ProjectWriter


def test_changes_come_in_order(project, box, result):
    run = project.begin_propagation("fake")
    with ProjectWriter(project) as writer:
        done = [writer.do(RenameObject(1, f"name {i}")) for i in range(30)]
        results = writer.put_results(run, (result(f, {1: box(0, 0, 2, 2)}) for f in range(3)))
        assert [future.result().name for future in done][-1] == "Rename name 28"
        assert results.result().frame_indices == (0, 1, 2)
        assert writer.undo().result().name == "Propagate"
        assert writer.redo().result().name == "Propagate"
    assert project.objects()[0].name == "name 29"


def test_errors_arrive_where_they_are_asked_for(project):
    with ProjectWriter(project) as writer:
        failed = writer.do(RenameObject(99, "x"))
        fine = writer.do(AddObject())
        with pytest.raises(UsageError, match="no object 99"):
            failed.result()
        assert fine.result().name == "Add Object 3"


def test_closing_waits_and_leaves_no_thread(project):
    writer = ProjectWriter(project)
    for _ in range(20):
        writer.do(AddObject())
    writer.close()
    writer.close()
    assert len(project.objects()) == 22
    assert not [t for t in threading.enumerate() if t.name.startswith("project-writer")]
