"""`vosapp export --clean`, and soft mattes of what a run has said."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.cleaning import Cleaning
from core.media.label_map import read_label_map
from core.ops.masks import grown
from vosapp.cli.main import main
from vosapp.project.edit_cleanings import CleanUp, EraseArea
from vosapp.project.opening import open_project

COUNT = 9
AREA = ((0.0, 0.0), (98.0, 0.0), (98.0, 20.0), (0.0, 20.0))


@pytest.fixture
def project(call, film, save_masks, tmp_path):
    """Keyframes on 0 and 6; object 1 is shrunk and has an erased area on the frames 2 to 7."""
    path = tmp_path / "p.vosapp"
    call("new", film, "--masks", save_masks(0, 6), "-o", path)
    call("propagate", path, "--system", "flow")
    with open_project(path) as opened:
        opened.do(CleanUp(1, 2, 8, Cleaning(grow=-2)))
        opened.do(EraseArea(1, 2, 8, AREA))
    return path


def masks_of(out):
    return [read_label_map(p).label_map for p in sorted((out / "film").glob("*.png"))]


def test_exports_are_as_the_project_shows_it_unless_they_are_told(call, project, tmp_path):
    def masks(*options):
        call("export", project, "--format", "masks", "-o", tmp_path / "out", *options)
        return masks_of(tmp_path / "out")

    with open_project(project) as opened:
        shown = [opened.label_map(i) for i in range(COUNT)]
        raw = [opened.cleaned_map(i, {}) for i in range(COUNT)]
        one = Cleaning(grow=-1)
        wanted = [
            opened.cleaned_map(i, {1: replace(one, erased=(AREA,) if 2 <= i < 8 else ()), 2: one})
            for i in range(COUNT)
        ]
    assert all(map(np.array_equal, masks(), shown))
    assert all(map(np.array_equal, masks("--clean", "none"), raw))
    assert all(map(np.array_equal, masks("--clean", "shrink=1"), wanted))
    same = [np.array_equal(a, b) for a, b in zip(shown, raw, strict=True)]
    assert same == [True, True, False, False, False, False, True, False, True]


def test_info_tells_clean_ups(call, project, capfd):
    told = call("info", project)["objects"]
    wanted = {"start": 2, "stop": 8, "how": "shrink=2", "erased": 1}
    assert [item["clean"] for item in told] == [[wanted], []]
    assert main(["info", str(project)]) == 0
    assert "cleaned up on frames 2:8: shrink=2, areas erased: 1" in capfd.readouterr().out


def test_nonsense_is_refused(call, project, tmp_path):
    told = call(
        *("export", project, "--format", "masks", "-o", tmp_path / "out", "--clean", "grow"), code=2
    )
    assert "no way to clean up masks" in told["error"]["message"]


def test_mattes_are_soft_at_the_boundary_and_masks_elsewhere(call, project, tmp_path):
    out = tmp_path / "out"
    told = call("export", project, "--format", "matte-png16", "-o", out)
    assert told["options"] == {"premultiplied": False, "hard": False}
    with open_project(project) as opened:
        assert opened.soft_labels(4, 2) is not None and opened.soft_labels(6, 2) is None
        maps = [opened.label_map(i) for i in range(COUNT)]
    for index in range(COUNT):
        path = out / "film" / "002" / f"{index:05d}.png"
        alpha = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 3] / 65535
        mask = maps[index] == 2
        assert ((alpha > 0.02) & (alpha < 0.98)).sum() > 20, "soft"
        assert (alpha[grown(mask, -4)] == 1).all() and not alpha[~grown(mask, 4)].any(), index


def test_feathering_is_seen_in_mattes_alone(call, project, tmp_path):
    def alpha(*options):
        call("export", project, "--format", "matte-png16", "-o", tmp_path / "o", *options)
        path = tmp_path / "o/film/002/00004.png"
        return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 3] / 65535

    plain, feathered = alpha("--clean", "none"), alpha("--clean", "feather=12")
    assert ((feathered > 0.02) & (feathered < 0.98)).sum() > 1.5 * (
        (plain > 0.02) & (plain < 0.98)
    ).sum()
