"""Two passes: drafts, then learning, then results that keep what keyframes assert."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest

from core.engine.adapted import LEARNING, AdaptedRequest, adapted_step_count, propagate_adapted
from core.engine.propagate import PropagationRequest, propagate
from core.engine.spool import ProbabilitySpool
from core.errors import UsageError
from core.jobs import Cancelled, CancelToken, Progress
from core.ops.label_maps import merge_keyframe
from core.tracking.contract import Adaptation, StepResult
from core.types import FrameResult

STEPS = 3
WHOLE = Adaptation()


class Repainter:
    """A refiner that gives every pixel to the last object of the frame."""

    def refine(self, frame_index, frame, step):
        probabilities = np.zeros_like(step.probabilities)
        probabilities[-1] = 1
        return StepResult(probabilities, step.object_ids, dict.fromkeys(step.object_ids, 0.25))


@pytest.fixture
def learner(walk_tracker):
    """A tracker without vision that notes its lessons and learns to repaint."""

    class Learner(walk_tracker):
        def adapt(self, lessons, object_ids, adaptation, token):
            self.lessons = list(lessons)
            self.asked = object_ids, adaptation
            for step in range(STEPS):
                token.check()
                yield Progress(step + 1, STEPS)
            return Repainter()

    return Learner()


def request(keyframes, count=8, *, start=0, stop=None):
    return PropagationRequest(tuple(keyframes), start, count if stop is None else stop)


def run(video, tracker, wanted, token=None, spool=None):
    adapted = AdaptedRequest.whole(wanted, WHOLE)
    token = token or CancelToken()
    with nullcontext(spool) if spool is not None else ProbabilitySpool() as kept:
        yield from propagate_adapted(video, tracker, adapted, token, spool=kept)


def finals(items):
    return {r.frame_index: r for r in items if isinstance(r, FrameResult) and not r.is_draft}


def test_drafts_are_what_propagation_gives_alone(film, learner, walk_tracker, keyframe):
    wanted = request([keyframe(2, (1, 2))])
    alone = list(propagate(film(), walk_tracker(), wanted, CancelToken()))
    items = list(run(film(), learner, wanted))
    first = [i for i in items if isinstance(i, FrameResult)][: len(alone)]
    assert [r.frame_index for r in first] == [r.frame_index for r in alone]
    for draft, result in zip(first, alone, strict=True):
        np.testing.assert_array_equal(draft.label_map, result.label_map)
        assert draft.is_draft != draft.is_keyframe


def test_phases_and_their_count(film, learner, keyframe):
    wanted = request([keyframe(2, (1, 2)), keyframe(6, (1, 2))])
    items = list(run(film(), learner, wanted))
    texts = [i.text for i in items if isinstance(i, Progress) and i.phase == LEARNING]
    assert texts == [LEARNING, *(f"{LEARNING}, {n} of {STEPS}" for n in (1, 2, 3))]
    adapted = AdaptedRequest.whole(wanted, WHOLE)
    assert len(items) - len(texts) == adapted_step_count(adapted, 8, frozenset())
    assert sorted(finals(items)) == list(range(8))
    assert learner.asked == ((1, 2), WHOLE)


def test_keyframes_stay_and_other_frames_are_refined(film, learner, keyframe, box):
    inside = keyframe(4, (2,), box(0, 2))
    wanted = request([keyframe(1, (1, 2)), inside])
    results = finals(run(film(), learner, wanted))
    np.testing.assert_array_equal(results[1].label_map, box(1, 2))
    np.testing.assert_array_equal(results[4].label_map == 2, inside.label_map == 2)
    np.testing.assert_array_equal(results[3].label_map, np.full_like(inside.label_map, 2))
    assert results[1].confidence == {1: 1.0, 2: 1.0}
    assert results[4].confidence == {1: 0.25, 2: 1.0}
    assert results[3].confidence == {1: 0.25, 2: 0.25}
    repainted = np.full_like(inside.label_map, 2)
    np.testing.assert_array_equal(results[4].label_map, merge_keyframe(repainted, inside))


def test_lessons_are_all_keyframes_and_frames_between(film, learner, keyframe):
    wanted = request([keyframe(0, (1,)), keyframe(40, (1,))], 60, start=10, stop=30)
    list(run(film(60), learner, wanted))
    asserted = [lesson.frame_index for lesson in learner.lessons if lesson.keyframe]
    others = [lesson for lesson in learner.lessons if not lesson.keyframe]
    assert asserted == [0, 40]
    assert all(10 <= lesson.frame_index < 30 for lesson in others)
    assert all(int(lesson.frame[0, 0, 0]) == lesson.frame_index for lesson in others)


def test_only_wanted_frames_change(film, learner, keyframe):
    wanted = request([keyframe(0, (1,))], start=3, stop=6)
    assert sorted(finals(run(film(), learner, wanted))) == [3, 4, 5]


def test_what_the_spool_holds_is_not_walked_again(film, learner, keyframe):
    wanted = request([keyframe(0, (1,))])
    with ProbabilitySpool() as spool:
        whole = finals(run(film(), learner, wanted, spool=spool))
        learner.steps.clear()
        adapted = AdaptedRequest(wanted, WHOLE, ())
        items = propagate_adapted(film(), learner, adapted, CancelToken(), spool=spool)
        again = finals(items)
    assert learner.steps == []
    assert sorted(again) == list(range(1, 8))
    for index, result in again.items():
        np.testing.assert_array_equal(result.label_map, whole[index].label_map)


@pytest.mark.parametrize("after", range(0, 8 + 1 + STEPS + 7, 2))
def test_cancel_in_every_phase(after, film, learner, keyframe):
    token = CancelToken()
    job = run(film(), learner, request([keyframe(0, (1,))]), token)
    for _ in range(after):
        next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        next(job)


def test_a_tracker_that_cannot_learn_is_refused_before_anything_is_done(
    film, walk_tracker, keyframe
):
    video, tracker = film(), walk_tracker()
    with pytest.raises(UsageError, match="cannot adapt"):
        next(run(video, tracker, request([keyframe(0, (1,))])))
    assert (video.asked, tracker.steps) == ([], [])
