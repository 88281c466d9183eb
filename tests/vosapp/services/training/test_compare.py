"""What one frame is compared from: the nearest masks, else the nearest boxes."""

from __future__ import annotations

import pytest

from core.errors import UsageError
from vosapp.project.opening import open_project
from vosapp.services.training.compare import start_near


def test_masks_go_first_and_boxes_stand_in(write_project):
    with open_project(write_project("a", boxes=(0, 8), masks=(2,))) as project:
        start = start_near(project, 9)
        assert start.frame_index == 2 and (start.label_map == project.label_map(2)).all()
    with open_project(write_project("b", boxes=(0, 8), interpolate=True)) as project:
        start = start_near(project, 8)
        assert (start.frame_index, start.object_ids) == (0, (1,))
        label = next(b for b in project.boxes_in() if b.frame_index == 0)
        assert int((start.label_map == 1).sum()) == int(label.width * label.height)
        assert start_near(project, 6).frame_index == 8


def test_a_frame_alone_is_compared_with_nothing(write_project):
    with (
        open_project(write_project("a", boxes=(3,))) as project,
        pytest.raises(UsageError, match="no box label on another frame"),
    ):
        start_near(project, 3)
