"""COCO and YouTube-VIS as others write them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import AnnotationReadError, MaskMismatch
from core.media.annotations.options import AS_USUAL, ImportOptions
from core.media.annotations.rle import encode_coco, encode_cvat


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


def vis(segmentations, videos=None, **more):
    entry = {"id": 1, "video_id": 1, "category_id": 3, "segmentations": segmentations}
    video = {"id": 1, "width": 20, "height": 12, "length": 2}
    video["file_names"] = ["film/00000.jpg", "film/00005.jpg"]
    return {"videos": videos or [video], "annotations": [entry | more], "categories": []}


def test_polygons_with_a_hole_and_a_part(read):
    outer, inner = square(2, 2, 10, 10), [4, 4, 4, 8, 8, 8, 8, 4]
    found = read("coco", document([annotation(1, [outer, inner, square(12, 2, 14, 4)])]))
    label_map = maps(found)[0]
    assert label_map.sum() == 64 - 16 + 4
    assert not label_map[4:8, 4:8].any()
    assert found.objects[0].name == "cat"


def test_runs_in_both_ways(read):
    mask = np.random.default_rng(0).random((12, 20)) < 0.4
    for counts in (encode_coco(mask), encode_cvat(mask.T)):
        runs = {"size": [12, 20], "counts": counts}
        found = read("coco", document([annotation(2, runs, iscrowd=0)]))
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


def test_an_image_without_annotations_is_open(read):
    found = read("coco", document([annotation(1, [square(0, 0, 2, 2)])]))
    assert found.frames == (0,) and len(list(found.keyframes())) == 1
    assert any("1 frame without any shape: left open" in note for note in found.notes)


@pytest.mark.parametrize("by_file", [True, False])
def test_an_image_without_annotations_is_labeled_where_that_is_said(by_file, read):
    said = {"info": {"unlabelled": "absent"}} if by_file else {}
    options = AS_USUAL if by_file else ImportOptions(unlabelled="absent")
    entries = document([annotation(1, [square(0, 0, 2, 2)])]) | said
    found = read("coco", entries, options=options)
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
        (["frame_000000.png", "frame_000007.png"], "numbers in their names, counted from 0."),
        (["frame_000001.png", "frame_000010.png"], "numbers in their names, counted from 1."),
        ([f"{i}.jpg" for i in range(1, 11)], "counted from 1."),
        ([f"take{c}.jpg" for c in "abcdefghij"], "by the order of their names."),
        (["C:\\data\\00002.jpg", "C:\\data\\00000.jpg"], "in their names, counted from 0."),
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
        ([image(1, "00001.jpg"), image(2, "1.png"), image(3, "0")], "Two images are for frame 1"),
        ([image(1, "00099.jpg")], "00099.jpg is out of range"),
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
    with pytest.raises(AnnotationReadError, match=r"2 videos, 0 of them called film.*--only"):
        read("ytvis", vis([runs], videos))


def test_youtube_vis_with_the_wrong_number_of_entries(read):
    with pytest.raises(AnnotationReadError, match="has 3 entries, the video 2 frames"):
        read("ytvis", vis([None] * 3))


@pytest.mark.parametrize(
    ("image_ids", "annotation_ids"),
    [((1, 2), ("1", "2")), (("1", "2"), (1, 2)), ((1.0, 2), (1, " 2")), (("a", "b"), ("a", "b"))],
)
def test_ids_are_compared_as_texts(image_ids, annotation_ids, read):
    images = [image(key, f"0000{n}.jpg") for n, key in enumerate(image_ids)]
    entries = [annotation(key, [square(n, 0, n + 3, 3)]) for n, key in enumerate(annotation_ids)]
    for entry, kind in zip(entries, ("3", 3), strict=True):
        entry["category_id"] = kind
    found = maps(read("coco", document(entries, images)))
    assert [int(found[n][0].argmax()) for n in (0, 1)] == [0, 1]
    assert read("coco", document(entries, images)).objects[0].name == "cat"


def test_annotations_of_no_image_are_counted(read):
    entries = [annotation(1, [square(0, 0, 2, 2)]), annotation(77, [square(0, 0, 2, 2)])]
    notes = read("coco", document(entries)).notes
    assert "Annotations left out, since the file does not list their image: 1." in notes
    with pytest.raises(AnnotationReadError, match="None of the 1 annotations"):
        read("coco", document(entries[1:]))


@pytest.mark.parametrize(
    ("images", "error"),
    [
        ([image(1, "00000.jpg"), image(2, "00000.jpg")], "Two images are called"),
        ([image(1, "00000.jpg"), image("1", "00001.jpg")], "has the id '1'"),
        ([image(1, "a/00000.jpg"), image(2, "b/00001.jpg")], "several videos: they lie in a, b"),
        ([image(1, "a", frame_index=3), image(2, "b", frame_index=3)], "frame_index is the same"),
        ([image(1, "00000.jpg", video_id=1), image(2, "00001.jpg", video_id=2)], "several videos"),
    ],
)
def test_images_of_several_videos_are_refused(images, error, read):
    entries = [annotation(k["id"], [square(0, 0, 2, 2)]) for k in images]
    with pytest.raises((MaskMismatch, AnnotationReadError), match=error):
        read("coco", document(entries, images))


@pytest.mark.parametrize("by", ["folder", "video"])
@pytest.mark.parametrize("only", ["", "film", "other"])
def test_only_what_belongs_to_this_video_is_taken(by, only, read):
    named = [(1, "film", 3), (2, "other", 3), (3, "other", 5)]
    images = [image(k, f"{name}/{n:05d}.jpg") for k, name, n in named]
    content = {"videos": []}
    if by == "video":
        images = [image(k, f"{n:05d}.jpg", video_id=len(name)) for k, name, n in named]
        content = {"videos": [{"id": "4", "name": "film"}, {"id": 5, "name": "other"}]}
    content |= document([annotation(k, [square(k, 0, k + 2, 2)]) for k in (1, 2, 3)], images)
    found = read("coco", content, options=ImportOptions(only=only))
    assert found.frames == ((3, 5) if only == "other" else (3,))
    left_out = 1 if only == "other" else 2
    assert (
        f"Annotations left out, since their image is of another video: {left_out}." in found.notes
    )


def test_folders_of_splits_are_no_videos(read):
    images = [image(1, "train/images/00000.jpg"), image(2, "val/images/00004.jpg")]
    entries = [annotation(k, [square(0, 0, 2, 2)]) for k in (1, 2)]
    assert read("coco", document(entries, images)).frames == (0, 4)


def test_tracks_are_never_merged(read):
    kinds = ({"id": 3, "name": "cat"}, {"id": 4, "name": "dog"})
    entries = [
        annotation(1, [square(0, 0, 4, 4)], track_id=7),
        annotation(1, [square(6, 0, 9, 4)], track_id="7", category_id=4),
        annotation(2, [square(1, 0, 4, 4)], track_id="7"),
    ]
    found = read("coco", document(entries, categories=kinds))
    assert dict(found.mapping) == {"track 7 (cat)": 1, "track 7 (dog)": 2}
    assert maps(found)[0][1, [1, 7]].tolist() == [1, 2]


@pytest.mark.parametrize("field", ["iscrowd", "ignore", "attributes", "category"])
@pytest.mark.parametrize("shape", [{"segmentation": [square(5, 5, 9, 9)]}, {"bbox": [5, 5, 4, 4]}])
def test_crowds_and_regions_to_be_ignored_become_void(field, shape, read):
    more = {field: 1, "track_id": 2} if field != "attributes" else {field: {"is_crowd": True}}
    if field == "category":
        more = {"category_id": 9}
    kinds = ({"id": 3, "name": "cat"}, {"id": 9, "name": "Ignore region"})
    crowd = {"image_id": 1, "category_id": 3} | shape | more
    found = read("coco", document([crowd, annotation(1, [square(4, 4, 6, 6)])], categories=kinds))
    assert [i.name for i in found.objects] == ["cat"]
    assert set(np.unique(maps(found)[0])) == {0, 1, 255} and maps(found)[0][5, 5] == 1
    assert not found.boxes
    assert any(note.endswith("become void, which asserts nothing: 1.") for note in found.notes)


def test_an_object_with_a_box_and_no_shape_is_not_absent(read):
    entries = [
        annotation(1, [square(0, 0, 4, 4)], track_id=1),
        annotation(1, [square(5, 0, 9, 4)], track_id=2),
        annotation(2, [square(5, 0, 9, 4)], track_id=2),
        {"image_id": 2, "category_id": 3, "track_id": 1, "bbox": [1, 1, 4, 4]},
    ]
    first, second = read("coco", document(entries)).keyframes()
    assert (first.object_ids, second.object_ids) == ((1, 2), (2,))
    alone = read("coco", document([entries[0], entries[3]]))
    assert alone.frames == (0,) and [box.frame_index for box in alone.boxes] == [4]


def test_youtube_vis_matches_ids_as_texts_and_counts_others(read):
    runs = {"size": [12, 20], "counts": [0, 240]}
    content = vis([runs, None], video_id="1")
    content["annotations"].append(content["annotations"][0] | {"id": 2, "video_id": 9})
    found = read("ytvis", content)
    assert maps(found)[0].all() and found.frames == (0, 5)
    assert "Objects left out, since the file does not list their video: 1." in found.notes
    with pytest.raises(AnnotationReadError, match="None of the 1 objects"):
        read("ytvis", vis([runs, None], video_id=7))


def test_youtube_vis_never_merges_two_objects_and_keeps_crowds_apart(read):
    runs = {"size": [12, 20], "counts": [0, 240]}
    content = vis([runs, None])
    content["annotations"].append(content["annotations"][0] | {"id": "1"})
    with pytest.raises(AnnotationReadError, match="two objects of the video have the id '1'"):
        read("ytvis", content)
    found = read("ytvis", vis([runs, None], iscrowd=1))
    assert not found.objects and (maps(found)[0] == 255).all()


def test_another_size_is_scaled_where_that_is_said(read):
    images = [{"id": 1, "file_name": "00000.jpg", "width": 40, "height": 24}]
    content = document([annotation(1, [square(4, 4, 12, 8)])], images)
    for options in (ImportOptions(), ImportOptions(image_size=(40, 24))):
        found = read("coco", content, options=options)
        label_map = maps(found)[0]
        assert label_map.shape == (12, 20) and label_map[2:4, 2:6].all() and label_map.sum() == 8
        assert any("Scaled from 40 x 24 to 20 x 12" in note for note in found.notes)
    images[0]["height"] = 30
    with pytest.raises(MaskMismatch, match=r"40 x 30.*--image-size 40x30"):
        read("coco", content)
