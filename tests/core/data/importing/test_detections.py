"""Boxes of a detector: which lines, frames and videos are meant."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from core.data.importing.detections import read_detections
from core.errors import AnnotationReadError, MaskMismatch
from core.types import VideoInfo

INFO = VideoInfo(Path("clips/boat.mp4"), 10, 100, 80, Fraction(25))


def read(tmp_path, text):
    (tmp_path / "det.txt").write_text(text)
    return read_detections(tmp_path / "det.txt", INFO)


def test_motchallenge_counts_from_1_and_ids_mean_nothing(tmp_path):
    text = "1,-1,10,20,30,40,0.9,-1,-1,-1\n1,-1,50,20,10,10,0.5\n3,-1,0,0,5,5,0.4\n4,-1,0,0,5,5,0\n"
    assert read(tmp_path, text) == {
        0: ((10, 20, 40, 60), (50, 20, 60, 30)),
        2: ((0, 0, 5, 5),),
    }


def test_tables_count_from_0_and_may_speak_of_several_videos(tmp_path):
    text = "clip,frame,object,x,y,w,h\nboat.mp4,0,1,1,2,3,4\nbus,0,1,9,9,9,9\nboat,9,7,5,5,1,1\n"
    assert read(tmp_path, text) == {0: ((1, 2, 4, 6),), 9: ((5, 5, 6, 6),)}


def test_swapped_corners_are_put_right(tmp_path):
    text = "frame,id,xmin,ymin,xmax,ymax\n2,1,30,40,10,20\n"
    assert read(tmp_path, text) == {2: ((10, 20, 30, 40),)}


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", AnnotationReadError, "no box"),
        ("1,-1,10,20,abc,40,1\n", AnnotationReadError, "line 1"),
        ("1,-1,10,20,-5,40,1\n", AnnotationReadError, "negative"),
        ("11,-1,10,20,5,4,1\n", MaskMismatch, "frame 10"),
        ("0,-1,10,20,5,4,1\n", MaskMismatch, "counts frames from 1"),
        ("clip,frame,object,x,y,w,h\nbus,0,1,9,9,9,9\n", MaskMismatch, "no box of the video"),
        ("colour,place\n1,2\n", AnnotationReadError, "lacks columns"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, text, error, message):
    with pytest.raises(error) as caught:
        read(tmp_path, text)
    assert message in f"{caught.value.message} {caught.value.hint}"


def coco(tmp_path, *entries, images=None, **more):
    """Boxes of a COCO file with frames 2 and 5 of the video."""
    images = images or [{"id": n, "file_name": f"{n:05d}.jpg"} for n in (2, 5)]
    kinds = [{"id": 1, "name": "boat"}, {"id": 2, "name": "ignored"}]
    document = {"images": images, "annotations": list(entries), "categories": kinds, **more}
    (tmp_path / "det.JSON").write_text(json.dumps(document))
    return read_detections(tmp_path / "det.JSON", INFO)


def entry(image, *box, **more):
    return {"image_id": image, "category_id": 1, "bbox": list(box), "score": 0.9, **more}


def test_coco_boxes_are_those_of_the_images_whatever_else_they_have(tmp_path):
    drawn = [[1, 1, 5, 1, 5, 5]]
    crowd, ignored = entry(2, 0, 0, 9, 9, iscrowd=1), entry(2, 0, 0, 9, 9, category_id=2)
    found = coco(
        tmp_path, entry(5, 1, 2, 3, 4), entry(2, 10, 20, 30, 40, segmentation=drawn),
        entry(2, 50, 20, 10, 10), crowd, ignored, {"image_id": 5},
    )  # fmt: skip
    assert found == {2: ((10, 20, 40, 60), (50, 20, 60, 30)), 5: ((1, 2, 4, 6),)}


def test_boxes_that_do_not_count_are_not_looked_at(tmp_path):
    images = [
        {"id": 1, "file_name": "boat.mp4/00001.jpg"},
        {"id": 2, "file_name": "car.mp4/00001.jpg"},
    ]
    other, crowd = entry(2, 1, 2, 3), entry(1, 1, 2, 3, iscrowd=1)
    assert coco(tmp_path, entry(1, 1, 2, 3, 4), other, crowd, images=images) == {1: ((1, 2, 4, 6),)}


def test_coco_boxes_at_another_size_are_scaled(tmp_path):
    images = [{"id": 1, "file_name": "00003.jpg", "width": 200, "height": 160}]
    found = coco(tmp_path, entry(1, 20, 40, 60, 80), images=images)
    assert found == {3: ((10, 20, 40, 60),)}


@pytest.mark.parametrize(
    ("entries", "images", "error", "message"),
    [
        ([], None, AnnotationReadError, "no box of boat"),
        ([entry(2, 1, 2, 3)], None, AnnotationReadError, "four numbers"),
        ([entry(2, 1, 2, -3, 4)], None, AnnotationReadError, "negative"),
        ([entry(9, 1, 2, 3, 4)], None, AnnotationReadError, "None of the 1 annotations"),
        ([entry(1, 1, 2, 3, 4)], [(1, "00044.jpg", 100, 80)], MaskMismatch, "frames of this"),
        ([entry(1, 1, 2, 3, 4)], [(1, "00001.jpg", 80, 80)], MaskMismatch, "80 x 80"),
        (
            [entry(1, 1, 2, 3, 4)],
            [(1, "00001.jpg", 200, 160), (2, "00002.jpg", 400, 320)],
            MaskMismatch,
            "two sizes, 200 x 160 and 400 x 320",
        ),
        (
            [entry(1, 1, 2, 3, 4)],
            [(1, "00001.jpg", 100, 80), (2, "00002.jpg", 200, 160)],
            MaskMismatch,
            "two sizes, 200 x 160 and 100 x 80",
        ),
    ],
)
def test_coco_files_that_make_no_sense_are_refused(tmp_path, entries, images, error, message):
    names = ("id", "file_name", "width", "height")
    listed = images and [dict(zip(names, image, strict=True)) for image in images]
    with pytest.raises(error) as caught:
        coco(tmp_path, *entries, images=listed)
    told = f"{caught.value.message} {caught.value.hint}"
    assert message in told and "--" not in told


def test_results_without_images_say_of_no_frame_which_it_is(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps([entry(1, 1, 2, 3, 4)]))
    with pytest.raises(AnnotationReadError, match="list of results") as caught:
        read_detections(tmp_path / "results.json", INFO)
    assert "images and annotations" in caught.value.hint
