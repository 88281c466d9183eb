"""Objects of one frame out of one map."""

from __future__ import annotations

import numpy as np

from core.discovery.parts import PartsConfig, connected_parts, proposals


def picture():
    small = np.full((60, 90, 3), 30, np.uint8)
    plane = np.zeros((60, 90), np.float32)
    return small, plane


def test_connected_parts_are_apart_and_crumbs_are_nothing():
    mask = np.zeros((40, 50), bool)
    mask[2:12, 2:12] = True
    mask[20:36, 20:40] = True
    mask[0, 49] = True
    found = connected_parts(mask, least=0.01)
    assert [int(part.sum()) for part in found] == [320, 100]
    assert (found[0] | found[1]).sum() == 420


def test_a_part_of_two_colors_becomes_two_proposals():
    small, plane = picture()
    small[10:50, 10:45] = (220, 40, 40)
    small[10:50, 45:80] = (40, 60, 220)
    plane[10:50, 10:80] = 0.8
    found = proposals(plane, small)
    assert len(found) == 2
    assert not (found[0].mask & found[1].mask).any()
    assert (found[0].mask | found[1].mask).sum() == 40 * 70
    left = max(found, key=lambda p: p.mask[:, 10:45].sum()).mask
    assert left[12:48, 12:43].mean() > 0.95
    assert abs(found[0].score - 0.8) < 1e-6


def test_a_part_of_one_color_in_changing_light_stays_whole():
    small, plane = picture()
    shade = np.linspace(90, 130, 70).astype(np.uint8)
    small[10:50, 10:80] = np.stack([shade, shade // 2, shade // 3], 1)[None]
    plane[10:50, 10:80] = 0.9
    assert len(proposals(plane, small)) == 1


def test_a_small_patch_of_another_color_is_no_object():
    small, plane = picture()
    small[10:50, 10:80] = (200, 60, 60)
    small[26:34, 40:48] = (30, 30, 220)
    plane[10:50, 10:80] = 0.9
    (one,) = proposals(plane, small)
    assert one.mask.sum() == 40 * 70


def test_there_are_no_more_than_asked_for_and_nothing_of_nothing():
    small, plane = picture()
    for index in range(4):
        plane[5:15, 20 * index + 2 : 20 * index + 14] = 0.9
    assert len(proposals(plane, small, most=3)) == 3
    assert proposals(np.zeros_like(plane), small) == []
    tight = PartsConfig(least_area=0.5)
    assert proposals(plane, small, tight) == []


def test_the_same_twice():
    small, plane = picture()
    rng = np.random.default_rng(0)
    small[:] = rng.integers(0, 255, small.shape, np.uint8)
    plane[5:55, 5:85] = 0.9
    first, second = proposals(plane, small), proposals(plane, small)
    assert [p.mask.tobytes() for p in first] == [p.mask.tobytes() for p in second]
