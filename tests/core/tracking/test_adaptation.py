"""Online adaptation: the U-Net learns a video's objects, repeatably, and stops when asked."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.data.synthetic import moving_shapes
from core.jobs import Cancelled, CancelToken, Progress
from core.nn.unet import UNet
from core.ops.label_maps import one_hot
from core.tracking.adaptation import learning
from core.tracking.adaptation.learning import AdaptConfig, predict, train
from core.tracking.adaptation.samples import sample_of, varied
from core.tracking.contract import Lesson, StepResult
from core.types import VOID, Keyframe

CPU = torch.device("cpu")
CONFIG = AdaptConfig(iterations=60, seconds=1e9, variants=0)


def collected(job):
    """All that a job yields, and what it returns."""
    steps = []
    while True:
        try:
            steps.append(next(job))
        except StopIteration as end:
            return steps, end.value


def keys_of(image):
    """Colors at a quarter of the size stand for a tracker's keys."""
    return F.avg_pool2d(torch.from_numpy(image).permute(2, 0, 1)[None] / 255, 4)[0]


def lesson_of(index, frame, probabilities, *, keyframe=None, trust=1.0):
    ids = tuple(range(1, len(probabilities)))
    return Lesson(index, frame, StepResult(probabilities, ids, dict.fromkeys(ids, trust)), keyframe)


def samples_of(lessons, *, certain=CONFIG.certain, ids=(1,)):
    return [
        sample_of(lesson, ids, lesson.frame, keys_of(lesson.frame), certain=certain)
        for lesson in lessons
    ]


@pytest.fixture(scope="module")
def film():
    return moving_shapes(seed=3, width=96, height=64, frame_count=6, objects=1)


def lessons_of(film, *, keyframes=1, count=4):
    stated = Keyframe(0, (1,), film[1][0])
    return [
        lesson_of(i, frame, one_hot(label_map, (1,)), keyframe=stated if i < keyframes else None)
        for i, (frame, label_map) in enumerate(zip(film[0][:count], film[1], strict=False))
    ]


def trained(samples, config=CONFIG):
    steps, net = collected(train(samples, config, CPU, CancelToken()))
    assert all(isinstance(step, Progress) for step in steps)
    assert isinstance(net, UNet)
    return net, steps


def overlap(probabilities, label_map):
    found = np.kron(probabilities.argmax(0) == 1, np.ones((2, 2), bool))
    return (found & (label_map == 1)).sum() / (found | (label_map == 1)).sum()


def test_learns_the_object_and_finds_it_on_a_frame_it_has_not_seen(film):
    net, steps = trained(samples_of(lessons_of(film)))
    probabilities = predict(net, film[0][5], keys_of(film[0][5]))
    assert len(steps) == CONFIG.iterations
    assert probabilities.shape == (2, 32, 48)
    np.testing.assert_allclose(probabilities.sum(0), 1, atol=1e-5)
    assert overlap(probabilities, film[1][5]) > 0.7


def test_both_number_formats_learn_alike(monkeypatch, film):
    """Whichever this machine takes, the other is computed with too."""
    samples, probabilities, losses = samples_of(lessons_of(film)), [], []
    for dtype in (torch.float32, torch.bfloat16):
        monkeypatch.setattr(learning, "inference_dtype", lambda _, dtype=dtype: dtype)
        net, steps = trained(samples, replace(CONFIG, iterations=6))
        assert {p.dtype for p in net.parameters()} == {torch.float32}
        probabilities.append(predict(net, film[0][5], keys_of(film[0][5])))
        losses.append([float(step.text.split()[-1]) for step in steps])
        assert losses[-1][-1] < losses[-1][0]
    assert all(x.dtype == np.float32 and x.shape == (2, 32, 48) for x in probabilities)
    np.testing.assert_allclose(probabilities[1].sum(0), 1, atol=1e-5)
    np.testing.assert_allclose(*losses, rtol=0.05)
    assert np.abs(probabilities[0] - probabilities[1]).mean() < 0.01
    assert not np.array_equal(*probabilities)


@pytest.mark.slow
def test_true_masks_are_learned_nearly_exactly(film):
    net, _ = trained(samples_of(lessons_of(film, count=6)), replace(CONFIG, iterations=200))
    found = [overlap(predict(net, f, keys_of(f)), m) for f, m in zip(*film, strict=True)]
    assert np.mean(found) > 0.95


@pytest.mark.slow
def test_is_better_than_the_noisy_masks_it_learns_from(film):
    """15 % of the pixels near the boundary have the wrong label."""
    rng = np.random.default_rng(0)
    noisy = [_flipped(label_map, rng) for label_map in film[1]]
    lessons = [
        lesson_of(i, f, one_hot(m, (1,)))
        for i, (f, m) in enumerate(zip(film[0], noisy, strict=True))
    ]
    net, _ = trained(samples_of(lessons), replace(CONFIG, iterations=120))
    found = [overlap(predict(net, f, keys_of(f)), m) for f, m in zip(*film, strict=True)]
    given = [
        ((n == 1) & (m == 1)).sum() / ((n == 1) | (m == 1)).sum()
        for n, m in zip(noisy, film[1], strict=True)
    ]
    assert np.mean(found) > np.mean(given)


def _flipped(label_map, rng):
    mask = (label_map == 1).astype(np.uint8)
    kernel = np.ones((9, 9), np.uint8)
    band = cv2.dilate(mask, kernel) - cv2.erode(mask, kernel)
    flip = (band == 1) & (rng.random(mask.shape) < 0.15)
    return np.where(flip, 1 - mask, mask).astype(np.uint8)


def test_same_seed_same_network_and_the_callers_draws_are_untouched(film):
    short = AdaptConfig(iterations=4, seconds=1e9)
    samples = samples_of(lessons_of(film))
    before = torch.random.get_rng_state()
    keys = keys_of(film[0][0])
    first, second = (predict(trained(samples, short)[0], film[0][0], keys) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert torch.equal(torch.random.get_rng_state(), before)
    other = predict(trained(samples, replace(short, seed=1))[0], film[0][0], keys)
    assert np.abs(other - first).max() > 1e-3


def test_stops_when_its_time_is_over(film):
    samples = samples_of(lessons_of(film))
    assert trained(samples, replace(CONFIG, seconds=1e-9))[1] == []


def test_cancel_between_steps(film):
    token = CancelToken()
    job = train(samples_of(lessons_of(film)), CONFIG, CPU, token)
    next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        next(job)


def test_doubtful_pixels_of_propagated_frames_do_not_count(film):
    """With every pixel in doubt there is nothing to learn: the loss has no gradient."""
    doubtful = [
        lesson_of(i, frame, np.full((2, 16, 24), 0.5, np.float32))
        for i, frame in enumerate(film[0][:3])
    ]
    losses = [p.text for p in trained(samples_of(doubtful), replace(CONFIG, iterations=3))[1]]
    assert losses == ["loss 0.000"] * 3


def test_a_keyframe_counts_but_where_it_makes_no_statement(film):
    probabilities = one_hot(film[1][0], (1,))
    probabilities[:, :8] = 0
    stated = Keyframe(0, (1,), np.where(np.arange(64)[:, None] < 8, VOID, film[1][0]))
    (sample,) = samples_of([lesson_of(0, film[0][0], probabilities, keyframe=stated)])
    assert sample.weight[:4].max() == 0
    assert sample.weight[4:].min() == 1


def test_objects_that_a_frame_does_not_know_have_no_probability(film):
    (sample,) = samples_of([lesson_of(0, film[0][0], one_hot(film[1][0], (1,)))], ids=(1, 7))
    assert sample.probabilities.shape == (3, 64, 96)
    assert sample.probabilities[2].max() == 0


def test_variants_move_image_and_mask_alike(film):
    """Pixels of the object stay those that are brighter or darker than where it is not."""
    frame = np.where(film[1][0][..., None] == 1, np.uint8(220), np.uint8(40)).repeat(3, axis=2)
    (sample,) = samples_of([lesson_of(0, frame, one_hot(film[1][0], (1,)))])
    rng = np.random.default_rng(0)
    for _ in range(4):
        other = varied(sample, keys_of, rng, certain=0.6)
        inside, outside = other.probabilities[1] > 0.99, other.probabilities[1] < 0.01
        assert other.image[inside].min() > other.image[outside].max()
        assert not np.array_equal(other.probabilities, sample.probabilities)


def test_sure_frames_near_a_keyframe_are_drawn_most(film):
    probabilities = one_hot(film[1][0], (1,))
    sure = lesson_of(0, film[0][0], probabilities)
    lessons = [sure, replace(sure, distance=40), lesson_of(0, film[0][0], probabilities, trust=0.5)]
    beside, far, doubtful = (sample.odds for sample in samples_of(lessons))
    assert beside == 1
    assert doubtful == pytest.approx(0.25)
    assert 0.5 < far < 0.75
