"""Box labels: what they are, edits, interpolation, undo, and what becomes of them elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.errors import UsageError
from core.media.annotations.values import Box, ImportedAnnotations, ObjectInfo
from vosapp.project.boxes import BoxCounts, BoxLabel
from vosapp.project.edit_boxes import InterpolateBoxes, PutBox, RemoveBoxes
from vosapp.project.edit_import import ImportAnnotations
from vosapp.project.edit_masks import SetMask
from vosapp.project.edit_ranges import ClearMasks, DeleteObject, MergeObjects, SplitObject
from vosapp.project.edits import LockObject
from vosapp.project.model import Unreadable
from vosapp.project.opening import open_project
from vosapp.project.recovery import salvage


def label(frame, x=2.0, width=4.0, object_id=1, **rest):
    return BoxLabel(frame, object_id, x, 1.0, width, 5.0 if width else 0.0, **rest)


def gone(frame, object_id=1):
    return BoxLabel(frame, object_id, 0.0, 0.0, 0.0, 0.0)


@pytest.fixture
def tracked(project):
    """Object 1 is drawn on the frames 0, 4 and 8, and interpolated between."""
    for frame, x in ((0, 0.0), (4, 4.0), (8, 6.0)):
        project.do(PutBox(label(frame, x)))
    project.do(InterpolateBoxes(1))
    return project


def lefts(project, object_id=1):
    return {x.frame_index: x.x for x in project.boxes_of(object_id)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"x": math.nan},
        {"y": math.inf},
        {"width": -1.0},
        {"width": 0.0},
        {"height": 0.0},
        {"x": 1e6},
        {"frame_index": -1},
        {"object_id": 0},
        {"object_id": 255},
        {"drawn": 1},
        {"x": "2"},
    ],
)
def test_values_that_make_no_sense(wrong):
    good = {"frame_index": 0, "object_id": 1, "x": 1.0, "y": 1.0, "width": 2.0, "height": 2.0}
    assert BoxLabel(**good).visible
    with pytest.raises(Unreadable):
        BoxLabel(**good | wrong)


def test_added_changed_and_removed(project, path):
    assert project.do(PutBox(label(3))).frame_indices == (3,)
    assert project.do(PutBox(label(3, 5.5))).name == "Change box label of Bear"
    project.do(PutBox(label(3, object_id=2)))
    project.do(PutBox(label(7)))
    assert project.boxes(3) == {1: label(3, 5.5), 2: label(3, object_id=2)}
    assert project.boxed_frames() == project.boxed_frames(1) == (3, 7)
    assert project.boxed_frames(2) == (3,)
    assert [x.frame_index for x in project.boxes_of(1, 4)] == [7]
    project.do(RemoveBoxes(1, 3, 4))
    assert project.boxes(3).keys() == {2}
    project.close()
    with open_project(path) as again:
        assert again.boxes_in() == (label(3, object_id=2), label(7))


def test_a_label_asserts_no_mask_and_makes_no_keyframe(project):
    before = project.revision
    change = project.do(PutBox(label(3)))
    assert change.object_ids == (1,) and change.revision == before
    assert project.keyframe_indices() == () and project.prompts(3) == ()
    assert not project.label_map(3).any() and not project.states(1).any()


def test_the_same_label_again_is_no_step(project):
    project.do(PutBox(label(3)))
    assert project.do(PutBox(label(3))).name == ""


def test_cut_off_at_the_frame(project):
    project.do(PutBox(BoxLabel(0, 1, -2.0, -1.5, 5.0, 100.0)))
    assert project.boxes(0)[1] == BoxLabel(0, 1, 0.0, 0.0, 3.0, 12.0)
    project.do(PutBox(BoxLabel(0, 1, 0.1, 0.2, 0.3, 0.4)))
    assert project.boxes(0)[1] == BoxLabel(0, 1, 0.1, 0.2, 0.3, 0.4)
    with pytest.raises(UsageError, match="outside frame 0"):
        project.do(PutBox(BoxLabel(0, 1, 16.0, 0.0, 5.0, 5.0)))


@pytest.mark.parametrize(
    "edit",
    [
        PutBox(label(40)),
        PutBox(label(0, object_id=9)),
        PutBox(label(0, drawn=False)),
        PutBox(label(0, object_id=2)),
        RemoveBoxes(2, 0),
        RemoveBoxes(1, 40),
        InterpolateBoxes(2),
        InterpolateBoxes(1, 5, 5),
    ],
)
def test_refused(project, edit, snapshot):
    project.do(LockObject(2, True))
    before = snapshot(project)
    with pytest.raises(UsageError):
        project.do(edit)
    assert snapshot(project) == before


def test_interpolated_between_drawn_ones(tracked):
    assert lefts(tracked) == {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 4.5, 6: 5, 7: 5.5, 8: 6}
    assert [x.frame_index for x in tracked.boxes_of(1) if x.drawn] == [0, 4, 8]
    assert tracked.box_counts() == {1: BoxCounts(3, 6)}


def test_they_follow_a_drawn_one(tracked):
    tracked.do(PutBox(label(4, 8.0)))
    assert lefts(tracked) == {0: 0, 1: 2, 2: 4, 3: 6, 4: 8, 5: 7.5, 6: 7, 7: 6.5, 8: 6}
    tracked.undo()
    assert lefts(tracked)[3] == 3 and lefts(tracked)[5] == 4.5


def test_drawn_in_place_of_an_interpolated_one(tracked):
    tracked.do(PutBox(label(2, 6.0)))
    assert lefts(tracked) == {0: 0, 1: 3, 2: 6, 3: 5, 4: 4, 5: 4.5, 6: 5, 7: 5.5, 8: 6}
    assert tracked.box_counts() == {1: BoxCounts(4, 5)}


def test_without_the_drawn_one_between(tracked):
    tracked.do(RemoveBoxes(1, 4, 5))
    assert lefts(tracked) == {0: 0, 1: 0.75, 2: 1.5, 3: 2.25, 5: 3.75, 6: 4.5, 7: 5.25, 8: 6}


def test_without_an_end_they_go(tracked):
    tracked.do(RemoveBoxes(1, 8))
    assert sorted(lefts(tracked)) == [0, 1, 2, 3, 4]
    tracked.do(RemoveBoxes(1, 0, 2))
    assert sorted(lefts(tracked)) == [4]


def test_those_of_a_file_that_lead_nowhere_stay(project):
    """CVAT goes on with the last box of a track to the end of the video."""
    boxes = [Box(f, 1, 1.0, 1.0, 4.0, 6.0, f == 2) for f in range(6)]
    project.do(ImportAnnotations(ImportedAnnotations((ObjectInfo.plain(1),), boxes=tuple(boxes))))
    project.do(PutBox(label(2, 5.0)))
    assert lefts(project) == {0: 1, 1: 1, 2: 5, 3: 1, 4: 1, 5: 1}
    project.do(RemoveBoxes(1, 4, 5))
    assert lefts(project) == {0: 1, 1: 1, 2: 5, 3: 1, 5: 1}
    project.do(PutBox(label(5, 8.0)))
    assert lefts(project) == {0: 1, 1: 1, 2: 5, 3: 6, 5: 8}
    project.do(RemoveBoxes(1, 2, 3))
    assert lefts(project) == {5: 8}


def test_next_to_what_is_not_visible_nothing_is_made(tracked):
    tracked.do(PutBox(gone(4)))
    assert sorted(lefts(tracked)) == [0, 4, 8]
    assert not tracked.boxes(4)[1].visible
    tracked.do(InterpolateBoxes(1))
    assert sorted(lefts(tracked)) == [0, 4, 8]
    assert tracked.box_counts() == {1: BoxCounts(2, 0, 1)}


def test_only_the_interpolated_ones_are_removed(tracked):
    tracked.do(RemoveBoxes(1, 0, interpolated_only=True))
    assert sorted(lefts(tracked)) == [0, 4, 8]


def test_a_range_is_interpolated_alone(project):
    for frame in (0, 4, 8):
        project.do(PutBox(label(frame)))
    project.do(InterpolateBoxes(1, 4, 9))
    assert sorted(lefts(project)) == [0, 4, 5, 6, 7, 8]


def test_every_edit_is_undone_and_done_again(tracked, snapshot):
    edits = (
        PutBox(label(4, 8.0)),
        PutBox(gone(8)),
        RemoveBoxes(1, 3, 6),
        PutBox(label(10)),
        PutBox(label(13)),
        InterpolateBoxes(1),
        MergeObjects(1, 2),
    )
    for edit in edits:
        before = snapshot(tracked)
        tracked.do(edit)
        after = snapshot(tracked)
        assert after != before
        tracked.undo()
        assert snapshot(tracked) == before
        tracked.redo()
        assert snapshot(tracked) == after


def test_merged_objects(tracked):
    tracked.do(PutBox(label(1, 9.0, object_id=2)))
    tracked.do(PutBox(label(4, 9.0, object_id=2)))
    tracked.do(MergeObjects(1, 2))
    found = {x.frame_index: (x.x, x.drawn) for x in tracked.boxes_of(2)}
    assert found[1] == (9.0, True) and found[4] == (9.0, True) and found[0] == (0.0, True)
    assert tracked.boxes_of(1) == ()


def test_a_drawn_one_wins_over_an_interpolated_one(tracked):
    tracked.do(PutBox(label(1, 9.0, object_id=2)))
    tracked.do(MergeObjects(2, 1))
    assert tracked.boxes(1)[1] == label(1, 9.0)


def test_split_and_deleted(tracked):
    tracked.do(SplitObject(1, 4))
    assert sorted(lefts(tracked)) == [0, 1, 2, 3] and sorted(lefts(tracked, 3)) == [4, 5, 6, 7, 8]
    tracked.do(DeleteObject(3))
    assert tracked.boxed_frames() == (0, 1, 2, 3)
    tracked.undo()
    assert sorted(lefts(tracked, 3)) == [4, 5, 6, 7, 8]


def test_masks_and_labels_go_apart(tracked, box):
    tracked.do(SetMask(4, 1, box(1, 1, 5, 5)))
    assert tracked.boxes(4)[1].x == 4
    tracked.do(ClearMasks(1, 0))
    assert len(tracked.boxes_of(1)) == 9
    tracked.do(SetMask(4, 1, box(1, 1, 5, 5)))
    tracked.do(RemoveBoxes(1, 0))
    assert np.count_nonzero(tracked.label_map(4)) == 16


def test_saved_from_a_damaged_file(tracked, path, tmp_path):
    before = tracked.boxes_in()
    tracked._connection.execute("INSERT INTO boxes VALUES (5, 7, 1, 1, 2, 2, 1)")
    tracked._connection.execute("INSERT INTO boxes VALUES (99, 1, 1, 1, 2, 2, 1)")
    tracked._connection.execute("INSERT INTO boxes VALUES (6, 2, 1, 1, -2, 2, 1)")
    tracked.close()
    saved = salvage(path, tmp_path / "new.vosapp")
    assert "boxes: 1 rows make no sense and were left out" in saved.lost
    with open_project(saved.path) as project:
        assert set(project.boxes_in()) == {*before, BoxLabel(5, 7, 1.0, 1.0, 2.0, 2.0)}
        assert [item.object_id for item in project.objects()] == [1, 2, 7]


def test_rows_of_another_kind_are_refused(project, path):
    project._connection.execute("INSERT INTO boxes VALUES (1, 1, 'left', 1, 2, 2, 1)")
    project._connection.commit()
    with pytest.raises(Exception, match="boxes: x of a row is of another kind"):
        project.boxes(1)


def test_a_box_that_fills_makes_those_up_to_its_neighbors(project):
    project.do(PutBox(label(0, 0.0)))
    project.do(PutBox(label(8, 8.0), fill=True))
    assert lefts(project) == {frame: float(frame) for frame in range(9)}
    change = project.do(PutBox(label(4, 2.0), fill=True))
    assert lefts(project)[2] == 1.0 and lefts(project)[6] == 5.0
    assert change.boxed_ids == (1,) and change.frame_indices == (1, 2, 3, 4, 5, 6, 7)
    project.undo()
    assert lefts(project) == {frame: float(frame) for frame in range(9)}


def test_filling_stops_where_the_object_is_not_visible(project):
    for edit in (PutBox(label(0)), PutBox(gone(4), fill=True), PutBox(label(8), fill=True)):
        project.do(edit)
    assert sorted(lefts(project)) == [0, 4, 8]


def test_a_drawn_box_that_goes_leaves_an_interpolated_one_where_gaps_are_filled(tracked):
    tracked.do(RemoveBoxes(1, 4, 5, fill=True))
    assert lefts(tracked)[4] == 3.0 and len(lefts(tracked)) == 9
    tracked.do(RemoveBoxes(1, 8, 9, fill=True))
    assert lefts(tracked) == {0: 0.0}


def test_changes_of_masks_are_none_of_boxes(project):
    change = project.do(SetMask(0, 1, np.ones((project.video.height, project.video.width), bool)))
    assert change.boxed_ids == ()
