"""Boxes around the masks of a data set."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.data.box_lists import read_box_list, read_mask_list
from core.data.box_tables import DrawnBox
from core.data.mask_boxes import boxes_of_masks, filled, tight_corners
from core.errors import DatasetError
from core.media.label_map import write_label_map


def write(root, name, label_maps, *, stems):
    frames, masks = root / "JPEGImages/480p" / name, root / "Annotations/480p" / name
    frames.mkdir(parents=True)
    masks.mkdir(parents=True)
    for stem, label_map in stems.items():
        cv2.imwrite(str(frames / f"{stem}.jpg"), np.zeros((8, 10, 3), np.uint8))
        if label_map is not None:
            write_label_map(masks / f"{stem}.png", label_maps[label_map])


@pytest.fixture
def label_maps():
    """Object 1 on all frames, object 2 only on the second, object 3 beside void on the third."""
    maps = np.zeros((3, 8, 10), np.uint8)
    maps[:, 1:3, 2:6] = 1
    maps[1, 5:8, 9] = 2
    maps[2, 4:6, 4:6] = 3
    maps[2, 4:6, 6] = 255
    return maps


def test_corners_are_tight_and_exclusive(label_maps):
    assert tight_corners(label_maps[1]) == {1: (2, 1, 6, 3), 2: (9, 5, 10, 8)}
    assert tight_corners(label_maps[2]) == {1: (2, 1, 6, 3), 3: None}, "void hides its edge"


def test_frames_count_by_their_place(tmp_path, label_maps):
    """Files may be named by other numbers, and some frames may have no mask."""
    write(tmp_path, "bear", label_maps, stems={"00010": 0, "00012": None, "00014": 1, "00016": 2})
    found = boxes_of_masks(tmp_path)["bear"]
    assert {box.frame_index for box in found} == {0, 2, 3}
    by_place = {(box.frame_index, box.object_id): box.corners for box in found}
    assert by_place[0, 1] == (2, 1, 6, 3)
    assert by_place[0, 2] is None, "no pixel: it is not visible"
    assert by_place[2, 2] == (9, 5, 10, 8)
    assert by_place[2, 3] is None
    assert (3, 3) not in by_place, "its box is not known"
    assert isinstance(found[0], DrawnBox) and found[0].clip == "bear"


def test_lists_of_boxes_are_made_of_masks(tmp_path, label_maps):
    write(tmp_path, "bear", label_maps, stems={"00000": 0, "00001": 1})
    boxes = read_box_list(tmp_path)["bear"]
    assert boxes.places[0, 1] == (2, 1, 4, 2)
    assert boxes.places[0, 2] == (0, 0, 0, 0)
    assert boxes.objects == (1, 2)


def test_a_mask_without_a_frame_is_refused(tmp_path, label_maps):
    write(tmp_path, "bear", label_maps, stems={"00000": 0})
    write_label_map(tmp_path / "Annotations/480p/bear/00009.png", label_maps[0])
    with pytest.raises(DatasetError, match="no frame of its name"):
        boxes_of_masks(tmp_path)


def test_filled_boxes_cover_and_the_smaller_one_is_above(label_maps):
    maps = label_maps[2].copy()
    maps[0, 0] = maps[7, 7] = 5
    found = filled(maps)
    assert (found[4:6, 4:6] == 3).all()
    assert (found[1:3, 2:6] == 1).all()
    assert found[0, 5] == found[7, 0] == 5
    assert not (found == 255).any()
    assert filled(np.zeros((3, 4), np.uint8)).sum() == 0


def test_label_maps_say_themselves_where_objects_are(tmp_path, label_maps):
    """Void beside an object hides nothing of what is learned from the map itself."""
    stems = {"00010": 0, "00012": None, "00014": 1, "00016": 2}
    write(tmp_path, "bear", label_maps, stems=stems)
    found = read_mask_list(tmp_path)["bear"]
    assert found.frames == (0, 2, 3) and found.objects == (1, 2, 3)
    assert found.places[3, 3] == (4, 4, 2, 2) and found.places[0, 3] == (0, 0, 0, 0)


def test_label_maps_without_frames_are_named_by_their_indices(tmp_path, label_maps):
    folder = tmp_path / "Annotations/480p/film"
    folder.mkdir(parents=True)
    for index in (3, 120_000):
        write_label_map(folder / f"{index:05d}.png", label_maps[0])
    assert read_mask_list(tmp_path)["film"].frames == (3, 120_000)
    write_label_map(folder / "late.png", label_maps[0])
    with pytest.raises(DatasetError, match="no number"):
        read_mask_list(tmp_path)
    with pytest.raises(DatasetError, match="no frame of its name"):
        read_box_list(tmp_path)
