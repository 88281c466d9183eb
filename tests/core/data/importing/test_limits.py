"""How much one import takes: what is too large is told, soon and with little memory."""

from __future__ import annotations

import base64
import io
import json
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from core.data.importing import boxes, collect, mots, reading
from core.data.importing.formats import importer_named
from core.errors import AnnotationReadError
from core.jobs import result_of


@pytest.fixture
def load(tmp_path, info):
    """Writes the content of a file and reads it, or its folder for YOLO, as a format."""

    def load(importer, file, content):
        path = tmp_path / "in" / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        place = path.parent if importer == "yolo" else path
        return result_of(importer_named(importer).read(place, info))

    return load


def csv_boxes(count):
    return "".join(f"{i % 10 + 1},{i},0,0,5,5,1\n" for i in range(count))


def mots_lines(count):
    return "".join(f"{i % 10} {1001 + i} 1 12 20 0`7\n" for i in range(count))


def coco(count, field="segmentation"):
    drawn = [[1, 1, 8, 1, 8, 7]] if field == "segmentation" else [1, 1, 8, 7]
    entries = [{"id": i, "image_id": 1, "track_id": i, field: drawn} for i in range(count)]
    return {"images": [{"id": 1, "file_name": "0.jpg"}], "annotations": entries}


def cvat(count):
    box = '<box frame="{}" outside="0" xtl="1" ytl="1" xbr="5" ybr="5"/>'
    tracks = (f'<track id="{i}" label="a">{box.format(i % 10)}</track>' for i in range(count))
    return f"<annotations>{''.join(tracks)}</annotations>"


def interpolated(count, left=1):
    """Two boxes of a track stand for all frames between them."""
    box = f'<box frame="{{}}" xtl="{left}" ytl="1" xbr="{left + 4}" ybr="5"/>'
    track = f'<track id="1" label="a">{box.format(0)}{box.format(count - 1)}</track>'
    return f"<annotations>{track}</annotations>"


def labelme(count):
    square = [[1, 1], [8, 1], [8, 7], [1, 7]]
    return {"shapes": [{"label": str(i), "points": square} for i in range(count)]}


def yolo(count):
    return "".join(f"{i} .1 .1 .5 .1 .5 .5\n" for i in range(count))


BOXES = {
    "boxes": ("boxes", "a.csv", csv_boxes),
    "coco": ("coco", "a.json", lambda count: coco(count, "bbox")),
    "cvat": ("cvat", "a.xml", cvat),
    "cvat, between two": ("cvat", "a.xml", interpolated),
    "cvat, outside": ("cvat", "a.xml", lambda count: interpolated(count, left=90)),
}
SHAPES = {
    "coco": ("coco", "a.json", coco),
    "mots-txt": ("mots-txt", "a.txt", mots_lines),
    "labelme": ("labelme", "00000.json", labelme),
    "yolo": ("yolo", "00000.txt", yolo),
}


@pytest.mark.parametrize("name", BOXES)
def test_too_many_boxes(name, load, monkeypatch):
    importer, file, make = BOXES[name]
    for module in (collect, boxes):
        monkeypatch.setattr(module, "MAX_BOXES", 7)
    load(importer, file, make(7))
    with pytest.raises(AnnotationReadError, match="more than 7 boxes") as caught:
        load(importer, file, make(8))
    assert "Split" in caught.value.hint


@pytest.mark.parametrize("name", SHAPES)
def test_too_many_shapes(name, load, monkeypatch):
    importer, file, make = SHAPES[name]
    for module in (collect, mots):
        monkeypatch.setattr(module, "MAX_SHAPES", 7)
    load(importer, file, make(7))
    with pytest.raises(AnnotationReadError, match="more than 7 shapes"):
        load(importer, file, make(8))


def bitmaps(count):
    out = io.BytesIO()
    Image.fromarray(np.full((12, 20), 255, np.uint8)).save(out, "PNG")
    mask = base64.b64encode(out.getvalue()).decode()
    shape = {"label": "a", "points": [[0, 0], [19, 11]], "shape_type": "mask", "mask": mask}
    return {"shapes": [{**shape, "group_id": i} for i in range(count)]}


@pytest.mark.parametrize(
    ("importer", "file", "make", "each"),
    [
        ("labelme", "00000.json", bitmaps, 12 * 20),
        ("labelme", "00000.json", labelme, 4 * 2 * 8),
        ("mots-txt", "a.txt", mots_lines, 3),
        ("yolo", "00000.txt", yolo, 3 * 2 * 8),
    ],
    ids=["pictures", "outlines", "runs", "yolo"],
)
def test_shapes_that_take_too_much(importer, file, make, each, load, monkeypatch):
    """Files of a folder have limits of their own, but there may be any number of files."""
    monkeypatch.setattr(collect, "MAX_HELD_BYTES", 7 * each)
    load(importer, file, make(7))
    with pytest.raises(AnnotationReadError, match="take more than"):
        load(importer, file, make(8))


@pytest.mark.parametrize(
    ("importer", "file"), [("boxes", "a.csv"), ("mots-txt", "a.txt"), ("yolo", "00000.txt")]
)
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_too_many_lines(importer, file, end, load, monkeypatch):
    monkeypatch.setattr(reading, "MAX_LINES", 9)
    with pytest.raises(AnnotationReadError, match="more than 9 lines"):
        load(importer, file, end * 10)


@pytest.mark.parametrize(
    "text", ['{"a":0}', "[[], [], [], [], []]", "[{}, {}, {}, {}]", "[0, 0, 0, 0, 0, 0, 0, 0, 0]"]
)
def test_too_many_values_in_json(text, load, monkeypatch):
    monkeypatch.setattr(reading, "MAX_NODES", 0 if ":" in text else 7)
    with pytest.raises(AnnotationReadError, match="values, lists and objects"):
        load("coco", "a.json", text)


def test_too_many_elements_in_xml(load, monkeypatch):
    monkeypatch.setattr(reading, "MAX_ELEMENTS", 7)
    with pytest.raises(AnnotationReadError, match="more than 7 elements"):
        load("cvat", "a.xml", f"<annotations>{'<x/>' * 8}</annotations>")


def test_lines_end_in_every_way(load):
    lines = ["1,1,2,2,4,5,1", "2,1,2,2,4,5,1", "3,1,2,2,4,5,1"]
    for end in ("\n", "\r", "\r\n"):
        assert len(load("boxes", "a.csv", end.join(lines)).boxes) == 3
        assert len(load("boxes", "a.csv", end.join(lines) + end).boxes) == 3


def test_two_million_rows_are_refused_with_little_memory(bombs, tmp_path):
    """They took more than a minute and 1.6 GB."""
    script = """
from fractions import Fraction
from core.data.importing.formats import importer_named
from core.jobs import result_of
from core.types import VideoInfo
info = VideoInfo(Path("film"), 9999, 640, 480, Fraction(25))
found = {
    name: measured(lambda: result_of(importer_named(name).read(Path(path), info)))
    for name, path in zip(given[::2], given[1::2])
}
"""
    rows = {"boxes": "1,1,2,2,4,5,1\n", "mots-txt": "0 1001 1 480 640 0l7\n"}
    given = []
    for name, row in rows.items():
        (tmp_path / name).write_text(row * 2_000_000)
        given += [name, tmp_path / name]
    found = bombs.run_measured(script, *given)
    for name in rows:
        taken, said = found[name]
        assert "more than 1,000,000 lines" in said
        assert taken < 160 << 20


def large_png(bombs, side, color):
    """A picture of 100 million pixels in 400 kB; color type 0 is gray, 2 RGB."""

    def chunk(kind, data):
        checked = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checked

    head = struct.pack(">IIBBBBB", side, side, 8, color, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", b"\x78\xda" + bombs.packed("deflate"))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def test_a_large_picture_is_refused_before_it_is_decoded(bombs, tmp_path):
    """It took 6 GB to find that its size is not the video's."""
    script = """
from fractions import Fraction
from core.data.importing.formats import importer_named
from core.jobs import result_of
from core.media.keyframes import load_keyframes
from core.types import VideoInfo
info = VideoInfo(Path("film"), 9, 640, 480, Fraction(25))
root = Path(given[0])
def imported(name, place):
    return lambda: result_of(importer_named(name).read(root / place, info))
found = [
    measured(imported("masks", "masks")),
    measured(imported("masks", "a.zip")),
    measured(imported("masks", "masks/00000.png")),
    measured(imported("mots-png", "gray")),
    measured(imported("object-masks", "objects")),
    measured(lambda: load_keyframes(root / "masks", info)),
]
"""
    for folder, color in (("masks", 2), ("gray", 0), ("objects/001", 0)):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "00000.png").write_bytes(large_png(bombs, 9990, color))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "masks/00000.png", "film/00000.png")
    for taken, said in bombs.run_measured(script, tmp_path):
        assert said.startswith("MaskMismatch") and "9990 x 9990" in said
        assert taken < 64 << 20
