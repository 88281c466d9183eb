"""LabelMe files."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core.data.importing.formats import importer_named
from core.errors import AnnotationReadError, MaskMismatch
from core.jobs import result_of

SQUARE = [[1, 1], [5, 1], [5, 5], [1, 5]]


def shape(label="a", points=SQUARE, kind="polygon", **more):
    return {"label": label, "points": points, "shape_type": kind, **more}


def document(*shapes, **more):
    return {"shapes": list(shapes), "imageWidth": 20, "imageHeight": 12, **more}


def png(mask):
    out = io.BytesIO()
    Image.fromarray(np.uint8(255) * mask).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


@pytest.fixture
def read_folder(tmp_path, info):
    def read(files, video=info, **settings):
        folder = tmp_path / "labels"
        folder.mkdir()
        for name, content in files.items():
            (folder / f"{name}.json").write_text(json.dumps(content))
        return result_of(importer_named("labelme").read(folder, video, **settings))

    return read


def test_a_folder_is_matched_by_stems(read_folder):
    found = read_folder(
        {
            "00002": document(shape(), shape("b", [[8, 6], [11, 6]], "circle")),
            "00007": document(shape("b", kind="rectangle", points=[[9, 9], [2, 1]])),
            "00008": document(imagePath="../../etc/passwd"),
        }
    )
    assert found.frames == (2,)
    assert any("1 frame without any shape: left open" in note for note in found.notes)
    maps = {k.frame_index: k.label_map for k in found.keyframes()}
    assert (maps[2][1:5, 1:5] == 1).all()
    assert abs(int((maps[2] == 2).sum()) - np.pi * 9) < 4
    (box,) = found.boxes
    assert (box.frame_index, box.object_id, box.left, box.bottom) == (7, 2, 2.0, 9.0)


def test_groups_and_order_tell_objects_apart(read_folder):
    entries = (shape(), shape(), shape(group_id=4), shape(group_id=4), shape(kind=None))
    found = read_folder({"0": document(*entries)})
    assert list(found.mapping) == ["a", "a #2", "a group 4", "a #3"]


def test_masks_in_base64(read_folder):
    mask = np.random.default_rng(0).random((4, 6)) < 0.5
    found = read_folder({"0": document(shape("m", [[3, 2], [8, 5]], "mask", mask=png(mask)))})
    (keyframe,) = found.keyframes()
    assert np.array_equal(keyframe.label_map[2:6, 3:9], mask)
    assert keyframe.label_map.sum() == mask.sum()


def test_masks_that_leave_the_frame_are_cut_off(read_folder):
    mask = np.ones((4, 6), bool)
    found = read_folder({"0": document(shape("m", [[17, -2], [22, 1]], "mask", mask=png(mask)))})
    (keyframe,) = found.keyframes()
    assert keyframe.label_map.sum() == 2 * 3


@pytest.mark.parametrize("side", [9600, 40_000, 2**31])
def test_headers_that_claim_huge_masks(side, read_folder):
    data = bytearray(base64.b64decode(png(np.ones((2, 2), bool))))
    struct.pack_into(">II", data, 16, side, side)
    struct.pack_into(">I", data, 29, zlib.crc32(bytes(data[12:29])))
    box = [[0, 0], [min(side, 10**6) - 1, min(side, 10**6) - 1]]
    mask = base64.b64encode(bytes(data)).decode()
    with pytest.raises(AnnotationReadError, match=r"claims to be|its box"):
        read_folder({"0": document(shape("m", box, "mask", mask=mask))})


def test_points_and_lines_are_left_out_and_said(read_folder):
    found = read_folder({"0": document(shape(), shape(kind="line"), shape(kind="point"))})
    assert any("left out: 2." in note for note in found.notes)


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        (shape(points=[[1, 2], [3]]), "not x and y"),
        (shape(points=[[1, 2], [3, "x"]]), "no number"),
        (shape(kind="circle"), "4 points, not of 2"),
        (shape(kind="blob", points=SQUARE[:2]), "unknown shape type 'blob'"),
        (shape(label=5), "label is a number, not a text"),
        (shape(kind="mask", points=SQUARE[:2], mask="?"), "no PNG in base64"),
        (shape(kind="mask", points=SQUARE[:2], mask="AAAA"), "no PNG in base64"),
        (shape(kind="mask", points=[[0, 0], [90, 90]], mask=png(np.ones((2, 2), bool))), "its box"),
        (None, "is nothing, not an object"),
    ],
)
def test_damaged_shapes(entry, error, read_folder):
    with pytest.raises(AnnotationReadError, match=error):
        read_folder({"0": document(entry)})


def test_other_images(read_folder):
    with pytest.raises(MaskMismatch, match="640 x 12"):
        read_folder({"0": document(shape(), imageWidth=640)})


def test_an_empty_folder(read_folder):
    with pytest.raises(AnnotationReadError, match="no JSON"):
        read_folder({})


@pytest.mark.parametrize("kind", ["rectangle", "rotation", "oriented_rectangle"])
def test_boxes_by_four_corners(kind, read_folder):
    diamond = [[8, 2], [12, 6], [8, 10], [4, 6]]
    found = read_folder({"0": document(shape(kind=kind), shape("b", diamond, kind, direction=0.7))})
    boxes = [(b.object_id, b.left, b.top, b.right, b.bottom) for b in found.boxes]
    assert boxes == [(1, 1, 1, 5, 5), (2, 4, 2, 12, 10)]


@pytest.mark.parametrize(
    "bad",
    [
        shape("b", kind="blob"),
        shape("b", kind="circle"),
        shape("b", [[1, 1], [2, 2]]),
        shape("b", [[1, 1], [2, 2], [3]], "rectangle"),
        shape("b", SQUARE[:3], "rectangle"),
        shape("b", kind="mask", points=SQUARE[:2], mask="?"),
    ],
)
def test_one_shape_that_is_not_understood_is_told_and_the_rest_is_read(bad, read_folder):
    found = read_folder({"0": document(shape(), shape("b")), "4": document(shape(), bad)})
    first, second = found.keyframes()
    assert (first.object_ids, second.object_ids) == ((1, 2), (1,))
    (note,) = (note for note in found.notes if "not understood" in note)
    assert "4.json: shapes[1]" in note


def test_a_shape_without_a_label_may_be_any_object(read_folder):
    found = read_folder({"0": document(shape(), shape("b")), "4": document(shape(), shape(5))})
    assert [k.object_ids for k in found.keyframes()] == [(1, 2), (1,)]


def test_regions_to_be_ignored_become_void(read_folder):
    entries = [shape(), shape("__ignore__", [[8, 6], [11, 6]], "circle")]
    entries.append(shape("_ignore_", kind="rectangle", points=[[14, 1], [18, 4]]))
    found = read_folder({"0": document(*entries)})
    (keyframe,) = found.keyframes()
    assert keyframe.label_map[6, 8] == 255 and keyframe.label_map[2, 15] == 255
    assert list(found.mapping) == ["a"] and not found.boxes
