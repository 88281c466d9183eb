"""Which frames a video is learned from."""

from __future__ import annotations

import numpy as np
import pytest

from core.engine.fuse import Opinion
from core.engine.lessons import MOST_FRAMES, MOST_KEYFRAMES, choose
from core.engine.spool import ProbabilitySpool
from core.jobs import Cancelled, CancelToken
from core.types import VOID, Keyframe


def fill(spool, trust, ids=(1,)):
    probabilities = np.full((1 + len(ids), 6, 8), 1 / (1 + len(ids)), np.float32)
    for index, value in trust.items():
        opinion = Opinion(ids, probabilities, dict.fromkeys(ids, value), dict.fromkeys(ids, 1))
        spool.put(index, opinion, 0.0)


@pytest.fixture
def spool():
    with ProbabilitySpool() as kept:
        yield kept


def test_the_middle_of_every_part(spool, keyframe):
    fill(spool, dict.fromkeys(range(1, 401), 0.5))
    lessons = choose(spool, (keyframe(0, (1,)),))
    assert list(lessons.frames) == list(range(11, 400, 20))
    assert len(lessons.frames) == MOST_FRAMES
    assert [k.frame_index for k in lessons.keyframes] == [0]


def test_of_many_keyframes_some_that_lie_evenly(spool, keyframe):
    lessons = choose(spool, tuple(keyframe(i, (1,)) for i in range(100)))
    indices = [k.frame_index for k in lessons.keyframes]
    assert len(indices) == MOST_KEYFRAMES
    assert (indices[0], indices[-1]) == (0, 99)
    assert set(np.diff(indices)) == {6, 7}


def test_frames_that_do_not_know_every_object_are_the_last_choice(spool, keyframe):
    fill(spool, {1: 1.0, 2: 1.0}, ids=(1,))
    keyframes = (keyframe(0, (1,)), keyframe(4, (2,)))
    assert list(choose(spool, keyframes).frames) == [1, 2]
    fill(spool, {3: 0.1}, ids=(1, 2))
    assert list(choose(spool, keyframes).frames) == [3]


def test_a_keyframe_of_some_objects_comes_with_what_was_propagated(spool, keyframe, film):
    fill(spool, {3: 0.1, 4: 0.5}, ids=(1, 2))
    inside = keyframe(4, (2,))
    lessons = choose(spool, (keyframe(0, (1, 2)), inside))
    read = list(lessons.read(film(), CancelToken()))
    assert [(k.frame_index, k.keyframe is not None) for k in read] == [
        (0, True),
        (3, False),
        (4, True),
    ]
    assert read[2].step.probabilities.shape == (3, 6, 8)


def test_where_a_keyframe_says_nothing_all_probabilities_are_zero(spool, box, film):
    label_map = box(1)
    label_map[0] = VOID
    (lesson,) = choose(spool, (Keyframe(0, (1,), label_map),)).read(film(), CancelToken())
    assert lesson.step.probabilities[:, 0].max() == 0
    assert (lesson.step.probabilities[:, 1:].sum(0) == 1).all()


def test_reading_can_be_cancelled(spool, keyframe, film):
    token = CancelToken()
    job = choose(spool, (keyframe(0, (1,)), keyframe(2, (1,)))).read(film(), token)
    next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        next(job)
