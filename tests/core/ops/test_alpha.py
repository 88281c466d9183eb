"""Soft alpha: it follows edges of the picture, and what does not move is calm."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from core.ops import alpha
from core.ops.alpha import AlphaPart

SIZE = 72


def disk(x, y, radius=20):
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return np.hypot(rows - y, columns - x) <= radius


def true_alpha(x, y, radius=20):
    """Of a disk with a soft edge, by eight times eight samples a pixel."""
    places = (np.arange(8 * SIZE) + 0.5) / 8 - 0.5
    fine = np.hypot(places[:, None] - y, places[None] - x) <= radius
    share = cv2.resize(fine.astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(share, (0, 0), 1.2)


def picture(share, noise=None, seed=1):
    ground = np.array([60, 90, 40], np.float32)
    front = np.array([200, 150, 170], np.float32)
    frame = ground + share[..., None] * (front - ground)
    if noise:
        frame = frame + np.random.default_rng(seed).normal(0, noise, frame.shape)
    return np.clip(np.rint(frame), 0, 255).astype(np.uint8)


def jittered(mask, seed):
    """The mask with a boundary that trembles by a pixel, as it does from frame to frame."""
    rough = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 6, mask.shape), (0, 0), 2)
    inside, outside = (cv2.distanceTransform(m.astype(np.uint8), 2, 5) for m in (mask, ~mask))
    return inside - outside + rough > 0


@pytest.fixture(scope="module")
def still():
    """Six frames of a film that stands still, with noise, and masks that tremble."""
    share = true_alpha(36, 34)
    frames = [picture(share, 4, seed) for seed in range(6)]
    masks = [jittered(disk(36, 34), seed) for seed in range(6)]
    return share, frames, masks


def unrest(planes, band):
    """Mean change of the band from frame to frame."""
    return float(np.mean([np.abs(b - a)[band].mean() for a, b in pairwise(planes)]))


def steady(parts, frames, index):
    near = range(max(index - 2, 0), min(index + 3, len(frames)))
    looks = [alpha.smoothed_look(frames[i]) for i in near]
    return alpha.steadied([parts[i] for i in near], looks, near.index(index))


def test_the_edge_is_as_soft_as_the_picture_says():
    share = true_alpha(36, 34)
    found = alpha.refined_alpha(disk(36, 34), None, picture(share))
    error = np.abs(alpha.full_alpha(found, share.shape) - share)
    assert error.mean() < 0.6 * np.abs(disk(36, 34) - share).mean()
    assert error.max() < 0.3


def test_far_from_the_boundary_nothing_is_soft():
    whole = alpha.full_alpha(
        alpha.refined_alpha(disk(36, 34), None, picture(true_alpha(36, 34), 20)), (SIZE, SIZE)
    )
    assert (whole[disk(36, 34, 15)] == 1).all() and (whole[~disk(36, 34, 25)] == 0).all()


def test_where_the_engine_is_sure_alpha_is_the_mask():
    share, mask = true_alpha(36, 34), disk(36, 34)
    soft = np.where(np.arange(SIZE) < 28, mask, share).astype(np.float32)
    levels = np.rint(soft * 255).astype(np.uint8)
    found = alpha.full_alpha(alpha.refined_alpha(mask, levels, picture(share)), mask.shape)
    assert (found[:, :24] == mask[:, :24]).all()
    right = found[:, 40:]
    assert ((right > 0) & (right < 1)).sum() > 40


def test_soft_labels_of_another_mask_and_such_that_tell_nothing_are_not_heeded():
    mask, flat = disk(36, 34), picture(true_alpha(36, 34))
    alone = alpha.refined_alpha(mask, None, flat).alpha
    sure = np.where(mask, 255, 0).astype(np.uint8)
    for other in (sure, np.zeros((18, 18), np.uint8), np.full((18, 18), 255, np.uint8)):
        assert np.array_equal(alpha.refined_alpha(mask, other, flat).alpha, alone)


def test_what_stands_still_is_calm(still):
    share, frames, masks = still
    parts = [alpha.refined_alpha(m, None, f) for m, f in zip(masks, frames, strict=True)]
    shape, band = share.shape, disk(36, 34, 24) & ~disk(36, 34, 16)
    hard = unrest([m.astype(np.float32) for m in masks], band)
    alone = unrest([alpha.full_alpha(p, shape) for p in parts], band)
    calm = [alpha.full_alpha(steady(parts, frames, i), shape) for i in range(6)]
    assert unrest(calm, band) < 0.5 * alone < 0.5 * hard
    assert np.abs(calm[3] - share).mean() < np.abs(masks[3] - share).mean()


def test_what_moves_is_not_smeared():
    shares = [true_alpha(30 + 4 * i, 34) for i in range(5)]
    frames = [picture(share) for share in shares]
    parts = [alpha.refined_alpha(disk(30 + 4 * i, 34), None, f) for i, f in enumerate(frames)]
    found = alpha.full_alpha(steady(parts, frames, 2), (SIZE, SIZE))
    alone = alpha.full_alpha(parts[2], (SIZE, SIZE))
    assert np.abs(found - alone).max() < 0.02


def test_nothing_there_has_no_alpha():
    assert alpha.refined_alpha(np.zeros((SIZE, SIZE), bool), None, picture(disk(9, 9))) is None
    assert not alpha.full_alpha(None, (4, 5)).any()


def test_an_object_at_the_border_goes_on_behind_it():
    mask = np.zeros((SIZE, SIZE), bool)
    mask[40:] = True
    found = alpha.refined_alpha(mask, None, picture(mask.astype(np.float32)))
    assert (alpha.full_alpha(found, mask.shape)[-4:] == 1).all()


def test_growing_moves_a_soft_edge_as_it_is():
    edge = np.tile(np.clip((np.arange(40) - 15) / 8, 0, 1), (40, 1)).astype(np.float32)
    assert (alpha.grown_alpha(edge, 3)[20, 5:30] == edge[20, 8:33]).all()
    assert (alpha.grown_alpha(edge, -3)[20, 5:30] == edge[20, 2:27]).all()
    assert alpha.grown_alpha(edge, 0) is edge


def test_the_band_is_wider_where_the_object_is_larger():
    assert alpha.band_width(100) == alpha.NARROWEST
    assert alpha.band_width(10**8) == alpha.WIDEST
    assert alpha.band_width(200 * 200) == 8


def test_parts_of_other_places_are_averaged_where_they_lie():
    plane = np.ones((4, 4), np.float32)
    band = plane.copy()
    band[1] = 0
    one = AlphaPart(slice(0, 4), slice(0, 4), plane, band)
    other = AlphaPart(slice(2, 6), slice(2, 6), plane, plane)
    looks = [np.zeros((8, 8, 3), np.uint8)] * 2
    found = alpha.steadied([one, other], looks, 0)
    assert found.alpha[3, 3] == 1 and found.alpha[0, 0] == 0.5
    assert (found.alpha[1] == 1).all(), "away from the boundary the mask counts"
