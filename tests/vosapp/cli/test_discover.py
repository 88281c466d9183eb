"""`vosapp discover`, and scoring of what it writes."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from core.data.synthetic import two_layers
from core.media.label_map import read_label_map, write_label_map
from core.media.soft_map import read_soft_map
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.systems.appearance_motion.config import PRESETS
from core.systems.appearance_motion.model import new_network

COUNT = 5


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A tiny network that calls the warm colors of the disk an object."""
    torch.manual_seed(0)
    network = new_network(PRESETS["tiny"])
    network.remember(torch.rand(5, 6) * 0.2 + 0.05)
    channel, head = network.channel, network.appearance.net.head
    with torch.no_grad():
        head.weight.mul_(20)
        head.bias[channel] = 1.0
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    info = CheckpointInfo("appearance_motion", "tiny", network.config.to_dict())
    save_weights(path, network, info)
    return path


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A set in DAVIS layout: frames of a moving disk, and its masks."""
    root = tmp_path_factory.mktemp("set")
    frames, masks = two_layers(side=64, frames=COUNT)
    for kind in ("JPEGImages", "Annotations"):
        (root / kind / "480p" / "disk").mkdir(parents=True)
    for index in range(COUNT):
        name = f"480p/disk/{index:05d}.png"
        Image.fromarray(frames[index]).save(root / "JPEGImages" / name)
        write_label_map(root / "Annotations" / name, masks[index].astype(np.uint8))
    return root


def discover(call, disk, weights, out, *more, code=0):
    video = disk / "JPEGImages/480p/disk"
    words = ("discover", video, "-o", out, "--weights", weights, "--device", "cpu")
    return call(*words, "--short-side", 64, "--link", "flow", *more, code=code)


@pytest.mark.parametrize("more", [(), ("--instances",), ("--vote", "--refine", "field")])
def test_a_mask_for_each_frame_and_a_score_for_each_object(call, disk, weights, tmp_path, more):
    told = discover(call, disk, weights, tmp_path / "out", *more)
    assert told["frames"] == COUNT
    folder = tmp_path / "out/disk"
    assert sorted(p.name for p in folder.iterdir()) == [f"{i:05d}.png" for i in range(COUNT)]
    shown = [read_label_map(folder / f"{i:05d}.png").label_map for i in range(COUNT)]
    assert {labels.shape for labels in shown} == {(64, 64)}
    kept = json.loads((tmp_path / "out/disk.objects.json").read_text())
    assert kept == told["objects"]
    assert {int(i) for labels in shown for i in np.unique(labels)} <= {0} | {
        one["object_id"] for one in kept
    }
    assert [one["score"] for one in kept] == sorted((o["score"] for o in kept), reverse=True)
    if "--instances" not in more:
        assert len(kept) <= 1


def test_own_weights_are_a_model_that_is_used_by_its_name(
    call, disk, weights, tmp_path, monkeypatch
):
    monkeypatch.setenv("VOSAPP_DATA", str(tmp_path / "user"))
    call("models", "import", weights, "--name", "mine")
    told = discover(call, disk, "mine", tmp_path / "out")
    assert told["weights"] == str(tmp_path / "user/models/mine.safetensors")


def test_davis16_scores_all_objects_as_one_on_all_frames(call, disk, weights, tmp_path):
    discover(call, disk, weights, tmp_path / "out")
    words = ("evaluate", "--gt", disk, "--results", tmp_path / "out", "--protocol", "davis16")
    plain, every = call(*words), call(*words, "--all-frames")
    assert plain["sequences"][0]["frames"] == COUNT - 2
    assert every["sequences"][0]["frames"] == COUNT
    assert every["sequences"][0]["mean"]["j"]["mean"] is not None
    call("evaluate", "--gt", disk, "--results", tmp_path / "out", "--all-frames", code=2)
    assert "--all-frames" in call.stderr


def test_unsupervised_scores_instances(call, disk, weights, tmp_path):
    discover(call, disk, weights, tmp_path / "out", "--instances")
    told = call(
        "evaluate", "--gt", disk, "--results", tmp_path / "out", "--protocol", "unsupervised"
    )
    assert told["sequences"][0]["frames"] == COUNT


def test_the_video_is_learned_first_where_that_is_asked(call, disk, weights, tmp_path):
    told = discover(call, disk, weights, tmp_path / "out", "--adapt-steps", 12, "--maps")
    assert told["frames"] == COUNT
    discover(call, disk, weights, tmp_path / "plain", "--maps")
    maps = [read_soft_map(tmp_path / name / "disk-maps/00000.png") for name in ("out", "plain")]
    assert np.abs(maps[0] - maps[1]).max() > 0


def test_a_range_and_a_single_image(call, disk, weights, tmp_path):
    assert discover(call, disk, weights, tmp_path / "a", "--range", "1:3")["frames"] == 2
    names = sorted(p.name for p in (tmp_path / "a/disk").iterdir())
    assert names == ["00001.png", "00002.png"]
    image = disk / "JPEGImages/480p/disk/00000.png"
    told = call(
        "discover", image, "-o", tmp_path / "b", "--weights", weights, "--device", "cpu", "--maps"
    )
    assert told["frames"] == 1
    assert read_soft_map(tmp_path / "b/00000-maps/00000.png").shape == (64, 64)
    call("discover", image, "-o", tmp_path / "c", "--weights", weights, "--adapt-steps", 5, code=2)
    assert "One frame alone" in call.stderr


def test_images_of_any_size_are_scored_as_maps(call, weights, tmp_path):
    images, masks = tmp_path / "SET-Image", tmp_path / "SET-Mask"
    for folder in (images, masks):
        folder.mkdir()
    for number, side in enumerate((64, 96)):
        frames, shown = two_layers(side=side, frames=2)
        Image.fromarray(frames[0]).save(images / f"a{number}.png")
        Image.fromarray(255 * shown[0].astype(np.uint8)).save(masks / f"a{number}.png")
    words = ("discover", images, "-o", tmp_path / "out", "--weights", weights, "--device", "cpu")
    told = call(*words, "--images", "--maps")
    assert [one["image"] for one in told["images"]] == ["a0.png", "a1.png"]
    scored = call(
        "evaluate", "--protocol", "saliency", "--gt", tmp_path, "--results",
        tmp_path / "out/SET-Image-maps",
    )  # fmt: skip
    assert scored["images"] == 2
    assert 0 <= scored["mae"] <= 1
    assert 0 <= scored["f_beta"] <= scored["f_beta_largest"] <= 1
    call(*words, "--images", "--vote", code=2)
    assert "--vote needs a video" in call.stderr


def test_what_does_not_go_together_is_told(call, disk, weights, tmp_path):
    masks = disk / "Annotations/480p/disk"
    call(
        "evaluate", "--protocol", "saliency", "--gt", masks, "--results", masks,
        "--csv", tmp_path / "t.csv", code=2,
    )  # fmt: skip
    assert "--csv has no meaning" in call.stderr
    discover(call, disk, weights, tmp_path / "out", "--images", "--adapt-steps", 3, code=2)
    assert "needs a video" in call.stderr
    call("discover", masks / "00000.png", "-o", tmp_path, "--images", "--weights", weights, code=2)
    assert "no folder of images" in call.stderr


def test_what_carries_no_masks_is_not_scored_by_them(call, disk, tmp_path):
    words = ("train", "appearance_motion", "--preset", "tiny", "--minutes", 1)
    videos = ("--videos", disk / "JPEGImages/480p/disk", "--out", tmp_path / "run")
    call(*words, *videos, "--validate", disk, code=2)
    assert "carries no masks" in call.stderr
    assert not (tmp_path / "run").exists()


def test_without_weights_the_way_to_some_is_told(call, disk, tmp_path, monkeypatch):
    from vosapp import assets

    monkeypatch.setattr(assets, "weights_dir", lambda: tmp_path)
    call("discover", disk / "JPEGImages/480p/disk", "-o", tmp_path / "o", code=2)
    assert "vosapp train appearance_motion" in call.stderr
