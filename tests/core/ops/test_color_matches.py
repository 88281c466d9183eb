"""Planes that are shifted, and what has the same color."""

from __future__ import annotations

import math

import pytest
import torch

from core.ops.color_matches import Search, patch_matches, same_color, shifted


@pytest.mark.parametrize("offset", [(0, 0), (1, 2), (-1, 3), (2, -2), (-3, -1), (9, 0), (0, -9)])
def test_shifted_planes_hold_what_was_at_the_offset(offset):
    planes = torch.arange(1.0, 31).view(1, 5, 6)
    wanted = torch.full((1, 5, 6), -1.0)
    for y in range(5):
        for x in range(6):
            v, u = y + offset[0], x + offset[1]
            if 0 <= v < 5 and 0 <= u < 6:
                wanted[0, y, x] = planes[0, v, u]
    torch.testing.assert_close(shifted(planes, offset, fill=-1.0), wanted)


@pytest.mark.parametrize(("distance", "near"), [(2.40, True), (2.42, False)])
def test_the_threshold_of_neighbors_is_a_distance_of_2_41(distance, near):
    lab = torch.zeros(3, 4, 4)
    lab[0, :, 2:] = distance
    assert bool(same_color(lab, (0, 2), threshold=0.3)[1, 0]) is near
    assert not same_color(lab, (0, 2), threshold=0.3)[:, 2:].any()
    assert same_color(lab, (0, 2), threshold=0)[:, :2].all()


def test_gamma_is_the_scale_of_distances():
    lab = torch.zeros(3, 4, 4)
    lab[0, :, 2:] = 4.0
    limit = math.exp(-4 / 8) - 1e-6
    assert same_color(lab, (0, 2), threshold=limit, gamma=8.0)[:, :2].all()
    assert not same_color(lab, (0, 2), threshold=limit, gamma=4.0)[:, :2].any()


def test_at_most_so_many_patches_match():
    generator = torch.Generator().manual_seed(0)
    lab, other = torch.randn(2, 2, 3, 9, 9, generator=generator).unbind(0)
    every = patch_matches(lab, other, Search(size=3), threshold=0)
    best = patch_matches(lab, other, Search(size=3, kept=2), threshold=0)
    assert every.shape == (2, 9, 9, 9) and not every[:, :, 0].any()
    assert int(every.sum(1).max()) == 9 and int(best.sum(1).max()) == 2
    assert (best <= every).all()
    assert best.sum(1).eq(every.sum(1).clamp(max=2)).all()
