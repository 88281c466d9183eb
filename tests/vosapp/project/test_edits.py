"""Edits of objects and ranges; each one is taken back exactly."""

from __future__ import annotations

import numpy as np
import pytest

from core.cleaning import DEFAULT, Cleaning
from core.errors import UsageError
from core.jobs import Cancelled, CancelToken
from vosapp.project.edit_cleanings import CleanUp, EraseArea, KeepRaw
from vosapp.project.edit_masks import ImportKeyframes, MarkAbsent, Paint, SetMask, conflicts
from vosapp.project.edit_ranges import (
    CheckFrames,
    ClearMasks,
    DeleteObject,
    MergeObjects,
    SetReference,
    SplitObject,
)
from vosapp.project.edits import (
    AddObject,
    AddPrompt,
    Group,
    LockObject,
    RecolorObject,
    RenameObject,
    ReorderObjects,
    SetCategory,
    ShowObject,
)
from vosapp.project.keyframes import keyframes
from vosapp.project.model import FrameState, Prompt, PromptKind

POINTS = Prompt(10, 1, PromptKind.POINTS, ((1.0, 2.5, 1), (3.0, 4.0, -1)))
PATCH = np.ones((3, 3), np.bool_)
AREA = ((0.0, 0.0), (3.0, 0.0), (3.0, 3.0))

EDITS = [
    AddObject(),
    AddObject(9, "Cat", (1, 2, 3)),
    RenameObject(1, "Grizzly"),
    RecolorObject(1, (9, 8, 7)),
    SetCategory(2, "animal"),
    AddObject(category="animal"),
    ShowObject(1, False),
    LockObject(2, True),
    ReorderObjects((2, 1)),
    AddPrompt(POINTS),
    Paint(10, 1, 3, 3, PATCH),
    Paint(20, 2, 0, 0, PATCH),
    Paint(10, 1, 0, 0, PATCH, erase=True),
    SetMask(11, 2, np.ones((12, 16), np.bool_)),
    MarkAbsent(1, 5),
    CheckFrames((1, 2), 0),
    SetReference(10),
    ClearMasks(1, 5, 20),
    ClearMasks(2, 10, 11),
    DeleteObject(2),
    MergeObjects(1, 2),
    MergeObjects(2, 1),
    SplitObject(1, 10),
    SplitObject(2, 15, "Cub"),
    Group((AddObject(), AddPrompt(POINTS), Paint(12, 1, 3, 3, PATCH)), "Box"),
    CleanUp(1, 0, 20, Cleaning(keep=1, grow=1)),
    CleanUp(2, 5, None, DEFAULT),
    EraseArea(1, 12, 14, AREA),
    Group((CleanUp(1, 22, 28, Cleaning(grow=-1)), KeepRaw(1, 24, 26)), "Both"),
]


@pytest.fixture
def busy(project, box, result):
    """A bit of everything."""
    project.do(SetMask(10, 1, box(0, 0, 4, 4)))
    project.do(SetMask(10, 2, box(6, 6, 9, 9)))
    project.do(AddPrompt(Prompt(10, 2, PromptKind.BOX, ((6, 6, 1), (9, 9, 1)))))
    run = project.begin_propagation("fake")
    masks = {1: box(0, 0, 4, 4), 2: box(6, 6, 9, 9)}
    project.put_results(run, [result(f, masks, {1: 0.2, 2: 0.9}) for f in range(40)])
    project.do(SetMask(30, 2, box(6, 5, 9, 8)))
    project.do(CheckFrames((1,), 15, 18))
    return project


@pytest.mark.parametrize("edit", EDITS, ids=lambda e: type(e).__name__)
def test_undo_and_redo_of_each_edit(busy, snapshot, edit):
    before = snapshot(busy)
    count = len(busy.history())
    change = busy.do(edit)
    assert change.name and len(busy.history()) == count + 1
    after = snapshot(busy)
    assert after != before
    assert busy.undo().name == change.name
    assert snapshot(busy) == before
    assert busy.redo().name == change.name
    assert snapshot(busy) == after
    assert busy.problems() == ()


def test_categories_follow_their_objects(busy):
    busy.do(SetCategory(1, "bear"))
    busy.do(SplitObject(1, 20))
    assert [item.category for item in busy.objects()] == ["bear", "", "bear"]
    busy.do(MergeObjects(1, 2))
    assert [item.category for item in busy.objects()] == ["bear", "bear"]
    busy.do(SetCategory(2, "fox"))
    busy.do(MergeObjects(3, 2))
    assert [item.category for item in busy.objects()] == ["fox"]


def test_titles_name_the_object(busy):
    names = [busy.do(edit).name for edit in (RenameObject(1, "Max"), Paint(1, 1, 0, 0, PATCH))]
    assert names == ["Rename Bear", "Paint Max"]


def test_change_names_what_views_must_read_again(busy):
    change = busy.do(Paint(10, 1, 0, 0, PATCH, erase=True))
    assert change.frame_indices == (10,) and change.object_ids == (1,)
    assert change.revision == busy.revision
    assert busy.do(RenameObject(2, "Vixen")).frame_indices == ()


def test_an_edit_that_changes_nothing_is_no_step(busy):
    busy.do(RenameObject(1, "Max"))
    busy.undo()
    count = len(busy.history())
    assert busy.do(CheckFrames((2,), 30, 31)).name == ""
    assert len(busy.history()) == count and busy.redo().name == "Rename Bear"


def test_a_new_edit_ends_redo(busy):
    busy.do(AddObject())
    busy.undo()
    busy.do(RenameObject(1, "Max"))
    assert busy.redo().name == ""
    assert len(busy.objects()) == 2


def test_merge_keeps_every_pixel(busy):
    before = [busy.label_map(f) > 0 for f in range(40)]
    busy.do(MergeObjects(2, 1))
    assert [o.object_id for o in busy.objects()] == [1]
    for frame in range(40):
        assert ((busy.label_map(frame) == 1) == before[frame]).all()
    assert [k.object_ids for k in keyframes(busy)] == [(1,), (1,)]
    assert busy.prompts(10)[0].object_id == 1
    assert busy.state(5, 1) is FrameState.PROPAGATED  # as both were
    assert busy.state(16, 1) is FrameState.STALE  # one was checked, the other stale
    assert busy.lane(1).confidence[16] == pytest.approx(0.2, abs=0.01)


def test_split_moves_the_rest_of_the_video(busy):
    before = [busy.label_map(f).copy() for f in range(40)]
    busy.do(SplitObject(2, 20, "Cub"))
    assert busy.objects()[-1].name == "Cub"
    for frame, old in enumerate(before):
        expected = np.where(old == 2, 3, old) if frame >= 20 else old
        assert (busy.label_map(frame) == expected).all()
    assert busy.keyframe_indices(3) == (30,) and busy.keyframe_indices(2) == (10,)


def test_delete_takes_everything_of_the_object(busy):
    busy.do(DeleteObject(2))
    assert not any((busy.label_map(f) == 2).any() for f in range(40))
    assert busy.prompts(10) == () and busy.keyframe_indices(2) == ()
    assert all(2 not in k.object_ids for k in keyframes(busy))


@pytest.mark.parametrize(
    "edit",
    [
        RenameObject(7, "x"),
        RenameObject(1, "  "),
        RenameObject(1, "x" * 999),
        RenameObject(1, "a\0b"),
        RecolorObject(1, (1, 2, 300)),
        SetCategory(1, "x" * 300),
        SetCategory(9, "x"),
        AddObject(1),
        AddObject(255),
        AddObject(0),
        ReorderObjects((1,)),
        ReorderObjects((1, 1)),
        MergeObjects(1, 1),
        MergeObjects(1, 5),
        DeleteObject(200),
        ClearMasks(1, 30, 20),
        ClearMasks(1, 0, 99),
        CleanUp(9, 0, 5, DEFAULT),
        CleanUp(1, 5, 5, DEFAULT),
        EraseArea(1, 0, 99, AREA),
        AddPrompt(Prompt(99, 1, PromptKind.BOX, ((0, 0, 1), (1, 1, 1)))),
        Group((AddObject(), RenameObject(77, "x"))),
    ],
    ids=repr,
)
def test_what_cannot_be_done_changes_nothing(busy, snapshot, edit):
    before, entries = snapshot(busy), busy.history()
    with pytest.raises(UsageError):
        busy.do(edit)
    assert snapshot(busy) == before and busy.history() == entries


def test_long_edits_tell_progress_and_can_be_cancelled(busy, snapshot):
    before, token = snapshot(busy), CancelToken()
    job = busy.run(MergeObjects(2, 1), token)
    first = next(job)
    assert (first.done, first.total) == (1, 40)
    token.cancel()
    with pytest.raises(Cancelled):
        list(job)
    assert snapshot(busy) == before
    assert busy.do(MergeObjects(2, 1)).name == "Merge Fox into Bear"


def test_nothing_else_is_changed_while_an_edit_runs(busy):
    job = busy.run(MergeObjects(2, 1), CancelToken())
    next(job)
    with pytest.raises(RuntimeError, match="not finished"):
        busy.do(AddObject())
    job.close()
    busy.do(AddObject())


def test_names_with_broken_letters(project):
    project.do(RenameObject(1, "B\udcffr"))
    assert project.objects()[0].name == "B?r"


def test_import_tells_its_conflicts(busy):
    found = conflicts(busy._editor, keyframes(busy))
    assert found == {10: (1, 2), 30: (2,)}
    assert busy.do(ImportKeyframes(keyframes(busy))).name == ""
