"""Cleaning up single masks, compared with what a naive loop or a ruler says."""

from __future__ import annotations

import numpy as np
import pytest

from core.cleaning import AUTO, Cleaning
from core.ops import masks


def drawn(*rows):
    return np.array([[letter == "#" for letter in row] for row in rows])


def disk(size, radius, at=None):
    y, x = np.mgrid[:size, :size]
    row, column = at or (size // 2, size // 2)
    return (y - row) ** 2 + (x - column) ** 2 <= radius**2


class TestIslands:
    MASK = drawn("####....", "####..#.", "####....", "......##", "......##")

    def test_smaller_ones_go(self):
        found = masks.without_islands(self.MASK, 2)
        assert (found == drawn("####....", "####....", "####....", "......##", "......##")).all()
        assert (masks.without_islands(self.MASK, 5) == self.MASK & (np.arange(8) < 4)).all()

    def test_the_largest_part_stays_however_small(self):
        assert masks.without_islands(self.MASK, 1000).sum() == 12

    def test_corners_hold_a_part_together(self):
        mask = drawn("##..", "##..", "..#.", "...#")
        assert (masks.without_islands(mask, 4) == mask).all()

    def test_specks_far_from_the_object_go(self):
        large = disk(240, 60)
        large[0, 0:4] = True
        assert (masks.without_islands(large, AUTO) == disk(240, 60)).all()

    def test_the_size_follows_from_the_distance(self):
        mask = disk(240, 60, at=(120, 70))
        for side, goes in ((6, True), (20, False)):
            # 6 pixels are less than a sixth of the distance of 60; 20 are more.
            island = np.zeros_like(mask)
            island[120 : 120 + side, 190 : 190 + side] = True
            assert (masks.without_islands(mask | island, AUTO) == mask).all() == goes

    def test_what_is_near_the_object_stays(self):
        mask = disk(240, 60)
        mask[120, 184] = True
        assert (masks.without_islands(mask, AUTO) == mask).all()
        mask[120, 184], mask[120, 210] = False, True
        assert not masks.without_islands(mask, AUTO)[120, 210]

    def test_an_object_in_several_parts_keeps_its_specks(self):
        mask = disk(240, 40, at=(60, 60)) | disk(240, 20, at=(180, 180))
        mask[0, 239] = True
        assert (masks.without_islands(mask, AUTO) == mask).all()

    def test_an_empty_mask_and_a_full_one_stay(self):
        for mask in (np.zeros((4, 5), bool), np.ones((4, 5), bool)):
            assert (masks.without_islands(mask, 9) == mask).all()


def test_the_largest_parts_are_kept():
    mask = drawn("###.#.##", "........", "#.......")
    assert (masks.largest_parts(mask, 1) == drawn("###.....", "........", "........")).all()
    assert masks.largest_parts(mask, 2).sum() == 5
    assert (masks.largest_parts(mask, 9) == mask).all()
    tie = drawn("#.#.#")
    assert (masks.largest_parts(tie, 2) == drawn("#.#..")).all()


class TestHoles:
    MASK = drawn("#######", "#.#..##", "###..##", "#######", "..#####")

    def test_smaller_ones_are_filled(self):
        found = masks.filled(self.MASK, 2)
        assert (found == drawn("#######", "###..##", "###..##", "#######", "..#####")).all()

    def test_what_touches_the_border_is_no_hole(self):
        assert (masks.filled(self.MASK, 100)[4] == self.MASK[4]).all()
        assert masks.filled(self.MASK, 100)[:4].all()

    def test_holes_do_not_leak_at_corners(self):
        mask = drawn("####.", "#.###", "##.##", "#####")
        assert masks.holes_of(mask, 2).sum() == 2

    def test_the_size_follows_from_the_object(self):
        ring = disk(120, 40)
        ring[60, 58:61] = False
        assert masks.filled(ring, AUTO)[60, 58:61].all()
        small = disk(120, 8)
        small[60, 58:64] = False
        assert not masks.filled(small, AUTO)[60, 58:64].any()


class TestGrowing:
    @pytest.mark.parametrize("pixels", [1, 2, 5, -1, -3])
    def test_as_a_naive_loop_says(self, pixels):
        mask = np.random.default_rng(3).random((20, 24)) > (0.9 if pixels > 0 else 0.02)
        found = masks.grown(mask, pixels)
        sources = np.argwhere(mask if pixels > 0 else ~mask)
        for y, x in np.ndindex(mask.shape):
            near = np.hypot(*(sources - (y, x)).T).min() <= abs(pixels) + 1e-6
            assert found[y, x] == (near if pixels > 0 else not near)

    def test_what_reaches_the_border_goes_on_behind_it(self):
        assert (masks.grown(np.ones((4, 4), bool), -2)).all()
        half = np.zeros((8, 8), bool)
        half[:, :5] = True
        assert (masks.grown(half, -2)[0] == (np.arange(8) < 3)).all()

    def test_nothing_grows_to_nothing(self):
        assert not masks.grown(np.zeros((4, 4), bool), 3).any()


class TestSmoothing:
    def test_bumps_and_notches_go_and_straight_edges_stay(self):
        half = np.zeros((30, 30), bool)
        half[12:] = True
        rough = half.copy()
        rough[9:12, 10] = True
        rough[12:15, 20] = False
        assert (masks.smoothed(rough, 4) == half).all()
        assert (masks.smoothed(half, 4) == half).all()

    def test_a_thin_object_is_not_lost(self):
        thin = np.zeros((30, 30), bool)
        thin[10, 4:20] = True
        assert (masks.smoothed(thin, 5) == thin).all()


class TestFeathering:
    def test_width_and_middle_of_the_edge(self):
        step = np.zeros((20, 60), np.float32)
        step[:, 30:] = 1
        row = masks.feathered(step, 8)[10]
        assert row[29] + row[30] == pytest.approx(1, abs=1e-3)
        soft = np.flatnonzero((row > 0.025) & (row < 0.975))
        assert 7 <= len(soft) <= 9
        assert (masks.feathered(step, 0) == step).all()


class TestAreas:
    def test_a_square_takes_the_pixels_whose_centers_it_holds(self):
        found = masks.area_of([((2, 1), (6, 1), (6, 4), (2, 4))], (6, 8))
        expected = np.zeros((6, 8), bool)
        expected[1:4, 2:6] = True
        assert (found == expected).all()

    def test_areas_outside_take_nothing(self):
        assert not masks.area_of([((-9, -9), (-5, -9), (-5, -5))], (6, 8)).any()


def test_all_steps_go_in_their_order():
    mask = disk(60, 15)
    mask[2, 2] = True
    mask[30, 30] = False
    cleaning = Cleaning(islands=4, holes=4, grow=2, erased=(((0, 0), (60, 0), (60, 30), (0, 30)),))
    found = masks.cleaned(mask, cleaning)
    assert not found[:28].any()
    assert found[28, 25] and not found[27, 25]
    assert found[47, 30] and not found[48, 30]
    assert not found[2, 2]
