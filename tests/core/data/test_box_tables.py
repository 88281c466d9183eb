"""Tables of drawn boxes: what they say, and that nothing else is taken."""

from __future__ import annotations

import json
import os

import pytest

from core.data import box_tables
from core.data.box_tables import DrawnBox, read_box_table, read_crowds, require_complete
from core.errors import AnnotationReadError

HEAD = "clip,frame,object,name,x,y,w,h"
GOOD = f"""{HEAD}
b.mp4,4,1,"person, sitting",10.5,20,30,40
b.mp4,4,2,boat,,,,
a.mp4,0,1,,0,0,5,5

b.mp4,2,1,person,1,2,3,4
"""
BOXES = {
    "b.mp4": (
        DrawnBox("b.mp4", 2, 1, "person", (1, 2, 4, 6)),
        DrawnBox("b.mp4", 4, 1, "person, sitting", (10.5, 20, 40.5, 60)),
        DrawnBox("b.mp4", 4, 2, "boat", None),
    ),
    "a.mp4": (DrawnBox("a.mp4", 0, 1, "", (0, 0, 5, 5)),),
}


@pytest.fixture
def read(tmp_path):
    def go(text, name="boxes.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_box_table(path)

    return go


def row(line):
    return f"{HEAD}\n{line}\n"


def test_boxes_by_clip_frame_and_object(read):
    found = read(GOOD)
    assert found == BOXES
    assert list(found) == ["b.mp4", "a.mp4"]


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_line_ends_and_a_mark_at_the_start(read, ending):
    assert read("\ufeff" + GOOD.replace("\n", ending)) == BOXES


def test_other_names_of_columns_in_any_order_and_no_clip(read):
    text = "H,W,Top,Left,note,track_id,frame_index\n4,3,2,1,hello,7,0\n"
    assert read(text) == {"": (DrawnBox("", 0, 7, "", (1, 2, 4, 6)),)}


@pytest.mark.parametrize("wrapped", [True, False])
def test_json(read, wrapped):
    rows = [
        {"clip": "b.mp4", "frame": 4, "id": 1, "name": "person", "x": 1.5, "y": 2, "w": 3, "h": 4},
        {"clip": "b.mp4", "frame": 4, "id": 2, "x": None},
    ]
    found = read(json.dumps({"boxes": rows} if wrapped else rows), "boxes.json")
    assert found["b.mp4"] == (
        DrawnBox("b.mp4", 4, 1, "person", (1.5, 2, 4.5, 6)),
        DrawnBox("b.mp4", 4, 2, "", None),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no box"),
        (HEAD, "holds no box"),
        ("a,b\n1,2\n", "lacks the columns frame, object"),
        ("," * 100 + "frame,object,x,y,w,h\n", "columns"),
        (row("a,1,1,n,1,1,1"), "line 2, has 7 columns in place of 8"),
        (row("a,1,1,n,1,1,1,1,1"), "9 columns"),
        (row("a,1,1,n,1,,1,1"), "only some"),
        (row("a,1,1,n,1,1,0,1"), "no area"),
        (row("a,1,1,n,1,1,5,-1"), "no area"),
        (row("a,1,1,n,nan,1,5,1"), "not finite"),
        (row("a,1,1,n,1e999,1,5,1"), "not finite"),
        (row("a,1,1,n,left,1,5,1"), "left"),
        (row("a,1.5,1,n,1,1,5,1"), "frame '1.5'"),
        (row("a,-1,1,n,1,1,5,1"), "frame '-1'"),
        (row("a,99999999999,1,n,1,1,5,1"), "frame"),
        (row("a,,1,n,1,1,5,1"), "frame ''"),
        (row("a,1,0,n,1,1,5,1"), "object '0'"),
        (row("a,1,255,n,1,1,5,1"), "object '255'"),
        (row("../a,1,1,n,1,1,5,1"), "no name of a file"),
        (row("/etc/passwd,1,1,n,1,1,5,1"), "no name of a file"),
        (row("..,1,1,n,1,1,5,1"), "no name of a file"),
        (row(f"{'a' * 999},1,1,n,1,1,5,1"), "no name of a file"),
        (row('a,1,1,"n,1,1,5,1'), "no CSV"),
        (row("a,1,1,n,1,1,5,1\na,1,1,m,2,2,5,1"), "line 3: object 1 is there twice"),
        (row("a,1,1,n,1,1,5,1\x00"), "line 2"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_what_makes_no_sense_is_refused(read, text, message):
    with pytest.raises(AnnotationReadError, match=message):
        read(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "boxes"),
        ("[]", "holds no box"),
        ("[1]", "not an object"),
        ('{"boxes": 3}', "not a list"),
        ('[{"frame": true, "object": 1}]', "frame"),
        ('[{"frame": [1], "object": 1}]', "frame"),
        ('[{"frame": 1, "object": 1, "x": 1, "y": 1, "w": NaN, "h": 1}]', "NaN"),
        ('[{"frame": 1, "object": ' + "9" * 5000 + "}]", "no JSON"),
        ("[" * 100_000, "nested"),
        ("[{", "no JSON"),
    ],
)
def test_json_that_makes_no_sense_is_refused(read, text, message):
    with pytest.raises(AnnotationReadError, match=message):
        read(text, "boxes.json")


def test_files_that_are_none(tmp_path):
    with pytest.raises(AnnotationReadError, match="no file"):
        read_box_table(tmp_path / "none.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(AnnotationReadError, match="pipe"):
        read_box_table(tmp_path / "pipe.csv")


def test_too_many(read, monkeypatch):
    monkeypatch.setattr(box_tables, "MAX_BOXES", 3)
    with pytest.raises(AnnotationReadError, match="more than 3 boxes"):
        read(GOOD)


def test_each_object_needs_a_row_on_each_labeled_frame():
    require_complete(BOXES["a.mp4"])
    with pytest.raises(AnnotationReadError, match=r"frame 2 has boxes, but no row for object 2"):
        require_complete(BOXES["b.mp4"])


def test_crowds_of_notes(tmp_path):
    path = tmp_path / "notes.csv"
    path.write_text(
        'clip,note\na,"crowd (many, many)"\nb,blurred\n\nc,Crowd: a row\nd,crowded street\n'
    )
    assert read_crowds(path) == {"a", "c"}


@pytest.mark.parametrize("text", ["", "clip,remark\n", "clip,note\na,b,c\n", 'clip,note\na,"b\n'])
def test_notes_that_are_none(tmp_path, text):
    path = tmp_path / "notes.csv"
    path.write_text(text)
    with pytest.raises(AnnotationReadError):
        read_crowds(path)
