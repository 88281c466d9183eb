"""A moving camera over a still image."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.data.homography import BEND, PAN, draw_motion, moved_views


@pytest.fixture
def image():
    small = np.random.default_rng(0).integers(0, 255, (9, 12, 3), np.uint8)
    return cv2.resize(small, (120, 90), interpolation=cv2.INTER_CUBIC)


def test_time_0_is_the_image_itself(image):
    for seed in range(5):
        (view,) = moved_views(image, [0.0], np.random.default_rng(seed))
        np.testing.assert_array_equal(view, image)


def test_views_follow_one_motion(image):
    """The same draw of the motion, whatever points in time are asked for."""
    some = moved_views(image, [0.1, 0.5], np.random.default_rng(3))
    more = moved_views(image, [0.5, 0.3, 0.1], np.random.default_rng(3))
    np.testing.assert_array_equal(some[0], more[2])
    np.testing.assert_array_equal(some[1], more[0])


def test_longer_times_move_further(image):
    """On average over motions: each one swings."""
    change = np.zeros(3)
    for seed in range(20):
        views = moved_views(image, [0.0, 0.05, 0.2, 0.8], np.random.default_rng(seed))
        change += [np.abs(view.astype(int) - views[0]).mean() for view in views[1:]]
    assert change[0] < 0.6 * change[1] < 0.6 * change[2]


def test_ways_stay_bounded():
    """No corner passes another: the map can always be inverted."""
    reach = []
    for seed in range(100):
        motion = draw_motion(100, np.random.default_rng(seed))
        ways = np.stack([motion.at(t) for t in np.linspace(-4, 4, 40)])
        reach.append(np.abs(ways).max())
        apart = ways - ways.mean(axis=1, keepdims=True)
        assert np.abs(apart).max() <= 2 * 100 * BEND
    assert 5 < max(reach) <= 100 * (PAN + BEND)


def test_views_are_homographies_of_the_image(image):
    """Found again by matching: corners predicted by the motion land on equal colors."""
    rng = np.random.default_rng(7)
    view = moved_views(image, [0.4], rng)[0]
    motion = draw_motion(90, np.random.default_rng(7))
    corners = np.array([[0, 0], [120, 0], [120, 90], [0, 90]], np.float32)
    to_view = cv2.getPerspectiveTransform(corners, (corners + motion.at(0.4)).astype(np.float32))
    points = np.array([[[60, 45]], [[40, 30]], [[80, 60]]], np.float32)
    for (x, y), (u, v) in zip(
        points[:, 0], cv2.perspectiveTransform(points, to_view)[:, 0], strict=True
    ):
        near = view[round(v), round(u)].astype(int)
        assert np.abs(near - image[int(y), int(x)]).max() < 45
