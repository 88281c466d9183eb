"""The geometry of tools and of the canvas, without any window."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vosapp.ui.canvas.mapping import Grid, PixelRect, fit_scale, hold_zoom
from vosapp.ui.canvas.outlines import DARK_DASH, FILL, LIGHT_DASH, cutout, outline, proposal
from vosapp.ui.tools import boxes, polygons
from vosapp.ui.tools.boxes import Grip
from vosapp.ui.tools.filling import fill_at, hole_at
from vosapp.ui.tools.local_edit import LocalEdit, extent, from_mask
from vosapp.ui.tools.local_history import LocalHistory
from vosapp.ui.tools.strokes import Stroke

numbers = st.floats(-50, 150, allow_nan=False)


# Boxes


def test_grips_are_found_and_corners_win():
    box = (10.0, 10.0, 30.0, 20.0)
    assert boxes.grip_at(box, 10, 10, reach=2) is Grip.TOP_LEFT
    assert boxes.grip_at(box, 20, 20.5, reach=2) is Grip.BOTTOM
    assert boxes.grip_at(box, 20, 15, reach=2) is Grip.WHOLE
    assert boxes.grip_at(box, 40, 15, reach=2) is None
    assert boxes.grip_at((10, 10, 12, 12), 11, 10, reach=3).value[0] != 0


@pytest.mark.parametrize(
    ("grip", "wanted"),
    [
        (Grip.LEFT, (15, 10, 30, 20)),
        (Grip.TOP_RIGHT, (10, 13, 35, 20)),
        (Grip.BOTTOM, (10, 10, 30, 23)),
        (Grip.WHOLE, (15, 13, 35, 23)),
    ],
)
def test_dragging(grip, wanted):
    assert boxes.dragged((10, 10, 30, 20), grip, (5, 3), (64, 48)) == wanted


def test_a_side_dragged_past_the_other_turns_the_box_over():
    assert boxes.dragged((10, 10, 30, 20), Grip.LEFT, (35, 0), (64, 48)) == (30, 10, 45, 20)


@given(st.sampled_from(list(Grip)), numbers, numbers)
def test_a_box_stays_in_the_image(grip, dx, dy):
    x0, y0, x1, y1 = boxes.dragged((10, 10, 30, 20), grip, (dx, dy), (64, 48))
    assert 0 <= x0 <= x1 <= 64 and 0 <= y0 <= y1 <= 48
    if grip is Grip.WHOLE:
        assert (x1 - x0, y1 - y0) == pytest.approx((20, 10))


# Polygons and strokes


def inside_slowly(points, width, height):
    """Even-odd rule by a ray to the right from each center."""
    mask = np.zeros((height, width), bool)
    for row in range(height):
        for column in range(width):
            x, y, odd = column + 0.5, row + 0.5, False
            for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
                if (y0 <= y) != (y1 <= y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
                    odd = not odd
            mask[row, column] = odd
    return mask


@given(st.lists(st.tuples(st.floats(-5, 25), st.floats(-5, 20)), min_size=3, max_size=8))
def test_inside_of_polygons(points):
    # Eighths are exact, so that both ways compute the same crossings.
    points = tuple((round(x * 8) / 8 + 1 / 64, round(y * 8) / 8 + 1 / 64) for x, y in points)
    found = polygons.inside(points, 20, 15)
    wanted = inside_slowly(points, 20, 15)
    assert (found != wanted).sum() <= 1  # A center that lies on a side may count either way.


def test_vertices():
    points = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0))
    assert polygons.vertex_at(points, 9, 1, reach=2) == 1
    assert polygons.vertex_at(points, 5, 5, reach=2) is None
    assert polygons.moved(points, 1, (12.0, 1.0)) == ((0, 0), (12, 1), (10, 10))


def test_strokes_reach_over_the_edge_and_leave_no_gaps():
    stroke = Stroke(20, 10, diameter=1)
    stroke.extend(-5, 2)
    part = stroke.extend(25, 8)
    assert part == PixelRect(0, 0, 20, 10)
    assert stroke.mask.any(axis=0).all()
    assert Stroke(20, 10, diameter=4).extend(-30, -30).empty


# Local edits


def test_a_local_edit_is_drawn_as_the_project_will():
    labels = np.zeros((6, 8), np.uint8)
    labels[:, 2] = 2
    labels[:, 4] = 3
    mask = np.zeros((6, 8), bool)
    mask[1:4] = True
    local = from_mask(0, 1, mask)
    assert local.part == PixelRect(0, 1, 8, 4)
    local.draw(labels, {3})
    assert (labels[1:4, 2] == 1).all() and (labels[:, 4] == 3).all()
    changed = from_mask(0, 1, mask & False, whole=True).draw(labels, set())
    assert not (labels == 1).any() and changed == PixelRect(0, 1, 8, 4)
    erase = LocalEdit(0, 2, PixelRect(0, 0, 8, 1), np.ones((1, 8), bool), erase=True)
    erase.draw(labels, set())
    assert labels[0].tolist() == [0, 0, 0, 0, 3, 0, 0, 0]
    assert extent(np.zeros((3, 3), bool)).empty


def test_local_history():
    history = LocalHistory(())
    assert not history.undo() and not history.redo()
    history.push((1,))
    history.push((1, 2))
    history.push((1, 2))
    assert history.undo() and history.state == (1,)
    assert history.redo() and history.state == (1, 2)
    history.undo()
    history.push((3,))
    assert not history.can_redo
    history.clear()
    assert history.state == () and not history.can_undo


# Filling


def test_holes():
    labels = np.zeros((10, 12), np.uint8)
    labels[2:8, 2:9] = 4
    labels[3:7, 3:8] = 0
    labels[4, 4] = 5
    hole = hole_at(labels, (6.5, 5.5), 4)
    assert hole.sum() == 4 * 5 - 1 and not hole[4, 4]
    assert hole_at(labels, (0.5, 0.5), 4) is None
    assert hole_at(labels, (4.5, 4.5), 4) is None
    assert hole_at(labels, (6.5, 5.5), 7) is None
    locked = np.zeros((10, 12), bool)
    locked[:, 5] = True
    frame = np.zeros((10, 12, 3), np.uint8)
    filled = fill_at(frame, labels, (6.5, 5.5), object_id=4, locked=locked, tolerance=5)
    assert (filled == hole & ~locked).all()
    flood = fill_at(frame, labels, (0.5, 0.5), object_id=4, locked=None, tolerance=5)
    assert flood.all()


# The grid


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_sampling_is_what_lies_under_the_centers(ratio):
    image = np.arange(1, 13, dtype=np.uint8).reshape(3, 4)
    grid = Grid(scale=5.0, x=7.0, y=-4.0, ratio=ratio, width=round(40 * ratio), height=20)
    part = PixelRect(-3, -2, grid.width, grid.height)
    found = grid.sample(image, part)
    for (row, column), value in np.ndenumerate(found):
        view = (column + part.left + 0.5) / ratio, (row + part.top + 0.5) / ratio
        x, y = (math.floor(place) for place in grid.to_image(*view))
        inside = 0 <= x < 4 and 0 <= y < 3
        assert value == (image[y, x] if inside else 0)


def test_positions_go_both_ways_and_zoom_counts_device_pixels():
    grid = Grid(scale=2.0, x=10.0, y=-6.0, ratio=2.0, width=200, height=100)
    assert grid.to_view(3, 4) == (16, 2)
    assert grid.to_image(16, 2) == (3, 4)
    assert grid.zoom == 4
    assert grid.device_rect(PixelRect(1, 4, 3, 6)) == PixelRect(24, 4, 32, 12)
    assert grid.device_rect(PixelRect(-100, -100, 500, 500), 5) == PixelRect(0, 0, 200, 100)


def test_limits_of_zoom():
    assert hold_zoom(100, 1) == 64
    assert hold_zoom(0.001, 1) == 0.05
    assert hold_zoom(0.001, 0.02) == 0.01
    assert fit_scale((100, 50), (220, 220), 10) == 2


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_outlines_are_inside_and_as_wide_as_asked(ratio):
    labels = np.zeros((10, 10), np.uint8)
    labels[2:8, 2:6] = 7
    labels[2:8, 6:9] = 9
    labels[0, 0] = 255
    grid = Grid(scale=10.0, x=0.0, y=0.0, ratio=ratio, width=round(100 * ratio), height=100)
    whole = PixelRect(0, 0, round(100 * ratio), round(100 * ratio))
    found = outline(grid, labels, whole, 2)
    row = found[round(50 * ratio)]
    step = round(10 * ratio)
    lines = [(2 * step, 7), (6 * step, 9)]
    for start, value in lines:
        assert (row[start : start + round(2 * ratio)] == value).all()
        assert row[start + round(2 * ratio)] == 0
    assert (row[6 * step - round(2 * ratio) : 6 * step] == 7).all()
    assert set(np.unique(found)) == {0, 7, 9}
    part = PixelRect(13, 15, 57, 61)
    assert (outline(grid, labels, part, 2) == found[part.slices]).all()


def test_specks_keep_their_outline_when_corners_are_rounded():
    labels = np.zeros((40, 40), np.uint8)
    labels[20, 20] = 3
    grid = Grid(scale=1.5, x=0.0, y=0.0, ratio=1.0, width=60, height=60)
    assert (outline(grid, labels, PixelRect(0, 0, 60, 60), 2) == 3).any()


def test_proposals_march():
    mask = np.zeros((20, 20), np.uint8)
    mask[5:15, 5:15] = 1
    grid = Grid(scale=4.0, x=0.0, y=0.0, ratio=1.0, width=80, height=80)
    whole = PixelRect(0, 0, 80, 80)
    first, second = (proposal(grid, mask, whole, phase, 2) for phase in (0, 5))
    line = first[20, 20:60]
    assert set(line) == {LIGHT_DASH, DARK_DASH}
    assert (second[20, 20:60] != line).all()
    assert first[40, 40] == FILL and first[2, 2] == 0


def test_cutout_covers_the_image_and_no_more():
    labels = np.zeros((10, 10), np.uint8)
    labels[2:8, 2:6] = 7
    grid = Grid(scale=4.0, x=10.0, y=10.0, ratio=1.0, width=60, height=60)
    shown = np.zeros(256, bool)
    shown[7] = True
    found = cutout(grid, labels, PixelRect(0, 0, 60, 60), shown)
    assert (found[18:42, 18:34] == 0).all()
    assert not found[:10].any() and not found[:, 50:].any()
    assert set(np.unique(found[10:50, 36:50])) == {1, 2}
    assert cutout(grid, labels, PixelRect(0, 0, 60, 60), shown & False)[30, 30] in (1, 2)
