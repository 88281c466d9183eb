"""Small films, and projects of them with boxes or masks."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.synthetic import moving_shapes
from core.media.annotations.rectangles import tight_box
from core.media.video import open_video
from vosapp.project.boxes import BoxLabel
from vosapp.project.edit_boxes import InterpolateBoxes, PutBox
from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import AddObject
from vosapp.project.opening import create_project
from vosapp.project.video_ref import video_ref

FRAMES = 12


@pytest.fixture(autouse=True)
def own_data(tmp_path, monkeypatch):
    """No test looks at the user's own runs and models."""
    monkeypatch.setenv("VOSAPP_DATA", str(tmp_path / "user"))


@pytest.fixture
def write_film(tmp_path, write_mpeg4):
    """Writes a film of moving shapes, 96 x 64; returns its path and its label maps."""

    def write(name, seed=0):
        frames, label_maps = moving_shapes(seed=seed, frame_count=FRAMES)
        path = tmp_path / f"{name}.mp4"
        write_mpeg4(path, frames, rate=12)
        return path, label_maps

    return write


@pytest.fixture
def write_project(tmp_path, write_film):
    """Writes a project with box labels of object 1 on some frames, masks on others."""

    def write(name, *, seed=0, boxes=(), masks=(), interpolate=False):
        video, label_maps = write_film(name, seed)
        path = tmp_path / f"{name}.vosapp"
        with open_video(video, cache_bytes=0) as source:
            ref = video_ref(source.info, path)
        with create_project(path, ref) as project:
            project.do(AddObject())
            for frame in boxes:
                left, top, right, bottom = tight_box(label_maps[frame] == 1)
                box = BoxLabel(frame, 1, left, top, right - left, bottom - top)
                project.do(PutBox(box))
            if interpolate:
                project.do(InterpolateBoxes(1))
            for frame in masks:
                project.do(SetMask(frame, 1, np.asarray(label_maps[frame] == 1)))
        return path

    return write
