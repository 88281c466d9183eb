"""COCO and YouTube-VIS, read back by COCO's own library; MOTS and CVAT, by plain readers."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from core.errors import OutputError
from core.jobs import result_of
from core.media.annotations.values import ObjectInfo
from core.media.export.coco import Coco, YouTubeVis
from core.media.export.cvat import CvatVideo
from core.media.export.mots import MotsPng, MotsTxt
from core.media.export.yolo import YoloSegmentation
from core.types import VOID

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize("polygons", [False, True], ids=["runs", "polygons"])
def test_cocos_own_library_reads_it(polygons, make_source, tmp_path, capsys):
    source = make_source()
    result_of(Coco(polygons=polygons).export(source, tmp_path))
    coco = COCO(str(tmp_path / "annotations/instances_film.json"))
    assert [c["name"] for c in coco.loadCats(coco.getCatIds())] == ["box", "ring"]
    assert len(coco.getImgIds()) == 6
    for image in coco.loadImgs(coco.getImgIds()):
        assert (tmp_path / "images" / image["file_name"]).is_file()
        label_map = source.label_map(image["frame_index"])
        for entry in coco.loadAnns(coco.getAnnIds(imgIds=image["id"])):
            mask = coco.annToMask(entry).astype(bool)
            expected = label_map == entry["track_id"]
            assert entry["area"] == mask.sum()
            if not polygons:
                assert np.array_equal(mask, expected)
            else:
                assert not (expected & ~mask).any()
            rows, columns = np.nonzero(expected)
            x, y, wide, high = entry["bbox"]
            assert (x, y) == (columns.min(), rows.min())
            assert (x + wide, y + high) == (columns.max() + 1, rows.max() + 1)
    capsys.readouterr()


@pytest.mark.parametrize("suffix", [".png", ".JPG", ".tif"])
def test_without_images_the_frames_of_a_folder_are_named_as_they_are(suffix, make_source, tmp_path):
    source = make_source()
    folder = tmp_path / "my film"
    folder.mkdir()
    stems = tuple(f"shot_{i:04d}" for i in range(6))
    for name in stems:
        (folder / f"{name}{suffix}").touch()
    source = replace(source, video=replace(source.video, path=folder, stems=stems))
    result_of(Coco(images=False).export(source, tmp_path / "coco"))
    result_of(YouTubeVis(images=False).export(source, tmp_path / "ytvis"))
    (file,) = (tmp_path / "coco").rglob("*.json")
    names = [image["file_name"] for image in json.loads(file.read_text())["images"]]
    assert names == [f"my film/{name}{suffix}" for name in stems]
    (file,) = (tmp_path / "ytvis").rglob("*.json")
    assert json.loads(file.read_text())["videos"][0]["file_names"] == names


def test_youtube_vis_arrays_have_the_length_of_the_video(make_source, tmp_path):
    source = make_source(missing=(4,))
    result_of(YouTubeVis().export(source, tmp_path))
    document = json.loads((tmp_path / "film.json").read_text())
    (video,) = document["videos"]
    assert video["length"] == len(video["file_names"]) == 6
    for name in video["file_names"]:
        assert (tmp_path / "JPEGImages" / name).is_file()
    assert [entry["id"] for entry in document["annotations"]] == [1, 2, 5]
    for entry in document["annotations"]:
        assert len(entry["segmentations"]) == len(entry["areas"]) == len(entry["bboxes"]) == 6
        for index, runs in enumerate(entry["segmentations"]):
            label_map = source.label_map(index)
            shown = label_map is not None and (label_map == entry["id"]).any()
            assert (runs is not None) == shown
            if runs is not None:
                assert isinstance(runs["counts"], str)
                mask = coco_mask.decode(runs).astype(bool)
                assert np.array_equal(mask, label_map == entry["id"])
                assert entry["areas"][index] == mask.sum()


def test_mots_values_are_class_and_instance(make_source, tmp_path):
    label_map = make_source().label_map(2).copy()
    label_map[20:22, 60:] = VOID
    source = make_source(count=1, maps=[label_map])
    result_of(MotsPng().export(source, tmp_path))
    with Image.open(tmp_path / "instances/film/00000.png") as image:
        assert image.mode.startswith("I")
        values = np.array(image).astype(int)
    for object_id, value in ((1, 2001), (2, 1002), (5, 2005), (VOID, 10000), (0, 0)):
        assert np.array_equal(values == value, label_map == object_id)
    assert (tmp_path / "instances/film/labels.txt").read_text() == "box\nring\n"


def test_mots_text_is_read_by_its_definition(make_source, tmp_path):
    source = make_source()
    result_of(MotsTxt().export(source, tmp_path))
    seen = set()
    for line in (tmp_path / "film.txt").read_text().splitlines():
        frame, value, kind, height, width, counts = line.split(" ")
        assert int(value) // 1000 == int(kind)
        packed = {"size": [int(height), int(width)], "counts": counts.encode()}
        mask = coco_mask.decode(packed).astype(bool)
        assert np.array_equal(mask, source.label_map(int(frame)) == int(value) % 1000)
        seen.add((int(frame), int(value) % 1000))
    expected = {(i, o) for i in range(6) for o in (1, 2, 5) if (source.label_map(i) == o).any()}
    assert seen == expected


def test_cvat_is_plain_xml_with_row_wise_runs(make_source, tmp_path):
    source = make_source()
    result_of(CvatVideo().export(source, tmp_path))
    root = ElementTree.parse(tmp_path / "film.xml").getroot()
    assert root.findtext("version") == "1.1"
    assert root.findtext("meta/task/size") == "6"
    assert [e.text for e in root.iter("name") if e.text in ("Ring & <Co>", "ünf")] != []
    painted = {i: np.zeros((49, 65), np.uint8) for i in range(6)}
    for track in root.findall("track"):
        shown, *gone = track.findall("mask")
        assert [m.get("outside") for m in gone] in ([], ["1"])
        left, top, wide, high = (int(shown.get(k)) for k in ("left", "top", "width", "height"))
        counts = [int(count) for count in shown.get("rle").split(",")]
        assert sum(counts) == wide * high
        flat = np.concatenate([np.full(n, k % 2, bool) for k, n in enumerate(counts)])
        area = painted[int(shown.get("frame"))][top : top + high, left : left + wide]
        area[flat.reshape(high, wide)] = int(track.get("group_id"))
    for index, label_map in painted.items():
        assert np.array_equal(label_map, source.label_map(index))


def test_names_that_no_xml_can_hold(make_source, tmp_path):
    strange = ObjectInfo.plain(1, name="a\x00\ud800b\x1f")
    objects = (strange, ObjectInfo.plain(2), ObjectInfo.plain(5))
    source = make_source(objects=objects, count=2)
    assert any("XML cannot hold: 1" in s for s in CvatVideo().announce_losses(source))
    result_of(CvatVideo().export(source, tmp_path))
    root = ElementTree.parse(tmp_path / "film.xml").getroot()
    assert root.find("meta/task/labels/label").findtext("name") == "ab"


def test_yolo_lines_are_shares(make_source, tmp_path):
    source = make_source()
    result_of(YoloSegmentation(by_object=True).export(source, tmp_path))
    assert (tmp_path / "labels/film/00003.txt").read_text() == ""
    for line in (tmp_path / "labels/film/00002.txt").read_text().splitlines():
        place, *values = line.split()
        assert int(place) in (0, 1, 2)
        assert len(values) >= 6
        assert len(values) % 2 == 0
        assert all(0 <= float(value) <= 1 for value in values)
    assert '  0: "Ring & <Co>"\n' in (tmp_path / "data.yaml").read_text()


def test_yolo_classes_are_categories(make_source, tmp_path):
    source = make_source()
    exporter = YoloSegmentation(images=False)
    result_of(exporter.export(source, tmp_path))
    assert '  0: "ring"\n  1: "box"\n' in (tmp_path / "data.yaml").read_text()
    lines = (tmp_path / "labels/film/00002.txt").read_text().splitlines()
    assert [int(line.split()[0]) for line in lines] == [0, 1, 0]
    losses = exporter.announce_losses(source)
    assert "Only their order tells objects of one class apart: 2 are 'ring'." in losses
    assert "Not written: names (3 objects with a category)." in losses
    bare = make_source(objects=(*source.objects[:2], replace(source.objects[2], category="")))
    result_of(exporter.export(bare, tmp_path))
    assert '  2: "ünf"\n' in (tmp_path / "data.yaml").read_text()
    assert not any("order" in loss for loss in exporter.announce_losses(bare))


@pytest.mark.parametrize("exporter", [Coco(), YouTubeVis(), MotsPng(), MotsTxt(), CvatVideo()])
def test_an_object_that_is_not_listed_stops_the_export(exporter, make_source, tmp_path):
    source = make_source(objects=(ObjectInfo.plain(1),))
    with pytest.raises(OutputError, match="object 5"):
        result_of(exporter.export(source, tmp_path))
