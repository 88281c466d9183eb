"""Films, projects and workspaces for tests of the window."""

from __future__ import annotations

import importlib.util
import sys
import threading
from pathlib import Path

import pytest

from core.media.video import open_video
from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import AddObject
from vosapp.project.opening import create_project
from vosapp.project.video_ref import video_ref


def _load(name, file):
    """Make a module importable by tests in any folder."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


fakes = _load("vosapp_fakes", "fakes.py")
_load("fake_training", "fake_training.py")
_load("run_ends", "run_ends.py")
_load("train_hands", "ui/shell/train/hands.py")


def is_foreign(thread):
    """True for threads that Qt has made and ended; Python goes on listing them."""
    return isinstance(thread, threading._DummyThread)


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """A folder of 24 images of 64 x 48 pixels in which two boxes move (see `vosapp_fakes`)."""
    return fakes.write_film(tmp_path_factory.mktemp("film") / "boxes")


@pytest.fixture
def film_project(tmp_path, film):
    """Path of a new project of the film; it is not open."""
    path = tmp_path / "boxes.vosapp"
    with open_video(film, cache_bytes=0) as video:
        create_project(path, video_ref(video.info, path)).close()
    return path


@pytest.fixture
def make_workspace(qtbot, film, film_project):
    """Open the film's project as a workspace; its engine uses the tracker that is given."""
    from vosapp.jobs.propagation import Engine
    from vosapp.project.opening import DEFAULTS, open_project
    from vosapp.session.workspace import Workspace

    made = []

    def make(tracker=None, *, objects=0, tuner=None, finder=None, options=DEFAULTS):
        project = open_project(film_project, options)
        for object_id in range(1, objects + 1):
            project.do(AddObject(name=f"Box {object_id}"))
            project.do(SetMask(0, object_id, fakes.mask_of(0, object_id)))
        engine = Engine(
            make_tracker=lambda _request: tracker or fakes.FakeTracker(),
            tuner=tuner or fakes.FakeTuner(),
            make_finder=finder or fakes.FakeFinder,
        )
        workspace = Workspace(project, film, engine)
        made.append(workspace)
        errors = []
        workspace.session.crashed.connect(errors.append)
        workspace.crashes = errors
        qtbot.waitUntil(lambda: workspace.session.view is not None)
        return workspace

    before = set(threading.enumerate())
    yield make
    for workspace in made:
        workspace.close()
        assert workspace.crashes == []
        workspace.deleteLater()
    left = {thread for thread in set(threading.enumerate()) - before if not is_foreign(thread)}
    assert not left, f"threads that were not stopped: {left}"


@pytest.fixture
def workspace(make_workspace):
    """A workspace of the film without any object."""
    return make_workspace()


@pytest.fixture
def tracked(make_workspace):
    """A workspace with both objects asserted on frame 0."""
    return make_workspace(objects=2)
