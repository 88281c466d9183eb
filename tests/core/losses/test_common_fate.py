"""Segments that explain an optical flow."""

from __future__ import annotations

import torch

from core.losses.common_fate import common_fate, flow_misses, tiling


def two_motions():
    """A flow of 3 pixels on a square over a ground that turns, and the square."""
    square = torch.zeros(1, 1, 24, 32)
    square[..., 8:16, 8:20] = 1
    y, x = torch.meshgrid(torch.linspace(-1, 1, 24), torch.linspace(-1, 1, 32), indexing="ij")
    ground = torch.stack([-y, x])[None]
    flow = ground * (1 - square) + torch.tensor([3.0, 0.0]).view(1, 2, 1, 1) * square
    return flow, square


def test_the_true_parts_leave_nothing_and_one_part_leaves_all():
    flow, square = two_motions()
    nobody = torch.zeros_like(square)
    true, misses = common_fate(flow, torch.cat([1 - square, square, nobody], 1), 1)
    one, _ = common_fate(flow, torch.cat([torch.ones_like(square), nobody, nobody], 1), 1)
    assert true < 0.02
    assert misses.shape == (1, 1, 24, 32)
    assert misses.max() < 0.05
    assert 0.8 < one < 1


def test_the_ground_needs_the_order_of_its_motion():
    flow, square = two_motions()
    masks = torch.cat([1 - square, square], 1)
    by_order = [common_fate(flow, masks, order)[0].item() for order in (0, 1)]
    assert by_order[1] < 0.1 * by_order[0]


def test_pairs_count_alike_however_fast_they_are():
    flow, square = two_motions()
    masks = torch.cat([0.8 - 0.6 * square, 0.2 + 0.6 * square], 1)
    slow, fast = (common_fate(k * flow, masks, 1)[0].item() for k in (2, 20))
    assert abs(slow - fast) < 0.15


def test_a_still_picture_teaches_nothing():
    masks = torch.rand(1, 3, 8, 8, requires_grad=True)
    loss, _ = common_fate(torch.zeros(1, 2, 8, 8), masks.softmax(1), 2)
    loss.backward()
    assert loss < 1e-6
    assert masks.grad.abs().max() < 1e-6


def test_pixels_go_to_the_segment_that_moves_as_they_do():
    flow, square = two_motions()
    logits = (0.1 * torch.cat([1 - square, square], 1)).requires_grad_()
    loss, _ = common_fate(flow, logits.softmax(1), 1)
    loss.backward()
    inside = square[0, 0] > 0
    assert (logits.grad[0, 1][inside] < 0).all()
    assert logits.grad[0, 1][~inside].mean() > 0


def test_each_segment_has_misses_of_its_own():
    flow, square = two_motions()
    missed = flow_misses(flow, torch.cat([1 - square, square], 1), 1)
    inside = square[0, 0] > 0
    assert missed[0, 1][inside].max() < 0.05
    assert missed[0, 0][inside].min() > 1


def test_quarters_of_every_picture_are_tiles_and_objects_are_not():
    tiles = torch.zeros(4, 2, 16, 16)
    tiles[:, 0, :, :8], tiles[:, 1, :, 8:] = 1, 1
    objects = torch.zeros(4, 2, 16, 16)
    for k, (y, x) in enumerate(((0, 0), (0, 8), (8, 0), (8, 8))):
        objects[k, 0, y : y + 8, x : x + 8] = 1
    objects[:, 1] = 1 - objects[:, 0]
    assert tiling(tiles).item() == 0.5
    assert tiling(objects).item() == 0
