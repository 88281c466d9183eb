"""From projects of boxes to a model that can be used, by the real process, killed on the way."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest
from run_ends import wait_for_end

from core.engine.registry import build_tracker
from core.jobs import CancelToken, result_of
from core.media.image_file import read_rgb
from core.media.label_map import read_label_map
from core.tracking.contract import TrackerRequest
from core.types import Quality
from vosapp.project.opening import open_project
from vosapp.services.models.store import weights_named
from vosapp.services.training import runs
from vosapp.services.training.compare import compare_frame
from vosapp.services.training.data import sources_of
from vosapp.services.training.folder import RunFolder, read_process
from vosapp.services.training.run_values import RunRequest, RunState

SMALL = {"batch": 1, "crop": 32, "frames": 3}


def sources(write_project):
    paths = [write_project(n, seed=k, boxes=(0, 4, 8, 11), masks=(6,)) for k, n in enumerate("ab")]
    return tuple(source for path in paths for source in sources_of(path))


@pytest.mark.slow
def test_boxes_become_a_model(write_project, tmp_path):
    request = RunRequest(
        "box_supervised", 0.05, sources(write_project), preset="tiny", device="cpu", options=SMALL
    )
    folder = runs.start_run(request, root=tmp_path / "runs")
    status = wait_for_end(folder, seconds=300)
    assert status.state is RunState.DONE, runs.RunWatch(folder).log()
    assert status.step > 1 and status.before is not None and status.model is not None
    assert 2.0 < status.seconds < 60 and not np.isnan(status.scores[-1].score)
    view, *_ = runs.RunWatch(folder).views()
    assert view.clip in ("a", "b") and view.frame_index in (4, 6, 8, 11)
    shapes = {read_rgb(view.frame).shape[:2]}
    shapes |= {read_label_map(p).label_map.shape for p in (view.before, view.now, view.truth)}
    assert len(shapes) == 1 and set(view.scores) == {"before", "now", "best"}
    model = runs.keep_model(folder, "mine")
    assert model.scores["held-out"] == status.best.score
    build_tracker(TrackerRequest("box_supervised", Quality.FAST, "cpu", weights_named("mine")))
    with open_project(tmp_path / "a.vosapp") as project:
        job = compare_frame(
            project, tmp_path / "a.mp4", 9, models=[status.model] * 2, token=CancelToken(),
            device="cpu",
        )  # fmt: skip
        one, other = result_of(job)
    assert one.shape == (project.video.height, project.video.width) and (one == other).all()


@pytest.mark.slow
def test_what_only_finds_objects_learns_without_a_score(write_project, tmp_path):
    request = RunRequest(
        "appearance_motion", 0.03, sources(write_project), preset="tiny", device="cpu",
        options={"batch": 1, "crop": 32},
    )  # fmt: skip
    folder = runs.start_run(request, root=tmp_path / "runs")
    status = wait_for_end(folder, seconds=300)
    assert status.state is RunState.DONE, runs.RunWatch(folder).log()
    assert status.step > 0 and np.isnan(status.best.score) and runs.RunWatch(folder).views() == ()
    assert runs.keep_model(folder, "finder").system == "appearance_motion"


@pytest.mark.slow
def test_a_kill_costs_little(write_project, tmp_path):
    """Footage alone, from bundled weights; the state is what goes on."""
    request = RunRequest(
        "self_supervised", 0.06, sources(write_project), device="cpu",
        options={"batch": 1, "crop": 32},
    )  # fmt: skip
    folder = runs.start_run(request, root=tmp_path / "runs")
    state = folder / "train-pairwise/state.pt"
    until = time.monotonic() + 240
    while not (runs.run_status(folder).fraction > 0.2) and time.monotonic() < until:
        time.sleep(0.1)
    os.kill(read_process(RunFolder(folder)).pid, signal.SIGKILL)
    assert wait_for_end(folder, seconds=30).state is RunState.LOST
    assert (folder / "best.safetensors").exists()
    runs.resume_run(folder)
    status = wait_for_end(folder, seconds=300)
    assert status.state is RunState.DONE, runs.RunWatch(folder).log()
    assert state.exists() and [point.step for point in status.scores].count(0) == 1
