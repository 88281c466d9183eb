"""Box labels in every format: written, and read again."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.data.importing.formats import importer_named
from core.errors import OutputError
from core.jobs import Cancelled, CancelToken, result_of
from core.media.annotations.values import Box
from core.media.export.box_formats import CSV_COLUMNS
from core.media.export.formats import BOX_EXPORTERS, EXPORTERS, exporter_named

READER = {
    "boxes-csv": "boxes",
    "boxes-mot": "boxes",
    "boxes-yolo": "yolo",
    "boxes-coco": "coco",
    "boxes-cvat": "cvat",
}
BOXES = (
    Box(0, 1, 1.25, 2.0, 6.5, 9.125),
    Box(0, 2, 10.0, 3.0, 14.0, 8.0),
    Box(1, 1, 2.1, 2.0, 7.0, 9.0, drawn=False),
    Box(2, 1, 3.0, 2.0, 8.0, 9.0),
    Box(2, 2, 0.0, 0.0, 0.0, 0.0),
    Box(5, 5, 0.0, 0.0, 3.3, 4.4),
)
every = pytest.mark.parametrize("exporter", BOX_EXPORTERS, ids=lambda e: e.name)


@pytest.fixture
def source(make_source):
    return replace(make_source(), boxes=BOXES)


def read_again(exporter, source, out, *, folder=None):
    report = result_of(exporter.export(source, out))
    importer = importer_named(READER[exporter.name])
    return report, result_of(importer.read(out if folder is None else folder, source.video))


def numbers(boxes):
    return [(b.frame_index, b.object_id, b.left, b.top, b.right, b.bottom) for b in boxes]


@every
def test_boxes_come_back(exporter, source, tmp_path):
    report, found = read_again(exporter, source, tmp_path)
    wanted = [b for b in BOXES if b.visible or exporter.unseen]
    assert len(found.boxes) == len(wanted)
    for got, box in zip(found.boxes, wanted, strict=True):
        assert got.frame_index == box.frame_index
        # YOLO has classes and no ids; its objects come back in their order.
        assert exporter.name == "boxes-yolo" or got.object_id == box.object_id
        assert numbers([got])[0][2:] == pytest.approx(numbers([box])[0][2:], abs=1e-5)
        if exporter.tells_drawn:
            assert got.drawn is box.drawn
    assert report.missing == [i for i in range(6) if i not in {b.frame_index for b in wanted}]
    assert not found.frames and list(found.keyframes()) == []


@every
def test_the_same_bytes_again(exporter, source, tmp_path):
    first = result_of(exporter.export(source, tmp_path))
    second = result_of(exporter.export(source, tmp_path))
    assert first.written == second.unchanged > 0 and second.written == 0


@every
def test_stopped_in_between(exporter, source, tmp_path):
    token = CancelToken()
    job = exporter.export(source, tmp_path, token=token)
    next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        list(job)
    assert not list(tmp_path.rglob("*.tmp"))


@every
def test_only_the_frames_that_are_asked_for(exporter, source, tmp_path):
    _, found = read_again(exporter, replace(source, frame_range=range(1, 4)), tmp_path)
    assert {box.frame_index for box in found.boxes} == {1, 2}


@every
def test_what_is_lost_is_said(exporter, source):
    text = " ".join(exporter.announce_losses(source))
    assert ("not visible (1 times)" in text) is not exporter.unseen
    assert ("which boxes were interpolated (1)" in text) is not exporter.tells_drawn
    plain = replace(source, boxes=BOXES[:1])
    assert "visible" not in " ".join(exporter.announce_losses(plain))


@every
def test_masks_are_not_looked_at(exporter, source, tmp_path):
    def refuse(index):
        raise AssertionError(index)

    result_of(exporter.export(replace(source, label_map=refuse), tmp_path))
    exporter.announce_losses(replace(source, label_map=refuse))


@every
def test_a_box_of_nobody(exporter, source, tmp_path):
    strange = replace(source, boxes=(Box(0, 9, 1.0, 1.0, 2.0, 2.0),))
    with pytest.raises(OutputError, match="object 9"):
        result_of(exporter.export(strange, tmp_path))


def test_csv(source, tmp_path):
    result_of(exporter_named("boxes-csv").export(source, tmp_path))
    lines = (tmp_path / "film.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].split(",") == list(CSV_COLUMNS)
    assert lines[1] == "0,1,Ring & <Co>,ring,1.25,2,5.25,7.125,1"
    assert lines[3].endswith(",2.1,2,4.9,7,0") and lines[5] == "2,2,zwei,box,,,,,1"


def test_csv_keeps_names_and_categories(source, tmp_path):
    _, found = read_again(exporter_named("boxes-csv"), source, tmp_path / "out")
    assert [(i.object_id, i.name, i.category) for i in found.objects] == [
        (i.object_id, i.name, i.category) for i in source.objects
    ]


def test_mot(source, tmp_path):
    result_of(exporter_named("boxes-mot").export(source, tmp_path))
    lines = (tmp_path / "film" / "gt" / "gt.txt").read_text().splitlines()
    assert lines[0] == "1,1,1.25,2,5.25,7.125,1,2,1" and len(lines) == 5
    assert (tmp_path / "film" / "gt" / "labels.txt").read_text() == "box\nring\n"
    assert "seqLength=6\nimWidth=" in (tmp_path / "film" / "seqinfo.ini").read_text()


def test_yolo(source, tmp_path):
    exporter = replace(exporter_named("boxes-yolo"), images=False)
    result_of(exporter.export(source, tmp_path))
    width, height = source.video.width, source.video.height
    kind, *shares = (tmp_path / "labels/film/00000.txt").read_text().splitlines()[0].split()
    assert kind == "0"
    wanted = [3.875 / width, 5.5625 / height, 5.25 / width, 7.125 / height]
    np.testing.assert_allclose([float(x) for x in shares], wanted, atol=1e-9)
    assert sorted(p.name for p in (tmp_path / "labels/film").iterdir()) == [
        "00000.txt",
        "00001.txt",
        "00002.txt",
        "00005.txt",
    ]
    assert "unlabelled" not in (tmp_path / "data.yaml").read_text()


def test_yolo_with_a_class_for_each_object(source, tmp_path):
    exporter = replace(exporter_named("boxes-yolo"), by_object=True, images=False)
    _, found = read_again(exporter, source, tmp_path)
    assert [(b.frame_index, b.object_id) for b in found.boxes] == [
        (0, 1),
        (0, 2),
        (1, 1),
        (2, 1),
        (5, 3),
    ]


def test_yolo_leftovers(source, tmp_path):
    exporter = replace(exporter_named("boxes-yolo"), images=False)
    result_of(exporter.export(source, tmp_path))
    fewer = replace(source, boxes=BOXES[:2])
    names = [path.name for path in exporter.leftovers(fewer, tmp_path, ())]
    assert names == ["00001.txt", "00002.txt", "00005.txt"]


def test_coco(source, tmp_path):
    exporter = replace(exporter_named("boxes-coco"), images=False)
    result_of(exporter.export(source, tmp_path))
    whole = json.loads((tmp_path / "annotations/boxes_film.json").read_text())
    assert [image["frame_index"] for image in whole["images"]] == [0, 1, 2, 5]
    assert whole["annotations"][0]["bbox"] == [1.25, 2.0, 5.25, 7.125]
    assert "segmentation" not in whole["annotations"][0]
    assert [a["attributes"]["keyframe"] for a in whole["annotations"]] == [1, 1, 0, 1, 1]


def test_cvat_makes_no_boxes_where_there_are_none(source, tmp_path):
    text_of = exporter_named("boxes-cvat")
    result_of(text_of.export(source, tmp_path))
    text = (tmp_path / "boxes_film.xml").read_text(encoding="utf-8")
    assert text.count('outside="1"') == 2 and text.count('keyframe="0"') == 1
    assert '<track id="4"' in text and "<type>rectangle</type>" in text


def test_names_are_of_one_format_only():
    names = [exporter.name for exporter in (*EXPORTERS, *BOX_EXPORTERS)]
    assert len(names) == len(set(names)) and set(READER) == {e.name for e in BOX_EXPORTERS}
    assert all(exporter_named(name).title for name in names)
