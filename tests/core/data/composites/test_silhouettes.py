"""Silhouettes that move."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.composites.silhouettes import (
    Blob,
    Hole,
    Limb,
    Limbs,
    Silhouette,
    draw_silhouette,
)

SIZE = (80, 100)
PLACE = np.array([[20.0, 0, 50], [0, 20, 40]])
"""20 pixels a unit, about the middle."""


def circle(radius=1.0):
    none = np.zeros(2)
    return Blob(radius - 0.1, np.zeros((2, 2)), none, none, 1.0)


def bar(**changed):
    values = {"parent": -1, "joint": 0.0, "length": 1.0, "radii": (0.25, 0.25)}
    return Limb(**{**values, "angle": 0.0, "swing": 0.0, "phase": 0.0, **changed})


def area(body, hole=None, time=0.0):
    return float(Silhouette(body, hole).coverage(SIZE, PLACE, time).sum())


def test_areas():
    """In pixels, from the formulas of a disc and a rounded bar; edges add half a pixel."""
    assert area(circle()) == pytest.approx(np.pi * 20**2, rel=0.04)
    assert area(circle(), Hole((0.2, 0.0), 0.5)) == pytest.approx(np.pi * (20**2 - 10**2), rel=0.04)
    assert area(Limbs((bar(),), 1.0)) == pytest.approx(20 * 10 + np.pi * 5**2, rel=0.1)


def test_place_of_a_silhouette():
    coverage = Silhouette(circle()).coverage(SIZE, PLACE, 0.0)
    assert coverage.shape == SIZE
    assert coverage.dtype == np.float32
    assert (coverage.min(), coverage.max()) == (0, 1)
    y, x = np.nonzero(coverage > 0.5)
    assert (x.mean(), y.mean()) == pytest.approx((49.5, 39.5), abs=0.5)


def test_limbs_sit_on_their_parents_and_swing():
    arm = bar(parent=0, joint=0.5, angle=np.pi / 2, swing=0.5, length=2.0)
    limbs = Limbs((bar(angle=0.4), arm), speed=2.0)
    for time in (0.0, 0.3, 1.1):
        trunk, moved = limbs.bars(time)
        assert trunk[0] == pytest.approx((0, 0))
        assert trunk[1] == pytest.approx((np.cos(0.4), np.sin(0.4)))
        assert moved[0] == pytest.approx(trunk.mean(0))
        angle = 0.2 + np.pi / 2 + 0.5 * np.sin(2 * time)
        assert moved[1] - moved[0] == pytest.approx((2 * np.cos(angle), 2 * np.sin(angle)))


def test_blobs_are_the_sum_of_their_waves():
    rng = np.random.default_rng(0)
    blob = Blob(0.8, rng.normal(0, 0.1, (3, 2)), rng.uniform(0, 0.1, 3), rng.normal(size=3), 1.5)
    for k, point in enumerate(blob.outline(0.7)):
        angle, distance = 2 * np.pi * k / 180, 0.8
        for n in range(3):
            swollen = 1 + blob.wobble[n] * np.sin(1.5 * 0.7 + blob.phases[n])
            c, s = blob.waves[n]
            turn = (n + 1) * angle
            distance += swollen * (c * np.cos(turn) + s * np.sin(turn))
        wanted = (abs(distance) + 0.1) * np.array([np.cos(angle), np.sin(angle)])
        assert point == pytest.approx(wanted)


def test_random_silhouettes_differ_move_and_repeat():
    kinds, holes = set(), 0
    for seed in range(60):
        shape, again = (draw_silhouette(np.random.default_rng(seed)) for _ in range(2))
        kinds.add(type(shape.body))
        holes += shape.hole is not None
        first, second = (shape.coverage(SIZE, PLACE, time) for time in (0.0, 0.5))
        assert np.array_equal(first, again.coverage(SIZE, PLACE, 0.0))
        assert (first > 0.5).any()
        if isinstance(shape.body, Blob):
            assert not np.array_equal(first, second)
    assert kinds == {Limbs, Blob}
    assert 1 <= holes <= 20


def test_far_outside_nothing_is_covered():
    away = PLACE + np.array([[0, 0, 9000.0], [0, 0, -9000]])
    assert not Silhouette(circle()).coverage(SIZE, away, 0.0).any()
