"""A system of another package: installed, trained, stopped and gone on with, tracked, compared."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from core.media.label_map import read_label_map
from core.nn.checkpoints import read_info

FOLDER = Path(__file__).parents[1] / "dummy_system"
ENTRY = "[vosapp.systems]\ndummy = vosapp_dummy.spec:SPEC\n"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder as pip would leave it: the package, and what says which entry points it has."""
    site = tmp_path_factory.mktemp("site")
    (site / "vosapp_dummy").symlink_to(FOLDER / "vosapp_dummy")
    info = site / "vosapp_dummy-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: vosapp-dummy\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(ENTRY)
    return site


@pytest.fixture(scope="module")
def call(installed, forked, repo_root):
    """Runs `vosapp` in a process of its own, with the package on its path."""

    def run(*words, code=0):
        ((ended, *said),) = forked.run((words, {"PYTHONPATH": path_with(installed, repo_root)}))
        assert ended == code, said
        return SimpleNamespace(stdout=said[0], stderr=said[1])

    return run


def path_with(*folders):
    """A value of PYTHONPATH."""
    return os.pathsep.join(filter(None, [*map(str, folders), os.environ.get("PYTHONPATH", "")]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, shapes):
    """The film as images, in DAVIS's layout."""
    root = tmp_path_factory.mktemp("davis")
    images, masks = (root / name / "480p" / "film" for name in ("JPEGImages", "Annotations"))
    for place in (images, masks):
        place.mkdir(parents=True)
    for index, (frame, label_map) in enumerate(zip(*shapes, strict=True)):
        Image.fromarray(frame).save(images / f"{index:05d}.jpg", quality=95)
        Image.fromarray(label_map).save(masks / f"{index:05d}.png")
    return root


@pytest.fixture(scope="module")
def trained(call, folder, tmp_path_factory):
    """A run of four steps that was stopped after two."""
    out = tmp_path_factory.mktemp("run") / "run"
    images = folder / "JPEGImages"
    lead = ("train", "dummy", "--images", images, "--out", out, "--device", "cpu")
    call(*lead, "--steps", 2, "--sharpness", 2, "--workers", 0)
    done = call(*lead, "--steps", 4, "--resume", "--workers", 0, "--json")
    assert json.loads(done.stdout)["steps"] == 4
    return out / "weights.safetensors"


def test_its_options_are_its_own(call, trained):
    assert "--sharpness" in call("train", "dummy", "--help").stdout
    assert "--sharpness" not in call("train", "self_supervised", "--help").stdout
    begun = json.loads((trained.parent / "start.json").read_text())["settings"]
    assert (begun["sharpness"], begun["crop"]) == (2.0, 32)
    done = call(
        *("train", "dummy", "--images", trained.parent, "--out", trained.parent, "--resume"),
        *("--steps", 9, "--sharpness", 3),
        code=2,
    )
    assert "began with sharpness 2.0, not 3.0" in done.stderr


def test_it_tracks(call, folder, trained, tmp_path, shapes):
    masks = folder / "Annotations/480p/film/00000.png"
    images = folder / "JPEGImages/480p/film"
    lead = ("propagate", images, "--masks", masks, "--system", "dummy", "--device", "cpu")
    call(*lead, "--weights", trained, "--quality", "fast", "-o", tmp_path / "out")
    first = read_label_map(tmp_path / "out/film/00000.png").label_map
    last = read_label_map(tmp_path / f"out/film/{len(shapes[0]) - 1:05d}.png").label_map
    assert np.array_equal(first, shapes[1][0])
    assert set(np.unique(last)) <= {0, 1, 2} and last.shape == shapes[1][0].shape


def test_a_quality_that_it_does_not_offer(call, folder, trained, tmp_path):
    lead = ("propagate", folder / "JPEGImages/480p/film", "--system", "dummy", "--quality", "fine")
    masks = folder / "Annotations/480p/film/00000.png"
    done = call(*lead, "--masks", masks, "--weights", trained, "-o", tmp_path / "out", code=2)
    assert "no quality 'fine'" in done.stderr and "fast, balanced" in done.stderr


def test_weights_of_another_system_are_refused(call, folder, trained, tmp_path):
    lead = ("propagate", folder / "JPEGImages/480p/film", "--masks", folder / "none.png")
    done = call(*lead, "--weights", trained, "-o", tmp_path / "out", code=2)
    assert "system dummy" in done.stderr or "none.png" in done.stderr


@pytest.fixture(scope="module")
def two_films(folder, tmp_path_factory):
    """The film there and back, under two names."""
    root = tmp_path_factory.mktemp("two")
    for kind in ("JPEGImages", "Annotations"):
        files = sorted((folder / kind / "480p/film").iterdir())
        for name in ("first", "second"):
            (root / kind / "480p" / name).mkdir(parents=True)
            for index, path in enumerate([*files, *files[::-1]]):
                shutil.copy(path, root / kind / "480p" / name / f"{index:05d}{path.suffix}")
    return root


def test_it_is_calibrated(call, two_films, trained, tmp_path):
    out = tmp_path / "calibrated.safetensors"
    lead = ("calibrate", "--davis", two_films, "--system", "dummy", "--device", "cpu")
    call(*lead, "--weights", trained, "--quality", "fast", "-o", out)
    before, after = read_info(trained), read_info(out)
    assert before.calibration == {} and len(after.calibration["confidence"]) == 4
    assert (after.system, after.training) == (before.system, before.training)


def test_it_is_ranked_and_varied(call, folder, trained, tmp_path):
    lead = ("benchmark", "--davis", folder, "--all-systems", "--device", "cpu", "--qualities")
    places = json.loads(call(*lead, "fast", "--weights", trained, "--json").stdout)["places"]
    (own,) = [place for place in places if place["system"] == "dummy"]
    assert own["quality"] == "fast" and 0 <= own["j_and_f"] <= 1
    (tmp_path / "v.toml").write_text("[plain]\n[narrow]\nconfig.radius = 1\n")
    lead = ("ablate", "--system", "dummy", "--device", "cpu", "--quality", "fast")
    given = ("--davis", folder, "--variants", tmp_path / "v.toml", "--csv", tmp_path / "t.csv")
    call(*lead, *given, "--weights", trained)
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 3


def test_the_chooser_shows_it(installed, repo_root):
    """In a process from its start: the list of systems is made while it is imported."""
    script = "from vosapp.session.systems import systems; print([s.title for s in systems()])"
    environment = {**os.environ, "PYTHONPATH": path_with(installed, repo_root)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert "Dummy" in done.stdout


def test_it_is_short():
    lines = [path.read_text().count("\n") for path in (FOLDER / "vosapp_dummy").glob("*.py")]
    assert sum(lines) < 150
