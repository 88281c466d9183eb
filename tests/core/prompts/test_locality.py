"""What one click more may change, and that earlier ones stay satisfied."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.eval.prompt_robot import next_click, violated_clicks
from core.prompts.locality import is_met, kept_disk
from core.prompts.request import PointPrompt, SegmentRequest
from core.prompts.segment import segment


@pytest.fixture
def herd(disk, scene):
    """Three like disks that touch each other in a row, on a ground with a patch of their color."""
    shape = (200, 420)
    parts = [disk(shape, (110 + 90 * i, 100), 50) for i in range(3)]
    whole = parts[0] | parts[1] | parts[2]
    rng = np.random.default_rng(1)
    frame = scene(whole, 1)
    frame[150:195, 20:60] = rng.integers(90, 150, (45, 40, 3))
    return frame, parts, whole


def clicks_on(frame, truth, count):
    """A robot's clicks with the masks after each of them."""
    mask, points, masks = np.zeros_like(truth), (), []
    while len(points) < count and (click := next_click(mask, truth)) is not None:
        points = (*points, click)
        previous = mask if len(points) > 1 else None
        mask = segment(SegmentRequest(frame, points=points, previous=previous))
        masks.append(mask)
    return points, masks


def test_a_negative_click_leaves_what_is_far_from_it_and_nearer_to_earlier_clicks(herd):
    frame, (left, middle, right), whole = herd
    points = (
        PointPrompt(110.0, 100.0),
        PointPrompt(200.0, 100.0),
        PointPrompt(290.0, 100.0, positive=False),
    )
    mask = segment(SegmentRequest(frame, points=points, previous=whole))
    assert not mask[100, 290] and (mask & right).sum() < 0.6 * right.sum()
    assert (mask & left).sum() > 0.95 * left.sum()
    assert (mask & middle).sum() > 0.85 * middle.sum()


def test_a_positive_click_does_not_refill_the_ground_around_a_negative_one(herd):
    frame, _, whole = herd
    previous = whole & (np.arange(420) < 200)
    no, yes = PointPrompt(230.0, 100.0, positive=False), PointPrompt(300.0, 100.0)
    mask = segment(SegmentRequest(frame, points=(no, yes), previous=previous))
    assert mask[100, 300] and not mask[100, 230]
    rows, columns = np.ogrid[:200, :420]
    near = np.hypot(rows + 0.5 - no.y, columns + 0.5 - no.x) <= 70 / 3
    assert not (mask & ~previous & near).any()


@pytest.mark.parametrize("seed", range(6))
def test_no_click_is_violated_by_later_ones(disk, scene, seed):
    rng = np.random.default_rng(seed)
    shape = (160, 220)
    truth = np.zeros(shape, bool)
    for _ in range(4):
        truth |= disk(shape, tuple(rng.uniform((40, 40), (180, 120))), rng.uniform(12, 34))
    frame = scene(truth ^ (rng.random(shape) < 0.2), seed)
    points, masks = clicks_on(frame, truth, 9)
    assert len(points) > 2
    for number in range(1, len(points)):
        assert violated_clicks(masks[number - 1], masks[number], points[: number + 1]) == 0
    assert all(is_met(masks[-1], point) for point in points)


def test_a_violated_click_is_counted():
    before = np.zeros((60, 80), bool)
    before[:, :40] = True
    yes, no = PointPrompt(20.5, 30.5), PointPrompt(60.5, 30.5, positive=False)
    assert violated_clicks(before, before, (yes, no)) == 0
    after = before.copy()
    after[30, 20] = False
    assert violated_clicks(before, after, (yes, no)) == 1
    near = before.copy()
    near[30, 20 + int(kept_disk(yes, no))] = False
    assert violated_clicks(before, near, (yes, no)) == 1
    far = before.copy()
    far[30, 38] = False
    assert violated_clicks(before, far, (yes, no)) == 0


def test_clicks_at_once_give_what_they_give_one_by_one(herd):
    frame, _, whole = herd
    points = tuple(
        PointPrompt(x, y, positive)
        for x, y, positive in (
            (110.0, 100.0, True),
            (200.0, 100.0, True),
            (40.0, 170.0, False),
            (120.0, 90.0, True),
            (300.0, 100.0, True),
            (250.0, 20.0, False),
        )
    )
    protected = np.zeros_like(whole)
    protected[:40, 240:260] = True
    request = SegmentRequest(frame, points=points, protected=protected)
    mask = None
    for count in range(1, len(points) + 1):
        step = replace(request, points=points[:count], previous=mask)
        mask = segment(step)
        assert np.array_equal(mask, segment(replace(step, previous=None))), count


def test_a_click_that_is_met_changes_next_to_nothing(herd):
    frame, _, whole = herd
    point = PointPrompt(200.0, 100.0)
    mask = segment(SegmentRequest(frame, points=(point,), previous=whole))
    assert np.array_equal(mask, whole)
