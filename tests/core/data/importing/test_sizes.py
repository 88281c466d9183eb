"""Annotations made at another size than the video's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from core.errors import MaskMismatch

BOX = [4, 2, 8, 6]


def coco(width, height, shape, more=()):
    images = [{"id": 1, "file_name": "00003.png", "width": width, "height": height}, *more]
    entry = {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0} | shape
    categories = [{"id": 1, "name": "car"}]
    return {"images": images, "annotations": [entry], "categories": categories}


def labelme(width, height):
    points = [[4 * width / 20, 2 * height / 12], [12 * width / 20, 8 * height / 12]]
    shape = {"label": "car", "shape_type": "rectangle", "points": points}
    return {"shapes": [shape], "imageWidth": width, "imageHeight": height}


@pytest.mark.parametrize("factor", [0.5, 2, 3, 10])
def test_polygons_and_boxes_are_scaled(factor, read):
    size = (int(20 * factor), int(12 * factor))
    ring = [v * factor for v in (4, 2, 12, 2, 12, 8, 4, 8)]
    found = read("coco", coco(*size, {"segmentation": [ring]}))
    (keyframe,) = found.keyframes()
    expected = np.zeros((12, 20), np.uint8)
    expected[2:8, 4:12] = 1
    assert np.array_equal(keyframe.label_map, expected)
    assert f"Scaled from {size[0]} x {size[1]}" in found.notes[-1]
    found = read("coco", coco(*size, {"segmentation": [], "bbox": [v * factor for v in BOX]}))
    (box,) = found.boxes
    assert (box.left, box.top, box.right, box.bottom) == (4, 2, 12, 8)


def test_run_lengths_are_scaled(read):
    mask = np.zeros((24, 40), np.uint8)
    mask[4:16, 8:24] = 1
    counts = coco_mask.encode(np.asfortranarray(mask))["counts"].decode()
    runs = {"segmentation": {"size": [24, 40], "counts": counts}}
    (keyframe,) = read("coco", coco(40, 24, runs)).keyframes()
    assert keyframe.label_map[2:8, 4:12].all() and keyframe.label_map.sum() == 48


def test_cvat_and_labelme_are_scaled(read):
    text = (
        "<annotations><meta><task><original_size><width>40</width><height>24</height>"
        '</original_size></task></meta><track id="0" label="car"><box frame="2" outside="0"'
        ' xtl="8" ytl="4" xbr="24" ybr="16"/></track></annotations>'
    )
    for found in (
        read("cvat", text, file="a.xml"),
        read("labelme", labelme(40, 24), file="00002.json"),
    ):
        (box,) = found.boxes
        assert (box.frame_index, box.left, box.top, box.right, box.bottom) == (2, 4, 2, 12, 8)


def test_a_size_up_to_rounding_is_the_same_shape(read, info):
    large = replace(info, width=1920, height=1080)
    found = read("labelme", labelme(854, 480), file="00002.json", video=large)
    assert len(found.boxes) == 1


@pytest.mark.parametrize("size", [(40, 12), (20, 24), (24, 40), (20, 13), (12, 20), (1 << 19, 12)])
def test_another_shape_is_refused(size, read):
    with pytest.raises(MaskMismatch, match=f"{size[0]} x {size[1]}"):
        read("coco", coco(*size, {"segmentation": [], "bbox": BOX}))


def test_two_sizes_are_refused(read):
    more = [{"id": 2, "file_name": "00004.png", "width": 60, "height": 36}]
    with pytest.raises(MaskMismatch, match="two sizes, 40 x 24 and 60 x 36"):
        read("coco", coco(40, 24, {"segmentation": [], "bbox": BOX}, more))
    wrong = {"segmentation": {"size": [12, 20], "counts": "abc"}}
    with pytest.raises(MaskMismatch, match="two sizes, 40 x 24 and 20 x 12"):
        read("coco", coco(40, 24, wrong))
