"""Which state each cell has after what, and what propagation never overwrites."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import MaskMismatch, UsageError
from core.types import FrameResult, Keyframe
from vosapp.project.edit_masks import ImportKeyframes, MarkAbsent, Paint, SetMask
from vosapp.project.edit_ranges import CheckFrames, ClearMasks, DeleteObject, SetReference
from vosapp.project.edits import AddObject, LockObject
from vosapp.project.keyframes import keyframes
from vosapp.project.model import FrameState

E, P, S, C, K, A = (
    FrameState.EMPTY,
    FrameState.PROPAGATED,
    FrameState.STALE,
    FrameState.CHECKED,
    FrameState.KEYFRAME,
    FrameState.ABSENT,
)


def states(project, object_id, frames=range(40)):
    found = project.states(object_id)
    return [FrameState(found[f]) for f in frames]


@pytest.fixture
def propagated(project, box, result):
    """Keyframes of both objects on frame 10, results on all frames."""
    project.do(SetMask(10, 1, box(0, 0, 4, 4)))
    project.do(SetMask(10, 2, box(6, 6, 9, 9)))
    run = project.begin_propagation("fake", "w1")
    masks = {1: box(0, 0, 4, 4), 2: box(6, 6, 9, 9)}
    project.put_results(run, [result(f, masks, {1: 0.5}) for f in range(40)])
    return project


def test_a_fresh_project_is_empty(project):
    assert set(states(project, 1)) == {E}
    assert not project.label_map(0).any()


def test_propagation_fills_all_but_keyframes(propagated):
    assert states(propagated, 1) == [P] * 10 + [K] + [P] * 29
    lane = propagated.lane(1)
    assert lane.confidence[3] == pytest.approx(0.5, abs=0.003)
    assert np.isnan(propagated.lane(2).confidence).all()
    origin = propagated.run_of(lane.runs[3])
    assert (origin.system, origin.weights) == ("fake", "w1")


def test_edit_makes_only_its_span_and_object_stale(propagated, box):
    propagated.do(SetMask(30, 1, box(0, 0, 4, 4)))
    assert states(propagated, 1) == [P] * 10 + [K] + [S] * 19 + [K] + [S] * 9
    assert propagated.span(30, 1) == (11, 40) and propagated.span(10, 1) == (0, 30)
    assert states(propagated, 2) == [P] * 10 + [K] + [P] * 29
    before = propagated.label_map(5).tobytes()
    propagated.do(Paint(10, 1, 2, 2, box(0, 0, 1, 1)))
    assert states(propagated, 1) == [S] * 10 + [K] + [S] * 19 + [K] + [S] * 9
    assert propagated.label_map(5).tobytes() == before


def test_a_changed_reference_makes_all_frames_of_its_objects_stale(propagated, box):
    propagated.do(SetMask(30, 1, box(0, 0, 4, 4)))
    run = propagated.begin_propagation("fake")
    masks = {1: box(0, 0, 4, 4), 2: box(6, 6, 9, 9)}
    fresh = [
        FrameResult(f, np.where(masks[2], 2, masks[1]).astype(np.uint8), (1, 2), {})
        for f in range(40)
    ]
    propagated.put_results(run, fresh)
    assert states(propagated, 1) == [P] * 10 + [K] + [P] * 19 + [K] + [P] * 9
    propagated.do(SetReference(30))
    assert states(propagated, 1) == [S] * 10 + [K] + [S] * 19 + [K] + [S] * 9
    assert states(propagated, 2) == [P] * 10 + [K] + [P] * 29
    propagated.put_results(propagated.begin_propagation("fake"), fresh)
    propagated.do(SetReference(30))
    assert S not in states(propagated, 1)  # It was one already.
    propagated.do(Paint(30, 1, 2, 2, box(0, 0, 1, 1)))
    assert states(propagated, 1) == [S] * 10 + [K] + [S] * 19 + [K] + [S] * 9
    propagated.undo()
    assert S not in states(propagated, 1)
    propagated.do(ClearMasks(1, 30, 31))
    assert states(propagated, 1) == [S] * 10 + [K] + [S] * 19 + [E] + [S] * 9


@pytest.fixture
def hidden(propagated, box, result):
    """Half of object 1 is hidden on a second keyframe, the last one; all masks are up to date."""
    propagated.do(SetMask(30, 1, box(0, 0, 2, 4)))
    run = propagated.begin_propagation("fake")
    propagated.put_results(run, [result(f, {1: box(0, 0, 4, 4)}) for f in range(40)])
    assert S not in states(propagated, 1)
    return propagated


def test_beyond_a_keyframe_that_hides_something_counts_the_one_that_shows_it(hidden, box):
    hidden.do(Paint(10, 1, 4, 4, box(0, 0, 1, 1)))
    assert states(hidden, 1) == [S] * 10 + [K] + [S] * 19 + [K] + [S] * 9
    assert states(hidden, 2) == [P] * 10 + [K] + [P] * 29


def test_a_keyframe_between_counts_beyond_where_the_walk_passes_the_last_one(hidden, box, result):
    hidden.do(SetMask(20, 1, box(0, 0, 2, 4)))
    assert states(hidden, 1)[31:] == [S] * 9
    run = hidden.begin_propagation("fake")
    fresh = [result(f, {1: box(0, 0, 4, 4)}) for f in range(40)]
    hidden.put_results(run, fresh)
    hidden.do(Paint(10, 1, 4, 4, box(0, 0, 1, 1)))  # The nearest that shows more than the last.
    assert states(hidden, 1)[11:] == [S] * 9 + [K] + [P] * 9 + [K] + [S] * 9
    hidden.do(Paint(20, 1, 0, 0, box(0, 0, 6, 6)))
    hidden.put_results(hidden.begin_propagation("fake"), fresh)
    hidden.do(Paint(10, 1, 4, 4, box(1, 1, 2, 2)))
    assert states(hidden, 1)[11:] == [S] * 9 + [K] + [P] * 9 + [K] + [P] * 9
    hidden.do(ClearMasks(1, 20, 21))
    assert states(hidden, 1)[31:] == [S] * 9


def test_nothing_counts_beyond_a_last_keyframe_that_shows_all(propagated, box, result):
    propagated.do(SetMask(30, 1, box(0, 0, 4, 4)))
    run = propagated.begin_propagation("fake")
    propagated.put_results(run, [result(f, {1: box(0, 0, 4, 4)}) for f in range(40)])
    propagated.do(SetMask(20, 1, box(0, 0, 2, 4)))
    assert states(propagated, 1)[31:] == [P] * 9


def test_results_beyond_that_come_after_such_a_change_are_stale(hidden, box, result):
    run = hidden.begin_propagation("fake")
    hidden.do(Paint(10, 1, 4, 4, box(0, 0, 1, 1)))
    hidden.put_results(run, [result(35, {1: box(0, 0, 4, 4)})])
    assert hidden.state(35, 1) is S
    hidden.undo()
    run = hidden.begin_propagation("fake")
    hidden.undo()
    hidden.put_results(run, [result(35, {1: box(0, 0, 4, 4)})])
    assert hidden.state(35, 1) is S


def test_results_that_come_after_a_changed_reference_are_stale(propagated, box, result):
    propagated.do(SetReference(10, (1,)))
    propagated.do(SetMask(30, 1, box(0, 0, 4, 4)))
    run = propagated.begin_propagation("fake")
    propagated.do(Paint(10, 1, 2, 2, box(0, 0, 1, 1)))
    propagated.put_results(run, [result(35, {1: box(0, 0, 4, 4)})])
    assert propagated.state(35, 1) is S


def test_painting_over_another_keyframe_makes_its_span_stale_too(propagated, box):
    propagated.do(Paint(10, 1, 0, 0, box(0, 0, 7, 7)))
    assert S in states(propagated, 2)
    assert propagated.assertions(10)[2].area == 8


def test_result_never_writes_keyframe_absent_checked_or_locked(propagated, box, result):
    propagated.do(MarkAbsent(1, 11, 12))
    propagated.do(CheckFrames((1,), 12, 13))
    before = {f: propagated.label_map(f).tobytes() for f in (10, 11, 12)}
    run = propagated.begin_propagation("fake")
    everywhere = box(0, 0, 12, 16)
    propagated.put_results(run, [result(f, {1: everywhere}) for f in (10, 11, 12, 13)])
    assert [propagated.state(f, 1) for f in (10, 11, 12, 13)] == [K, A, C, P]
    assert {f: propagated.label_map(f).tobytes() for f in (10, 11, 12)} == before
    assert (propagated.label_map(13) == 1).all()

    propagated.do(LockObject(2, True))
    before = propagated.label_map(20) == 2
    propagated.put_results(run, [result(20, {2: everywhere})])
    assert ((propagated.label_map(20) == 2) == before).all()


def test_checked_pixels_win_over_results_of_others(propagated, box, result):
    propagated.do(CheckFrames((2,), 20, 21))
    run = propagated.begin_propagation("fake")
    propagated.put_results(run, [result(20, {1: box(0, 0, 12, 16)})])
    shown = propagated.label_map(20)
    assert (shown[6:9, 6:9] == 2).all()
    assert (shown == 1).sum() == 12 * 16 - 9


def test_objects_out_of_the_run_stay(propagated, box, result):
    run = propagated.begin_propagation("fake")
    propagated.put_results(run, [result(20, {1: box(0, 0, 2, 2)})])
    assert (propagated.label_map(20) == 2).sum() == 9
    assert (propagated.label_map(20) == 1).sum() == 4


def test_unknown_objects_and_void_are_left_out(propagated, result, box):
    run = propagated.begin_propagation("fake")
    made = result(20, {1: box(0, 0, 2, 2), 7: box(3, 3, 5, 5)})
    made.label_map[11, 15] = 255
    propagated.put_results(run, [made])
    assert set(np.unique(propagated.label_map(20))) == {0, 1, 2}


def test_late_results_are_stale_where_their_keyframes_were_edited(propagated, box, result):
    run = propagated.begin_propagation("fake")
    propagated.do(SetMask(20, 1, box(1, 1, 5, 5)))
    masks = {1: box(0, 0, 4, 4), 2: box(6, 6, 9, 9)}
    propagated.put_results(run, [result(f, masks) for f in range(40)])
    assert states(propagated, 1) == [P] * 10 + [K] + [S] * 9 + [K] + [S] * 19
    assert states(propagated, 2) == [P] * 10 + [K] + [P] * 29
    fresh = propagated.begin_propagation("fake")
    propagated.put_results(fresh, [result(f, masks) for f in range(40)])
    assert S not in states(propagated, 1)


def test_undo_counts_as_an_edit_for_late_results(propagated, box, result):
    propagated.do(SetMask(20, 1, box(1, 1, 5, 5)))
    run = propagated.begin_propagation("fake")
    propagated.undo()
    propagated.put_results(run, [result(25, {1: box(0, 0, 4, 4)})])
    assert propagated.state(25, 1) is S


def test_cancelled_run_keeps_finished_frames(propagated, box, result):
    propagated.do(SetMask(30, 1, box(0, 0, 4, 4)))
    run = propagated.begin_propagation("fake")
    propagated.put_results(run, [result(f, {1: box(0, 0, 4, 4)}) for f in range(11, 15)])
    assert states(propagated, 1, range(11, 30)) == [P] * 4 + [S] * 15


def test_check_and_uncheck(propagated):
    propagated.do(CheckFrames((1, 2), 5, 12))
    assert states(propagated, 1, range(4, 13)) == [P, C, C, C, C, C, K, C, P]
    propagated.do(CheckFrames((1,), 0, None, checked=False))
    assert C not in states(propagated, 1)
    assert C in states(propagated, 2)


def test_checked_is_not_made_stale(propagated, box):
    propagated.do(CheckFrames((1,), 12, 14))
    propagated.do(SetMask(10, 1, box(0, 0, 1, 1)))
    assert states(propagated, 1, range(11, 15)) == [S, C, C, S]


def test_removed_keyframe_leaves_its_span_stale(propagated):
    propagated.do(ClearMasks(1, 10, 11))
    assert states(propagated, 1) == [S] * 10 + [E] + [S] * 29
    assert not (propagated.label_map(10) == 1).any()
    assert (propagated.label_map(10) == 2).any()


def test_deleting_masks_of_a_range(propagated, box):
    propagated.do(CheckFrames((1,), 6, 7))
    propagated.do(ClearMasks(1, 5, 15))
    assert states(propagated, 1) == [S] * 5 + [E] * 10 + [S] * 25
    assert np.isnan(propagated.lane(1).confidence[5:15]).all()
    assert not any((propagated.label_map(f) == 1).any() for f in range(5, 15))
    assert all((propagated.label_map(f) == 2).sum() == 9 for f in range(40))


def test_erasing_everything_asserts_absence(propagated, box):
    propagated.do(Paint(10, 1, 0, 0, box(0, 0, 12, 16), erase=True))
    assert propagated.state(10, 1) is A
    assert keyframes(propagated)[0].object_ids == (1, 2)


def test_painting_starts_from_what_is_shown(propagated, box):
    propagated.do(Paint(20, 1, 4, 4, box(0, 0, 1, 1)))
    shown = propagated.label_map(20)
    assert (shown == 1).sum() == 17 and (shown == 2).sum() == 9
    (frame,) = (k for k in keyframes(propagated) if k.frame_index == 20)
    assert frame.object_ids == (1,)
    assert (frame.label_map == 1).sum() == 17 and not (frame.label_map == 2).any()


def test_strokes_over_the_edge_and_outside(project, box):
    project.do(Paint(0, 1, -3, -3, np.ones((5, 5), np.bool_)))
    assert (project.label_map(0) == 1).sum() == 4
    project.do(Paint(0, 1, 100, 100, np.ones((5, 5), np.bool_)))
    project.do(Paint(0, 1, -50, 3, np.ones((5, 5), np.bool_)))
    assert (project.label_map(0) == 1).sum() == 4


def test_locked_objects(project, box):
    project.do(SetMask(0, 1, box(0, 0, 6, 6)))
    project.do(LockObject(1, True))
    with pytest.raises(UsageError, match="locked"):
        project.do(Paint(0, 1, 0, 0, box(0, 0, 2, 2)))
    with pytest.raises(UsageError, match="locked"):
        project.do(DeleteObject(1))
    project.do(Paint(0, 2, 0, 0, box(0, 0, 12, 16)))
    shown = project.label_map(0)
    assert (shown[:6, :6] == 1).all() and (shown == 2).sum() == 12 * 16 - 36


def test_import_never_overwrites_unless_asked(project, box):
    project.do(SetMask(0, 1, box(0, 0, 4, 4)))
    incoming = np.zeros((12, 16), np.uint8)
    incoming[2:8, 2:8] = 1
    incoming[0, 0] = 3
    incoming[9, 9] = 3
    incoming[11, 11] = 255
    keyframe = Keyframe(0, (1, 3), incoming)
    project.do(ImportKeyframes((keyframe,)))
    shown = project.label_map(0)
    assert (shown == 1).sum() == 16 and (shown == 3).sum() == 1
    assert [o.object_id for o in project.objects()] == [1, 2, 3]
    project.do(ImportKeyframes((keyframe,), overwrite=True))
    shown = project.label_map(0)
    assert (shown == 1).sum() == 36 and (shown == 3).sum() == 2
    assert 255 not in shown
    assert (keyframes(project)[0].label_map == 255).sum() == 1


@pytest.mark.parametrize("frame", [-1, 40, 10**30, True, 1.5])
def test_frames_out_of_the_video(project, box, frame):
    with pytest.raises(UsageError, match="frame"):
        project.do(SetMask(frame, 1, box(0, 0, 1, 1)))
    with pytest.raises(UsageError, match="frame"):
        project.label_map(frame)


def test_masks_of_another_size(project):
    with pytest.raises(MaskMismatch):
        project.do(SetMask(0, 1, np.ones((5, 5), np.bool_)))
    with pytest.raises(MaskMismatch):
        project.do(ImportKeyframes((Keyframe(0, (1,), np.ones((5, 5), np.uint8)),)))
    with pytest.raises(MaskMismatch):
        run = project.begin_propagation("fake")
        project.put_results(run, [FrameResult(0, np.ones((5, 5), np.uint8), (1,))])
    assert not project.label_map(0).any()


def test_references_are_keyframes_only(propagated):
    with pytest.raises(UsageError, match="keyframe"):
        propagated.do(SetReference(11))
    propagated.do(SetReference(10, (2,)))
    assert [(r.frame_index, r.object_id) for r in propagated.references()] == [(10, 2)]
    assert [k.frame_index for k in keyframes(propagated) if k.reference] == [10]
    propagated.do(SetReference(10, reference=False))
    assert propagated.references() == ()


def test_an_object_that_was_found_gone_is_remembered(propagated, box):
    run = propagated.begin_propagation("fake")
    gone = FrameResult(
        20, np.where(box(6, 6, 9, 9), 2, 0).astype(np.uint8), (1, 2), {1: 0.1}, absent={1}
    )
    propagated.put_results(run, [gone])
    assert np.flatnonzero(propagated.lane(1).gone).tolist() == [20]
    assert not propagated.lane(2).gone.any()
    propagated.do(Paint(10, 1, 2, 2, box(0, 0, 1, 1)))
    assert propagated.state(20, 1) is S and propagated.lane(1).gone[20]
    propagated.do(ClearMasks(1, 20, 21))
    assert not propagated.lane(1).gone.any()
    propagated.undo()
    assert propagated.lane(1).gone[20]


def test_keyframes_are_a_function_of_the_project(propagated, box):
    first = keyframes(propagated)
    assert [k.frame_index for k in first] == [10] and first[0].object_ids == (1, 2)
    propagated.do(MarkAbsent(2, 12, 15))
    propagated.do(SetMask(3, 1, box(1, 1, 2, 2)))
    assert [k.object_ids for k in keyframes(propagated)] == [(1,), (1, 2), (2,), (2,), (2,)]
    propagated.undo()
    propagated.undo()
    again = keyframes(propagated)
    assert [(k.frame_index, k.object_ids) for k in again] == [(10, (1, 2))]
    assert (again[0].label_map == first[0].label_map).all()


def test_all_254_objects_and_no_more(project):
    for _ in range(252):
        project.do(AddObject())
    with pytest.raises(UsageError, match="254"):
        project.do(AddObject())
    project.do(DeleteObject(77))
    project.do(AddObject())
    assert {o.object_id for o in project.objects()} == set(range(1, 255))
