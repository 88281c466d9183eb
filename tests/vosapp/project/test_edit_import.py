"""Taking over annotations: what many boxes of one frame cost."""

from __future__ import annotations

from core.media.annotations.values import Box, ImportedAnnotations, ObjectInfo
from vosapp.project.boxes import BoxLabels, box_of, label_of
from vosapp.project.edit_import import ImportAnnotations
from vosapp.project.edits import LockObject


def found(boxes):
    objects = (ObjectInfo.plain(1), ObjectInfo.plain(2))
    return ImportedAnnotations(objects, boxes=tuple(boxes))


def box(frame, object_id, left):
    return Box(frame, object_id, left, 1.0, left + 2.5, 6.0)


def test_what_is_known_of_a_frame_is_read_once(project, monkeypatch):
    """It was read for every box: 200,000 boxes on 2,000 frames took minutes."""
    asked = []
    on_frame = BoxLabels.on_frame
    monkeypatch.setattr(
        BoxLabels, "on_frame", lambda self, frame: asked.append(frame) or on_frame(self, frame)
    )
    boxes = [Box(i // 300, 1 + i % 250, 1.0, 1.0, 4.0, 6.0) for i in range(900)]
    edit = ImportAnnotations(found(boxes))
    project.do(edit)
    assert edit.report.boxes + edit.report.known_boxes == 900
    assert asked == [0, 1, 2]


def test_boxes_that_are_there_or_locked_or_doubled_are_left_out(project):
    project.do(ImportAnnotations(found([box(3, 1, 1.0), box(4, 2, 1.0)])))
    project.do(LockObject(2, True))
    edit = ImportAnnotations(
        found([box(3, 1, 1.0), box(3, 1, 2.0), box(3, 2, 1.0), box(5, 1, 1.0), box(5, 1, 2.0)])
    )
    project.do(edit)
    report = edit.report
    assert (report.boxes, report.known_boxes, report.kept_boxes, report.locked_boxes) == (
        1,
        1,
        2,
        1,
    )
    assert [x.x for x in project.boxes_of(1)] == [1.0, 1.0]


def test_boxes_are_replaced_where_that_is_wanted(project):
    project.do(ImportAnnotations(found([box(3, 1, 1.0)])))
    edit = ImportAnnotations(found([box(3, 1, 2.0)]), overwrite=True)
    project.do(edit)
    assert (edit.report.boxes, edit.report.kept_boxes) == (1, 0)
    assert project.boxes(3)[1].x == 2.0
    project.undo()
    assert project.boxes(3)[1].x == 1.0


def test_of_two_boxes_in_the_files_the_first_is_taken_whatever_is_replaced(project):
    project.do(ImportAnnotations(found([box(3, 1, 1.0), box(5, 1, 1.0)])))
    twice = [box(3, 1, 2.0), box(3, 1, 3.0), box(4, 1, 2.0), box(4, 1, 3.0), box(5, 1, 1.0)]
    edit = ImportAnnotations(found([*twice, box(5, 1, 4.0)]), overwrite=True)
    project.do(edit)
    report = edit.report
    assert (report.boxes, report.known_boxes, report.kept_boxes) == (2, 1, 3)
    assert [x.x for x in project.boxes_of(1)] == [2.0, 2.0, 1.0]


def test_boxes_make_no_keyframe_and_no_prompt(project):
    before = project.revision
    project.do(ImportAnnotations(found([box(3, 1, 1.0), Box(5, 1, 0.0, 0.0, 0.0, 0.0)])))
    assert project.keyframe_indices() == () and project.prompts(3) == ()
    assert project.revision == before
    assert [x.visible for x in project.boxes_of(1)] == [True, False]


def test_labels_and_boxes_are_the_same_both_ways():
    for wanted in (box(3, 1, 1.0), Box(1, 2, 0.5, 0.25, 3.125, 4.0, False), Box(1, 2, 0, 0, 0, 0)):
        assert box_of(label_of(wanted)) == wanted
