"""Online adaptation: the U-Net learns a video's objects, repeatably, and stops when asked."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.data.synthetic import moving_shapes
from core.jobs import Cancelled, CancelToken, Progress
from core.nn.unet import UNet
from core.ops.label_maps import one_hot
from core.systems.self_supervised.adapt import AdaptConfig, Sample, adapt, predict

CPU = torch.device("cpu")
CONFIG = AdaptConfig(widths=(8, 16, 24), iterations=60, seconds=1e9, learning_rate=5e-3)


@pytest.fixture(scope="module")
def film():
    return moving_shapes(seed=3, width=96, height=64, frame_count=6, objects=1)


def samples(film, *, keyframes=1):
    frames, label_maps = film
    return [
        Sample(frame, one_hot(label_map, (1,)), 1.0, is_keyframe=index < keyframes)
        for index, (frame, label_map) in enumerate(zip(frames[:4], label_maps, strict=False))
    ]


def trained(film, config=CONFIG):
    *steps, net = adapt(samples(film), config, CPU, CancelToken())
    assert all(isinstance(step, Progress) for step in steps)
    assert isinstance(net, UNet)
    return net, steps


def overlap(shares, label_map):
    small = label_map[::2, ::2] == 1
    found = shares.argmax(0) == 1
    return (small & found).sum() / (small | found).sum()


def test_learns_the_object_and_finds_it_on_a_frame_it_has_not_seen(film):
    net, steps = trained(film)
    shares = predict(net, film[0][5])
    assert len(steps) == CONFIG.iterations
    assert shares.shape == (2, 32, 48)
    np.testing.assert_allclose(shares.sum(0), 1, atol=1e-5)
    assert overlap(shares, film[1][5]) > 0.7


def test_same_seed_same_network(film):
    short = AdaptConfig(widths=(8, 8), iterations=4, seconds=1e9)
    first, second = (predict(trained(film, short)[0], film[0][0]) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_cancel_between_steps(film):
    token = CancelToken()
    job = adapt(samples(film), CONFIG, CPU, token)
    next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        next(job)


def test_doubtful_pixels_of_propagated_frames_do_not_count(film):
    """With every pixel in doubt there is nothing to learn: the loss has no gradient."""
    doubtful = [
        Sample(s.image, np.full_like(s.shares, 0.5), s.odds, is_keyframe=False)
        for s in samples(film)
    ]
    config = AdaptConfig(widths=(8, 8), iterations=3, seconds=1e9, certain=0.6)
    losses = [
        float(p.text.split()[1])
        for p in adapt(doubtful, config, CPU, CancelToken())
        if isinstance(p, Progress)
    ]
    assert losses == [0.0, 0.0, 0.0]
