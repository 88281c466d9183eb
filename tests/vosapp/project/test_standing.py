"""Nothing is stolen: what is drawn, checked or locked keeps its pixels (ADR 0047)."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import UsageError
from core.media.annotations.values import ImportedAnnotations
from core.types import Keyframe
from vosapp.project import rules
from vosapp.project.boxes import BoxLabel
from vosapp.project.edit_boxes import PutBox
from vosapp.project.edit_import import ImportAnnotations
from vosapp.project.edit_masks import ImportKeyframes, MarkAbsent, Paint, SetMask
from vosapp.project.edit_ranges import CheckFrames, ClearMasks, DeleteObject, MergeObjects
from vosapp.project.edits import AddObject, LockObject, ReorderObjects
from vosapp.project.model import FrameState
from vosapp.services.box_masks import boxes_of


def imported(frame, ids, label_map, *, overwrite):
    keyframe = Keyframe(frame, ids, label_map)
    found = ImportedAnnotations((), frames=(frame,), keyframes=lambda: iter((keyframe,)))
    return ImportAnnotations(found, overwrite=overwrite)


def test_a_proposed_mask_takes_nothing_that_is_drawn(project, box):
    project.do(SetMask(0, 1, box(0, 0, 6, 6)))
    project.do(SetMask(0, 2, box(3, 3, 9, 9)))
    shown = project.label_map(0)
    assert (shown[:6, :6] == 1).all() and (shown == 2).sum() == 36 - 9


def test_a_proposed_mask_takes_nothing_that_is_checked_and_all_that_is_only_computed(
    project, box, result
):
    run = project.begin_propagation("flow")
    project.put_results(run, [result(3, {1: box(0, 0, 6, 6)}), result(4, {1: box(0, 0, 6, 6)})])
    project.do(CheckFrames((1,), 3, 4))
    for frame in (3, 4):
        project.do(SetMask(frame, 2, box(3, 3, 9, 9)))
    assert (project.label_map(3) == 1).sum() == 36
    assert (project.label_map(4) == 1).sum() == 27 and (project.label_map(4) == 2).sum() == 36


def test_a_proposed_mask_of_which_nothing_is_left_is_refused_and_not_an_absence(project, box):
    project.do(SetMask(0, 1, box(0, 0, 6, 6)))
    with pytest.raises(UsageError, match="other objects"):
        project.do(SetMask(0, 2, box(1, 1, 3, 3)))
    assert project.state(0, 2) is FrameState.EMPTY
    with pytest.raises(UsageError, match="other objects"):
        project.do(Paint(0, 2, 1, 1, np.ones((2, 2), np.bool_), over=frozenset({0})))
    assert project.state(0, 2) is FrameState.EMPTY


def test_what_a_stroke_may_be_painted_over_is_limited(project, box):
    project.do(AddObject(name="Hen"))
    project.do(SetMask(0, 1, box(0, 0, 4, 4)))
    project.do(SetMask(0, 2, box(0, 8, 4, 12)))
    stroke = np.ones((2, 16), np.bool_)
    project.do(Paint(0, 3, 0, 0, stroke, over=frozenset({0})))
    shown = project.label_map(0)
    assert (shown[:2] == 3).sum() == 16 and (shown[:4, :4] == 1).all()
    project.do(Paint(0, 3, 0, 0, stroke, over=frozenset({1})))
    shown = project.label_map(0)
    assert (shown[:2, :4] == 3).all() and (shown[:2, 8:12] == 2).all()
    project.do(Paint(0, 3, 0, 0, stroke))
    assert (project.label_map(0)[:2] == 3).all()


@pytest.mark.parametrize("overwrite", [False, True])
def test_an_import_takes_nothing_from_objects_that_it_does_not_name(
    project, box, result, overwrite
):
    project.do(AddObject(name="Hen"))
    project.do(SetMask(0, 1, box(0, 0, 6, 6)))
    run = project.begin_propagation("flow")
    project.put_results(run, [result(0, {3: box(8, 8, 12, 12)})])
    project.do(CheckFrames((3,), 0, 1))
    label_map = np.full((12, 16), 2, np.uint8)
    project.do(imported(0, (2,), label_map, overwrite=overwrite))
    shown = project.label_map(0)
    assert (shown[:6, :6] == 1).all() and (shown[8:12, 8:12] == 3).all()
    assert (shown == 2).sum() == 12 * 16 - 36 - 16


def test_where_results_without_probabilities_meet_the_order_decides():
    stored = np.array([[1, 1, 0, 3]], np.uint8)
    result = np.array([[2, 0, 2, 2]], np.uint8)

    def merged(*order):
        return rules.merge_results(stored, result, writable={2}, kept=(), order=order).tolist()

    assert merged(1, 2, 3) == [[1, 1, 2, 2]]
    assert merged(3, 2, 1) == [[2, 1, 2, 3]]
    assert merged() == [[2, 1, 2, 2]]


def test_the_order_of_the_list_decides_between_two_runs_and_can_be_undone(project, box, result):
    first, second = ([result(5, {i: box(0, 0, 6, 6)})] for i in (1, 2))
    project.put_results(project.begin_propagation("flow"), first)
    project.put_results(project.begin_propagation("flow"), second)
    assert not (project.label_map(5) == 2).any()
    project.do(ReorderObjects((2, 1)))
    project.put_results(project.begin_propagation("flow"), second)
    assert (project.label_map(5) == 2).sum() == 36
    project.undo()
    project.undo()
    assert [item.object_id for item in project.objects()] == [1, 2]
    assert (project.label_map(5) == 1).sum() == 36


@pytest.fixture
def locked(project, box, result):
    """Object 1 drawn on frame 0, computed on 1 and 2, checked on 2; then locked."""
    project.do(SetMask(0, 1, box(0, 0, 6, 6)))
    run = project.begin_propagation("flow")
    project.put_results(run, [result(i, {1: box(0, 0, 6, 6)}) for i in (1, 2)])
    project.do(CheckFrames((1,), 2, 3))
    project.do(LockObject(1, True))
    return project


def everywhere(make):
    return [make(frame) for frame in (0, 1, 2)]


WHOLE = np.ones((12, 16), np.bool_)
EDITS = {
    "prompts": everywhere(lambda i: SetMask(i, 2, WHOLE)),
    "painting": everywhere(lambda i: Paint(i, 2, 0, 0, WHOLE)),
    "painting over": everywhere(lambda i: Paint(i, 2, 0, 0, WHOLE, over=frozenset({0, 1}))),
    "import": everywhere(lambda i: ImportKeyframes((Keyframe(i, (1, 2), WHOLE * np.uint8(2)),))),
    "import over": everywhere(
        lambda i: ImportKeyframes((Keyframe(i, (1, 2), WHOLE * np.uint8(2)),), overwrite=True)
    ),
    "annotations": everywhere(lambda i: imported(i, (1, 2), WHOLE * np.uint8(2), overwrite=True)),
    "clearing": [ClearMasks(2, 0), MarkAbsent(2, 0)],
    "deleting": [SetMask(1, 2, WHOLE), DeleteObject(2)],
}


def bytes_of(project):
    """All that is known of object 1."""
    lane = project.cells(1)
    masks = [project.label_map(i) == 1 for i in range(5)]
    said = [project.assertions(i).get(1) for i in range(5)]
    return np.stack(masks), lane.states.tobytes(), lane.confidence.tobytes(), said


@pytest.mark.parametrize("name", EDITS)
def test_edits_of_others_change_no_byte_of_a_locked_object(locked, name):
    before = bytes_of(locked)
    for edit in EDITS[name]:
        locked.do(edit)
    after = bytes_of(locked)
    assert (before[0] == after[0]).all() and before[1:] == after[1:]


@pytest.mark.parametrize(
    "edit", [MergeObjects(2, 1), MergeObjects(1, 2), DeleteObject(1), SetMask(0, 1, WHOLE)]
)
def test_edits_of_a_locked_object_are_refused(locked, edit):
    before = bytes_of(locked)
    with pytest.raises(UsageError, match="locked"):
        locked.do(edit)
    after = bytes_of(locked)
    assert (before[0] == after[0]).all() and before[1:] == after[1:]


def test_a_run_changes_no_byte_of_a_locked_object_which_keeps_others_off(locked, result):
    before = bytes_of(locked)
    run = locked.begin_propagation("other", "weights")
    results = [
        result(i, {1: WHOLE & (np.arange(16) < 2), 2: WHOLE & (np.arange(16) > 1)})
        for i in range(4)
    ]
    locked.put_results(run, results, begun=[(1, 0, 5), (2, 0, 5)])
    after = bytes_of(locked)
    assert (before[0] == after[0]).all() and before[1:] == after[1:]
    # Others get their pixels, but for those of the locked object.
    assert (locked.label_map(1)[:, 6:] == 2).all() and (locked.label_map(1)[:6, :6] == 1).all()


def test_masks_of_boxes_are_made_from_front_to_back(project):
    for object_id in (1, 2):
        project.do(PutBox(BoxLabel(4, object_id, 2.0, 2.0, 5.0, 5.0)))
    assert [box.object_id for box in boxes_of(project)] == [1, 2]
    project.do(ReorderObjects((2, 1)))
    assert [box.object_id for box in boxes_of(project)] == [2, 1]
