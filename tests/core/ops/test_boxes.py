"""Boxes as planes of pixels."""

from __future__ import annotations

import math

import torch

from core.ops.boxes import BoxPlanes, cell_means, counted_pixels, fill_boxes


def one(*box, size=(8, 10)):
    planes = fill_boxes(torch.tensor([[[box]]], dtype=torch.float32), size)
    return planes.planes[0, 0, 0], bool(planes.known)


def test_whole_pixels_are_filled_exactly():
    plane, known = one(2, 1, 3, 4)
    wanted = torch.zeros(8, 10)
    wanted[1:5, 2:5] = 1
    assert known
    torch.testing.assert_close(plane, wanted)


def test_a_pixel_is_inside_by_its_center():
    assert one(1.6, 0, 3, 8)[0][0].nonzero().flatten().tolist() == [2, 3, 4]
    assert one(1.4, 0, 3, 8)[0][0].nonzero().flatten().tolist() == [1, 2, 3]


def test_a_box_smaller_than_a_pixel_is_kept():
    plane, _ = one(3.6, 2.1, 0.2, 0.2)
    assert plane.nonzero().tolist() == [[2, 3]]


def test_what_is_outside_is_cut_off():
    assert one(-2, -3, 4, 5)[0].nonzero().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert float(one(12, 2, 3, 3)[0].sum()) == 0
    assert float(one(-9, 2, 3, 3)[0].sum()) == 0


def test_absent_is_not_unknown():
    for box, wanted in (((0, 0, 0, 0), True), ((2, 2, 0, 5), True), ((math.nan,) * 4, False)):
        plane, known = one(*box)
        assert float(plane.sum()) == 0 and known is wanted


def test_cells_are_inside_by_their_half_and_none_gets_lost():
    boxes = torch.tensor([[[[2.0, 0, 6, 8], [5, 5, 1, 1], [0, 0, 0, 0]]]])
    small = fill_boxes(boxes, (8, 12)).pooled(4)
    assert small.planes.shape == (1, 1, 3, 2, 3)
    assert small.planes[0, 0, 0].tolist() == [[1, 1, 0], [1, 1, 0]]
    assert small.planes[0, 0, 1].nonzero().tolist() == [[1, 1]]
    assert float(small.planes[0, 0, 2].sum()) == 0


def test_means_of_cells():
    planes = torch.arange(16.0).view(1, 1, 4, 4).expand(2, 3, 4, 4)
    assert cell_means(planes, 2)[1, 2].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert cell_means(planes, 1) is planes


def test_merged_objects_are_known_where_all_of_them_are():
    boxes = torch.full((1, 3, 3, 4), math.nan)
    boxes[0, :, 0] = torch.tensor([0.0, 0, 2, 2])
    boxes[0, :2, 1] = torch.tensor([3.0, 3, 2, 2])  # The third object is padding.
    merged = fill_boxes(boxes, (6, 6)).merged()
    assert merged.known[0, :, 0].tolist() == [True, True, False]
    assert merged.planes.sum((-2, -1))[0, :, 0].tolist() == [8, 8, 0]


def test_nothing_is_known_of_a_clip_without_boxes():
    merged = fill_boxes(torch.full((1, 2, 2, 4), math.nan), (4, 4)).merged()
    assert not merged.known.any()


def test_frames_that_are_left_out():
    planes = fill_boxes(torch.tensor([1.0, 1, 2, 2]).repeat(1, 2, 1, 1), (4, 4))
    rest = planes.without(torch.tensor([[True, False]]))
    assert rest.known.flatten().tolist() == [False, True]
    assert rest.planes.sum((2, 3, 4)).tolist() == [[0, 4]]


def test_void_is_what_is_outside_all_boxes_of_a_crowd():
    boxes = torch.tensor([[[[0.0, 0, 2, 2], [1, 1, 2, 2]]]]).repeat(2, 1, 1, 1)
    planes = fill_boxes(boxes, (4, 4))
    counted = counted_pixels(BoxPlanes(planes.planes, planes.known), torch.tensor([True, False]))
    assert counted.sum((1, 2, 3)).tolist() == [7, 16]
