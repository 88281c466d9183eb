"""The list of frames to check keeps up with the project, and leads from row to row."""

from __future__ import annotations

import numpy as np
import pytest
from vosapp_fakes import FRAMES, label_map_of

from core.review.reasons import Reason
from core.types import FrameResult
from vosapp.project.edit_review import ReviewFrames
from vosapp.project.model import FrameState, Review
from vosapp.services.review import ReviewFilter
from vosapp.session.review import ReviewControl

BROKEN, LOST = 8, 17


def result(frame, *, good=False):
    made = label_map_of(frame)
    if frame == LOST and not good:
        made[made == 2] = 0
    if frame == BROKEN and not good:
        made[10:24:2][made[10:24:2] == 1] = 0
    return FrameResult(frame, made, (1, 2), {1: 0.9, 2: 0.9})


def propagate(session, frames=range(1, FRAMES), *, good=False):
    run = session.project.begin_propagation("fake")
    session.refresh(session.project.put_results(run, [result(f, good=good) for f in frames]))


@pytest.fixture
def session(tracked):
    propagate(tracked.session)
    return tracked.session


@pytest.fixture
def review(qtbot, tracked, session):
    tracked.review.want()
    qtbot.waitUntil(lambda: len(tracked.review.list.rows) > 1 and not tracked.review.list.left)
    return tracked.review


def frames(review):
    return [row.frame_index for row in review.list.rows]


def test_nothing_is_looked_at_before_somebody_wants_it(qtbot, tracked, session):
    qtbot.wait(300)
    assert tracked.review.list.rows == () and not tracked.session.reader.busy


def test_the_worst_come_first_with_counts_and_small_maps(review):
    assert set(frames(review)[:2]) == {BROKEN, LOST}
    assert review.list.counts[Review.UNREVIEWED] == 2 * (FRAMES - 1)
    assert (review.list.maps[BROKEN] == result(BROKEN).label_map).all()


def test_stepping_shows_each_row_and_ends(qtbot, review, session):
    told = []
    review.ended.connect(lambda: told.append(True))
    for row in review.list.rows:
        review.step(1)
        assert session.frame_index == row.frame_index and session.object_id in row.object_ids
    review.step(1)
    assert told and session.frame_index == review.list.rows[-1].frame_index
    review.step(-1)
    assert session.frame_index == review.list.rows[-2].frame_index


def test_a_step_before_the_list_is_made_waits_for_it(qtbot, tracked, session):
    tracked.review.step(1)
    qtbot.waitUntil(lambda: session.frame_index in (BROKEN, LOST))


def test_checked_leads_on_and_leaves_the_list(qtbot, review, session):
    review.step(1)
    first, second = review.list.rows[:2]
    assert review.mark(Review.CHECKED)
    assert session.frame_index == second.frame_index
    qtbot.waitUntil(lambda: first.frame_index not in frames(review))
    assert review.list.rows[review.row].frame_index == second.frame_index
    for object_id in (1, 2):
        state = session.lane(object_id).states[first.frame_index]
        assert state == FrameState.CHECKED
    with qtbot.waitSignal(session.edited):
        session.undo()
    qtbot.waitUntil(lambda: first.frame_index in frames(review))


def test_needing_work_is_shown_on_the_lane_until_a_run_writes_the_mask(qtbot, review, session):
    review.step(1)
    row = review.list.rows[0]
    review.mark(Review.NEEDS_WORK)

    def lane_of():
        return session.lane(row.object_ids[0])

    qtbot.waitUntil(lambda: lane_of().needs_work[row.frame_index])
    review.set_filter(ReviewFilter(Review.NEEDS_WORK))
    qtbot.waitUntil(lambda: frames(review) == [row.frame_index])
    propagate(session, [row.frame_index], good=True)
    qtbot.waitUntil(lambda: review.list.rows == ())
    assert not lane_of().needs_work.any() and not review.list.counts[Review.NEEDS_WORK]


def test_a_stretch_is_gone_through_frame_by_frame(qtbot, review, session):
    session.do(ReviewFrames((1,), 3, 6, Review.NEEDS_WORK))
    session.do(ReviewFrames((2,), 9, 10, Review.NEEDS_WORK))
    review.set_filter(ReviewFilter(Review.NEEDS_WORK))
    qtbot.waitUntil(lambda: frames(review) == [3, 9])
    review.step(1)
    for done, left in ((3, [4, 9]), (4, [5, 9]), (5, [9])):
        assert session.frame_index == done
        review.mark(Review.CHECKED)
        qtbot.waitUntil(lambda left=left: frames(review) == left)
    assert session.frame_index == 9 and review.list.rows[review.row].frame_index == 9


def test_what_was_listed_by_another_filter_is_never_shown(qtbot, review, session):
    """A look that has begun before the filter was changed says nothing of the new one."""
    seen = []
    review.changed.connect(lambda: seen.append((review.filter, review.list.rows)))
    wanted = ReviewFilter(Review.CHECKED)
    review._begin()
    review.set_filter(wanted)
    qtbot.waitUntil(lambda: len(seen) > 1 and not review._running)
    assert all(rows == () for filter_, rows in seen if filter_ == wanted)


def test_mended_frames_leave_the_list(qtbot, review, session):
    review.set_filter(ReviewFilter(reason=Reason.ISLANDS))
    qtbot.waitUntil(lambda: frames(review) == [BROKEN])
    propagate(session, [BROKEN], good=True)
    qtbot.waitUntil(lambda: review.list.rows == ())


def test_off_the_list_the_selected_object_needs_work_and_the_whole_frame_is_right(
    qtbot, review, session
):
    session.go_to(3)
    session.select_object(2)
    with qtbot.waitSignal(session.lanesChanged):
        assert review.mark(Review.NEEDS_WORK)
    assert session.frame_index == 3
    assert session.lane(2).needs_work[3] and not session.lane(1).needs_work[3]
    with qtbot.waitSignal(session.lanesChanged):
        assert review.mark(Review.CHECKED)
    assert {session.lane(i).states[3] for i in (1, 2)} == {int(FrameState.CHECKED)}
    session.select_object(0)
    assert not review.mark(Review.NEEDS_WORK)
    session.go_to(0)
    assert not review.mark(Review.CHECKED), "keyframes"
    review.set_filter(ReviewFilter(object_id=2))
    session.go_to(5)
    with qtbot.waitSignal(session.lanesChanged):
        assert review.mark(Review.CHECKED)
    assert session.lane(1).states[5] == FrameState.PROPAGATED


def test_frames_as_they_were_before_the_last_run(qtbot, review, session):
    propagate(session, [BROKEN], good=True)
    session.go_to(BROKEN)
    good, bad = result(BROKEN, good=True).label_map, result(BROKEN).label_map

    def shows(label_map, *, earlier):
        view = session.view
        right = view.frame_index == BROKEN and view.earlier is earlier
        return right and np.array_equal(view.label_map, label_map)

    qtbot.waitUntil(lambda: shows(good, earlier=None))
    with qtbot.waitSignal(session.earlierChanged):
        session.show_earlier(earlier=True)
    qtbot.waitUntil(lambda: shows(bad, earlier=True))
    assert np.array_equal(session.project.label_map(BROKEN), good)
    session.show_earlier(earlier=False)
    qtbot.waitUntil(lambda: shows(good, earlier=None))


def test_closing_in_the_middle_of_a_look_harms_nothing(tracked, session, monkeypatch):
    monkeypatch.setattr("vosapp.session.review.SLICE", 0.0)
    made = ReviewControl(session, tracked)
    made.want()
    made._begin()
