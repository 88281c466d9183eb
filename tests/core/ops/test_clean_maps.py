"""Cleaning up label maps: who gets what an object loses."""

from __future__ import annotations

import numpy as np

from core.cleaning import DEFAULT, NONE, Cleaning
from core.ops.clean_maps import clean_map
from core.types import VOID


def two_blocks():
    """Object 1 on the left, 2 on the right, with background around."""
    found = np.zeros((24, 40), np.uint8)
    found[4:20, 4:18] = 1
    found[4:20, 22:36] = 2
    return found


def test_nothing_to_do_gives_the_same_map_back():
    label_map = two_blocks()
    assert clean_map(label_map, {}) is label_map
    assert clean_map(label_map, {1: NONE, 2: Cleaning(feather=3)}) is label_map
    assert clean_map(label_map, {9: DEFAULT}) is label_map


def test_an_island_in_another_object_becomes_that_object():
    label_map = two_blocks()
    label_map[8:10, 28] = 1
    label_map[0, 0] = 2
    before = label_map.copy()
    found = clean_map(label_map, {1: DEFAULT, 2: DEFAULT})
    assert (found == two_blocks()).all()
    assert (label_map == before).all()


def test_an_island_on_the_rim_is_shared_by_what_lies_nearest():
    label_map = two_blocks()
    label_map[3:5, 28] = 1
    assert (clean_map(label_map, {1: Cleaning(islands=9)}) == two_blocks()).all()


def test_what_is_fixed_neither_gains_nor_loses():
    label_map = two_blocks()
    label_map[8, 28] = 1
    found = clean_map(label_map, {1: Cleaning(islands=9, grow=8)}, fixed=(2,))
    assert ((found == 2) == (label_map == 2)).all()
    assert found[8, 28] == 0


def test_void_gains_nothing():
    label_map = np.full((9, 9), VOID, np.uint8)
    label_map[0, 0] = label_map[5:8, 5:8] = 1
    found = clean_map(label_map, {1: Cleaning(islands=4)})
    assert found[0, 0] == 0
    assert (found == VOID).sum() == (label_map == VOID).sum()


def test_a_hole_is_filled_where_the_background_shows_through_and_nowhere_else():
    label_map = two_blocks()
    label_map[10:13, 26:30] = 0
    label_map[11, 27] = 1
    found = clean_map(label_map, {2: Cleaning(holes=50)})
    assert (found[10:13, 26:30] == 2).sum() == 11
    assert found[11, 27] == 1


def test_nobody_grows_into_another():
    found = clean_map(two_blocks(), {1: Cleaning(grow=9), 2: Cleaning(grow=9)})
    assert (found[10, 4:18] == 1).all() and (found[10, 22:36] == 2).all()
    assert (found[10, 18:22] == 1).all(), "the one in front comes first"
    swapped = clean_map(two_blocks(), {2: Cleaning(grow=9), 1: Cleaning(grow=9)})
    assert (swapped[10, 18:22] == 2).all()


def test_smoothing_leaves_no_gap_between_neighbors():
    label_map = np.zeros((20, 20), np.uint8)
    label_map[2:18, 2:10] = 1
    label_map[2:18, 10:18] = 2
    label_map[8, 10] = 1
    found = clean_map(label_map, {1: Cleaning(smooth=3), 2: Cleaning(smooth=3)})
    assert (found[6:14, 6:14] > 0).all()


def test_an_area_is_erased_from_the_object_and_from_no_other():
    area = ((0.0, 0.0), (40.0, 0.0), (40.0, 10.0), (0.0, 10.0))
    found = clean_map(two_blocks(), {1: Cleaning(erased=(area,))})
    assert not (found[:10] == 1).any()
    assert ((found == 2) == (two_blocks() == 2)).all()


def test_an_object_of_specks_alone_keeps_its_largest():
    label_map = np.zeros((9, 9), np.uint8)
    label_map[1, 1] = label_map[4, 4:6] = 3
    found = clean_map(label_map, {3: Cleaning(islands=9)})
    assert (found == 3).sum() == 2
