"""Rectangles around masks, and overlaps."""

from __future__ import annotations

import numpy as np
import pytest

from core.media.annotations.rectangles import box_overlap, clipped, mask_overlap, tight_box

LEFT, RIGHT = (0.0, 0.0, 4.0, 4.0), (10.0, 0.0, 14.0, 4.0)


def mask(left, top, right, bottom, shape=(8, 16)):
    found = np.zeros(shape, bool)
    found[top:bottom, left:right] = True
    return found


def test_the_smallest_box_has_the_mask():
    assert tight_box(mask(3, 1, 7, 2)) == (3, 1, 7, 2)
    assert tight_box(mask(0, 0, 1, 1)) == (0, 0, 1, 1)
    assert tight_box(mask(0, 0, 0, 0)) is None


def test_overlap_of_boxes():
    assert box_overlap(LEFT, LEFT) == 1
    assert box_overlap(LEFT, RIGHT) == 0
    assert box_overlap(LEFT, (2, 0, 6, 4)) == pytest.approx(8 / 24)


def test_overlap_of_masks():
    first, none = mask(0, 0, 4, 4), mask(0, 0, 0, 0)
    assert mask_overlap(first, first) == mask_overlap(none, none) == 1
    assert mask_overlap(none, first) == 0
    assert mask_overlap(first, mask(2, 0, 6, 4)) == pytest.approx(8 / 24)


def test_the_part_inside_the_frame():
    assert clipped((-2, -2, 20, 3), 16, 8) == (0, 0, 16, 3)
    assert clipped((16, 0, 20, 3), 16, 8) is None
