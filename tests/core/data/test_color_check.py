"""The check of data for box losses, against counting."""

from __future__ import annotations

import math

import pytest
import torch

from core.data.color_check.counting import THRESHOLDS, ColorCheck, check_frames, check_neighbors
from core.ops.color_matches import CYCLIC_TUBE, MASKFREEVIS

T, H, W = 3, 12, 13


def example():
    generator = torch.Generator().manual_seed(1)
    lab = torch.randn(T, 3, H, W, generator=generator) * 0.8
    label_maps = torch.randint(0, 2, (T, H, W), generator=generator).to(torch.uint8)
    label_maps[0, 3:6] = 255
    return lab, label_maps


def near(first, second, threshold):
    return math.exp(-math.sqrt(float(((first - second) ** 2).sum())) / 2) >= threshold


def counted(pairs, label_maps):
    """A check of (pixel, partner, tied) with pixels as (t, y, x)."""
    pairs = list(pairs)
    tied = [(p, q) for p, q, x in pairs if x]
    labels = [(int(label_maps[p]), int(label_maps[q])) for p, q in tied]
    known = [x for x in labels if 255 not in x]
    return ColorCheck(
        len(pairs),
        len(tied),
        len({p for p, _, _ in pairs}),
        len({p for p, _ in tied}),
        len(known),
        sum(a == b for a, b in known),
    )


def neighbors(lab, threshold):
    for t in range(T):
        for y in range(H):
            for x in range(W):
                for v in (y - 2, y, y + 2):
                    for u in (x - 2, x, x + 2):
                        if (v, u) != (y, x) and 0 <= v < H and 0 <= u < W:
                            same = near(lab[t, :, y, x], lab[t, :, v, u], threshold)
                            yield (t, y, x), (t, v, u), same


def between(lab, search, threshold):
    for t in range(T):
        later = (t + 1) % T
        for y in range(1, H - 1):
            for x in range(1, W - 1):
                for dy, dx in search.places:
                    v, u = y + dy, x + dx
                    if not (1 <= v < H - 1 and 1 <= u < W - 1):
                        continue
                    own = lab[t, :, y - 1 : y + 2, x - 1 : x + 2]
                    same = near(own, lab[later, :, v - 1 : v + 2, u - 1 : u + 2], threshold)
                    for r, c in search.tied:
                        yield (t, y, x), (later, v + r, u + c), same


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.3])
def test_neighbors_are_counted(threshold):
    lab, label_maps = example()
    found = check_neighbors(lab, label_maps, thresholds=(threshold,))
    assert found == (counted(neighbors(lab, threshold), label_maps),)


@pytest.mark.parametrize("threshold", [0.0, 0.03])
def test_patches_are_counted(threshold):
    lab, label_maps = example()
    found = check_frames(lab, label_maps, thresholds=(threshold,))
    assert found == (counted(between(lab, CYCLIC_TUBE, threshold), label_maps),)


def test_the_table_begins_with_everything_and_falls():
    lab, label_maps = example()
    for check in (check_frames, check_neighbors):
        shares = [x.share for x in check(lab, label_maps)]
        assert len(shares) == len(THRESHOLDS) and shares[0] == 1
        assert shares == sorted(shares, reverse=True)


def test_without_masks_nothing_is_said_of_precision():
    lab, label_maps = example()
    for check in (check_frames, check_neighbors):
        found = check(lab, torch.full_like(label_maps, 255))[0]
        assert found.precision is None and found.share == 1
    nothing = ColorCheck(0, 0, 0, 0, 0, 0)
    assert nothing.share is None and nothing.coverage is None


def test_colors_that_are_the_objects_are_always_right():
    _, label_maps = example()
    label_maps = torch.where(label_maps == 255, 0, label_maps).to(torch.uint8)
    label_maps[:, :, :6], label_maps[:, :, 6:] = 0, 1
    lab = label_maps[:, None].expand(T, 3, H, W) * 40.0
    assert check_neighbors(lab, label_maps, thresholds=(0.3,))[0].precision == 1
    assert check_frames(lab, label_maps, search=MASKFREEVIS, thresholds=(0.3,))[0].precision == 1
