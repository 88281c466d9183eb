"""Actors in frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.data.composites.actors import Actor
from core.data.composites.painting import (
    DARKEST,
    cast_shadow,
    finished,
    paint,
    shading,
    streak,
    streaked,
    textured,
    way_of,
)
from core.data.composites.silhouettes import Blob, Silhouette

SIZE = (48, 64)


def actor(**changed):
    """A gray disc of 12 pixels that moves 2 pixels to the right on each frame."""
    none = np.zeros(2)
    disc = Silhouette(Blob(0.9, np.zeros((2, 2)), none, none, 1.0))
    path = np.array([[[12.0, 0, 20 + 2 * i], [0, 12, 24]] for i in range(4)])
    texture = np.full((*SIZE, 3), 100, np.uint8)
    values = Actor(1, disc, path, (texture,) * 4, np.ones(3), 0.0, 0.0, rounded=False)
    return replace(values, **changed)


def painted(who, index=1):
    background = np.random.default_rng(0).uniform(0, 255, (*SIZE, 3)).astype(np.float32)
    before = np.full(SIZE, 3, np.uint8)
    image, label_map = paint(background, before, who, index=index, shown=index)
    return background, image, label_map, who.silhouette.coverage(SIZE, who.path[index], index / 4)


@pytest.mark.parametrize("number", [0, 2])
def test_masks_are_exact(number):
    """Outside there is the background to the bit, inside the texture."""
    background, image, label_map, coverage = painted(actor(object_id=number))
    assert np.array_equal(label_map, np.where(coverage > 0.5, number, 3))
    assert np.array_equal(image[coverage == 0], background[coverage == 0])
    assert np.allclose(image[coverage == 1], 100, atol=1e-3)
    half = (coverage > 0) & (coverage < 1)
    mixed = background * (1 - coverage[..., None]) + 100 * coverage[..., None]
    assert np.allclose(image[half], mixed[half], atol=1e-3)


@pytest.mark.parametrize("change", [{"softness": 1.2}, {"shadow": 0.5}, {"rounded": True}])
def test_effects_change_pictures_and_no_mask(change):
    _, plain, label_map, _ = painted(actor())
    _, image, changed, _ = painted(actor(**change))
    assert np.array_equal(label_map, changed)
    assert np.abs(image - plain).max() > 3


def test_soft_edges_reach_a_few_pixels():
    background, image, label_map, _ = painted(actor(softness=1.2))
    far = np.ones(SIZE, bool)
    y, x = np.nonzero(label_map == 1)
    far[y.min() - 6 : y.max() + 7, x.min() - 6 : x.max() + 7] = False
    assert np.array_equal(image[far], background[far])


def test_textures_go_with_the_actor():
    texture = np.random.default_rng(1).integers(0, 255, (*SIZE, 3), np.uint8)
    who = actor(textures=(texture,) * 4, tint=np.array([1.0, 0.5, 1.0]))
    assert np.allclose(textured(who, index=0, shown=0), texture * [1, 0.5, 1])
    moved = textured(who, index=3, shown=3)
    assert np.allclose(moved[:, 6:], (texture * [1, 0.5, 1])[:, :-6], atol=1)


def test_shading_darkens_the_edge():
    coverage = actor().silhouette.coverage(SIZE, actor().path[0], 0)
    light = shading(coverage)
    assert light[24, 20] == pytest.approx(1, abs=0.03)
    assert light[coverage == 0].max() == pytest.approx(DARKEST)


def test_shadows_lie_lower():
    coverage = actor().silhouette.coverage(SIZE, actor().path[0], 0)
    shadow, rows = cast_shadow(coverage), np.arange(SIZE[0])
    assert shadow.min() >= 0
    assert shadow.max() <= 1
    assert (shadow.sum(1) @ rows) / shadow.sum() > (coverage.sum(1) @ rows) / coverage.sum()


def test_fast_actors_leave_streaks():
    path = actor().path.copy()
    path[:, 0, 2] = 10 + 20 * np.arange(4)
    fast = actor(path=path)
    alpha = fast.silhouette.coverage(SIZE, path[0], 0)
    image = np.full((*SIZE, 3), 100, np.float32)
    blurred, _ = streaked(alpha, image, fast, 0)
    assert (blurred > 0).any(0).sum() > (alpha > 0).any(0).sum()
    assert (blurred > 0).any(1).sum() == (alpha > 0).any(1).sum(), "only along the way"
    assert (streaked(alpha, image, fast, 3)[0] == blurred).all(), "the last frame as the one before"
    assert streaked(alpha, image, actor(), 0)[0] is alpha


def test_ways_of_actors():
    path = actor().path.copy()
    path[:, 0, 2], path[:, 1, 2] = [3, 5, 9, 17], 8
    assert [way_of(actor(path=path), k).tolist() for k in range(4)] == [
        [2, 0], [4, 0], [8, 0], [8, 0]
    ]  # fmt: skip
    assert way_of(actor(path=path[:1]), 0).tolist() == [0, 0], "a clip of one frame"


def test_streaks_lie_along_the_way():
    assert np.allclose(streak(np.array([9.0, 0]), 5)[2], 0.2)
    assert np.allclose(streak(np.array([0, -9.0]), 5)[:, 2], 0.2)
    assert np.allclose(streak(np.array([12.0, 12.0]), 5), np.diag([0, 1, 1, 1, 0]) / 3)
    assert np.allclose(streak(np.array([12.0, -12.0]), 5), np.diag([0, 1, 1, 1, 0])[::-1] / 3)


def test_what_a_camera_makes_of_a_frame():
    image = np.full((*SIZE, 3), 120, np.float32)
    clean = finished(image, blur=0, noise=0, quality=97, rng=np.random.default_rng(0))
    assert clean.dtype == np.uint8
    assert np.abs(clean.astype(int) - 120).max() <= 1
    noisy = finished(image, blur=0, noise=4, quality=97, rng=np.random.default_rng(0))
    assert noisy.astype(float).std() == pytest.approx(4, rel=0.25)
