"""Which frames of a project to check, from what it stores alone."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from core.jobs import CancelToken
from core.review.reasons import Reason
from core.types import FrameResult
from vosapp.project.edit_masks import SetMask
from vosapp.project.edit_review import ReviewFrames
from vosapp.project.edits import AddObject, ShowObject
from vosapp.project.model import Review, VideoRef
from vosapp.project.opening import create_project
from vosapp.services.review import ReviewBook, ReviewFilter, ReviewRow

HEIGHT, WIDTH, FRAMES = 32, 48, 60
SPECKS = 20
LOST = 42


def label_map(frame):
    """Two boxes; the first one falls apart on one frame, the second is lost on another."""
    made = np.zeros((HEIGHT, WIDTH), np.uint8)
    made[4:14, 4:14] = 1
    if frame != LOST:
        made[18:28, 20:34] = 2
    if frame == SPECKS:
        made[4:14:2, 4:14] = 0
    return made


def result(frame, made=None):
    confidence = {1: 0.9, 2: 0.0 if frame == LOST else 0.9}
    return FrameResult(frame, label_map(frame) if made is None else made, (1, 2), confidence)


@pytest.fixture
def project(tmp_path):
    video = VideoRef("film.mp4", "film.mp4", 9, "ab", FRAMES, WIDTH, HEIGHT, Fraction(25))
    with create_project(tmp_path / "two.vosapp", video) as made:
        for object_id in (1, 2):
            made.do(AddObject(name=f"Box {object_id}"))
            made.do(SetMask(0, object_id, label_map(0) == object_id))
        run = made.begin_propagation("fake")
        made.put_results(run, [result(frame) for frame in range(1, FRAMES)])
        yield made


@pytest.fixture
def book(project):
    made = ReviewBook(project)
    for _ in made.measure_all(CancelToken()):
        pass
    return made


def test_what_is_wrong_comes_first_with_its_object_and_reason(book):
    rows = book.rows(ReviewFilter())
    first = {(row.frame_index, row.object_ids, row.reasons[0]) for row in rows[:2]}
    assert first == {(LOST, (2,), Reason.LOST), (SPECKS, (1,), Reason.ISLANDS)}
    assert all(row.stop == row.frame_index + 1 for row in rows)
    frames = sorted(row.frame_index for row in rows)
    assert min(np.diff(frames)) >= 6 and 0 not in frames


def test_a_list_can_be_of_one_object_or_one_reason(project, book):
    assert {row.object_ids for row in book.rows(ReviewFilter(object_id=1))} == {(1,)}
    rows = book.rows(ReviewFilter(reason=Reason.LOST))
    assert [(row.frame_index, row.object_ids) for row in rows] == [(LOST, (2,))]
    assert book.rows(ReviewFilter(object_id=1, reason=Reason.LOST)) == ()
    project.do(ShowObject(2, visible=False))
    assert {row.object_ids for row in book.rows(ReviewFilter())} == {(1,)}
    assert book.counts() == book.counts(1)
    assert book.rows(ReviewFilter(object_id=9)) == ()


def test_what_was_reviewed_is_listed_apart_and_its_neighbors_are_let_be(project, book):
    project.do(ReviewFrames((2,), LOST, LOST + 1, Review.NEEDS_WORK))
    project.do(ReviewFrames((1,), SPECKS, SPECKS + 3, Review.CHECKED))
    frames = [row.frame_index for row in book.rows(ReviewFilter())]
    for object_id, frame in ((2, LOST), (1, SPECKS)):
        near = {row.frame_index for row in book.rows(ReviewFilter(object_id=object_id))}
        assert not near & set(range(frame - 5, frame + 6))
    assert frames[0] not in (LOST, SPECKS)
    needing, checked = Review.NEEDS_WORK, Review.CHECKED
    wanted = ReviewRow(LOST, LOST + 1, (2,), review=needing)
    assert book.rows(ReviewFilter(needing)) == (wanted,)
    wanted = ReviewRow(SPECKS, SPECKS + 3, (1,), review=checked)
    assert book.rows(ReviewFilter(checked)) == (wanted,)
    assert book.counts()[needing] == 1 and book.counts(1)[checked] == 3
    assert book.counts()[Review.UNREVIEWED] == 2 * (FRAMES - 1) - 4


def test_only_what_changed_is_looked_at_again(project, book, monkeypatch):
    assert not book.unmeasured().size
    whole = label_map(0)
    run = project.begin_propagation("fake")
    change = project.put_results(run, [result(SPECKS, whole)])
    book.forget(change.frame_indices)
    assert book.unmeasured().tolist() == [SPECKS]
    assert len(list(book.measure_all(CancelToken()))) == 1
    assert not book.rows(ReviewFilter(reason=Reason.ISLANDS))


def test_disagreement_is_a_reason(project, book):
    run = project.begin_propagation("fake")
    made = [replace(result(30), disagreement={1: 0.9, 2: 0.0})]
    book.forget(project.put_results(run, made).frame_indices)
    rows = book.rows(ReviewFilter(reason=Reason.DISAGREE))
    assert [(row.frame_index, row.object_ids) for row in rows] == [(30, (1,))]


def test_maps_beside_thumbnails_are_small(book, monkeypatch):
    assert (book.small_map(5) == label_map(5)).all()
    monkeypatch.setattr("vosapp.services.review.SMALL", 8)
    assert book.small_map(5).shape == (8, 12) and set(np.unique(book.small_map(5))) == {0, 1, 2}
