"""`--adapt target`: a small model of each object is learned along the walk."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from core.nn.checkpoints import CheckpointInfo, save_weights
from core.nn.lite0 import Lite0Features
from core.systems.self_supervised import fused
from core.systems.self_supervised.config import PRESETS, TRACKING
from core.tracking.config import TargetConfig
from core.types import Quality
from vosapp.cli.main import main


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def backbone(monkeypatch):
    """Random weights in place of the package's, and how often they ran."""
    ran = []

    def features(path):
        torch.manual_seed(1)
        network = Lite0Features()
        network.register_forward_hook(lambda *_: ran.append(1))
        return network

    monkeypatch.setattr(fused, "load_features", features)
    return ran


@pytest.fixture
def seer(tmp_path, backbone, monkeypatch):
    """Options of a tiny system whose keys see the backbone."""
    torch.manual_seed(0)
    encoder = fused.new_encoder(PRESETS["tiny-imagenet"])
    path = tmp_path / "seer.safetensors"
    info = CheckpointInfo("self_supervised", "tiny-imagenet", encoder.config.to_dict())
    save_weights(path, encoder.keys, info)
    sure = TargetConfig(frail=-1.0, sturdy=0.0)
    small = replace(TRACKING[Quality.FAST], short_side=64, target=sure)
    monkeypatch.setitem(TRACKING, Quality.FAST, small)
    return ["--weights", str(path), "--quality", "fast"]


def test_other_masks_but_those_of_keyframes(
    seer, resumable_run, save_masks, read_results, shapes, tmp_path
):
    masks = save_masks(2, 6)
    _, plain, _ = resumable_run(masks, *seer, out="plain")
    code, target, _ = resumable_run(masks, *seer, "--adapt", "target", out="target")
    assert code == 0
    assert [r["adaptation"] for r in (plain, target)] == [None, "target"]
    results = [read_results(tmp_path / name / "film") for name in ("plain", "target")]
    for stem in ("00002", "00006"):
        for result in results:
            np.testing.assert_array_equal(result[stem], shapes[1][int(stem)])
    assert any((results[0][stem] != results[1][stem]).any() for stem in results[0])
    assert target["frames"] == 9
    assert plain.keys() == target.keys()


def test_the_backbone_runs_once_a_frame(seer, backbone, resumable_run, save_masks):
    """Also where a span is walked from both sides, and a keyframe is a frame of the walk."""
    resumable_run(save_masks(0, 8), *seer, "--adapt", "target")
    assert len(backbone) == 9


@pytest.mark.parametrize("masks", [(0,), (2, 6), (0, 8)])
@pytest.mark.parametrize("count", [0, 3, 6, 8])
def test_killed_and_resumed(masks, count, seer, resumable_run, save_masks, kill, tmp_path):
    """One result for unbroken and continued runs, byte by byte."""
    masks = save_masks(*masks)
    _, whole, _ = resumable_run(masks, *seer, "--adapt", "target", out="whole")
    with kill(count):
        resumable_run(masks, *seer, "--adapt", "target")
    code, result, _ = resumable_run(masks, *seer, "--adapt", "target", "--resume")
    assert code == 0
    assert contents(tmp_path / "out/film") == contents(tmp_path / "whole/film")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["film"]
    for key in ("frames", "confidence", "adaptation"):
        assert result[key] == whole[key]


def test_a_long_walk_goes_on_in_its_middle(seer, resumable_run, save_masks, kill, tmp_path):
    with kill(6):
        resumable_run(save_masks(0), *seer, "--adapt", "target")
    state = (tmp_path / "out/film.vosapp-run.state").read_bytes()
    assert b"target.products.npy" in state
    code, result, _ = resumable_run(save_masks(0), *seer, "--adapt", "target", "--resume")
    assert (code, result["resumed_frames"]) == (0, 5)


@pytest.mark.parametrize("options", [[], ["--adapt"], ["--adapt", "unet"]])
def test_a_run_is_not_resumed_with_another_adaptation(
    options, seer, film, save_masks, kill, resumable_run, tmp_path, capfd
):
    masks = save_masks(2)
    with kill(6):
        resumable_run(masks, *seer, "--adapt", "target")
    given = ["propagate", str(film), "--masks", str(masks), "-o", str(tmp_path / "out"), "--resume"]
    assert main([*given, *seer, *options]) == 2
    assert "adaptation target, now" in capfd.readouterr().err


def test_an_object_that_comes_late_and_one_that_goes(seer, resumable_run, save_masks, tmp_path):
    masks = save_masks(0, ids=(1,))
    save_masks(4, ids=(1, 2))
    save_masks(7, ids=(2,))
    code, result, _ = resumable_run(masks, *seer, "--adapt", "target")
    assert (code, result["frames"], result["object_ids"]) == (0, 9, [1, 2])


def test_in_a_project_it_makes_what_it_makes_of_files(
    seer, film, save_masks, shapes, tmp_path, capfd
):
    def call(*given):
        assert main([*map(str, given), "--json"]) == 0
        return json.loads(capfd.readouterr().out)

    project = tmp_path / "film.vosapp"
    call("new", film, "-o", project)
    call("import", project, save_masks(0), "--format", "davis")
    told = call("propagate", project, "--adapt", "target", *seer)
    assert (told["adaptation"], told["frames"], told["left"]) == ("target", 8, [])


def test_weights_without_backbone_are_refused(learner, film, mask, tmp_path, capfd):
    given = ["propagate", str(film), "--masks", str(mask), "-o", str(tmp_path / "out")]
    assert main([*given, *learner, "--adapt", "target"]) == 2
    told = capfd.readouterr().err
    assert "no ImageNet backbone" in told
    assert "thin-imagenet" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--system", "flow", "--adapt", "target"], "cannot adapt"),
        (["--adapt", "target", "--paper-mode"], "--paper-mode does not go with --adapt target"),
        (["--adapt=tarjet"], "Did you mean target?"),
        (["--adapt", "tarjet"], "tarjet"),
    ],
)
def test_options_that_make_no_sense(options, told, film, mask, tmp_path, capfd):
    given = ["propagate", str(film), "--masks", str(mask), "-o", str(tmp_path / "out")]
    assert main([*given, *options]) == 2
    assert told in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("before", [["--adapt"], ["--adapt", "unet"]])
def test_adapt_alone_means_unet_wherever_it_stands(before, learner, film, mask, tmp_path, capfd):
    out, told = tmp_path / "out", tmp_path / "told"
    given = [str(film), "--masks", str(mask), *learner, "-o"]
    assert main(["propagate", *before, *given, str(out)]) == 0
    assert main(["propagate", *given, str(told), "--adapt"]) == 0
    assert contents(out / "film") == contents(told / "film")
    capfd.readouterr()


def test_masks_of_a_frame_of_even_size_fit(seer, shapes):
    """Features at stride 8 divide the keys at stride 4 at every working size."""
    frame = cv2.resize(shapes[0][0], (96, 64))
    torch.manual_seed(0)
    encoder = fused.new_encoder(PRESETS["tiny-imagenet"]).eval()
    keys, features = fused.keys_and_features_of(encoder, frame)
    assert keys.shape[1:] == (2 * features.shape[1], 2 * features.shape[2])
    assert torch.equal(keys, fused.keys_of(encoder, frame))
