"""Boxes and clicks to masks, on shapes whose masks are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import PromptError
from core.prompts.config import BEST, SECOND
from core.prompts.request import (
    BoxPrompt,
    FrameFeatures,
    PointPrompt,
    PromptMethod,
    SegmentRequest,
)
from core.prompts.segment import ANSWERS, segment
from core.systems.self_supervised.prompts import LEARNED

BOX = BoxPrompt((80, 50, 160, 130))
METHODS = [PromptMethod.FEATURES, PromptMethod.GRABCUT, PromptMethod.WALK]
INSIDE = PointPrompt(120.0, 90.0)


def keys_of(mask, rng, stride=4):
    """Keys that tell the object from the ground, with noise."""
    cells = mask[stride // 2 :: stride, stride // 2 :: stride]
    noise = rng.normal(0, 0.3, (8, *cells.shape))
    noise[0] += np.where(cells, 1.0, -1.0)
    return FrameFeatures(noise.astype(np.float16), stride, LEARNED)


@pytest.mark.parametrize("method", METHODS)
def test_box_to_disk(truth, scene, iou, method):
    mask = segment(SegmentRequest(scene(truth), box=BOX, method=method))
    assert mask.dtype == bool
    assert mask.shape == truth.shape
    assert iou(mask, truth) > 0.9


def test_features_find_what_has_no_color(truth, iou):
    rng = np.random.default_rng(0)
    frame = rng.integers(90, 130, (*truth.shape, 3)).astype(np.uint8)
    request = SegmentRequest(frame, box=BOX, features=keys_of(truth, rng))
    blind = segment(SegmentRequest(frame, box=BOX))
    assert iou(segment(request), truth) > max(0.8, iou(blind, truth))


def test_features_whose_worth_nobody_learned_are_left_alone(truth, scene):
    rng = np.random.default_rng(0)
    keys = keys_of(truth, rng).keys
    frame = scene(truth)
    strange = FrameFeatures(keys, 4)
    with_them = segment(SegmentRequest(frame, box=BOX, features=strange))
    assert (with_them == segment(SegmentRequest(frame, box=BOX))).all()


@pytest.mark.parametrize("method", METHODS)
def test_nothing_outside_the_box(truth, scene, method):
    box = BoxPrompt((80, 50, 120, 130))
    mask = segment(SegmentRequest(scene(truth), box=box, method=method))
    assert mask[:, :120].any()
    assert not mask[:, 120:].any()


@pytest.mark.parametrize("center", [(0, 100), (299, 100), (150, 0), (150, 199), (0, 0)])
def test_box_at_the_border(disk, scene, iou, center):
    truth = disk((200, 300), center, 40)
    x, y = center
    box = BoxPrompt((x - 40, y - 40, x + 40, y + 40))
    assert iou(segment(SegmentRequest(scene(truth), box=box)), truth) > 0.8


@pytest.mark.parametrize("method", METHODS)
def test_same_request_same_mask(truth, scene, method):
    request = SegmentRequest(scene(truth), box=BOX, method=method)
    first = segment(request)
    segment(SegmentRequest(scene(truth, seed=1), box=BOX, method=method))
    assert (segment(request) == first).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("box", [(120, 90, 121, 91), (299.5, 199.5, 320, 230), (0, 0, 300, 200)])
def test_odd_boxes_give_a_mask(truth, scene, method, box):
    mask = segment(SegmentRequest(scene(truth), box=BoxPrompt(box), method=method))
    assert mask.shape == truth.shape
    assert mask.any()


def test_box_of_one_pixel_is_that_pixel(truth, scene):
    mask = segment(SegmentRequest(scene(truth), box=BoxPrompt((120, 90, 121, 91))))
    assert list(zip(*np.nonzero(mask), strict=True)) == [(90, 120)]


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 3)])
@pytest.mark.parametrize("method", METHODS)
def test_tiny_frames(shape, method):
    frame = np.zeros((*shape, 3), np.uint8)
    whole = BoxPrompt((0, 0, shape[1], shape[0]))
    assert segment(SegmentRequest(frame, box=whole, method=method)).any()
    assert segment(SegmentRequest(frame, points=(PointPrompt(0, 0),), method=method))[0, 0]


@pytest.mark.parametrize("method", METHODS)
def test_protected_pixels_stay_out(truth, scene, method):
    protected = np.zeros_like(truth)
    protected[:90] = True
    request = SegmentRequest(
        scene(truth), box=BOX, points=(INSIDE,), protected=protected, method=method
    )
    mask = segment(request)
    assert mask.any()
    assert not (mask & protected).any()


@pytest.mark.parametrize("method", METHODS)
def test_clicks_are_obeyed(truth, scene, method):
    points = (INSIDE, PointPrompt(20, 20, positive=False), PointPrompt(250.5, 150.9))
    mask = segment(SegmentRequest(scene(truth), points=points, method=method))
    assert mask[90, 120]
    assert not mask[20, 20]
    assert mask[150, 250]


@pytest.mark.parametrize("method", METHODS)
def test_the_later_of_two_clicks_on_one_pixel_wins(truth, scene, method):
    points = (INSIDE, PointPrompt(INSIDE.x, INSIDE.y, positive=False))
    request = SegmentRequest(scene(truth), box=BOX, points=points, method=method)
    assert not segment(request)[90, 120]


def test_one_click_finds_the_disk(truth, scene, iou):
    assert iou(segment(SegmentRequest(scene(truth), points=(INSIDE,))), truth) > 0.7


@pytest.mark.parametrize("method", [PromptMethod.FEATURES, PromptMethod.WALK])
def test_a_click_mends_a_mask_near_it_only(disk, scene, method):
    left, right = disk((200, 400), (90, 100), 40), disk((200, 400), (310, 100), 40)
    previous = right | (left & (np.arange(400) < 100))
    scratch = np.zeros_like(previous)
    scratch[190:195, 200:230] = True
    request = SegmentRequest(
        scene(left | right),
        points=(PointPrompt(110.0, 100.0),),
        previous=previous | scratch,
        method=method,
    )
    mask = segment(request)
    assert mask[100, 110]
    assert (mask & left).sum() > (previous & left).sum()
    assert (mask[:, 200:] == request.previous[:, 200:]).all()


def test_a_positive_click_never_takes_away(truth, scene):
    previous = truth.copy()
    previous[150:180, 200:250] = True
    point = PointPrompt(135.0, 90.0)
    mask = segment(SegmentRequest(scene(truth), points=(point,), previous=previous))
    assert (mask & previous == previous).all()


def test_a_negative_click_takes_away_what_is_not_the_object(truth, scene):
    previous = truth.copy()
    previous[60:120, 155:220] = True
    point = PointPrompt(190.0, 90.0, positive=False)
    mask = segment(SegmentRequest(scene(truth), points=(point,), previous=previous))
    assert not mask[90, 190]
    assert not (mask & ~previous).any()
    assert (mask & ~truth).sum() < 0.5 * (previous & ~truth).sum()
    assert (mask & truth).sum() > 0.8 * truth.sum()


def test_a_box_and_clicks_go_together(truth, scene):
    points = (PointPrompt(120.0, 60.0, positive=False),)
    mask = segment(SegmentRequest(scene(truth), box=BOX, points=points))
    assert not mask[60, 120]
    assert mask[110, 120]


@pytest.mark.parametrize(
    "prompts",
    [
        {},
        {"points": (PointPrompt(5, 5, positive=False),)},
        {
            "points": (PointPrompt(5, 5, positive=False),),
            "previous": np.zeros((200, 300), bool),
        },
        {"box": BoxPrompt((400, 10, 500, 60))},
        {"box": BoxPrompt((-50, 10, 0, 60))},
        {"box": BoxPrompt((50, 10, 50, 60))},
        {"box": BoxPrompt((50, 10, float("nan"), 60))},
        {"points": (PointPrompt(300, 5),)},
        {"points": (PointPrompt(5, float("nan")),)},
        {"box": BOX, "previous": np.zeros((20, 30), bool)},
        {"box": BOX, "protected": np.zeros((200, 300), np.uint8)},
    ],
)
def test_senseless_prompts_are_refused(truth, scene, prompts):
    with pytest.raises(PromptError):
        segment(SegmentRequest(scene(truth), **prompts))


def test_every_method_can_be_asked_for():
    assert set(ANSWERS) == set(PromptMethod) - {PromptMethod.AUTO}
    assert set(SECOND) == set(ANSWERS)
    assert all(second is not first for first, second in SECOND.items())


def test_auto_is_the_best_method(truth, scene):
    for features in (None, keys_of(truth, np.random.default_rng(0))):
        request = SegmentRequest(scene(truth), box=BOX, features=features)
        assert (segment(request) == segment(replace(request, method=BEST))).all()


def test_a_click_takes_along_what_is_as_likely(disk, scene):
    """Two like objects in one mask: a click on one takes all of it away, not a few pixels."""
    left, right = disk((200, 400), (90, 100), 40), disk((200, 400), (310, 100), 40)
    points = (PointPrompt(90.0, 100.0), PointPrompt(310.0, 100.0, positive=False))
    frame = scene(left | right)
    mask = segment(SegmentRequest(frame, points=points, previous=left | right))
    assert (mask & right).sum() < 0.3 * right.sum()
    assert (mask & left).sum() > 0.9 * left.sum()
