"""Tracked masks against drawn boxes, on films whose boxes are exact."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.data.box_tables import DrawnBox
from core.data.clips.sample import tight_boxes
from core.data.splits import HELD_OUT
from core.data.synthetic import moving_shapes
from core.eval.box_agreement.__main__ import main
from core.eval.box_agreement.measure import (
    Agreement,
    ClipAgreement,
    clip_agreement,
    filled_map,
    start_keyframes,
)
from core.eval.densifying import Film
from core.jobs import CancelToken
from core.tracking.contract import StepResult

HELD = min(HELD_OUT)


class Exact:
    """A tracker that knows the masks, and loses object 2."""

    def __init__(self, label_maps):
        self.label_maps = label_maps

    def add_keyframe(self, keyframe, frame):
        pass

    def remove_keyframe(self, frame_index):
        pass

    def start(self, direction):
        pass

    def step(self, frame_index, frame, object_ids):
        planes = [self.label_maps[frame_index] == i if i != 2 else None for i in object_ids]
        height, width = frame.shape[:2]
        soft = np.zeros((1 + len(object_ids), height, width), np.float32)
        for row, plane in enumerate(planes, 1):
            soft[row] = 0 if plane is None else plane
        soft[0] = 1 - soft[1:].sum(0)
        return StepResult(soft, object_ids, dict.fromkeys(object_ids, 1.0), frozenset())

    def render(self, probabilities, frame, object_ids):
        return np.array([0, *object_ids], np.uint8)[probabilities.argmax(0)]


def drawn(label_maps, frames=(0, 4, 7)):
    found = []
    for frame in frames:
        for number, (x, y, w, h) in enumerate(tight_boxes(label_maps[frame], 2).tolist(), 1):
            corners = (x, y, x + w, y + h) if w else None
            found.append(DrawnBox("film.mp4", frame, number, "", corners))
    return tuple(found)


def test_each_later_box_is_compared():
    frames, label_maps = moving_shapes(frame_count=8)
    found = clip_agreement(Film(frames), drawn(label_maps), Exact(label_maps), CancelToken())
    assert sorted(found.overlaps) == pytest.approx([0, 0, 1, 1])
    assert found.mean == pytest.approx(0.5)
    assert found.gone == ()


def test_absent_objects_have_to_be_gone():
    frames, label_maps = moving_shapes(frame_count=8)
    label_maps = np.array(label_maps)
    label_maps[5:] = 0
    found = clip_agreement(Film(frames), drawn(label_maps), Exact(label_maps), CancelToken())
    assert found.gone == (True, True)
    assert len(found.overlaps) == 2


def test_objects_begin_where_they_are_first_seen():
    boxes = (
        DrawnBox("c", 0, 1, "", (2.0, 2.0, 12.0, 12.0)),
        DrawnBox("c", 0, 2, "", None),
        DrawnBox("c", 0, 3, "", (4.0, 4.0, 6.0, 6.0)),
        DrawnBox("c", 5, 1, "", (3.0, 2.0, 12.0, 12.0)),
        DrawnBox("c", 5, 2, "", (-9.0, 10.0, 4.0, 30.0)),
        DrawnBox("c", 9, 4, "", (50.0, 50.0, 60.0, 60.0)),
    )
    first, second = start_keyframes(boxes, (16, 20))
    assert (first.frame_index, first.object_ids) == (0, (1, 3))
    assert (first.label_map == 3).sum() == 4, "a small box lies above a large one"
    assert (second.frame_index, second.object_ids) == (5, (2,))
    assert (second.label_map == 2).sum() == 6 * 4


def test_a_box_of_no_pixel_has_one():
    label_map = filled_map((DrawnBox("c", 0, 9, "", (3.2, 4.1, 3.4, 4.2)),), (8, 8))
    assert (label_map == 9).sum() == 1


def test_means():
    clips = {
        "a": ClipAgreement((1.0, 0.5), (True,)),
        "b": ClipAgreement((0.25,), (False,)),
        "c": ClipAgreement((), ()),
    }
    found = Agreement(clips)
    assert found.mean == pytest.approx(0.5)
    assert "0.5000  mean of 3 clips; 1 of 2 absent objects are gone" in found.table()
    assert math.isnan(Agreement({}).mean)


@pytest.fixture
def folder(tmp_path, write_mpeg4):
    """A held-out film and one to train on, with boxes."""
    frames, label_maps = moving_shapes(frame_count=8)
    rows = ["clip,frame,object,x,y,w,h"]
    for name in (f"{HELD}.mp4", "train.mp4"):
        write_mpeg4(tmp_path / name, frames, rate=12, fine=True)
        for box in drawn(label_maps):
            x0, y0, x1, y1 = box.corners
            rows.append(f"{name},{box.frame_index},{box.object_id},{x0},{y0},{x1 - x0},{y1 - y0}")
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    return tmp_path


def test_command(folder, capsys):
    words = ["--boxes", str(folder / "boxes.csv"), "--videos", str(folder), "--system", "flow"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert HELD in out and "train.mp4" not in out
    assert "mean of 1 clips" in out
    assert float(out.split()[0]) > 0.5


def test_what_is_missing_is_one_line(folder, capsys):
    words = ["--boxes", str(folder / "boxes.csv"), "--videos", str(folder), "--system", "flow"]
    (folder / f"{HELD}.mp4").unlink()
    assert main(words) == 2
    assert main([*words[2:], "--boxes", str(folder / "none.csv")]) == 2
    (folder / "boxes.csv").write_text("clip,frame,object,x,y,w,h\na,0,1,1,1,2,2\n")
    assert main(words) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 3
    assert "no clip of the split held-out" in err
    assert "0 videos of the name" in err and "none.csv" in err
