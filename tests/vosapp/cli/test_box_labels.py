"""Box labels through the commands: in, counted, out, in again, and to masks."""

from __future__ import annotations

import pytest

from core.media.export.formats import BOX_EXPORTERS
from vosapp.cli import main as cli
from vosapp.project.boxes import BoxLabel
from vosapp.project.edit_boxes import InterpolateBoxes
from vosapp.project.opening import open_project

CSV = (
    "clip,frame,object,name,x,y,w,h\n"
    "bears,0,1,bear,3.5,2,10,8\nbears,4,1,bear,7.5,4,10,8\nbears,0,2,cub,20,10.25,6,7\n"
    "bears,4,2,cub,,,,\nfoxes,90,1,fox,1,1,5,5\n"
)
GONE = BoxLabel(4, 2, 0.0, 0.0, 0.0, 0.0)
LABELS = (
    BoxLabel(0, 1, 3.5, 2.0, 10.0, 8.0),
    BoxLabel(0, 2, 20.0, 10.25, 6.0, 7.0),
    BoxLabel(4, 1, 7.5, 4.0, 10.0, 8.0),
    GONE,
)


@pytest.fixture
def boxed(call, frames, tmp_path):
    """A project with the boxes of a list of many clips."""
    path, boxes = tmp_path / "boxed.vosapp", tmp_path / "boxes.csv"
    boxes.write_text(CSV)
    call("new", frames, "-o", path)
    told = call("import", path, boxes, "--format", "boxes")
    assert (told["boxes"], told["box_labels"], told["keyframes"]) == (4, 4, [])
    assert "--boxes-to-masks" in call.stderr
    return path


def labels(path):
    with open_project(path) as opened:
        return opened.boxes_in()


def test_they_are_what_the_list_says(boxed):
    assert labels(boxed) == LABELS
    with open_project(boxed) as opened:
        assert [(o.name, o.category) for o in opened.objects()] == [
            ("bear", "bear"),
            ("cub", "cub"),
        ]
        assert opened.keyframe_indices() == ()


def test_they_are_counted(boxed, call, capsys):
    with open_project(boxed) as opened:
        opened.do(InterpolateBoxes(1))
    told = call("info", boxed)
    assert told["boxes"] == {"drawn": 3, "interpolated": 3, "unseen": 1, "frames": 5}
    assert told["objects"][0]["boxes"] == {"drawn": 2, "interpolated": 3, "unseen": 0}
    assert told["keyframes"] == []
    cli.main(["info", str(boxed)])
    lines = capsys.readouterr().out.splitlines()
    assert "box labels: 3 drawn, 3 interpolated, 1 not visible on 5 frames" in lines
    assert "object 1, bear (bear): 5 empty; box labels: 2 drawn, 3 interpolated" in lines


def test_a_project_without_any_says_nothing_of_them(project, call, capsys):
    assert call("info", project)["boxes"]["frames"] == 0
    cli.main(["info", str(project)])
    assert "box labels" not in capsys.readouterr().out


@pytest.mark.parametrize("exporter", BOX_EXPORTERS, ids=lambda e: e.name)
def test_out_and_in_again(exporter, boxed, call, frames, tmp_path):
    with open_project(boxed) as opened:
        opened.do(InterpolateBoxes(1))
    before = labels(boxed)
    out, fresh = tmp_path / "out", tmp_path / "fresh.vosapp"
    told = call("export", boxed, "--format", exporter.name, "-o", out)
    assert told["written"] > 0 and told["format"] == exporter.name
    call("new", frames, "-o", fresh)
    told = call("import", fresh, out, "--format", exporter.name)
    wanted = [x for x in before if x.visible or exporter.unseen]
    found = labels(fresh)
    assert told["keyframes"] == [] and len(found) == len(wanted)
    for got, label in zip(found, wanted, strict=True):
        assert (got.frame_index, got.object_id) == (label.frame_index, label.object_id)
        numbers = (label.x, label.y, label.width, label.height)
        assert (got.x, got.y, got.width, got.height) == pytest.approx(numbers, abs=1e-5)
        assert got.drawn is (label.drawn or not exporter.tells_drawn)
    assert call("import", fresh, out, "--format", exporter.name)["box_labels"] == 0


def test_the_list_comes_out_as_it_went_in(boxed, call, frames, tmp_path):
    for number in range(2):
        call("export", boxed, "--format", "csv", "-o", tmp_path / f"out{number}")
        fresh = tmp_path / f"fresh{number}.vosapp"
        call("new", frames, "-o", fresh)
        call("import", fresh, tmp_path / f"out{number}" / "bears.csv", "--format", "csv")
        assert labels(fresh) == LABELS
    texts = [(tmp_path / f"out{n}" / "bears.csv").read_text() for n in range(2)]
    assert texts[0] == texts[1]


def test_boxes_that_are_there_stay(boxed, call, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("frame,id,x,y,w,h\n0,1,1,1,2,2\n1,1,1,1,2,2\n")
    told = call("import", boxed, other, "--format", "csv")
    assert told["box_labels"] == 1 and "1 boxes are left out" in call.stderr
    assert labels(boxed)[0] == LABELS[0]
    assert call("import", boxed, other, "--format", "csv", "--overwrite")["box_labels"] == 1
    assert labels(boxed)[0] == BoxLabel(0, 1, 1.0, 1.0, 2.0, 2.0)


def test_masks_of_boxes_are_made_when_asked_for(boxed, call):
    told = call("propagate", boxed, "--system", "copy", "--boxes-to-masks")
    assert told["keyframes"] == [0, 4]
    assert labels(boxed) == LABELS
    with open_project(boxed) as opened:
        assert not opened.assertions(4).get(2)
        while opened.undo().name != "Import annotations":
            pass
        assert opened.keyframe_indices() == () and opened.boxes_in() == LABELS


def test_there_has_to_be_a_box(project, capsys, tmp_path):
    words = ["export", str(project), "--format", "boxes-mot", "-o", str(tmp_path / "out")]
    assert cli.main(words) == 2
    assert "has a box label" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_some_objects_and_frames(boxed, call, tmp_path):
    words = ("--objects", "1", "--range", "1:5")
    told = call("export", boxed, "--format", "boxes-csv", "-o", tmp_path / "out", *words)
    assert told["missing"] == [1, 2, 3]
    text = (tmp_path / "out" / "bears.csv").read_text()
    assert text.splitlines()[1:] == ["4,1,bear,bear,7.5,4,10,8,1"]


def test_frames_without_boxes_any_more_are_left_over(boxed, call, capsys, tmp_path):
    out = tmp_path / "out"
    call("export", boxed, "--format", "boxes-yolo", "-o", out)
    words = ["export", str(boxed), "--format", "boxes-yolo", "-o", str(out), "--range", "0:1"]
    assert cli.main(words) == 2
    assert "--force" in capsys.readouterr().err
    assert call(*words, "--force")["removed"] == 2


def test_nothing_is_written_among_the_frames(boxed, capsys, frames):
    words = ["export", str(boxed), "--format", "boxes-mot", "-o", str(frames.parent)]
    assert cli.main(words) == 2
    assert "among the video's own frames" in capsys.readouterr().err
    assert not (frames / "gt").exists()
