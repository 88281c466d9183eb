"""Frames at the size that a network works at, and masks back at their own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.tracking.padded import asserted_masks, bilinear_labels, in_cells, inner_size, padded_frame
from core.types import VOID, Keyframe


@pytest.mark.parametrize(
    ("size", "short", "wanted"),
    [
        ((480, 854), 480, (480, 854)),
        ((1080, 1920), 480, (480, 853)),
        ((1920, 1080), 240, (426, 240)),
        ((240, 240), 300, (300, 300)),
        ((100, 1000), 240, (60, 600)),
    ],
)
def test_inner_size(size, short, wanted):
    assert inner_size(*size, short) == wanted


def test_a_frame_of_working_size_is_not_resampled():
    frame = np.random.default_rng(0).integers(0, 255, (44, 60, 3)).astype(np.uint8)
    image, padding = padded_frame(frame, 44, stride=16)
    assert image.shape == (1, 3, 48, 64)
    mean, std = np.array((0.485, 0.456, 0.406)), np.array((0.229, 0.224, 0.225))
    inner = padding.crop(image)[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(inner, (frame / 255 - mean) / std, atol=1e-5)
    assert float(image.abs().sum()) == pytest.approx(float(padding.crop(image).abs().sum()))


def test_rendering_is_bilinear_and_the_largest_wins():
    probabilities = np.random.default_rng(0).random((3, 11, 15)).astype(np.float32)
    got = bilinear_labels(probabilities, (44, 60), (4, 9))
    fine = F.interpolate(torch.from_numpy(probabilities)[None], size=(44, 60), mode="bilinear")[0]
    wanted = np.array([0, 4, 9], np.uint8)[fine.argmax(0).numpy()]
    assert (got == wanted).mean() > 0.999


def test_masks_of_a_keyframe_lie_where_its_frame_does():
    drawn = np.zeros((33, 48), np.uint8)
    drawn[:10, :12], drawn[20:, 30:], drawn[30:] = 3, 7, VOID
    _, padding = padded_frame(np.zeros((33, 48, 3), np.uint8), 33, stride=16)
    masks, void = asserted_masks(Keyframe(0, (3, 7), drawn), torch.Size((48, 48)), padding)
    for plane, label in ((masks[0], 3), (masks[1], 7), (void, VOID)):
        np.testing.assert_array_equal(padding.crop(plane).numpy(), drawn == label)
        assert plane.sum() == (drawn == label).sum()


def test_cells_are_means():
    planes = torch.rand(2, 32, 48)
    torch.testing.assert_close(in_cells(planes, 16), F.avg_pool2d(planes, 16))
    assert in_cells(planes[:0], 16).shape == (0, 2, 3)
