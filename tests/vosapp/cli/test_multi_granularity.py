"""One training, three uses: `train`, then `discover`, `discover --instances` and `propagate`."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from core.data.synthetic import two_layers
from core.media.label_map import read_label_map, write_label_map
from core.nn.checkpoints import read_info
from vosapp.cli.main import main

COUNT = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Frames of a film as a video for training, and the mask of the first."""
    root = tmp_path_factory.mktemp("film")
    frames, masks = two_layers(side=64, frames=COUNT)
    (root / "disk.images").mkdir()
    for index in range(COUNT):
        Image.fromarray(frames[index]).save(root / f"disk.images/{index:05d}.png")
    write_label_map(root / "00000.png", masks[0].astype(np.uint8))
    return root


@pytest.fixture(scope="module")
def weights(folder):
    options = ("--batch", 2, "--crop", 32, "--frames", 3, "--rounds", 2, "--share", 1)
    words = ("train", "multi_granularity", "--preset", "tiny", "--videos", folder)
    more = ("--out", folder / "run", "--steps", 2, "--workers", 0, "--device", "cpu")
    assert main([str(word) for word in (*words, *options, *more)]) == 0
    return folder / "run/weights.safetensors"


def test_an_option_of_a_few_words_is_checked_at_once(call, capsys):
    call("train", "multi_granularity", "--prior", "cma", code=2)
    assert "'cma' is no valid --prior" in call.stderr and "Did you mean cam?" in call.stderr
    call("train", "global_instance", "--without", "x", code=2)
    assert "instance, overall, temporal, refine" in call.stderr
    assert main(["train", "appearance_motion", "--help"]) == 0
    assert "--loss {code,paper,census,flow}" in capsys.readouterr().out


def test_weights_name_their_system(weights):
    assert read_info(weights).system == "multi_granularity"


@pytest.mark.parametrize("more", [(), ("--instances", "--link", "flow")])
def test_objects_are_found_by_the_system_that_the_weights_name(
    call, folder, weights, tmp_path, more
):
    words = ("discover", folder / "disk.images", "-o", tmp_path, "--weights", weights)
    told = call(*words, "--short-side", 64, "--device", "cpu", *more)
    assert (told["system"], told["frames"]) == ("multi_granularity", COUNT)
    labels = read_label_map(tmp_path / "disk.images/00003.png").label_map
    assert labels.shape == (64, 64)


def test_the_system_may_be_named_beside_its_weights(call, folder, weights, tmp_path):
    words = ("discover", folder / "disk.images", "-o", tmp_path, "--weights", weights)
    told = call(*words, "--system", "multi_granularity", "--short-side", 64, "--device", "cpu")
    assert (told["system"], told["weights"]) == ("multi_granularity", str(weights))
    assert told["frames"] == COUNT


def test_boxes_of_a_detector_come_as_coco_too(call, folder, weights, tmp_path):
    halves, places = ((0, 0, 32, 64), (32, 0, 32, 64)), range(COUNT)
    images = [{"id": n, "file_name": f"{n:05d}.png"} for n in places]
    drawn = [{"image_id": n, "bbox": list(half)} for n in places for half in halves]
    coco, mot = tmp_path / "det.json", tmp_path / "det.txt"
    coco.write_text(json.dumps({"images": images, "annotations": drawn}))
    lines = [f"{n + 1},-1,{','.join(map(str, half))},1\n" for n in places for half in halves]
    mot.write_text("".join(lines))
    words = ("discover", folder / "disk.images", "--weights", weights, "--instances")
    more = ("--short-side", 64, "--device", "cpu", "--link", "flow")
    first, second = (
        call(*words, "-o", tmp_path / file.suffix, "--boxes", file, *more)["objects"]
        for file in (coco, mot)
    )
    assert first == second and len(first) == 2
    coco.write_text(json.dumps(drawn))
    call(*words, *more, "-o", tmp_path / "out", "--boxes", coco, code=2)
    assert "list of results" in call.stderr


def test_boxes_of_a_detector_need_instances(call, folder, weights, tmp_path):
    boxes = tmp_path / "det.txt"
    boxes.write_text("".join(f"{n},-1,0,0,64,64,1\n" for n in range(1, COUNT + 1)))
    words = ("discover", folder / "disk.images", "-o", tmp_path / "out", "--weights", weights)
    more = ("--boxes", boxes, "--short-side", 64, "--device", "cpu", "--link", "flow")
    call(*words, *more, code=2)
    assert "--instances" in call.stderr
    told = call(*words, *more, "--instances")
    assert len(told["objects"]) <= 1


def test_what_it_does_not_do_is_told(call, folder, weights, tmp_path):
    words = ("discover", folder / "disk.images", "-o", tmp_path, "--weights", weights)
    call(*words, "--adapt-steps", 3, code=2)
    assert "does not learn a video" in call.stderr and "appearance_motion" in call.stderr
    call(*words, "--system", "appearance_motion", code=2)
    assert "multi_granularity" in call.stderr


def test_masks_are_carried_by_the_same_weights(call, folder, weights, tmp_path):
    words = ("propagate", folder / "disk.images", "--masks", folder / "00000.png", "-o", tmp_path)
    told = call(*words, "--system", "multi_granularity", "--weights", weights, "--device", "cpu")
    assert told["frames"] == COUNT
    labels = read_label_map(tmp_path / "disk.images/00000.png").label_map
    assert set(np.unique(labels)) == {0, 1}
