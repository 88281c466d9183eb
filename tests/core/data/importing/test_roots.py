"""Annotation files found from the root of a dataset."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.data.importing import labelme
from core.data.importing.choosing import only_or_own
from core.data.importing.formats import importer_named
from core.data.importing.reading import list_files
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


def test_the_only_one_or_the_videos_own(tmp_path, info):
    a, b, film = (tmp_path / name for name in ("a", "b", "film"))
    for found, wanted in [((a,), a), ((film,), film), ((a, film), film), ((film, a, b), film)]:
        assert only_or_own(found, tmp_path, info, of="fruit") == wanted
    with pytest.raises(
        AnnotationReadError, match="2 folders of fruit that could be those of film"
    ) as caught:
        only_or_own((a, b), tmp_path, info, of="fruit", do="Say which")
    assert caught.value.hint == "Say which: a, b."
    with pytest.raises(AnnotationReadError, match="2 folders of fruit"):
        only_or_own((film, tmp_path / "x" / "film", a), tmp_path, info, of="fruit")
    with pytest.raises(AnnotationReadError, match="no fruit"):
        only_or_own((), tmp_path, info, of="fruit")


def test_not_all_candidates_are_listed(tmp_path, info):
    with pytest.raises(AnnotationReadError) as caught:
        only_or_own([tmp_path / f"{n}" for n in range(8)], tmp_path, info, of="fruit")
    assert caught.value.hint == "Choose one of them: 0, 1, 2, 3, 4 and 3 more."


def labelme_folders(tmp_path, *names):
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "00003.json").write_text(json.dumps(LABELME))


def test_labelme_names_the_folders_where_several_could_be_meant(tmp_path, info):
    labelme_folders(tmp_path, "a", "b")
    labelme_reader = importer_named("labelme")
    with pytest.raises(AnnotationReadError, match="2 folders of JSON files") as caught:
        result_of(labelme_reader.read(tmp_path, info))
    assert caught.value.hint == "Choose one of them: a, b."
    labelme_folders(tmp_path, "film")
    assert result_of(labelme_reader.read(tmp_path, info)).boxes[0].frame_index == 3
    with pytest.raises(AnnotationReadError, match="no JSON files"):
        (tmp_path / "empty").mkdir()
        result_of(labelme_reader.read(tmp_path / "empty", info))


def unreadable(monkeypatch, name):
    def listed(folder, suffix):
        if folder.name == name:
            raise AnnotationReadError(f"{folder} cannot be read: no rights.")
        return list_files(folder, suffix)

    monkeypatch.setattr(labelme, "list_files", listed)


def test_labelme_passes_by_a_folder_that_cannot_be_read(tmp_path, info, monkeypatch):
    labelme_folders(tmp_path, "a", "b", "c")
    (tmp_path / "b" / "00003.json").unlink()
    unreadable(monkeypatch, "c")
    assert len(result_of(importer_named("labelme").read(tmp_path, info)).boxes) == 1


@pytest.mark.parametrize("names", [("film", "b"), ("film",), ("a",)])
def test_labelme_says_what_cannot_be_read(names, tmp_path, info, monkeypatch):
    labelme_folders(tmp_path, *names)
    unreadable(monkeypatch, names[0])
    with pytest.raises(AnnotationReadError, match=f"{names[0]} cannot be read: no rights"):
        result_of(importer_named("labelme").read(tmp_path, info))


def test_labelme_lists_each_folder_once(tmp_path, info, monkeypatch):
    labelme_folders(tmp_path, "a")
    seen = []
    monkeypatch.setattr(labelme, "list_files", lambda *at: seen.append(at[0]) or list_files(*at))
    result_of(importer_named("labelme").read(tmp_path, info))
    assert seen == [tmp_path, tmp_path / "a"]
