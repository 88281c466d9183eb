"""What a user finds of masks, what a run makes of that, and what was there before the run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vosapp.project.edit_masks import SetMask
from vosapp.project.edit_ranges import CheckFrames, ClearMasks, MergeObjects
from vosapp.project.edit_review import ReviewFrames
from vosapp.project.model import FrameState, Review
from vosapp.project.opening import open_project
from vosapp.project.review_reading import NOTHING, REVIEWS, reviews_of

UNREVIEWED, CHECKED, NEEDS_WORK = Review.UNREVIEWED, Review.CHECKED, Review.NEEDS_WORK


@pytest.fixture
def propagated(project, box, result):
    """A keyframe of object 1 on frame 10, results of both on the frames 0 to 19."""
    project.do(SetMask(10, 1, box(0, 0, 4, 4)))
    put(project, box, result, 4)
    return project


def put(project, box, result, side, frames=range(20), apart=None):
    """Propagate boxes of a side."""
    run = project.begin_propagation("fake", "w1")
    masks = {1: box(0, 0, side, side), 2: box(6, 6, 9, 9)}
    made = (replace(result(f, masks, {1: 0.5}), disagreement=apart or {}) for f in frames)
    project.put_results(run, made)


def marked(project, object_id, review):
    found = reviews_of(project.cells(object_id))
    return np.flatnonzero(found == REVIEWS.index(review)).tolist()


def test_a_review_is_an_edit_of_propagated_cells_alone(propagated):
    propagated.do(ReviewFrames((1,), 8, 12, NEEDS_WORK))
    propagated.do(ReviewFrames((1, 2), 14, None, CHECKED))
    assert marked(propagated, 1, NEEDS_WORK) == [8, 9, 11]
    assert marked(propagated, 1, CHECKED) == marked(propagated, 2, CHECKED) == [*range(14, 20)]
    assert reviews_of(propagated.cells(1))[[10, 25]].tolist() == [NOTHING, NOTHING]
    wanted = {UNREVIEWED: 10 + 14, CHECKED: 12, NEEDS_WORK: 3}
    assert propagated.review_counts((1, 2)) == wanted
    propagated.undo()
    assert marked(propagated, 1, CHECKED) == [] and marked(propagated, 1, NEEDS_WORK) == [8, 9, 11]
    propagated.redo()
    assert propagated.review_counts((1, 2)) == wanted


def test_one_finding_takes_the_place_of_another(propagated):
    propagated.do(ReviewFrames((1,), 3, 4, NEEDS_WORK))
    propagated.do(CheckFrames((1,), 3, 4))
    assert marked(propagated, 1, CHECKED) == [3]
    propagated.do(CheckFrames((1,), 3, 4, checked=False))
    assert marked(propagated, 1, NEEDS_WORK) == [] and 3 in marked(propagated, 1, UNREVIEWED)
    propagated.do(ReviewFrames((1,), 3, 4, CHECKED))
    propagated.do(ReviewFrames((1,), 3, 4, NEEDS_WORK))
    assert propagated.state(3, 1) is FrameState.PROPAGATED and marked(propagated, 1, CHECKED) == []
    propagated.do(ReviewFrames((1,), 3, 4, UNREVIEWED))
    assert 3 in marked(propagated, 1, UNREVIEWED)
    assert propagated.do(ReviewFrames((1,), 3, 4, UNREVIEWED)).name == ""


def test_a_run_never_writes_what_is_checked_and_makes_the_rest_unreviewed(propagated, box, result):
    propagated.do(ReviewFrames((1,), 3, 5, CHECKED))
    propagated.do(ReviewFrames((1,), 5, 7, NEEDS_WORK))
    put(propagated, box, result, 6)
    assert marked(propagated, 1, CHECKED) == [3, 4] and marked(propagated, 1, NEEDS_WORK) == []
    areas = [int((propagated.label_map(f) == 1).sum()) for f in (3, 4, 5, 7)]
    assert areas == [16, 16, 36, 36]
    propagated.undo()
    assert marked(propagated, 1, NEEDS_WORK) == [5, 6]


def test_a_stale_mask_still_needs_work_and_a_keyframe_does_not(propagated, box):
    propagated.do(ReviewFrames((1,), 12, 14, NEEDS_WORK))
    propagated.do(SetMask(12, 1, box(0, 0, 5, 5)))
    assert propagated.state(13, 1) is FrameState.STALE
    assert marked(propagated, 1, NEEDS_WORK) == [13]


def test_reviews_go_with_their_object(propagated):
    propagated.do(ReviewFrames((2,), 4, 6, NEEDS_WORK))
    propagated.do(MergeObjects(2, 1))
    assert marked(propagated, 1, NEEDS_WORK) == [4, 5]
    propagated.do(ClearMasks(1, 0))
    assert not propagated.lane(1).needs_work.any()
    propagated.undo()
    assert marked(propagated, 1, NEEDS_WORK) == [4, 5]


def test_disagreement_is_kept_with_the_mask(propagated, path, box, result):
    assert np.isnan(propagated.lane(1).disagreement).all()
    put(propagated, box, result, 5, [4, 10], {1: 0.25, 2: 1.0})
    propagated.close()
    with open_project(path) as again:
        lane = again.lane(1)
        assert lane.disagreement[4] == pytest.approx(0.25, abs=0.003)
        assert np.isnan(np.delete(lane.disagreement, 4)).all()
        assert again.lane(2).disagreement[[4, 10]].tolist() == [1, 1]
        again.do(ClearMasks(1, 0))
        assert np.isnan(again.lane(1).disagreement).all()


def test_what_was_there_before_the_last_run(propagated, box, result):
    assert propagated.earlier_map(5) is None
    put(propagated, box, result, 6, [5, 10])
    assert (propagated.label_map(5) == 1).sum() == 36
    before = propagated.earlier_map(5)
    assert (before == 1).sum() == 16 and (before == 2).sum() == 9
    assert propagated.earlier_map(6) is None
    # What the user asserts was not made by a run: it is the same before and after.
    assert propagated.earlier_map(10) is None
    put(propagated, box, result, 6, [5])
    assert (propagated.earlier_map(5) == 1).sum() == 16, "a run that changed nothing"
    put(propagated, box, result, 2, [5])
    assert (propagated.earlier_map(5) == 1).sum() == 36
    propagated.undo()
    assert (propagated.earlier_map(5) == 1).sum() == 16


def test_deleted_results_are_what_was_before(propagated, box, result):
    propagated.do(ClearMasks(1, 5, 6))
    assert (propagated.earlier_map(5) == 1).sum() == 16
    put(propagated, box, result, 3, [5])
    assert not (propagated.earlier_map(5) == 1).any()
