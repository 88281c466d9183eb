"""Patches cut at any real coordinates, against bilinear weights pixel by pixel."""

from __future__ import annotations

import torch

from core.ops.patches import cut_patches


def by_pixel(image, corner, side):
    """C x side x side by bilinear weights; beyond an image its border goes on."""
    channels, height, width = image.shape
    patch = torch.zeros(channels, side, side)
    for v in range(side):
        for u in range(side):
            x = min(max(corner[0] + u, 0), width - 1)
            y = min(max(corner[1] + v, 0), height - 1)
            for row in range(height):
                for column in range(width):
                    weight = max(0, 1 - abs(x - column)) * max(0, 1 - abs(y - row))
                    patch[:, v, u] += weight * image[:, row, column]
    return patch


def test_between_pixels_a_patch_is_the_mean_of_those_around():
    torch.manual_seed(0)
    images = torch.rand(5, 2, 7, 9)
    # Half a pixel on one axis, on both, less than half, and over the border on two sides.
    corners = [(2.5, 1.0), (3.5, 2.5), (0.25, 2.75), (-1.5, 4.5), (6.5, -0.5)]
    found = cut_patches(images, torch.tensor(corners), 4)
    for image, corner, patch in zip(images, corners, found, strict=True):
        torch.testing.assert_close(patch, by_pixel(image, corner, 4))


def test_a_place_has_a_gradient():
    ramp = 3 * torch.arange(9.0).expand(1, 1, 7, 9)
    corner = torch.tensor([[2.5, 1.5]], requires_grad=True)
    cut_patches(ramp, corner, 4).mean().backward()
    torch.testing.assert_close(corner.grad, torch.tensor([[3.0, 0.0]]))
