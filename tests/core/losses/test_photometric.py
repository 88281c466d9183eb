"""Photometric losses, each against a loop written from its equation."""

from __future__ import annotations

import math

import pytest
import torch

from core.losses.photometric import (
    C1,
    C2,
    census_distance,
    distance_map,
    seen,
    ssim,
    ssim_distance,
    weighted_mean,
)
from core.losses.photometric_kind import Photometric


def pictures(channels=3):
    torch.manual_seed(0)
    first = torch.rand(1, channels, 6, 7, dtype=torch.float64)
    return first, (first + 0.2 * torch.randn_like(first)).clamp(0, 1)


def window_ssim(a, b):
    n = len(a)
    ma, mb = sum(a) / n, sum(b) / n
    va, vb = sum(x * x for x in a) / n - ma * ma, sum(x * x for x in b) / n - mb * mb
    cov = sum(x * y for x, y in zip(a, b, strict=True)) / n - ma * mb
    return (2 * ma * mb + C1) * (2 * cov + C2) / ((ma**2 + mb**2 + C1) * (va + vb + C2))


def test_ssim_is_that_of_each_window():
    first, second = pictures()
    found = ssim(first, second)
    for c in range(3):
        for y in range(4):
            for x in range(5):
                cut = (0, c, slice(y, y + 3), slice(x, x + 3))
                wanted = window_ssim(first[cut].flatten().tolist(), second[cut].flatten().tolist())
                assert math.isclose(found[0, c, y, x].item(), wanted, abs_tol=1e-10)


def test_ssim_distance_is_half_of_what_lacks_to_one():
    first, second = pictures()
    wanted = ((1 - ssim(first, second)) / 2).clamp(0, 1).mean(1, keepdim=True)
    torch.testing.assert_close(ssim_distance(first, second), wanted)
    assert ssim_distance(first, first).abs().max() < 1e-9


def test_census_compares_the_signs_of_neighbors():
    first, second = pictures()
    found = census_distance(first, second)

    def sign(image, y, x, dy, dx):
        gray = 255 * image[0].mean(0)
        step = (gray[y + dy, x + dx] - gray[y, x]).item()
        return step / math.sqrt(0.81 + step * step)

    for y in range(1, 5):
        for x in range(1, 6):
            total = 0.0
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    if dy or dx:
                        q = (sign(first, y, x, dy, dx) - sign(second, y, x, dy, dx)) ** 2
                        total += q / (0.1 + q)
            assert math.isclose(found[0, 0, y - 1, x - 1].item(), total / 8, abs_tol=1e-9)


def test_census_does_not_see_more_light_and_ssim_does():
    first, _ = pictures()
    lighter = 0.8 * first + 0.15
    assert census_distance(first, first + 0.1).max() < 1e-9
    assert ssim_distance(first, first + 0.1).mean() > 1e-3
    assert census_distance(first, lighter).mean() < ssim_distance(first, 1 - first).mean()


@pytest.mark.parametrize("kind", list(Photometric))
def test_distance_maps_are_zero_for_the_same_picture_and_mixed_as_said(kind):
    first, second = pictures()
    assert distance_map(kind, first, first).abs().max() < 1e-9
    found = distance_map(kind, first, second)
    apart = (first - second).abs().mean(1, keepdim=True)[..., 1:-1, 1:-1]
    wanted = {
        Photometric.PAPER: ssim_distance(first, second),
        Photometric.CODE: 0.15 * apart + 0.85 * ssim_distance(first, second),
        Photometric.CENSUS: 0.15 * apart + 0.85 * census_distance(first, second),
    }[kind]
    torch.testing.assert_close(found, wanted)


def test_what_nothing_arrives_at_is_hidden():
    flow = torch.zeros(1, 2, 4, 8)
    flow[:, 0, :, 4:] = 2  # the right half moves two to the right and leaves a gap
    visible = seen(flow)
    assert visible[0, 0, 0].tolist() == [1, 1, 1, 1, 0, 0, 1, 1]


def test_the_mean_is_over_what_counts():
    distance = torch.arange(4.0).view(1, 1, 2, 2)
    counts = torch.zeros(1, 1, 4, 4)
    assert weighted_mean(distance, counts) == 0
    counts[..., 1, 1:3] = 1
    assert weighted_mean(distance, counts) == 0.5
