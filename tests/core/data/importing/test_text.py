"""Boxes, MOTS and YOLO in text and pictures, as others write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.importing.formats import IMPORTERS, importer_named
from core.errors import AnnotationReadError, MaskMismatch, UsageError
from core.jobs import Cancelled, CancelToken, result_of
from core.media.annotations.options import ImportOptions


def corners(found):
    return [(b.frame_index, b.object_id, b.left, b.top, b.right, b.bottom) for b in found.boxes]


def test_mot_counts_frames_from_one(read):
    text = "1,3,2,2,4,5,1,-1,-1,-1\n10,3,2.5,2,4,5,0.7,-1\n2,9,1,1,2,2,0,1,1\n"
    found = read("boxes", text, file="gt.txt")
    assert corners(found) == [(0, 3, 2, 2, 6, 7), (9, 3, 2.5, 2, 6.5, 7)]
    assert "Boxes of confidence 0 are left out: 1." in found.notes
    assert "Frames are counted from 1." in found.notes


def test_csv_with_column_names(read):
    text = "Label,frame_index,xmin,ymin,xmax,ymax,track_id\ncar,0,1,2,5,6,7\ncar,9,1,2,5,6,8\n"
    found = read("boxes", text, file="a.csv")
    assert corners(found) == [(0, 7, 1, 2, 5, 6), (9, 8, 1, 2, 5, 6)]
    assert [i.category for i in found.objects] == ["car", "car"]


CLIPS = (
    "clip,frame,object,name,x,y,w,h\n"
    "film.mp4,0,1,person,2.5,1,4,5\nfilm.mp4,0,2,dog,1,1,2,2\nfilm.mp4,9,1,person,,,,\n"
    "other.mp4,50,1,cat,1,1,2,2\n"
)


def test_boxes_of_many_clips_and_objects_that_are_not_visible(read):
    found = read("boxes", CLIPS, file="boxes.csv")
    assert corners(found) == [(0, 1, 2.5, 1, 6.5, 6), (0, 2, 1, 1, 3, 3), (9, 1, 0, 0, 0, 0)]
    assert [b.visible for b in found.boxes] == [True, True, False]
    assert [i.category for i in found.objects] == ["person", "dog"]
    assert "Only boxes of the video film.mp4 are read." in found.notes
    assert found.frames == () and list(found.keyframes()) == []


def test_the_clip_that_is_named(read, tmp_path, info):
    for name in ("film", "film.mp4"):
        found = read("boxes", CLIPS, file="boxes.csv", options=ImportOptions(only=name))
        assert len(found.boxes) == 3
    with pytest.raises(MaskMismatch, match="2 videos, none of them called third"):
        read("boxes", CLIPS, file="boxes.csv", options=ImportOptions(only="third"))
    with pytest.raises(MaskMismatch, match=r"--only NAME: a\.mp4, b\.mp4"):
        text = CLIPS.replace("film", "a").replace("other", "b")
        read("boxes", text, file="boxes.csv")
    with pytest.raises(AnnotationReadError, match="do not say which video"):
        text = "frame,id,x,y,w,h\n0,1,1,1,2,2\n"
        read("boxes", text, file="boxes.csv", options=ImportOptions(only="film"))


def test_names_categories_and_what_was_drawn(read):
    text = (
        "frame,id,name,category,x,y,w,h,drawn\n0,1,Rex,dog,1,1,2,2,1\n1,1,Rex,dog,1,1,2,2,0\n"
        "2,1,Rex,dog,1,1,2,2,\n"
    )
    found = read("boxes", text, file="boxes.csv")
    assert [(i.name, i.category) for i in found.objects] == [("Rex", "dog")]
    assert [b.drawn for b in found.boxes] == [True, False, True]


def test_half_a_box_is_told(read):
    text = "frame,id,x,y,w,h\n0,1,1,1,2,2\n1,1,1,,2,2\n"
    found = read("boxes", text, file="boxes.csv")
    assert len(found.boxes) == 1 and "line 3, is no box" in " ".join(found.notes)


def test_csv_with_semicolons_and_a_byte_order_mark(read):
    text = "\ufeffframe;id;x;y;w;h\n4;a;1;1;2;2\n"
    assert corners(read("boxes", text, file="a.csv")) == [(4, 1, 1, 1, 3, 3)]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("1,1,nan,2,3,4\n", "line 1, is no box: 'nan' is not finite"),
        ("1,1,inf,2,3,4\n", "not finite"),
        ("1,1,2,2,-3,4\n", "negative size"),
        ("1.5,1,2,2,3,4\n", "no whole number"),
        ("1,1,2\n", "line 1, is no box"),
        ("frame,id,x\n1,2,3\n", "lacks columns"),
        ("", "no annotation"),
        ("1" * 5000 + ",1,2,2,3,4\n", "not finite"),
    ],
)
def test_boxes_that_make_no_sense(text, error, read):
    with pytest.raises(AnnotationReadError, match=error):
        read("boxes", text, file="a.csv")


def test_a_line_that_makes_no_sense_is_told_and_the_rest_is_read(read):
    found = read("boxes", "1,1,2,2,3,4\n2,1,nan,2,3,4\n3,1,2,2,-3,4\n4,1,2,2,3,4\n", file="a.txt")
    assert [box[0] for box in corners(found)] == [0, 3]
    (note,) = (note for note in found.notes if "not understood" in note)
    assert "left out: 2." in note and "line 2, is no box" in note and "line 3, is" in note


def test_swapped_corners_are_put_right(read):
    text = "frame,id,x1,y1,x2,y2\n0,1,8,2,3,5\n1,1,3,5,8,2\n"
    found = read("boxes", text, file="a.csv")
    assert [box[2:] for box in corners(found)] == [(3, 2, 8, 5)] * 2
    assert any("swapped" in note and "2." in note for note in found.notes)


def test_boxes_of_other_videos(read):
    with pytest.raises(MaskMismatch, match="Frame 11"):
        read("boxes", "1,1,2,2,3,4\n11,1,2,2,3,4\n", file="a.txt")


def test_mots_text_with_ignored_regions(read):
    whole = "0 2005 2 12 20 0l7\n3 10000 10 12 20 0l7\n"
    from core.media.annotations.rle import encode_coco

    counts = encode_coco(np.ones((12, 20), bool))
    found = read("mots-txt", whole.replace("0l7", counts), file="a.txt")
    first, second = found.keyframes()
    assert (first.label_map == 5).all()
    assert (second.label_map == 255).all()


def test_mots_runs_that_are_damaged_are_told_and_the_rest_is_read(read):
    from core.media.annotations.rle import encode_coco

    counts = encode_coco(np.ones((12, 20), bool))
    text = f"0 2005 2 12 20 {counts}\n4 2005 2 12 20 {counts}9\n5 2005 2 12 20 {counts}\n"
    found = read("mots-txt", text, file="a.txt")
    assert found.frames == (0, 5)
    assert any("a.txt, line 2" in note for note in found.notes)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("0 2005 1 12 20 1", "does not fit the class"),
        ("0 2005 2 12 20", "six parts"),
        ("x 2005 2 12 20 1", "no MOTS line"),
        ("0 99999 99 12 20 1", "does not fit"),
    ],
)
def test_mots_lines_that_make_no_sense(line, error, read):
    with pytest.raises(AnnotationReadError, match=error):
        read("mots-txt", line, file="a.txt")


@pytest.mark.parametrize("line", ["0 2005 1 12 20 1", "3 2005 2 12 20", "x 2005 2 12 20 1"])
def test_one_mots_line_that_makes_no_sense_is_told_and_the_rest_is_read(line, read):
    from core.media.annotations.rle import encode_coco

    counts = encode_coco(np.ones((12, 20), bool))
    found = read("mots-txt", f"0 2005 2 12 20 {counts}\n{line}\n\n5 2006 2 12 20 {counts}\n")
    assert found.frames == (0, 5)
    assert any("line 2 is no MOTS line" in note for note in found.notes)


def test_mots_of_another_size(read):
    with pytest.raises(MaskMismatch, match="40000 x 40000"):
        read("mots-txt", "0 2005 2 40000 40000 1", file="a.txt")


def test_mots_png_with_instance_zero(tmp_path, info):
    values = np.zeros((12, 20), np.uint16)
    values[:3], values[3:6], values[9:] = 1000, 2000, 10000
    (tmp_path / "m").mkdir()
    Image.fromarray(values).save(tmp_path / "m" / "00004.png")
    found = result_of(importer_named("mots-png").read(tmp_path / "m", info))
    assert dict(found.mapping) == {"class 1 instance 0": 1, "class 2 instance 0": 2}
    (keyframe,) = found.keyframes()
    assert [int(keyframe.label_map[y, 0]) for y in (0, 4, 7, 10)] == [1, 2, 0, 255]
    assert keyframe.frame_index == 4


def test_yolo_boxes_and_outlines(tmp_path, info):
    folder = tmp_path / "labels"
    folder.mkdir()
    (folder / "00003.txt").write_text("1 .5 .5 .2 .5\n0 0 0 .5 0 .5 .5 0 .5\n0 .5 .5 1 .5 1 1\n")
    (tmp_path / "data.yaml").write_text("nc: 2\nnames: [cat, 'dog']\n")
    found = result_of(importer_named("yolo").read(tmp_path, info))
    assert corners(found) == [(3, 2, 8, 3, 12, 9)]
    assert dict(found.mapping) == {"cat": 1, "dog": 2, "cat #2": 3}
    (keyframe,) = found.keyframes()
    assert (keyframe.label_map[:6, :10] == 1).all()
    assert (keyframe.label_map == 3).sum() > 0


@pytest.mark.parametrize(
    "line", ["0 1 2", "x 0 0 1 1", "0 0 0 nan 1", "0 30 40 100 200", "0.5 0 0 1 1", "-1 0 0 1 1"]
)
def test_yolo_lines_that_make_no_sense(line, tmp_path, info):
    (tmp_path / "00000.txt").write_text(line)
    with pytest.raises(AnnotationReadError, match=r"00000.txt, line 1"):
        result_of(importer_named("yolo").read(tmp_path, info))


def test_colors_are_proposed_as_ids_and_can_be_changed(tmp_path, info):
    picture = np.zeros((12, 20, 3), np.uint8)
    picture[:4], picture[8:] = (200, 10, 10), (10, 10, 200)
    Image.fromarray(picture).save(tmp_path / "00002.png")
    (tmp_path / "masks").mkdir()
    (tmp_path / "00002.png").rename(tmp_path / "masks" / "00002.png")
    read = importer_named("masks").read
    found = result_of(read(tmp_path / "masks", info))
    assert dict(found.mapping) == {"#0a0ac8": 1, "#c80a0a": 2}
    assert found.objects[1].color == (200, 10, 10)
    changed = result_of(read(tmp_path / "masks", info, mapping={"#0a0ac8": 9, "#c80a0a": 0}))
    (keyframe,) = changed.keyframes()
    assert keyframe.object_ids == (9,)
    assert (keyframe.label_map[8:] == 9).all()
    assert not keyframe.label_map[:8].any()


def test_one_mask_file(tmp_path, info):
    Image.fromarray(np.eye(12, 20, dtype=np.uint8) * 255).save(tmp_path / "film_00007.png")
    found = result_of(importer_named("masks").read(tmp_path / "film_00007.png", info))
    assert found.frames == (7,)
    assert "by its name" in found.notes[0]


def test_an_object_that_meta_lists_but_the_mask_does_not_show_is_unknown(tmp_path, info):
    import json

    from core.media.label_map import write_label_map

    folder = tmp_path / "Annotations" / "film"
    folder.mkdir(parents=True)
    for index, value in ((0, 1), (5, 2), (6, 2)):
        write_label_map(folder / f"{index:05d}.png", np.full((12, 20), value, np.uint8))
    names = {"1": ["00000", "00005"], "2": ["00005", "00006"]}
    objects = {key: {"category": "cat", "frames": frames} for key, frames in names.items()}
    (tmp_path / "meta.json").write_text(json.dumps({"videos": {"film": {"objects": objects}}}))
    found = result_of(importer_named("masks").read(tmp_path, info))
    assert [k.object_ids for k in found.keyframes()] == [(1,), (2,), (1, 2)]
    assert [i.category for i in found.objects] == ["cat", "cat"]


def test_a_dataset_without_this_video(tmp_path, info):
    from core.media.label_map import write_label_map

    for name in ("a", "b"):
        folder = tmp_path / "Annotations" / "480p" / name
        folder.mkdir(parents=True)
        write_label_map(folder / "00000.png", np.ones((12, 20), np.uint8))
    with pytest.raises(AnnotationReadError, match="2 folders of masks that could be those of film"):
        result_of(importer_named("masks").read(tmp_path, info))


@pytest.mark.parametrize("importer", IMPORTERS, ids=lambda i: i.name)
def test_a_path_that_is_not_there(importer, tmp_path, info):
    from core.errors import VosError

    with pytest.raises(VosError):
        found = result_of(importer.read(tmp_path / "nothing", info))
        list(found.keyframes())


def test_imports_can_be_cancelled(tmp_path, info):
    token = CancelToken()
    (tmp_path / "00000.txt").write_text("0 .5 .5 .2 .5\n")
    job = importer_named("yolo").read(tmp_path, info, token=token)
    token.cancel()
    with pytest.raises(Cancelled):
        next(job)


def test_names_of_formats():
    assert len({i.name for i in IMPORTERS}) == len(IMPORTERS)
    with pytest.raises(UsageError, match="nonsense"):
        importer_named("nonsense")


@pytest.mark.parametrize("name", ["00012.png", "frame_10.png", "film_99.png"])
def test_a_mask_file_beyond_the_end_is_refused(name, tmp_path, info):
    Image.fromarray(np.ones((12, 20), np.uint8)).save(tmp_path / name)
    with pytest.raises(MaskMismatch, match=name):
        result_of(importer_named("masks").read(tmp_path / name, info))


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(("only", "value"), [("bear", 2), ("fox", 3)])
def test_only_one_sequence_of_masks(zipped, only, value, tmp_path, info):
    import shutil

    from core.media.label_map import write_label_map

    for name, object_id in (("bear", 2), ("fox", 3)):
        folder = tmp_path / "set" / "Annotations" / "480p" / name
        folder.mkdir(parents=True)
        write_label_map(folder / "00000.png", np.full((12, 20), object_id, np.uint8))
    path = tmp_path / "set"
    if zipped:
        path = Path(shutil.make_archive(str(tmp_path / "set"), "zip", path))
    masks = importer_named("masks")
    with pytest.raises(AnnotationReadError, match="--only NAME"):
        result_of(masks.read(path, info))
    found = result_of(masks.read(path, info, options=ImportOptions(only=only)))
    assert [item.object_id for item in found.objects] == [value]
    with pytest.raises(AnnotationReadError):
        result_of(masks.read(path, info, options=ImportOptions(only="wolf")))


@pytest.mark.parametrize("name", ["object-masks", "labelme", "mots-png", "mots-txt", "yolo"])
def test_only_is_refused_where_it_would_do_nothing(name, tmp_path, info):

    with pytest.raises(UsageError, match="--only goes with boxes, coco, cvat, masks, ytvis"):
        result_of(importer_named(name).read(tmp_path, info, options=ImportOptions(only="a")))
