"""What was learned of a video has as much say as it found the user's own masks again."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.jobs import CancelToken, Progress
from core.ops.label_maps import one_hot
from core.tracking.adaptation import trust
from core.tracking.adaptation.learning import AdaptConfig
from core.tracking.adaptation.samples import Sample
from core.tracking.adaptation.video import FeatureSource, LearnedVideo, fused, learn, steps_for
from core.tracking.contract import Adaptation, Lesson, StepResult
from core.types import Keyframe

CPU = torch.device("cpu")
SIZE = (16, 16)


def plane_of(top):
    """An object in the rows from `top` to 8, at half size."""
    mask = np.zeros(SIZE, bool)
    mask[top:8] = True
    return mask


def probabilities_of(*masks):
    return np.stack([~np.logical_or.reduce(masks), *masks]).astype(np.float32)


def sample(*masks, is_keyframe=True):
    probabilities = probabilities_of(*masks).repeat(2, 1).repeat(2, 2)
    image = np.zeros((32, 32, 3), np.uint8)
    return Sample(
        image, torch.zeros(1, 8, 8), probabilities, np.ones(SIZE, np.float32), 1.0, is_keyframe
    )


@pytest.fixture
def answer(monkeypatch):
    """Lets every network answer with these masks."""

    def give(*masks):
        monkeypatch.setattr(trust, "predict", lambda *_: probabilities_of(*masks))

    return give


def test_who_finds_the_keyframes_has_its_full_say(answer):
    answer(plane_of(0))
    assert trust.network_weights(None, [sample(plane_of(0))], 0.85) == pytest.approx([0.85])


def test_who_does_not_has_none_and_in_between_some(answer):
    answer(plane_of(5))
    assert trust.network_weights(None, [sample(plane_of(0))], 0.85) == pytest.approx([0])
    answer(plane_of(3))
    weight = trust.network_weights(None, [sample(plane_of(0))], 0.85)
    assert weight == pytest.approx([0.85 * (5 / 8 - 0.5) / 0.3], abs=1e-6)


def test_objects_are_judged_one_by_one(answer):
    left, right = np.zeros(SIZE, bool), np.zeros(SIZE, bool)
    left[:, :4], right[:, 10:] = True, True
    answer(left, np.zeros(SIZE, bool))
    weights = trust.network_weights(None, [sample(left, right)], 0.85)
    assert weights == pytest.approx([0.85, 0])


def test_only_keyframes_are_witnesses(answer):
    answer(plane_of(0))
    wrong = sample(plane_of(6), is_keyframe=False)
    assert trust.network_weights(None, [wrong, sample(plane_of(0))], 1.0) == pytest.approx([1])
    assert trust.network_weights(None, [wrong], 1.0) == pytest.approx([0])


def test_without_any_say_propagation_stays_as_it_is():
    source = FeatureSource(lambda frame: frame, lambda *_: None, lambda _image: None, CPU)
    video = LearnedVideo(source, None, (1,), weights=np.zeros(1, np.float32))
    step = StepResult(probabilities_of(plane_of(2)), (1,), {1: 0.4})
    assert video.refine(0, np.zeros((32, 32, 3), np.uint8), step) is step


def test_an_object_without_say_keeps_its_probabilities_beside_one_with():
    carried = np.array([0.2, 0.7, 0.1], np.float32).reshape(3, 1, 1)
    learned = np.array([0.6, 0.3, 0.1], np.float32).reshape(3, 1, 1)
    alone = fused(carried, learned, np.array([1, 1], np.float32))
    none = fused(carried, learned, np.array([0, 0], np.float32))
    np.testing.assert_allclose(alone, learned, atol=3e-3)
    np.testing.assert_allclose(none, carried, atol=3e-3)
    some = fused(carried, learned, np.array([0, 1], np.float32))
    assert some[1] > alone[1]


CONFIG = AdaptConfig(iterations=80, rounds=3)


@pytest.mark.parametrize(("keyframes", "steps"), [(0, 80), (1, 80), (2, 160), (3, 240), (9, 240)])
def test_more_keyframes_are_learned_longer_up_to_a_limit(keyframes, steps):
    assert steps_for([frozenset({1})] * keyframes, (1,), CONFIG) == steps


def test_the_object_that_is_shown_least_decides_how_long():
    both, one = frozenset({1, 2}), frozenset({1})
    assert steps_for([both, one, one], (1, 2), CONFIG) == 80
    assert steps_for([both, both, one], (1, 2), CONFIG) == 160


@pytest.mark.parametrize(("second", "steps"), [((1, 2), 4), ((1,), 2)])
def test_a_corrected_object_does_not_count_for_the_others(second, steps):
    """Of two keyframes the second asserts all objects, or the first alone."""
    label_map = np.zeros((32, 32), np.uint8)
    label_map[2:12, 2:12], label_map[18:30, 18:30] = 1, 2
    frame = np.zeros((32, 32, 3), np.uint8)
    step = StepResult(one_hot(label_map, (1, 2)), (1, 2), {1: 1.0, 2: 1.0})
    lessons = [
        Lesson(0, frame, step, Keyframe(0, (1, 2), label_map)),
        Lesson(9, frame, step, Keyframe(9, second, label_map * np.isin(label_map, second))),
    ]
    keys = torch.zeros(4, 8, 8)
    source = FeatureSource(
        lambda image: image, lambda _index, _frame: keys, lambda _image: keys, CPU
    )
    config = AdaptConfig(iterations=2, variants=0)
    taken = learn(
        source, lessons, (1, 2), config=config, adaptation=Adaptation(), token=CancelToken()
    )
    assert len([item for item in taken if isinstance(item, Progress)]) == steps
