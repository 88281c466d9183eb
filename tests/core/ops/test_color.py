"""RGB to normalized Lab."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from core.ops.color import LAB_MEAN, LAB_STD, cielab, lab_tensor, lab_to_rgb, rgb_to_lab

KNOWN = {
    # sRGB under D65: L, a, b as in any table of colors.
    (0, 0, 0): (0.0, 0.0, 0.0),
    (255, 255, 255): (100.0, 0.0, 0.0),
    (255, 0, 0): (53.24, 80.09, 67.20),
    (0, 255, 0): (87.73, -86.18, 83.18),
    (0, 0, 255): (32.30, 79.19, -107.86),
    (255, 255, 0): (97.14, -21.55, 94.48),
    (128, 128, 128): (53.59, 0.0, 0.0),
}


def test_known_colors():
    colors = np.array([list(KNOWN)], np.uint8)
    lab = rgb_to_lab(colors)[0] * (50, 127, 127) + (50, 0, 0)
    np.testing.assert_allclose(lab, list(KNOWN.values()), atol=0.35)


def test_round_values():
    """Black and white are -1 and 1 in light, and without color."""
    image = np.zeros((2, 1, 3), np.uint8)
    image[1] = 255
    np.testing.assert_allclose(rgb_to_lab(image)[:, 0], [[-1, 0, 0], [1, 0, 0]], atol=2e-3)


def test_values_stay_about_one():
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    image = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    lab = rgb_to_lab(image)
    assert lab.dtype == np.float32
    assert np.abs(lab).max() < 1.01
    assert np.ptp(lab, axis=(0, 1)).min() > 1.3


def test_input_is_left_alone_and_views_are_fine():
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    kept = image.copy()
    flipped = rgb_to_lab(image[:, ::-1])
    np.testing.assert_array_equal(image, kept)
    np.testing.assert_array_equal(flipped, rgb_to_lab(image)[:, ::-1])


def test_tensor_is_the_array_with_channels_first():
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    tensor = lab_tensor(image)
    assert tensor.shape == (1, 3, 5, 7) and tensor.dtype == torch.float32
    np.testing.assert_array_equal(tensor[0].permute(1, 2, 0).numpy(), rgb_to_lab(image))


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 2), (0, 5, 3)])
def test_what_is_no_rgb_image_is_a_bug(shape):
    """Only H x W x 3 is an image; a gray one must not pass for it."""
    with pytest.raises((cv2.error, ValueError)):
        rgb_to_lab(np.zeros(shape, np.uint8))


def test_the_way_back():
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    image[0, :3] = [[0, 0, 0], [255, 255, 255], [1, 2, 3]]
    back = lab_to_rgb(lab_tensor(image))[0].permute(1, 2, 0).numpy() * 255
    assert np.abs(back - image).max() < 1.5
    assert np.abs(back - image).mean() < 0.4, "OpenCV interpolates its curves"


def test_colors_that_no_screen_shows_are_cut():
    lab = torch.tensor([[0.9, 1.0, 1.0], [-1.0, -1.0, 1.0]]).view(2, 3, 1, 1)
    rgb = lab_to_rgb(lab)
    assert rgb.min() >= 0 and rgb.max() <= 1 and rgb.isfinite().all()


def test_the_way_back_is_exact_under_autocast():
    lab = lab_tensor(np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8))
    with torch.autocast("cpu", torch.bfloat16):
        rounded = lab_to_rgb(lab)
    assert torch.equal(rounded, lab_to_rgb(lab))


def test_tensors_have_the_known_colors_in_their_own_scale():
    colors = torch.tensor(list(KNOWN), dtype=torch.float32).T[:, None] / 255
    torch.testing.assert_close(
        cielab(colors)[:, 0].T, torch.tensor(list(KNOWN.values())), atol=0.35, rtol=0
    )


def test_both_ways_to_lab_agree():
    """As far as OpenCV's tables do with the formulas."""
    image = np.random.default_rng(3).integers(0, 256, (40, 50, 3), np.uint8)
    rgb = torch.from_numpy(image).permute(2, 0, 1) / 255
    wanted = rgb_to_lab(image) * np.float32(LAB_STD) + np.float32(LAB_MEAN)
    found = cielab(rgb[None].expand(2, 3, 40, 50))
    assert found.shape == (2, 3, 40, 50)
    np.testing.assert_allclose(found[1].permute(1, 2, 0).numpy(), wanted, atol=0.6)
