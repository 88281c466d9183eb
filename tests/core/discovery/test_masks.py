"""Masks at full size from maps."""

from __future__ import annotations

import numpy as np
import pytest

from core.discovery.masks import Refinement, cut_map, label_map_of, largest_parts


def test_small_parts_are_dropped_and_large_ones_kept():
    plane = np.zeros((20, 20), np.float32)
    plane[2:12, 2:12] = 0.9
    plane[15:18, 15:18] = 0.8
    plane[0, 19] = 0.7
    kept = largest_parts(plane, share=0.9)
    assert (kept[2:12, 2:12] > 0.8).all()
    assert kept[15:18, 15:18].max() == 0
    assert kept[0, 19] == 0
    both = largest_parts(plane, share=0.97)
    assert (both[15:18, 15:18] > 0.7).all()
    assert both[0, 19] == 0


def test_doubtful_pixels_stay_as_they_are():
    plane = np.full((6, 6), 0.3, np.float32)
    plane[1:3, 1:3] = 0.9
    assert (largest_parts(plane) == plane).all()


def scene():
    frame = np.full((80, 120, 3), 40, np.uint8)
    frame[20:60, 30:90] = (220, 180, 60)
    plane = np.zeros((20, 30), np.float32)
    plane[5:15, 8:22] = 0.9
    return frame, plane


@pytest.mark.parametrize("refinement", list(Refinement))
def test_masks_have_the_size_of_the_frame_and_follow_it(refinement):
    frame, plane = scene()
    found = label_map_of([plane], frame, refinement)
    assert found.shape == (80, 120)
    assert found.dtype == np.uint8
    truth = np.zeros((80, 120), bool)
    truth[20:60, 30:90] = True
    overlap = ((found == 1) & truth).sum() / ((found == 1) | truth).sum()
    assert overlap > (0.85 if refinement is Refinement.NONE else 0.93)


def test_a_mask_that_is_too_wide_is_cut():
    """As learned segments are: wider than the object by a cell."""
    frame, plane = scene()
    frame[:20] += np.random.default_rng(0).integers(0, 9, (20, 120, 3), np.uint8)
    plane[3:17, 5:25] = 0.9
    truth = np.zeros((80, 120), bool)
    truth[20:60, 30:90] = True

    def overlap(refinement):
        found = label_map_of([plane], frame, refinement) > 0
        return (found & truth).sum() / (found | truth).sum()

    assert overlap(Refinement.GUIDED) < 0.8
    assert overlap(Refinement.CUT) > 0.95


def test_a_mean_field_carries_a_sure_core_to_the_edge_of_its_color():
    """As maps of networks that are seldom sure of a whole object; a filter alone stops before."""
    frame, plane = scene()
    plane[:] = 0.3
    plane[7:13, 10:20] = 0.9
    truth = np.zeros((80, 120), bool)
    truth[20:60, 30:90] = True
    found = {one: label_map_of([plane], frame, one) > 0 for one in Refinement}
    assert (found[Refinement.GUIDED] & truth).sum() < 0.7 * truth.sum()
    assert (found[Refinement.FIELD] == truth).mean() > 0.99


def test_a_cut_that_is_another_thing_is_not_taken():
    """Half the mask is of the ground's color: nothing of that is told apart."""
    small = np.full((20, 30, 3), 90, np.uint8)
    small[9:11, 14:16] = (250, 20, 20)
    plane = np.zeros((20, 30), np.float32)
    plane[4:16, 8:22] = 0.9
    assert cut_map(plane, small) is plane
    empty = np.zeros((20, 30), np.float32)
    assert not cut_map(empty, small).any()


@pytest.mark.parametrize("refinement", list(Refinement))
def test_the_surest_object_has_the_pixel_and_no_object_is_background(refinement):
    frame, plane = scene()
    frame[20:60, 30:60, 0] = 120
    other = np.zeros_like(plane)
    other[5:15, 8:15] = 1.0
    for maps, surest in (([plane, other], 2), ([other, plane], 1)):
        found = label_map_of(maps, frame, refinement)
        assert found[40, 40] == surest
        assert found[40, 80] == 3 - surest
    assert not label_map_of([], frame).any()
