"""Boxes and clicks to masks, on shapes whose masks are known."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import PromptError
from core.prompts.request import BoxPrompt, PointPrompt, SegmentRequest
from core.prompts.segment import segment


def disk(size, center, radius):
    rows, columns = np.ogrid[: size[0], : size[1]]
    return (rows + 0.5 - center[1]) ** 2 + (columns + 0.5 - center[0]) ** 2 <= radius**2


def scene(mask, seed=0):
    """A blotchy green ground with a reddish object."""
    rng = np.random.default_rng(seed)
    frame = rng.integers(0, 60, (*mask.shape, 3)) + np.array([40, 90, 40])
    thing = rng.integers(0, 60, (*mask.shape, 3)) + np.array([150, 60, 50])
    return np.where(mask[..., None], thing, frame).astype(np.uint8)


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


@pytest.fixture
def truth():
    return disk((200, 300), (120, 90), 40)


BOX = BoxPrompt((80, 50, 160, 130))


def test_box_to_disk(truth):
    mask = segment(SegmentRequest(scene(truth), box=BOX))
    assert mask.dtype == bool
    assert mask.shape == truth.shape
    assert iou(mask, truth) > 0.9


def test_nothing_outside_the_box(truth):
    mask = segment(SegmentRequest(scene(truth), box=BoxPrompt((80, 50, 120, 130))))
    assert mask[:, :120].any()
    assert not mask[:, 120:].any()


@pytest.mark.parametrize("center", [(0, 100), (299, 100), (150, 0), (150, 199), (0, 0)])
def test_box_at_the_border(center):
    truth = disk((200, 300), center, 40)
    x, y = center
    mask = segment(SegmentRequest(scene(truth), box=BoxPrompt((x - 40, y - 40, x + 40, y + 40))))
    assert iou(mask, truth) > 0.85


def test_same_request_same_mask(truth):
    request = SegmentRequest(scene(truth), box=BOX)
    assert (segment(request) == segment(request)).all()


def test_box_of_one_pixel(truth):
    mask = segment(SegmentRequest(scene(truth), box=BoxPrompt((120, 90, 121, 91))))
    assert mask.sum() <= 1


def test_box_over_the_whole_image(truth):
    mask = segment(SegmentRequest(scene(truth), box=BoxPrompt((0, 0, 300, 200))))
    assert mask.shape == truth.shape


def test_protected_pixels_stay_out(truth):
    protected = np.zeros_like(truth)
    protected[:90] = True
    mask = segment(SegmentRequest(scene(truth), box=BOX, protected=protected))
    assert mask.any()
    assert not (mask & protected).any()


def test_clicks_are_obeyed(truth):
    points = (PointPrompt(120, 90), PointPrompt(20, 20, positive=False), PointPrompt(250.5, 150.9))
    mask = segment(SegmentRequest(scene(truth), points=points))
    assert mask[90, 120]
    assert not mask[20, 20]
    assert mask[150, 250]


@pytest.mark.parametrize(
    "prompts",
    [
        {},
        {"points": (PointPrompt(5, 5, positive=False),)},
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
def test_senseless_prompts_are_refused(truth, prompts):
    with pytest.raises(PromptError):
        segment(SegmentRequest(scene(truth), **prompts))
