"""Outlines of the video for people: as bright, as broad and as smooth as those of the window."""

from __future__ import annotations

import numpy as np
import pytest

from core.media.annotations.values import ObjectInfo
from core.media.export.outlined import OutlinePainter
from core.media.label_lines import vivid
from core.types import VOID

HEIGHT, WIDTH = 120, 160
COLOR = (170, 40, 30)
OBJECTS = (ObjectInfo(1, "a", COLOR),)
GRAY = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)


def disk(radius=40, label=1):
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    inside = (rows - 60) ** 2 + (columns - 80) ** 2 <= radius**2
    return np.where(inside, label, 0).astype(np.uint8)


def painted(label_map, opacity=0.5, objects=OBJECTS):
    return OutlinePainter(objects, opacity).paint(GRAY, label_map).astype(int)


def test_lines_are_brighter_than_the_object_and_not_darker():
    picture = painted(disk())
    line = picture[60, 80 - 39]  # the second pixel of the object
    assert np.abs(line - vivid(COLOR)).max() < 20
    assert line.sum() > sum(COLOR)
    inside = picture[60, 80]
    assert np.abs(inside - (np.array(COLOR) + 90) / 2).max() <= 1
    assert (picture[5, 5] == 90).all()


def test_lines_have_no_stairs():
    """The area that the line covers differs from pixel to pixel, as a smooth circle's does."""
    rows, columns = np.nonzero(disk())
    distance = np.hypot(rows - 60, columns - 80)
    rim = painted(disk(), opacity=0.0)[rows, columns][distance > 37]
    share = (rim[:, 0] - 90) / (vivid(COLOR)[0] - 90)
    between = (share > 0.1) & (share < 0.9)
    assert between.mean() > 0.2
    assert len(np.unique(rim[:, 0])) >= 5


def test_lines_are_as_broad_in_large_videos():
    """Two pixels at 480 lines are eight at 2160, or they would not be seen."""
    widths = {}
    for factor in (1, 4):
        label_map = np.zeros((540 * factor, 64), np.uint8)
        label_map[100:400, 10:54] = 1
        frame = np.zeros((*label_map.shape, 3), np.uint8)
        picture = OutlinePainter((ObjectInfo(1, "a", COLOR),), 0.0).paint(frame, label_map)
        widths[factor] = (picture[100:250, 32, 0] > 128).sum()
    assert widths == {1: 2, 4: 8}


def test_where_objects_meet_each_has_its_line_and_void_and_background_have_none():
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    label_map[20:100, 20:80], label_map[20:100, 80:140] = 1, 2
    label_map[20:100, 140:] = VOID
    objects = (ObjectInfo(1, "a", COLOR), ObjectInfo(2, "b", (20, 60, 200)))
    picture = painted(label_map, objects=objects)
    assert np.abs(picture[60, 79] - vivid(COLOR)).max() < 40
    assert np.abs(picture[60, 80] - vivid((20, 60, 200))).max() < 40
    assert (picture[60, 145:] == 90).all()


def test_an_object_at_the_pictures_edge_has_its_line_there():
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    label_map[:, :50] = 1
    assert np.abs(painted(label_map)[60, 0] - vivid(COLOR)).max() < 20


@pytest.mark.parametrize("label_map", [np.zeros((HEIGHT, WIDTH), np.uint8), disk(label=VOID)])
def test_a_frame_without_objects_stays_as_it_is(label_map):
    assert (painted(label_map) == GRAY).all()


def test_a_speck_is_seen():
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    label_map[60, 80] = 1
    assert painted(label_map)[60, 80, 0] > 150
