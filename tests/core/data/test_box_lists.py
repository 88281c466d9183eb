"""Lists of boxes of many clips."""

from __future__ import annotations

import pytest
import torch

from core.data.box_lists import read_box_list
from core.ops.boxes import fill_boxes

HEAD = "clip,frame,object,name,x,y,w,h\n"
LIST = (
    HEAD
    + "a.mp4,0,1,cat,1,2,3,4\na.mp4,0,3,dog,5,5,2,2\na.mp4,9,1,cat,,,,\nb.mp4,4,1,car,1,1,2,2\n"
)
NOTES = 'clip,note\nb.mp4,"Crowd (many cars); shadows"\na.mp4,crowded street\n'


@pytest.fixture
def files(tmp_path):
    (tmp_path / "boxes.csv").write_text(LIST)
    (tmp_path / "notes.csv").write_text(NOTES)
    return tmp_path / "boxes.csv", tmp_path / "notes.csv"


def test_boxes_by_clip(files):
    found = read_box_list(*files)
    assert set(found) == {"a.mp4", "b.mp4"}
    assert found["a.mp4"].objects == (1, 3) and found["a.mp4"].frames == (0, 9)
    assert [found[name].crowd for name in ("a.mp4", "b.mp4")] == [False, True]
    assert not read_box_list(files[0])["b.mp4"].crowd


def test_known_absent_and_unknown(files):
    boxes = read_box_list(*files)["a.mp4"].on((0, 4, 9))
    assert boxes.shape == (3, 2, 4)
    planes = fill_boxes(torch.from_numpy(boxes)[None], (10, 12))
    assert planes.known[0].tolist() == [[True, True], [False, False], [True, False]]
    assert planes.planes[0].sum((-2, -1)).tolist() == [[12, 4], [0, 0], [0, 0]]
