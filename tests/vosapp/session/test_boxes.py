"""Box labels as arrays, and the frame that wants a box most."""

from __future__ import annotations

import numpy as np
import pytest

from vosapp.project.boxes import BoxCounts, BoxLabel
from vosapp.project.edit_boxes import PutBox, RemoveBoxes
from vosapp.project.edit_masks import SetMask
from vosapp.session.boxes import CALM, NO_BOXES, doubt, lane_of, next_to_box


def drawn(frame, x=10.0, side=20.0):
    return BoxLabel(frame, 1, x, 5.0, side, side if side else 0.0)


def lane(*labels):
    return lane_of(labels)


def test_labels_are_found_by_their_frame():
    found = lane(drawn(3), BoxLabel(4, 1, 1.0, 2.0, 3.0, 4.0, drawn=False), drawn(9, side=0.0))
    assert found.at(1, 4) == BoxLabel(4, 1, 1.0, 2.0, 3.0, 4.0, drawn=False)
    assert found.at(1, 5) is None and found.at(1, 10) is None and NO_BOXES.at(1, 0) is None
    assert found.counts == BoxCounts(drawn=1, interpolated=1, unseen=1)


def naive_doubt(frames, frame_count, pull, seen):
    """The formula frame by frame."""
    score = []
    for t in range(frame_count):
        before = [i for i, f in enumerate(frames) if f <= t]
        after = [i for i, f in enumerate(frames) if f >= t]
        if before and after:
            i, j = before[-1], after[0]
            share = (seen[i] + seen[j]) / 2
            length = (t - frames[i]) * (frames[j] - t)
        else:
            i = j = before[-1] if before else after[0]
            share, length = seen[i], (t - frames[i]) ** 2
        score.append(length / 2 * max(pull[i], pull[j]) * share)
    return score


def test_doubt_as_the_formula_says():
    # Speeds 1, then 3 pixels a frame in gaps of 10: 2 / 10 pixels per frame squared, sides of 20.
    found = lane(drawn(5, 0.0), drawn(15, 10.0), drawn(25, 40.0), drawn(30, 0.0, side=0.0))
    pull = [CALM, 0.2 / 20, CALM, CALM]
    expected = naive_doubt([5, 15, 25, 30], 40, pull, [1, 1, 1, 0])
    assert doubt(found, 40) == pytest.approx(expected)


def test_the_largest_gap_of_an_even_motion_is_suggested():
    found = lane(*(drawn(frame, float(frame)) for frame in (0, 10, 60, 99)))
    assert next_to_box([found], 100) == 35


def test_where_speed_changes_a_smaller_gap_is_more_doubtful():
    even = lane(drawn(0, 0.0), drawn(20, 20.0), drawn(40, 40.0), drawn(99, 99.0))
    assert next_to_box([even], 100) in (69, 70)
    jerky = lane(drawn(0, 0.0), drawn(20, 200.0), drawn(40, 0.0), drawn(99, 0.0))
    assert next_to_box([jerky], 100) < 70


def test_the_ends_of_a_video_come_before_its_middle():
    assert next_to_box([lane(drawn(0))], 50) == 49
    assert next_to_box([lane(drawn(49))], 50) == 0


def test_small_gaps_are_let_be_and_nothing_is_said_without_a_box():
    assert next_to_box([lane(*(drawn(frame) for frame in range(0, 50, 6)))], 50) is None
    assert next_to_box([NO_BOXES], 50) is None and next_to_box([], 50) is None


def test_between_two_frames_without_the_object_nothing_is_wanted():
    gone = [drawn(frame, side=0.0) for frame in (0, 49)]
    assert next_to_box([lane(*gone)], 50) is None
    assert not doubt(lane(*gone), 50).any()


def test_a_session_reads_labels_again_only_where_they_changed(tracked, qtbot):
    session, told = tracked.session, []
    session.boxesChanged.connect(told.append)
    session.do(PutBox(BoxLabel(2, 1, 1.0, 2.0, 3.0, 4.0)))
    qtbot.waitUntil(lambda: told == [frozenset({1})])
    before = session.boxes(1)
    session.do(SetMask(3, 1, np.ones((48, 64), bool)))
    qtbot.waitUntil(lambda: session.update.undo.startswith("Set mask"))
    assert session.boxes(1) is before and told == [frozenset({1})]
    session.do(RemoveBoxes(1, 0))
    qtbot.waitUntil(lambda: len(told) == 2)
    assert session.boxes(1).counts == BoxCounts()
    session.undo()
    qtbot.waitUntil(lambda: len(told) == 3)
    assert session.boxes(1).at(1, 2) == BoxLabel(2, 1, 1.0, 2.0, 3.0, 4.0)


def test_labels_that_are_there_are_shown_when_a_project_opens(film, film_project, qtbot):
    from vosapp.project.edits import AddObject
    from vosapp.project.opening import open_project
    from vosapp.session.session import Session

    project = open_project(film_project)
    project.do(AddObject())
    project.do(PutBox(BoxLabel(2, 1, 1.0, 2.0, 3.0, 4.0)))
    session = Session(project, film)
    qtbot.waitUntil(lambda: session.boxes(1).counts.drawn == 1)
    session.close()
