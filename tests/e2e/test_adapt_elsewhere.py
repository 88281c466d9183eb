"""`--adapt` in projects and in benchmarks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.engine import adapted
from core.media.label_map import write_label_map
from vosapp.project.model import FrameState
from vosapp.project.opening import open_project

COUNT = 9


@pytest.fixture
def project(call, film, save_masks, tmp_path):
    path = tmp_path / "p.vosapp"
    call("new", film, "--masks", save_masks(0, 6), "-o", path)
    return path


@pytest.fixture
def davis(tmp_path, shapes):
    root = tmp_path / "davis"
    for folder in ("JPEGImages", "Annotations"):
        (root / folder / "480p/bear").mkdir(parents=True)
    for index, (frame, label_map) in enumerate(zip(*shapes, strict=True)):
        cv2.imwrite(str(root / f"JPEGImages/480p/bear/{index:05d}.png"), frame[..., ::-1])
        write_label_map(root / f"Annotations/480p/bear/{index:05d}.png", label_map)
    return root


def test_a_project_gets_the_masks_that_a_folder_gets(
    learner, call, project, film, save_masks, read_results, tmp_path
):
    out = tmp_path / "out"
    call("propagate", film, "--masks", save_masks(0, 6), "-o", out, "--adapt", *learner)
    told = call("propagate", project, "--adapt", *learner)
    assert (told["frames"], told["left"], told["adaptation"]) == (7, [], "fused")
    wanted = read_results(out / "film")
    with open_project(project) as opened:
        for index in range(COUNT):
            np.testing.assert_array_equal(opened.label_map(index), wanted[f"{index:05d}"])
        assert opened.undo().name == "Propagate"
        assert opened.counts()[FrameState.EMPTY] == 14


def test_a_project_keeps_drafts_of_a_run_that_is_stopped_and_says_so(
    learner, call, project, capfd, monkeypatch
):
    learn = adapted._learn

    def stopped(video, tracker, lessons, adaptation, token):
        token.cancel()
        yield from learn(video, tracker, lessons, adaptation, token)

    monkeypatch.setattr(adapted, "_learn", stopped)
    error = call("propagate", project, "--adapt", *learner, code=130)["error"]
    assert "7 frames are stored" in error["hint"]
    assert "7 of them not adapted" in error["hint"]
    monkeypatch.undo()


def test_a_benchmark_scores_final_masks_once(learner, call, davis):
    given = ["benchmark", "--davis", davis, *learner]
    plain = call(*given)
    told = call(*given, "--adapt")
    assert (plain["adaptation"], told["adaptation"]) == (None, "fused")
    assert told["sequences"][0]["scored_frames"] == plain["sequences"][0]["scored_frames"]
    assert told["mean"] != plain["mean"]
    assert told["sequences"][0]["learning_seconds"] > 0 == plain["sequences"][0]["learning_seconds"]
    assert any("learned between two passes" in note for note in told["notes"])


def test_a_robot_learns_from_all_it_has_corrected(learner, call, davis):
    given = ["benchmark", "--davis", davis, *learner, "--interactive", "--rounds", "2"]
    plain, told = call(*given), call(*given, "--adapt")
    assert told["adaptation"] == "fused"
    assert list(told["picks"]) == list(plain["picks"])
    assert told["picks"] != plain["picks"]
    assert call(*given, "--adapt")["picks"]["truth"] == told["picks"]["truth"]
