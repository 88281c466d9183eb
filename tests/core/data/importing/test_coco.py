"""COCO and YouTube-VIS as others write them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import AnnotationReadError, MaskMismatch
from core.media.annotations.rle import encode_coco, encode_coco_plain


def image(key, name, **more):
    return {"id": key, "file_name": name, "width": 20, "height": 12, **more}


def square(x0, y0, x1, y1):
    return [x0, y0, x1, y0, x1, y1, x0, y1]


def document(annotations, images=None, categories=({"id": 3, "name": "cat"},)):
    images = images or [image(1, "00000.jpg"), image(2, "00004.jpg")]
    return {"images": images, "annotations": annotations, "categories": list(categories)}


def annotation(image_id, segmentation, **more):
    return {"image_id": image_id, "category_id": 3, "segmentation": segmentation, **more}


def maps(found):
    return {k.frame_index: k.label_map for k in found.keyframes()}


def test_polygons_with_a_hole_and_a_part(read):
    outer, inner = square(2, 2, 10, 10), [4, 4, 4, 8, 8, 8, 8, 4]
    found = read("coco", document([annotation(1, [outer, inner, square(12, 2, 14, 4)])]))
    label_map = maps(found)[0]
    assert label_map.sum() == 64 - 16 + 4
    assert not label_map[4:8, 4:8].any()
    assert found.objects[0].name == "cat"


def test_runs_in_both_ways(read):
    mask = np.random.default_rng(0).random((12, 20)) < 0.4
    for counts in (encode_coco(mask), encode_coco_plain(mask)):
        runs = {"size": [12, 20], "counts": counts}
        found = read("coco", document([annotation(2, runs, iscrowd=1)]))
        assert np.array_equal(maps(found)[4], mask)


def test_without_tracks_objects_are_told_apart_by_order(read):
    entries = [annotation(1, [square(0, 0, 4, 4)]), annotation(1, [square(2, 2, 8, 8)])]
    found = read("coco", document([*entries, annotation(2, [square(1, 1, 3, 3)])]))
    assert dict(found.mapping) == {"cat": 1, "cat #2": 2}
    assert maps(found)[0][3, 3] == 2
    assert "Where objects overlap, the later one in the file is on top." in found.notes
    first, second = found.keyframes()
    assert first.object_ids == second.object_ids == (1, 2)
    merged = read("coco", document(entries), mapping={"cat": 4, "cat #2": 4})
    assert set(np.unique(maps(merged)[0])) == {0, 4}


def test_large_track_ids_are_mapped(read):
    entries = [annotation(1, [square(0, 0, 2, 2)], track_id=9000 + k) for k in range(2)]
    found = read("coco", document(entries))
    assert dict(found.mapping) == {"track 9000": 1, "track 9001": 2}
    assert any("Ids are given in order" in note for note in found.notes)


def test_more_objects_than_ids_are_left_out_and_said(read):
    entries = [annotation(1, [square(0, 0, 2, 2)], track_id=1000 + k) for k in range(260)]
    found = read("coco", document(entries))
    assert len(found.objects) == 254
    assert "6 labels are left out: there are ids for 254 objects." in found.notes


def test_boxes_without_segmentation_and_outside(read):
    entries = [
        annotation(1, [], bbox=[2.5, 1, 4, 5]),
        {"image_id": 1, "category_id": 3, "bbox": [18, 8, 100, 100]},
        {"image_id": 2, "category_id": 3, "bbox": [500, 8, 10, 10]},
    ]
    found = read("coco", document(entries))
    assert [(b.left, b.top, b.right, b.bottom) for b in found.boxes] == [
        (2.5, 1.0, 6.5, 6.0),
        (18.0, 8.0, 20.0, 12.0),
    ]
    assert "Boxes outside the frame are left out: 1." in found.notes


def test_an_image_without_annotations_is_labeled(read):
    found = read("coco", document([annotation(1, [square(0, 0, 2, 2)])]))
    first, second = found.keyframes()
    assert found.frames == (0, 4)
    assert (second.object_ids, second.label_map.any()) == ((1,), False)
    assert first.object_ids == (1,)


def test_images_of_other_videos_are_left_alone(read, info):
    images = [image(1, "film/00003.jpg"), image(2, "other/00003.jpg")]
    entries = [annotation(1, [square(0, 0, 2, 2)]), annotation(2, [square(5, 5, 9, 9)])]
    found = read("coco", document(entries, images))
    assert maps(found)[3].sum() == 4
    assert "Only images in the folder film are read." in found.notes


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        (["frame_000001.png", "frame_000007.png"], "by the numbers in their names."),
        ([f"{i}.jpg" for i in range(1, 11)], "counted from 1."),
        ([f"take{c}.jpg" for c in "abcdefghij"], "by the order of their names."),
        (["C:\\data\\00002.jpg", "/abs/../00003.jpg"], "by the numbers in their names."),
    ],
)
def test_images_are_matched_and_the_rule_is_said(names, rule, read):
    images = [image(k, name) for k, name in enumerate(names)]
    found = read("coco", document([annotation(0, [square(0, 0, 2, 2)])], images))
    assert found.notes[0].endswith(rule)


def test_numbers_counted_from_one_are_moved(read):
    images = [image(k, f"{k}.jpg") for k in range(1, 11)]
    found = read("coco", document([annotation(4, [square(0, 0, 2, 2)])], images))
    assert [index for index, label_map in maps(found).items() if label_map.any()] == [3]


def test_images_are_matched_by_stem_first(read, info):
    video = replace(info, frame_count=3, stems=("7", "5", "6"))
    images = [image(k, f"{k}.jpg") for k in (5, 6, 7)]
    found = read("coco", document([annotation(5, [square(0, 0, 2, 2)])], images), video=video)
    assert maps(found)[1].any()
    assert found.notes[0].endswith("by their names.")


@pytest.mark.parametrize(
    ("images", "error"),
    [
        ([image(1, "a.jpg")], "fits a.jpg"),
        ([image(1, "00001.jpg"), image(2, "1.png")], "Two images are for frame 1"),
        ([image(1, "00099.jpg")], "fits 00099.jpg"),
        ([{**image(1, "00001.jpg"), "width": 40}], "40 x 12 pixels"),
    ],
)
def test_images_that_do_not_fit(images, error, read):
    with pytest.raises(MaskMismatch, match=error):
        read("coco", document([], images))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"image_id": None}, "annotations\\[0\\] has no 'image_id'"),
        ({"segmentation": 7}, "segmentation is a number, not a list"),
        ({"segmentation": [[1, 2, 3, 4, 5, 6, 7]]}, "odd number"),
        ({"segmentation": [[1, 2, "3", 4, 5, 6]]}, "no number"),
        ({"segmentation": [[1, 2, 10**400, 4, 5, 6]]}, "too large"),
        ({"segmentation": [], "bbox": [1, 2, 3]}, "four numbers"),
        ({"segmentation": [], "bbox": [1, 2, -3, 4]}, "negative size"),
        ({"segmentation": {"size": [12], "counts": []}}, "height and width"),
        ({"track_id": [1]}, "is a list, not a number or text"),
    ],
)
def test_nodes_of_the_wrong_type_name_their_place(change, error, read):
    entry = annotation(1, [square(0, 0, 2, 2)]) | change
    with pytest.raises(AnnotationReadError, match=error):
        read("coco", document([entry]))


def test_runs_of_another_size_or_sum(read):
    with pytest.raises(MaskMismatch, match="40000 x 40000"):
        read("coco", document([annotation(1, {"size": [40000, 40000], "counts": [1600000000]})]))
    bad = annotation(1, {"size": [12, 20], "counts": [5, 5]})
    with pytest.raises(AnnotationReadError, match="add up to 10, not to 240"):
        read("coco", document([bad]))
    found = read("coco", document([annotation(1, [square(0, 0, 2, 2)]), bad]))
    assert sum(int(label_map.sum()) for label_map in maps(found).values()) == 4
    assert any("annotations[1].segmentation: the counts add up" in note for note in found.notes)


@pytest.mark.parametrize("mapping", [{"cat": 255}, {"cat": -1}, {"dog": 1}])
def test_a_mapping_that_makes_no_sense(mapping, read):
    with pytest.raises(AnnotationReadError):
        read("coco", document([annotation(1, [square(0, 0, 2, 2)])]), mapping=mapping)


def vis(segmentations, videos=None, **more):
    entry = {"id": 1, "video_id": 1, "category_id": 3, "segmentations": segmentations}
    video = {"id": 1, "width": 20, "height": 12, "length": 2}
    video["file_names"] = ["film/00000.jpg", "film/00005.jpg"]
    return {"videos": videos or [video], "annotations": [entry | more], "categories": []}


def test_youtube_vis_with_uncompressed_runs_and_nulls(read):
    runs = {"size": [12, 20], "counts": [12, 12, 216]}
    found = read("ytvis", vis([None, runs]))
    assert found.frames == (0, 5)
    assert maps(found)[5][:, 1].all()
    assert not maps(found)[0].any()


def test_youtube_vis_chooses_the_video_of_the_name(read):
    videos = [
        {"id": k, "width": 20, "height": 12, "file_names": [f"{name}/00001.jpg"]}
        for k, name in enumerate(("other", "film"))
    ]
    runs = {"size": [12, 20], "counts": [0, 240]}
    assert read("ytvis", vis([runs], videos)).frames == (1,)
    videos[1]["file_names"] = ["third/00001.jpg"]
    with pytest.raises(AnnotationReadError, match="2 videos, 0 of them called film"):
        read("ytvis", vis([runs], videos))


def test_youtube_vis_with_the_wrong_number_of_entries(read):
    with pytest.raises(AnnotationReadError, match="has 3 entries, the video 2 frames"):
        read("ytvis", vis([None] * 3))
