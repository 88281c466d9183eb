"""Pictures of recent projects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from vosapp.project.model import TrackedObject
from vosapp.session.covers import Covers, picture
from vosapp.session.view import FrameView

LABELS = np.zeros((216, 384), np.uint8)
LABELS[:108, :192] = 1
LABELS[108:, 192:] = 2
VIEW = FrameView(0, np.full((216, 384, 3), 100, np.uint8), LABELS)
OBJECTS = (
    TrackedObject(1, "Bear", (200, 0, 50)),
    TrackedObject(2, "Fox", (9, 9, 9), visible=False),
)


def test_a_picture_is_small_and_shows_the_masks():
    shown = picture(VIEW, OBJECTS)
    assert shown.shape == (108, 192, 3)
    assert shown[20, 20].tolist() == [150, 50, 75]
    assert (shown[80, 150] == 100).all() and (shown[20, 150] == 100).all()


def test_pictures_are_kept_for_recent_projects_only(tmp_path):
    covers, one, other = Covers(tmp_path / "covers"), Path("a.vosapp"), Path("b.vosapp")
    for project in (one, other):
        covers.save(project, VIEW, OBJECTS)
    with Image.open(covers.path(one)) as found:
        assert found.size == (192, 108) and found.getpixel((20, 20)) == (150, 50, 75)
    covers.keep([other])
    assert not covers.path(one).exists() and covers.path(other).exists()


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path):
    (tmp_path / "covers").write_text("in the way")
    covers = Covers(tmp_path / "covers")
    covers.save(Path("a.vosapp"), VIEW, OBJECTS)
    covers.keep([])
    assert not covers.path(Path("a.vosapp")).exists()
