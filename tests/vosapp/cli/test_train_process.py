"""`vosapp train` on projects: told, started, followed, stopped, resumed. The child is a fake."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from run_ends import wait_for_end

from vosapp.cli import main as cli
from vosapp.cli.main import main
from vosapp.services.training import launch, runs
from vosapp.services.training.folder import RunFolder, read_request
from vosapp.services.training.run_values import RunState

CHILD = """
import shutil, sys, time
from pathlib import Path
from vosapp.services.training.control import Control
from vosapp.services.training.folder import RunFolder, read_request
from vosapp.services.training.protocol import Speaker
from vosapp.services.training.run_values import LossPoint, RunState, ScorePoint
folder = RunFolder(Path(sys.argv[1]))
speaker, control, request = Speaker(folder), Control(folder.path), read_request(folder)
if request.start:
    shutil.copy(request.start, folder.weights("best"))
speaker.state(RunState.TRAINING)
speaker.step(LossPoint(3, 2.0, {"box": 1.0}), fraction=0.5, left=1.0, memory=5)
speaker.score(ScorePoint(0, 0.0, 0.25, boxes=0.25, best=True))
while request.minutes > 100 and not control.wants_stop:
    time.sleep(0.05)
if request.seed == 7:
    speaker.state(RunState.FAILED, "The loss is nan. Lower the rate.")
else:
    speaker.state(RunState.STOPPED if control.wants_stop else RunState.DONE, "Over.")
"""


def _load(name):
    path = Path(__file__).parent.parent / "services/conftest.py"
    spec = importlib.util.spec_from_file_location("services_films", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


write_film, write_project, own_data = map(_load, ("write_film", "write_project", "own_data"))


@pytest.fixture(autouse=True)
def fake_child(monkeypatch):
    real = launch.launch

    def start(folder, request, command):
        real(folder, request, [sys.executable, "-P", "-c", CHILD])

    monkeypatch.setattr(runs, "launch", start)
    # Busy machines start processes late; what is told then has its own test.
    monkeypatch.setattr(runs, "SILENT_SECONDS", 600.0)


@pytest.fixture
def command(write_project):
    paths = [str(write_project(n, seed=k, boxes=(0, 6))) for k, n in enumerate("ab")]
    return ["train", "self_supervised", "--projects", *paths]


def test_a_run_is_told_followed_and_kept(command, capsys):
    given = ["--minutes", "2", "--batch", "2", "--save-as", "mine"]
    assert main([*command, *given]) == cli.DONE
    out, err = capsys.readouterr()
    assert "4 boxes and 0 masks of 2 objects on 4 frames" in out and "Held out: " in out
    assert "Over." in out and "--weights mine" in out and "warning" not in err.lower()
    request = read_request(RunFolder(runs.find_runs()[0].folder))
    assert dict(request.options) == {"batch": 2} and request.minutes == 2
    assert request.start.name == "self_supervised-thin.safetensors" and request.threads == 1


def test_detached_then_stopped_and_resumed(command, capsys):
    assert main([*command, "--minutes", "200", "--detach", "--json"]) == cli.DONE
    folder = json.loads(capsys.readouterr().out)["run"]
    ours = ["train", "self_supervised", "--out", folder]
    for wish in ("--pause", "--go-on", "--stop"):
        assert main([*ours, wish]) == cli.DONE
    assert wait_for_end(Path(folder), seconds=60).state is RunState.STOPPED
    capsys.readouterr()
    assert main(ours) == cli.BAD_INPUT and "--resume" in capsys.readouterr().err
    assert main([*ours, "--resume", "--minutes", "3", "--json"]) == cli.DONE
    found = json.loads(capsys.readouterr().out)
    assert found["state"] == "done" and found["best"] == 0.25 and found["steps"] == 3


def test_a_failed_run_says_why_and_how_to_go_on(command, capsys):
    assert main([*command, "--minutes", "2", "--seed", "7"]) == cli.BAD_INPUT
    err = capsys.readouterr().err
    assert "loss is nan" in err and "--resume --out" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--steps", "3"], "--minutes"),
        (["--out", "x"], "folder of its own"),
        (["--minutes", "0"], "minutes"),
        (["--init", "nothing"], "nothing"),
        (["--minutes", "1", "--validate", "x"], "--validate does not go with a run on projects"),
        (["--minutes", "1", "--tensorboard", "x"], "--tensorboard does not go with"),
        (["--images", "x"], "--images does not go with"),
        (["--workers=2"], "--workers does not go with"),
        (["--stop"], "--stop is for a run that was started before"),
    ],
)
def test_what_makes_no_sense_is_one_line(command, capsys, options, message):
    assert main([*command, *options]) == cli.BAD_INPUT
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert runs.find_runs() == ()


def test_without_projects_a_run_folder_is_needed(capsys):
    assert main(["train", "self_supervised", "--videos", "x"]) == cli.BAD_INPUT
    assert "--out" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--stop", "--pause", "--go-on", "--detach", "--save-as=x"])
def test_what_only_runs_on_projects_know_starts_no_other_run(tmp_path, capsys, option):
    given = ["--videos", str(tmp_path), "--out", str(tmp_path / "run"), "--steps", "1", option]
    assert main(["train", "self_supervised", *given]) == cli.BAD_INPUT
    name = option.partition("=")[0]
    assert f"{name} is for runs on projects, and there is none" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_what_carries_no_masks_is_trained_on_projects_and_told_to_have_no_score(
    write_project, capsys
):
    paths = [str(write_project(n, boxes=(0, 6))) for n in "ab"]
    words = ["train", "appearance_motion", "--projects", *paths, "--preset", "tiny"]
    assert main([*words, "--minutes", "1"]) == cli.DONE
    assert "carries no masks, so nothing scores it" in capsys.readouterr().err


def test_projects_without_labels_are_told(write_project, capsys):
    path = str(write_project("a", boxes=(3,)))
    assert main(["train", "box_supervised", "--projects", path]) == cli.BAD_INPUT
    assert "no labels to learn from" in capsys.readouterr().err
