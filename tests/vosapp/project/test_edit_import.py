"""Taking over annotations: what many boxes of one frame cost."""

from __future__ import annotations

from core.media.annotations.values import Box, ImportedAnnotations, ObjectInfo
from vosapp.project.edit_import import ImportAnnotations
from vosapp.project.editor import Editor
from vosapp.project.edits import LockObject


def found(boxes):
    objects = (ObjectInfo.plain(1), ObjectInfo.plain(2))
    return ImportedAnnotations(objects, boxes=tuple(boxes))


def box(frame, object_id, left):
    return Box(frame, object_id, left, 1.0, left + 2.5, 6.0)


def test_what_is_known_of_a_frame_is_read_once(project, monkeypatch):
    """It was read for every box: 200,000 boxes on 2,000 frames took minutes."""
    asked = []
    prompts = Editor.prompts
    monkeypatch.setattr(
        Editor, "prompts", lambda self, frame: asked.append(frame) or prompts(self, frame)
    )
    edit = ImportAnnotations(found(box(i // 300, 1, i % 300 / 100) for i in range(900)))
    project.do(edit)
    assert edit.report.prompts == 900
    assert asked == [0, 1, 2]


def test_boxes_that_are_there_or_locked_or_doubled_are_left_out(project):
    project.do(ImportAnnotations(found([box(3, 1, 1.0), box(4, 2, 1.0)])))
    project.do(LockObject(2, True))
    edit = ImportAnnotations(
        found([box(3, 1, 1.0), box(3, 1, 2.0), box(3, 1, 2.0), box(3, 2, 1.0), box(5, 1, 1.0)])
    )
    project.do(edit)
    report = edit.report
    assert (report.prompts, report.known_prompts, report.locked_boxes) == (2, 2, 1)
    assert [p.points[0][0] for p in project.prompts(3)] == [1.0, 2.0]
