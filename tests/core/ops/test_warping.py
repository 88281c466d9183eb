"""Warping and arrivals, against loops written from their equations."""

from __future__ import annotations

import math

import torch

from core.ops.warping import arrivals, outside, pixel_grid, warp


def at(image, x, y):
    """Bilinear value with the border going on."""
    height, width = image.shape
    x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
    left, top = min(int(x), width - 2), min(int(y), height - 2)
    a, b = x - left, y - top
    rows = image[top : top + 2, left : left + 2]
    return (1 - b) * ((1 - a) * rows[0, 0] + a * rows[0, 1]) + b * (
        (1 - a) * rows[1, 0] + a * rows[1, 1]
    )


def test_warp_samples_where_the_flow_points():
    torch.manual_seed(0)
    image, flow = torch.rand(2, 3, 7, 9), 3 * torch.randn(2, 2, 7, 9)
    found = warp(image, flow)
    for batch in range(2):
        for y in range(7):
            for x in range(9):
                dx, dy = flow[batch, :, y, x].tolist()
                for channel in range(3):
                    wanted = at(image[batch, channel], x + dx, y + dy)
                    assert abs(found[batch, channel, y, x].item() - float(wanted)) < 1e-5


def test_no_flow_changes_nothing_and_a_single_row_is_possible():
    image = torch.rand(1, 2, 1, 6)
    torch.testing.assert_close(warp(image, torch.zeros(1, 2, 1, 6)), image)


def test_pixel_grid_has_x_first():
    x, y = pixel_grid(torch.zeros(2, 3)).tolist()
    assert x == [[0, 1, 2], [0, 1, 2]]
    assert y == [[0, 0, 0], [1, 1, 1]]


def test_arrivals_count_shares_of_pixels():
    torch.manual_seed(1)
    flow = 2 * torch.randn(2, 2, 5, 6)
    found = arrivals(flow)
    for batch in range(2):
        counts = torch.zeros(5, 6)
        for y in range(5):
            for x in range(6):
                px, py = x + flow[batch, 0, y, x].item(), y + flow[batch, 1, y, x].item()
                for qy in range(5):
                    for qx in range(6):
                        counts[qy, qx] += max(0, 1 - abs(px - qx)) * max(0, 1 - abs(py - qy))
        torch.testing.assert_close(found[batch, 0], counts, atol=1e-5, rtol=0)


def test_outside_is_the_way_back_to_the_picture():
    flow = torch.zeros(1, 2, 3, 4)
    flow[0, :, 0, 0] = torch.tensor([-2.0, -1.5])
    flow[0, :, 2, 3] = torch.tensor([1.0, 0.25])
    flow[0, :, 1, 1] = torch.tensor([1.0, 1.0])
    wanted = torch.zeros(3, 4)
    wanted[0, 0], wanted[2, 3] = 3.5, 1.25
    torch.testing.assert_close(outside(flow)[0, 0], wanted)


def test_arrivals_of_rest_are_one_and_carry_no_gradient():
    flow = torch.zeros(1, 2, 4, 4, requires_grad=True)
    found = arrivals(flow)
    assert found.eq(1).all()
    assert not found.requires_grad
    assert math.isclose(found.sum().item(), 16)
