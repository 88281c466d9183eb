"""What only some formats hold, through `vosapp import` and `vosapp export`: categories, void."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.media.label_map import read_label_map, write_label_map
from core.types import VOID
from vosapp.project.edits import SetCategory
from vosapp.project.opening import open_project

HEIGHT, WIDTH = 24, 32


def test_categories_are_kept_and_stand_in_for_names(call, frames, tmp_path):
    square = [[3, 3, 9, 3, 9, 9, 3, 9]]
    entry = {"image_id": 1, "category_id": 7, "segmentation": square, "iscrowd": 0}
    named = {"track_id": 2, "name": "Bruno"}
    document = {
        "images": [{"id": 1, "file_name": "00001.png", "width": WIDTH, "height": HEIGHT}],
        "categories": [{"id": 7, "name": "bear"}],
        "annotations": [
            {**entry, "id": 1, "attributes": {"track_id": 1}},
            {**entry, "id": 2, "attributes": named},
        ],
    }
    (tmp_path / "coco.json").write_text(json.dumps(document))
    path = tmp_path / "p.vosapp"
    call("new", frames, "-o", path)
    told = call("import", path, tmp_path / "coco.json", "--format", "coco")
    assert [item["name"] for item in told["objects"]] == ["bear", "Bruno"]
    with open_project(path) as opened:
        assert [item.category for item in opened.objects()] == ["bear", "bear"]
        opened.do(SetCategory(2, "cub"))
        opened.do(SetCategory(1, ""))
    told = call("import", path, tmp_path / "coco.json", "--format", "coco", "--overwrite")
    assert "Object 2 stays 'cub'; the file calls it 'bear'." in told["notes"]
    assert [item["category"] for item in call("info", path)["objects"]] == ["bear", "cub"]


@pytest.mark.parametrize("fmt", ["youtube-vos", "coco", "ytvis", "cvat", "mots-png", "yolo"])
def test_categories_go_out_and_come_back(call, project, frames, tmp_path, fmt):
    with open_project(project) as opened:
        opened.do(SetCategory(1, "bear"))
        opened.do(SetCategory(4, "tree"))
    told = call("export", project, "--format", fmt, "-o", tmp_path / "out")
    assert not any("categor" in loss for loss in told["losses"])
    fresh = tmp_path / "fresh.vosapp"
    call("new", frames, "-o", fresh)
    call("import", fresh, tmp_path / "out", "--format", fmt)
    with open_project(fresh) as opened:
        assert [item.category for item in opened.objects()] == ["bear", "tree"]


def test_void_of_masks_is_kept_and_written_if_asked_for(call, frames, tmp_path, save_masks, shown):
    masks = save_masks(tmp_path / "masks", (0, 3))
    label_map = read_label_map(masks / "00003.png").label_map.copy()
    label_map[20:, 20:] = VOID
    write_label_map(masks / "00003.png", label_map)
    path, out = tmp_path / "p.vosapp", tmp_path / "out"
    call("new", frames, "--masks", masks, "-o", path)
    assert not (shown(path, 3) == VOID).any()
    told = call("export", path, "--format", "davis", "-o", out)
    assert "Void pixels become background on frames 3." in told["losses"]
    plain = tmp_path / "plain"
    told = call("export", path, "--format", "masks", "-o", plain, "--void")
    assert told["losses"] == ["Nothing is written for frames without a label map: 1-2, 4."]
    found = read_label_map(plain / "bears/00003.png").label_map
    assert np.array_equal(found, label_map)
    told = call("export", path, "--format", "davis", "-o", out, "--void")
    assert not any("Void" in loss for loss in told["losses"])
    found = read_label_map(out / "Annotations/480p/bears/00003.png").label_map
    assert np.array_equal(found, label_map)
    fresh = tmp_path / "fresh.vosapp"
    call("new", frames, "-o", fresh)
    call("import", fresh, out, "--format", "davis")
    with open_project(fresh) as opened:
        assert np.array_equal(opened.keyframe_map(3), label_map)
