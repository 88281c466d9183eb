"""Annotation files found from the root of a dataset."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.data.importing.formats import importer_named
from core.errors import AnnotationReadError
from core.jobs import result_of
from core.media.label_map import write_label_map

COCO = {
    "images": [{"id": 1, "file_name": "00003.png"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2]}],
    "categories": [{"id": 1, "name": "car"}],
}
LABELME = {"shapes": [{"label": "a", "points": [[1, 1], [3, 3]], "shape_type": "rectangle"}]}


@pytest.mark.parametrize(
    ("name", "place", "content"),
    [
        ("coco", "annotations/instances_default.json", json.dumps(COCO)),
        ("coco", "annotations/instances_Train.json", json.dumps(COCO)),
        ("coco", "train/_annotations.coco.json", json.dumps(COCO)),
        ("coco", "_annotations.coco.json", json.dumps(COCO)),
        ("coco", "result.json", json.dumps(COCO)),
        ("boxes", "gt/gt.txt", "4,1,1,1,2,2,1,1,1\n"),
        ("boxes", "film/gt/gt.txt", "4,1,1,1,2,2,1,1,1\n"),
        ("labelme", "annotations/00003.json", json.dumps(LABELME)),
    ],
)
def test_roots(name, place, content, tmp_path, info):
    file = tmp_path / "set" / place
    file.parent.mkdir(parents=True)
    file.write_text(content)
    (tmp_path / "set" / "images").mkdir()
    (tmp_path / "set" / "README.txt").write_text("hello")
    found = result_of(importer_named(name).read(tmp_path / "set", info))
    (box,) = found.boxes
    assert (box.frame_index, box.left, box.right) == (3, 1, 3)


def test_the_file_of_the_video_is_taken_and_several_others_are_named(tmp_path, info):
    folder = tmp_path / "set" / "annotations"
    folder.mkdir(parents=True)
    for name in ("a", "b"):
        (folder / f"instances_{name}.json").write_text(json.dumps(COCO))
    with pytest.raises(AnnotationReadError, match="2 files that could be") as caught:
        result_of(importer_named("coco").read(tmp_path / "set", info))
    assert "instances_a.json" in caught.value.hint
    (folder / "instances_film.json").write_text(json.dumps(COCO))
    assert len(result_of(importer_named("coco").read(tmp_path / "set", info)).boxes) == 1


def test_a_folder_without_any(tmp_path, info):
    with pytest.raises(AnnotationReadError, match="holds no annotation file"):
        result_of(importer_named("coco").read(tmp_path, info))


@pytest.mark.parametrize("name", ["film", "film.mp4"])
def test_masks_lie_in_a_folder_of_the_videos_name(name, tmp_path, info):
    for folder in (name, "other"):
        (tmp_path / folder).mkdir()
        write_label_map(tmp_path / folder / "00003.png", np.ones((12, 20), np.uint8))
    named = replace(info, path=tmp_path / "video" / "film.mp4")
    named.path.parent.mkdir()
    named.path.touch()
    assert result_of(importer_named("masks").read(tmp_path, named)).frames == (3,)
