"""Objects told apart by a detector's boxes."""

from __future__ import annotations

import numpy as np

from core.discovery.boxed import boxed_proposals


def plane():
    found = np.zeros((20, 40), np.float32)
    found[5:15, 5:30] = 0.9
    return found


def test_each_box_has_what_is_foreground_in_it():
    found = boxed_proposals(plane(), [(0, 0, 160, 80)], (0.25, 0.25))
    (one,) = found
    np.testing.assert_array_equal(one.mask, plane() > 0.5)
    assert one.score == np.float32(0.9)


def test_a_pixel_is_the_smallest_box_s():
    first, second = boxed_proposals(plane(), [(0, 0, 40, 20), (5, 5, 10, 15)], (1, 1))
    assert first.mask.sum() == 200 and second.mask.sum() == 50
    assert not (first.mask & second.mask).any()
    assert second.mask[5:15, 5:10].all()


def test_boxes_of_what_is_behind_count_for_nothing():
    boxes = [(31, 0, 40, 20), (0, 0, 4, 4), (200, 200, 300, 300), (28, 0, 40, 20)]
    assert boxed_proposals(plane(), boxes, (1, 1)) == []


def test_no_more_than_are_asked_for():
    boxes = [(5 + 5 * k, 5, 10 + 5 * k, 15 - k) for k in range(5)]
    found = boxed_proposals(plane(), boxes, (1, 1), most=2)
    assert [int(one.mask.sum()) for one in found] == [50, 45]
