"""Small projects for tests."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from core.types import FrameResult
from vosapp.project.edits import AddObject
from vosapp.project.model import VideoRef
from vosapp.project.opening import create_project

HEIGHT, WIDTH, FRAMES = 12, 16, 40


@pytest.fixture
def video():
    return VideoRef("film.mp4", "film.mp4", 9, "ab", FRAMES, WIDTH, HEIGHT, Fraction(25))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "bears.vosapp"


@pytest.fixture
def project(path, video):
    """A project with the objects 1 and 2, and nothing in its history that matters."""
    with create_project(path, video) as made:
        made.do(AddObject(name="Bear"))
        made.do(AddObject(name="Fox"))
        yield made


@pytest.fixture
def box():
    """Makes a mask that is True in a box."""

    def make(top, left, bottom, right):
        mask = np.zeros((HEIGHT, WIDTH), np.bool_)
        mask[top:bottom, left:right] = True
        return mask

    return make


@pytest.fixture
def result():
    """Makes a result whose objects are given by masks."""

    def make(frame_index, masks, confidence=None):
        label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
        for object_id, mask in masks.items():
            label_map[mask] = object_id
        return FrameResult(frame_index, label_map, tuple(sorted(masks)), confidence or {})

    return make


@pytest.fixture
def snapshot():
    """Describes all that a user can see of a project, and the rows behind it."""

    def take(project):
        tables = ("objects", "prompts", "boxes", "assertions", "keyframes", "results", "lanes")
        tables = (*tables, "cleanings", "softs")
        rows = {
            table: project._connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            for table in tables
        }
        shown = [project.label_map(f).tobytes() for f in range(project.video.frame_count)]
        states = {o.object_id: project.states(o.object_id).tobytes() for o in project.objects()}
        return rows, shown, states

    return take
