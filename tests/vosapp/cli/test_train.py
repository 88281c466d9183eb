"""`vosapp train` from the command line."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from core.data.synthetic import moving_shapes
from core.engine.registry import build_tracker
from core.nn.checkpoints import read_info
from core.tracking.contract import TrackerRequest
from core.train import run as recipe
from core.types import Quality
from vosapp.assets import bundled_start, bundled_weights
from vosapp.cli import main as cli
from vosapp.cli.main import main


@pytest.fixture(scope="module")
def videos(tmp_path_factory, write_mpeg4):
    """Two tiny films."""
    folder = tmp_path_factory.mktemp("videos")
    for name, seed in (("a.mp4", 0), ("b.mp4", 1)):
        write_mpeg4(folder / name, moving_shapes(seed=seed, frame_count=6)[0], rate=12)
    return folder


@pytest.fixture
def command(videos, tmp_path):
    """A run of seconds, without its length."""
    out = tmp_path / "run"
    given = ["train", "self_supervised", "--videos", str(videos), "--out", str(out)]
    small = ["--preset", "tiny", "--batch", "2", "--crop", "32"]
    return [*given, *small, "--workers", "0", "--device", "cpu"]


def result(capsys):
    return json.loads(capsys.readouterr().out)


def test_train_then_go_on(command, capsys, tmp_path):
    assert main([*command, "--steps", "4", "--json"]) == cli.DONE
    first = result(capsys)
    assert first["steps"] == 4
    assert set(first["losses"]) == {"color"}
    assert main([*command, "--steps", "6", "--resume", "--json"]) == cli.DONE
    assert result(capsys)["steps"] == 6
    weights = tmp_path / "run/weights.safetensors"
    assert first["weights"] == str(weights)
    build_tracker(TrackerRequest("self_supervised", Quality.FAST, "cpu", weights))


def test_weights_of_the_moment(command, tmp_path):
    """Also in a run that goes on; the result is the last of them."""
    often = ["--snapshots", "1e-6"]
    assert main([*command, "--steps", "2", *often]) == cli.DONE
    assert main([*command, "--steps", "3", "--resume", *often]) == cli.DONE
    run = tmp_path / "run"
    found = sorted(path.name for path in run.glob("weights-*"))
    assert found == [f"weights-00000{step}.safetensors" for step in (1, 2, 3)]
    steps = [read_info(run / name).training["steps"] for name in found]
    assert steps == [1, 2, 3]
    last, result = (load_file(run / name) for name in (found[-1], "weights.safetensors"))
    assert all(torch.equal(last[name], x) for name, x in result.items())


def test_text_says_where_the_weights_are(command, capsys, tmp_path):
    assert main([*command, "--steps", "1"]) == cli.DONE
    assert f"Weights: {tmp_path / 'run/weights.safetensors'}" in capsys.readouterr().out


def test_minutes(command, capsys):
    assert main([*command, "--minutes", "0.005", "--json"]) == cli.DONE
    found = result(capsys)
    assert found["steps"] >= 1
    assert found["seconds"] > 0


def test_progress_shows_videos_then_steps(command, capsys):
    assert main([*command, "--steps", "3", "--progress"]) == cli.DONE
    err = capsys.readouterr().err
    assert "files" in err and "2/2" in err
    assert "3/3" in err and "color " in err


def test_broken_video_is_told(command, videos, capsys, tmp_path):
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "good.mp4").write_bytes((videos / "a.mp4").read_bytes())
    (folder / "broken.mp4").write_text("no video")
    command[command.index("--videos") + 1] = str(folder)
    assert main([*command, "--steps", "1", "--quiet"]) == cli.DONE
    err = capsys.readouterr().err
    assert "warning: left out broken.mp4" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--steps", "4", "--preset", "huge"], "tiny"),
        (["--steps", "4", "--videos", "{root}/nowhere"], "does not exist"),
        (["--steps", "4", "--minutes", "2"], "--minutes"),
        (["--steps", "4", "--stage", "third"], "'third'"),
        (["--steps", "4", "--stage", "memory"], "--init"),
        (["--steps", "4", "--stage", "labels"], "--init"),
        (["--steps", "4", "--stage", "labels", "--blend", "-0.1"], "blend of -0.1"),
        (["--steps", "4", "--stage", "labels", "--blend", "nan"], "blend of nan"),
        (["--steps", "4", "--blend", "0.5"], "pairwise has no --blend"),
        (["--steps", "4", "--images", "{root}/nowhere"], "holds no image"),
        (["--steps", "4", "--radius", "0"], "radius of 0"),
        (["--steps", "0"], "0 long"),
        (["--steps", "-2"], "-2 long"),
        (["--minutes", "0"], "0.0 long"),
        (["--minutes", "nan"], "nan long"),
        (["--steps", "four"], "four"),
        (["--steps", "4", "--rate", "0"], "learning rate"),
        (["--steps", "4", "--batch", "0"], "batch of 0"),
        (["--steps", "4", "--crop", "190"], "190 px"),
        (["--steps", "4", "--crop", "5000"], "5000 px"),
        (["--steps", "4", "--seed", "-1"], "seed of -1"),
        (["--steps", "4", "--seed", "99999999999999999999999"], "is not possible"),
        (["--steps", "4", "--workers", "-1"], "-1 workers"),
        (["--steps", "4", "--snapshots", "-1"], "every -1.0 minutes"),
        (["--steps", "4", "--snapshots", "nan"], "every nan minutes"),
        (["--steps", "4", "--device", "gpu"], "'gpu'"),
        (["--steps", "4", "--init", "{root}/none.safetensors"], "none.safetensors"),
        (["--steps", "4", "--init", "{root}/hostile.safetensors"], "hostile.safetensors"),
        (["--steps", "4", "--cache", "{root}/hostile.safetensors"], "hostile.safetensors"),
        (["--steps", "4", "--out", "{root}/hostile.safetensors/run"], "hostile.safetensors"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(command, capsys, tmp_path, options, message):
    (tmp_path / "hostile.safetensors").write_bytes(b"\x80\x04cposix\nsystem\n.")
    assert main([*command, *(option.format(root=tmp_path) for option in options)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1
    assert list((tmp_path / "run").glob("state.*")) == []


def test_start_from_the_bundled_weights(command, monkeypatch, tmp_path, capsys):
    """One step at a tiny rate leaves what was there."""
    command[command.index("--preset") + 1] = "thin"
    command += ["--init", "bundled", "--steps", "1", "--rate", "1e-9"]
    assert main([*command]) == cli.DONE
    bundled = load_file(bundled_weights("self_supervised", "thin"))
    trained = load_file(tmp_path / "run/weights.safetensors")
    for name in ("conv1.weight", "head.weight"):
        assert (trained[name].float() - bundled[name].float()).abs().max() < 1e-3


def test_bundled_is_the_start_for_training_where_no_other_weights_ship(
    videos, monkeypatch, tmp_path
):
    asked = []
    monkeypatch.setattr(
        recipe, "train", lambda request, _token, **_: asked.append(request) or iter(())
    )
    given = ["train", "global_instance", "--videos", str(videos), "--out", str(tmp_path / "run")]
    main([*given, "--steps", "1", "--init", "bundled"])
    assert asked[0].init == bundled_start("global_instance", "small")


def test_memory_stage_after_the_pairwise_one(command, capsys, tmp_path):
    assert main([*command, "--steps", "1"]) == cli.DONE
    first = tmp_path / "run/weights.safetensors"
    second = [*command, "--stage", "memory", "--init", str(first), "--steps", "1", "--json"]
    second[second.index("--out") + 1] = str(tmp_path / "second")
    capsys.readouterr()
    assert main(second) == cli.DONE
    assert result(capsys)["weights"] == str(tmp_path / "second/weights.safetensors")
    assert (tmp_path / "second/averaged.safetensors").exists()


def test_labels_stage_after_the_pairwise_one(command, capsys, tmp_path):
    assert main([*command, "--steps", "1"]) == cli.DONE
    first = str(tmp_path / "run/weights.safetensors")
    labels = [*command, "--stage", "labels", "--init", first, "--steps", "2", "--blend", "0"]
    labels[labels.index("--out") + 1] = str(tmp_path / "second")
    capsys.readouterr()
    assert main([*labels, "--json"]) == cli.DONE
    assert set(result(capsys)["losses"]) == {"color", "labels"}
    kept, start = (load_file(x) for x in (tmp_path / "second/weights.safetensors", first))
    assert all(torch.equal(kept[name], start[name]) for name in ("conv1.weight", "head.weight"))
    assert (tmp_path / "second/trained.safetensors").exists()


def test_no_bundled_weights_for_the_preset(command, capsys):
    assert main([*command, "--init", "bundled", "--steps", "1"]) == cli.BAD_INPUT
    assert "self_supervised (tiny)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "rate"),
    [([], 1e-3), (["--init", "w.safetensors"], 1e-4), (["--init", "w", "--rate", "0.5"], 0.5)],
)
def test_weights_that_have_learned_are_only_nudged(command, monkeypatch, options, rate):
    asked = []

    def train(request, token, *, validator):
        assert validator is None
        asked.append(request)
        return iter(())

    monkeypatch.setattr(recipe, "train", train)
    main([*command, "--steps", "1", *options])
    assert asked[0].length.learning_rate == rate


def test_what_is_not_given_again_is_as_the_run_began(videos, tmp_path, capsys):
    out = tmp_path / "run"
    lead = ["train", "self_supervised", "--videos", str(videos), "--out", str(out)]
    lead += ["--preset", "tiny", "--workers", "0", "--device", "cpu"]
    options = ["--batch", "2", "--crop", "32", "--seed", "5", "--radius", "4", "--rate", "2e-3"]
    options += ["--threads", "1"]
    assert main([*lead, *options, "--steps", "2"]) == cli.DONE
    assert main([*lead, "--resume", "--steps", "3"]) == cli.DONE
    training = read_info(out / "weights.safetensors").training
    assert (training["steps"], training["seed"], training["radius"]) == (3, 5, 4)
    assert (training["pairs"]["batch"], training["pairs"]["crop"]) == (2, 32)
    assert (training["learning_rate"], training["threads"]) == (2e-3, 1)
    capsys.readouterr()
    for option, words in (("--batch", "batch 2, not 3"), ("--threads", "threads 1, not 3")):
        assert main([*lead, "--resume", "--steps", "4", option, "3"]) == cli.BAD_INPUT
        assert f"began with {words}" in capsys.readouterr().err


@pytest.mark.slow
def test_training_needs_neither_window_nor_video_library(command, tmp_path):
    """Machines that are lent for training often have torch, OpenCV and little else."""
    absent = ("av", "PySide6", "natsort", "pycocotools", "qtawesome", "shiboken6")
    script = (
        f"import sys; sys.modules.update(dict.fromkeys({absent}));"
        f"from vosapp.cli.main import main; sys.exit(main({[*command, '--steps', '2']}))"
    )
    call = [sys.executable, "-c", script]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == cli.DONE, done.stderr
    assert (tmp_path / "run/weights.safetensors").exists()


def test_weights_say_by_which_command(command, tmp_path):
    assert main([*command, "--steps", "1"]) == cli.DONE
    said = read_info(tmp_path / "run/weights.safetensors").training["command"]
    assert said.startswith("vosapp train self_supervised --videos ") and "--steps 1" in said
    assert str(tmp_path) not in said


def test_run_folder_in_use(command, capsys):
    assert main([*command, "--steps", "1"]) == cli.DONE
    capsys.readouterr()
    assert main([*command, "--steps", "2"]) == cli.BAD_INPUT
    assert "--resume" in capsys.readouterr().err


def test_damaged_state(command, capsys, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/state.pt").write_bytes(b"\x80\x04cposix\nsystem\n.")
    assert main([*command, "--steps", "2", "--resume"]) == cli.BAD_INPUT
    assert "state.pt" in capsys.readouterr().err


def test_stopped_run_says_how_to_go_on(command, capsys, monkeypatch, tmp_path):
    log = recipe.append_line

    def stop_after_two(path, values):
        log(path, values)
        if values["step"] == 2:
            stopped.token.cancel()

    def remember(*given, **named):
        nonlocal stopped
        stopped = make(*given, **named)
        return stopped

    stopped, make = None, cli.Console
    monkeypatch.setattr(cli, "Console", remember)
    monkeypatch.setattr(recipe, "append_line", stop_after_two)
    assert main([*command, "--steps", "50"]) == cli.STOPPED
    err = capsys.readouterr().err
    assert "--resume" in err and "stopped" in err
    assert (tmp_path / "run/state.pt").exists()
    assert not (tmp_path / "run/weights.safetensors").exists()
