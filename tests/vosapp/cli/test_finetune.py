"""`vosapp finetune`: learning, comparing, keeping, switching; and what `propagate` makes of it."""

from __future__ import annotations

import signal
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from core.errors import OutputError
from core.nn.checkpoints import CheckpointInfo, read_info, save_weights
from core.systems.self_supervised.config import PRESETS, TRACKING
from core.systems.self_supervised.model import KeyEncoder
from core.train.finetune.config import FinetuneConfig
from core.train.recipe import Recipe
from core.types import Quality
from vosapp.cli import finetune as command
from vosapp.cli import main as cli
from vosapp.project.opening import open_project
from vosapp.project.store import Project
from vosapp.project.tuned import digest_of
from vosapp.services import finetune
from vosapp.services.weights import tuned_file


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """A network and films so small that nothing takes time."""
    brief = FinetuneConfig(steps=3, batch=2, crop=16, rate=1e-2)
    monkeypatch.setattr(Recipe, "require_finetuning", lambda _: brief)
    for quality in Quality:
        small = replace(TRACKING[quality], short_side=24, radius=2)
        monkeypatch.setitem(TRACKING, quality, small)


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """Stand for the bundled ones."""
    torch.manual_seed(0)
    path = tmp_path / "base.safetensors"
    info = CheckpointInfo("self_supervised", "tiny", PRESETS["tiny"].to_dict())
    save_weights(path, KeyEncoder(PRESETS["tiny"]), info)
    for place in ("vosapp.assets", "vosapp.services.weights"):
        monkeypatch.setattr(f"{place}.bundled_weights", lambda *_names: path)
    return path


@pytest.fixture
def frames(frames):
    """The usual images, with colors."""
    for index, path in enumerate(sorted(frames.iterdir())):
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, 255, (24, 32, 3), np.uint8)
        Image.fromarray(np.roll(pixels, index, axis=1)).save(path)
    return frames


@pytest.fixture
def info():
    def read(path):
        with open_project(path) as project:
            return project.tuned(), project.uses_tuned

    return read


def test_it_learns_compares_and_keeps(call, project, weights, info, tmp_path):
    result = call("finetune", project, "--use")
    adapted = result["adapted"]
    assert (adapted["steps"], adapted["frames"], adapted["in_use"]) == (3, 3, True)
    assert adapted["base"].startswith("base.safetensors sha256:")
    assert [one["frame"] for one in result["keyframes"]] == [0, 3]
    assert [one["origin"] for one in result["keyframes"]] == [3, 0]
    assert set(result["keyframes"][0]["before"]) == {"1", "4"}
    assert result["before"] == pytest.approx(adapted["before"])
    tuned, used = info(project)
    assert used and tuned.identity == adapted["weights"]
    with open_project(project) as opened, tuned_file(opened) as path:
        header = read_info(path)
        assert header.training["steps"] == 3 and header.preset == "tiny"
        assert digest_of(path.read_bytes()) == tuned.digest
    assert not path.exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "base.safetensors", "bears", "masks", "p.vosapp",
    ]  # fmt: skip


@pytest.mark.parametrize(("better", "used"), [(True, True), (False, False)])
def test_they_are_used_where_they_did_better(
    call, project, weights, info, monkeypatch, better, used
):
    monkeypatch.setattr(command, "_did_better", lambda _tuned: better)
    call("finetune", project)
    assert info(project)[1] is used


def test_without_keyframes_they_are_kept_and_not_used(call, frames, weights, tmp_path, info):
    path = tmp_path / "empty.vosapp"
    call("new", frames, "-o", path)
    result = call("finetune", path)
    assert result["keyframes"] == [] and result["before"] is None
    tuned, used = info(path)
    assert tuned is not None and not used


def test_people_read_a_table(capsys, project, weights):
    assert cli.main(["finetune", str(project), "--no-use"]) == 0
    out = capsys.readouterr().out
    assert "frame  object  before   after" in out and "from 3" in out and "mean" in out
    assert "switched off" in out and "--switch on" in out


def test_removing_says_whether_there_were_any(capsys, project, weights):
    assert cli.main(["finetune", str(project)]) == 0
    capsys.readouterr()
    for words in ("Removed the fine-tuned weights of", "There are no fine-tuned weights in"):
        assert cli.main(["finetune", str(project), "--remove"]) == 0
        assert words in capsys.readouterr().out


def test_switching_and_removing(call, project, weights, info):
    call("finetune", project, "--no-use")
    assert call("finetune", project, "--switch", "on")["adapted"]["in_use"]
    assert info(project)[1]
    assert not call("finetune", project, "--switch", "off")["adapted"]["in_use"]
    call("finetune", project, "--switch", "on")
    assert call("finetune", project, "--remove")["adapted"] is None
    assert info(project) == (None, False)
    answer = call("finetune", project, "--switch", "on", code=2)
    assert "no fine-tuned weights" in answer["error"]["message"]


def test_equal_seeds_give_equal_tensors(call, project, weights):
    tensors = []
    for seed in (0, 0, 1):
        call("finetune", project, "--seed", seed)
        with open_project(project) as opened, tuned_file(opened) as path:
            from safetensors.torch import load_file

            tensors.append(load_file(path))
    one, other, third = tensors
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not all(torch.equal(one[name], third[name]) for name in one)


def test_propagation_uses_them_and_says_so(call, project, weights):
    plain = call("propagate", project)
    assert plain["adapted_weights"] is False
    call("finetune", project, "--use")
    result = call("propagate", project, "--all")
    with open_project(project) as opened:
        assert result["weights"] == opened.tuned().identity
        lane = opened.lane(1)
        assert opened.run_of(int(lane.runs[1])).weights == opened.tuned().identity
    assert result["adapted_weights"] is True
    assert "fine-tuned on this video" in call.stderr
    assert not call("propagate", project, "--all", "--weights", weights)["adapted_weights"]
    assert "not used: --weights" in call.stderr
    assert not call("propagate", project, "--all", "--system", "copy")["adapted_weights"]
    call("finetune", project, "--switch", "off")
    assert not call("propagate", project, "--all")["adapted_weights"]


def test_damaged_ones_are_told_and_the_bundled_are_used(call, project, weights):
    call("finetune", project, "--use")
    connection = sqlite3.connect(project, isolation_level=None)
    connection.execute("UPDATE tuned SET weights = zeroblob(100)")
    connection.close()
    result = call("propagate", project)
    assert not result["adapted_weights"] and result["weights"] == str(weights)
    assert "damaged" in call.stderr and "bundled weights are used" in call.stderr
    assert call("info", project)["adapted"]["in_use"]


def _hostile(weights, tmp_path, change):
    path = tmp_path / "hostile.safetensors"
    encoder = KeyEncoder(PRESETS["tiny"])
    info = CheckpointInfo("self_supervised", "tiny", PRESETS["tiny"].to_dict())
    if change == "pickle":
        torch.save(encoder.state_dict(), path)
        return path.read_bytes()
    if change == "huge":
        info = replace(info, config=info.config | {"widths": [4096] * 4})
    if change == "system":
        info = replace(info, system="other")
    if change == "nan":
        torch.nn.init.constant_(encoder.head.bias, float("nan"))
    if change == "shapes":
        encoder.head = torch.nn.Conv2d(8, 9, 3)
    save_weights(path, encoder, info)
    return path.read_bytes()


@pytest.mark.parametrize("change", ["pickle", "huge", "system", "nan", "shapes"])
def test_a_strangers_weights_do_no_harm(call, project, weights, tmp_path, change):
    call("finetune", project, "--use")
    data = _hostile(weights, tmp_path, change)
    with open_project(project) as opened:
        known = replace(opened.tuned(), digest=digest_of(data))
        opened.put_tuned(known, data, use=True)
    result = call("propagate", project)
    assert not result["adapted_weights"] and "cannot be used" in call.stderr


def test_info_tells_of_them(call, capsys, project, weights):
    assert call("info", project)["adapted"] is None
    call("finetune", project, "--use")
    adapted = call("info", project)["adapted"]
    assert adapted["in_use"] and adapted["steps"] == 3 and adapted["preset"] == "tiny"
    assert cli.main(["info", str(project)]) == 0
    assert "weights fine-tuned on this video: in use, tiny, 3 steps" in capsys.readouterr().out
    connection = sqlite3.connect(project, isolation_level=None)
    connection.execute("UPDATE tuned SET made = '[]'")
    connection.close()
    assert call("info", project, code=2)["adapted"] is None
    assert "damaged" in call.stderr


def test_a_stop_can_be_gone_on_with(call, project, weights, info, monkeypatch, tmp_path):
    original, seen = finetune._step, []

    def stop_after_one(item):
        seen.append(item.step)
        if len(seen) == 1:
            signal.raise_signal(signal.SIGINT)
        return original(item)

    monkeypatch.setattr(finetune, "_step", stop_after_one)
    answer = call("finetune", project, code=130)
    assert answer["error"]["code"] == "cancelled"
    assert "same options and --resume" in answer["error"]["hint"]
    assert info(project) == (None, False) and (tmp_path / "p.vosapp-adapt").is_dir()
    call("finetune", project, "--resume")
    assert seen == [1, 2, 3] and info(project)[0].steps == 3
    assert not (tmp_path / "p.vosapp-adapt").exists()


def test_a_stop_before_learning_promises_nothing(call, project, weights, monkeypatch, tmp_path):
    def stop(*_names):
        signal.raise_signal(signal.SIGINT)
        return weights

    monkeypatch.setattr("vosapp.services.weights.bundled_weights", stop)
    answer = call("finetune", project, code=130)
    assert "--resume" not in answer["error"]["hint"]
    assert not (tmp_path / "p.vosapp-adapt").exists()


def test_weights_that_could_not_be_kept_are_not_learned_twice(
    call, project, weights, info, monkeypatch, tmp_path
):
    def full(*_args, **_options):
        raise OutputError("The disk is full.", "Free some space.")

    with monkeypatch.context() as patch:
        patch.setattr(Project, "put_tuned", full)
        call("finetune", project, code=2)
    assert (tmp_path / "p.vosapp-adapt").is_dir() and info(project) == (None, False)
    monkeypatch.setattr(finetune, "_step", pytest.fail)
    call("finetune", project, "--resume")
    assert info(project)[0].steps == 3 and not (tmp_path / "p.vosapp-adapt").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--steps", "0"], "0 long"),
        (["--minutes", "nan"], "long"),
        (["--range", "9:"], "9"),
        (["--seed", "-1"], "seed of -1"),
        (["--weights", "nowhere.safetensors"], "nowhere"),
        (["--steps", "1", "--minutes", "1"], "not allowed"),
        (["--use", "--no-use"], "not allowed"),
        (["--switch", "sideways"], "sideways"),
        (["--switch", "on", "--use"], "do not go with --switch"),
        (["--remove", "--no-use"], "do not go with --remove"),
    ],
)
def test_bad_input(call, project, weights, info, tmp_path, options, words):
    answer = call("finetune", project, *options, code=2)
    assert words in f"{answer['error']['message']} {answer['error']['hint']}"
    assert info(project) == (None, False)
    assert not (tmp_path / "p.vosapp-adapt").exists()


def test_a_film_that_stands_still_teaches_nothing(call, project, weights, frames, tmp_path):
    for path in frames.iterdir():
        Image.fromarray(np.zeros((24, 32, 3), np.uint8)).save(path)
    answer = call("finetune", project, "--accept-video", code=2)
    assert answer["error"]["code"] == "training"
    assert not (tmp_path / "p.vosapp-adapt").exists()


def test_weights_that_are_too_large_are_refused_first(call, project, weights, monkeypatch):
    monkeypatch.setattr(finetune, "MAX_TUNED_BYTES", 100)
    answer = call("finetune", project, code=2)
    assert "at most" in answer["error"]["message"]


def test_the_older_name_still_works(call, project):
    assert call("adapt", project, "--remove")["adapted"] is None
