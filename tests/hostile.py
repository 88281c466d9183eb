"""Damaged and malicious annotation files, as many as wanted, the same for the same seed.

The first cases are attacks that have a name (bombs, paths, headers that lie); the others are
well-formed files of every format in which something was changed.
"""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import random
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from core.jobs import result_of
from core.media.annotations.values import AnnotationSource, ObjectInfo
from core.media.export.formats import exporter_named
from core.types import VideoInfo

WIDTH, HEIGHT, COUNT = 32, 24, 5
VALUES = (
    *(None, True, -1, 0, 255, 256, 65536, 10**30, -(10**18), 1e308, -1e308, float("nan")),
    *(float("inf"), "", "x" * 5000, "../../../escape", "/etc/passwd", "C:\\x", "a\x00b", "\ud800"),
    *([], {}, [[]], [{}], {"": None}, [[[[[[[[]]]]]]]], [0] * 3000, "9" * 5000, "nan", "𝟙"),
)
WORDS = (
    *("nan", "inf", "-1", "1e999", "99999999999999999999", "", "x", "../..", "\x00", "🙂"),
    *("1" * 5000, "0", "255", "1000", "40000", "0.5", "-0.0", "4"),
)
_SOURCES = {
    "masks": ("davis2017", ""),
    "object-masks": ("object-masks", ""),
    "coco": ("coco", "annotations/instances_film.json"),
    "ytvis": ("ytvis", "film.json"),
    "cvat": ("cvat-video", "film.xml"),
    "mots-png": ("mots-png", ""),
    "mots-txt": ("mots-txt", "film.txt"),
    "yolo": ("yolo-seg", ""),
}
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 24\n%%EndComments\n{} loop\n%%EOF\n"
Files = dict[str, bytes]


@dataclass(frozen=True)
class HostileCase:
    """One attack.

    Attributes:
        name: says what it is; unique.
        importer: name of the import format.
        files: what is written, by path below the folder.
        place: what is read, below the folder; empty for the folder itself.
    """

    name: str
    importer: str
    files: Files
    place: str

    def write(self, folder: Path) -> Path:
        """Write the files and return the path to read."""
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder / self.place if self.place else folder


def video(folder: Path) -> VideoInfo:
    """The video that all cases claim to belong to."""
    return VideoInfo(folder / "film", COUNT, WIDTH, HEIGHT, Fraction(25))


def hostile_cases(seed: int, count: int) -> Iterator[HostileCase]:
    """Yield so many cases: the named attacks, half of the cases at most, then changed files."""
    random_ = random.Random(seed)
    good = _good_files()
    named = list(_named(good))
    yield from random_.sample(named, min(len(named), count // 2))
    names = sorted(good)
    for made in range(min(len(named), count // 2), count):
        importer = names[made % len(names)]
        files, place = good[importer]
        yield _changed(f"{made}-{importer}", importer, (dict(files), place), random_)


def _good_files() -> dict[str, tuple[Files, str]]:
    """Files of every format that are as they should be."""

    def label_map(index: int) -> np.ndarray:
        found = np.zeros((HEIGHT, WIDTH), np.uint8)
        found[2 : 9 + index, 3:14] = 1
        found[5:7, 6:9] = 0
        found[12:20, 18:30] = 2
        return found

    objects = (ObjectInfo.plain(1, name="a", category="x"), ObjectInfo.plain(2, name="b"))
    good: dict[str, tuple[Files, str]] = {}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        source = AnnotationSource(video(root), objects, label_map, lambda _: picture)
        for importer, (exporter, place) in _SOURCES.items():
            result_of(exporter_named(exporter).export(source, root / importer))
            good[importer] = (_files_in(root / importer), place)
    good["labelme"] = (
        {f"{i:05d}.json": json.dumps(_labelme()).encode() for i in range(3)},
        "",
    )
    lines = [f"{i + 1},{k},{k * 4},3,6,7,1,-1,-1,-1" for i in range(COUNT) for k in (1, 2)]
    good["boxes"] = ({"gt.txt": "\n".join(lines).encode()}, "gt.txt")
    return good


def _labelme() -> dict:
    square = [[1, 1], [8, 1], [8, 7], [1, 7]]
    mask = base64.b64encode(_png(6, 5, 0, bytes(35))).decode()
    shapes = [
        {"label": "a", "points": square, "shape_type": "polygon", "group_id": None},
        {"label": "b", "points": [[4, 4], [6, 6]], "shape_type": "circle", "group_id": 1},
        {"label": "c", "points": [[4, 4], [9, 8]], "shape_type": "rectangle"},
        {"label": "d", "points": [[4, 4], [9, 8]], "shape_type": "mask", "mask": mask},
    ]
    return {"shapes": shapes, "imageWidth": WIDTH, "imageHeight": HEIGHT, "imagePath": "a.jpg"}


def _files_in(root: Path) -> Files:
    found = sorted(p for p in root.rglob("*") if p.is_file() and p.suffix != ".jpg")
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in found}


def _png(width: int, height: int, color: int, rows: bytes, depth: int = 8) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    palette = chunk(b"PLTE", bytes(768)) if color == 3 else b""
    body = chunk(b"IHDR", header) + palette + chunk(b"IDAT", zlib.compress(rows, 9))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


@cache
def _bombs() -> Any:
    """The module beside this one; the tests are no package."""
    path = Path(__file__).with_name("bombs.py")
    spec = importlib.util.spec_from_file_location("hostile_bombs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _named(good: dict[str, tuple[Files, str]]) -> Iterator[HostileCase]:
    """Yield the attacks that have a name."""
    yield from _named_pictures()
    yield from _named_mask_zips()
    yield from _named_xml(good["cvat"][0]["film.xml"])
    yield from _named_json(good)
    yield from _named_text()
    for importer, (files, place) in good.items():
        yield HostileCase(f"empty-{importer}", importer, dict.fromkeys(files, b""), place)


def _named_pictures() -> Iterator[HostileCase]:
    for color, depth in ((3, 8), (0, 16), (6, 8), (0, 1)):
        huge = _png(40_000, 40_000, color, bytes(1000), depth)
        for importer in ("masks", "mots-png"):
            yield HostileCase(
                f"huge-{importer}-{color}-{depth}", importer, {"m/00000.png": huge}, "m"
            )
    lying = _png(WIDTH, HEIGHT, 3, bytes(50_000_000))
    yield HostileCase("idat-bomb", "masks", {"m/00000.png": lying}, "m")
    sizes = {f"m/0000{i}.png": _png(WIDTH + i, HEIGHT, 3, bytes(2000)) for i in range(3)}
    yield HostileCase("mixed-sizes", "masks", sizes, "m")
    yield HostileCase("mixed-sizes-16", "mots-png", sizes, "m")
    for importer, name in (("masks", "m/0.png"), ("mots-png", "m/0.png"), ("masks", "m/0.tif")):
        yield HostileCase(f"eps-{importer}{name[-4:]}", importer, {name: EPS}, "m")
    yield HostileCase("eps-object-masks", "object-masks", {"m/001/00000.png": EPS}, "m")
    for name, picture in (("huge", _png(40_000, 40_000, 0, bytes(99))), ("eps", EPS)):
        mask = base64.b64encode(picture).decode()
        shape = {"label": "a", "points": [[0, 0], [39999, 39999]], "shape_type": "mask"}
        data = json.dumps({"shapes": [{**shape, "mask": mask}]}).encode()
        yield HostileCase(f"{name}-base64", "labelme", {"00000.json": data}, "")


def _named_mask_zips() -> Iterator[HostileCase]:
    good = _png(WIDTH, HEIGHT, 3, bytes((WIDTH + 1) * HEIGHT))
    whole = _zip({"film/00000.png": good, "film/00001.png": good})
    spoiled = bytearray(whole)
    spoiled[60] ^= 255
    zips = {
        "huge": _zip({"film/00000.png": _png(40_000, 40_000, 3, bytes(1000))}),
        "paths": _zip({"../../00000.png": good, "/00001.png": good}),
        "one-way-out": _zip({"../../escape/00000.png": good}),
        "twice": _zip({"film/0.png": good, "film/00000.png": good}),
        "sizes": _zip({"film/00000.png": good, "film/00001.png": _png(3, 3, 3, bytes(12))}),
        "spoiled": bytes(spoiled),
        "cut": whole[:-40],
        "none": b"PK\x05\x06" + bytes(18),
        "empty": b"",
        "eps": _zip({"film/00000.png": EPS}),
        "endless-list": _long_list(380_000),
        "endless-list-64": _long_list(380_000, wide=True),
    }
    bombs = _bombs()
    for method in bombs.METHODS:
        for said in (bombs.SIZE, 1 << 20):
            zips[f"{method}-{said}"] = bombs.bomb("film/00000.png", method, said=said)
    for name, data in zips.items():
        yield HostileCase(f"mask-zip-{name}", "masks", {"a.zip": data}, "a.zip")


def _long_list(count: int, *, wide: bool = False) -> bytes:
    """A zip that lists very many files and holds none; `wide` gives its length in 64 bits."""
    listed = struct.pack("<4s24x3H12x", b"PK\x01\x02", 1, 0, 0) + b"x"
    size = count * len(listed)
    record = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, 0)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, size, 1)
    short = 0xFFFFFFFF if wide else size
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, short, 0, 0)
    return listed * count + (record + locator if wide else b"") + end


def _named_xml(good: bytes) -> Iterator[HostileCase]:
    laughs = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(12))
    texts = {
        "laughs": f'<!DOCTYPE a [<!ENTITY e0 "ha">{laughs}]><annotations>&e12;</annotations>',
        "quadratic": f'<!DOCTYPE a [<!ENTITY b "{"x" * 50_000}">]><annotations>{"&b;" * 50_000}'
        "</annotations>",
        "external": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
        "<annotations>&b;</annotations>",
        "deep": "<annotations>" + "<track>" * 200_000,
        "wide": "<annotations>" + "<track/>" * 100_000 + "</annotations>",
        "long-track": '<annotations><track id="0" label="a"><box frame="0" xtl="nan" ytl="0"'
        ' xbr="1" ybr="1"/></track></annotations>',
    }
    for name, text in texts.items():
        yield HostileCase(f"xml-{name}", "cvat", {"a.xml": text.encode()}, "a.xml")
    zips = {
        "bomb": _bombs().bomb("annotations.xml", "deflate"),
        "paths": _zip({"../../escape.txt": b"x", "/tmp_escape.txt": b"x"}),
        "twice": _zip({"a/annotations.xml": good, "b/annotations.xml": good}),
        "good-and-paths": _zip({"../escape.txt": b"x", "annotations.xml": good}),
        "none": b"PK\x05\x06" + bytes(18),
        "cut": _zip({"annotations.xml": good})[:200],
    }
    for name, data in zips.items():
        yield HostileCase(f"zip-{name}", "cvat", {"a.zip": data}, "a.zip")


def _named_json(good: dict[str, tuple[Files, str]]) -> Iterator[HostileCase]:
    texts = {
        "deep": b"[" * 500_000,
        "deep-objects": b'{"images":' * 100_000,
        "many": b"[" + b"0," * 12_000_000 + b"0]",
        "nan": b'{"images": NaN, "annotations": []}',
        "digits": b'{"images": ' + b"9" * 100_000 + b"}",
        "utf-16": '{"images": []}'.encode("utf-16"),
        "twice": b'{"images": [], "images": 3, "annotations": {}}',
        "list": b"[]",
        "null": b"null",
    }
    for number, (name, data) in enumerate(texts.items()):
        importer = ("coco", "ytvis")[number % 2]
        yield HostileCase(f"json-{name}", importer, {"a.json": data}, "a.json")
    document = json.loads(good["coco"][0]["annotations/instances_film.json"])
    for entry in document["annotations"]:
        entry["segmentation"] = [[-1e300, -1e300, 1e300, -1e300, 1e300, 1e300, 1e-300, 7]]
    yield HostileCase("far-corners", "coco", {"a.json": json.dumps(document).encode()}, "a.json")
    for entry in document["annotations"]:
        entry["segmentation"] = [[0, -1e9, 1, 1e9] * 2000]
    yield HostileCase("comb", "coco", {"a.json": json.dumps(document).encode()}, "a.json")
    for entry in document["annotations"]:
        entry["segmentation"] = {"size": [HEIGHT, WIDTH], "counts": [10**9, -(10**9)]}
    yield HostileCase("huge-runs", "coco", {"a.json": json.dumps(document).encode()}, "a.json")
    meta = b'{"videos": {"film": {"objects": {"999": {"frames": ["../../x"]}}}}}'
    files = {"Annotations/film/00000.png": _png(WIDTH, HEIGHT, 3, bytes(HEIGHT * (WIDTH + 1)))}
    yield HostileCase("meta-ids", "masks", {**files, "meta.json": meta}, "")
    yield HostileCase("meta-deep", "masks", {**files, "meta.json": b"[" * 200_000}, "")


def _named_text() -> Iterator[HostileCase]:
    texts = {
        "nan": "1,1,nan,nan,nan,nan,1\n",
        "line": "1," * 2_000_000,
        "quote": '"' * 200_001,
        "frames": "99999999,1,0,0,5,5,1\n",
        "nul": "1,1,\x00,0,5,5\n",
        "ids": "".join(f"1,{i},0,0,5,5,1\n" for i in range(2000)),
        "rows": "1,1,0,0,5,5,1\n" * 1_100_000,
        "lines": "\n" * 10_000_000,
    }
    for name, text in texts.items():
        yield HostileCase(f"csv-{name}", "boxes", {"a.csv": text.encode()}, "a.csv")
    runs = {
        "mots-huge": f"0 1001 1 {HEIGHT} {WIDTH} " + "o" * 5_000_000,
        "mots-size": "0 1001 1 40000 40000 0",
    }
    for name, text in runs.items():
        yield HostileCase(name, "mots-txt", {"a.txt": text.encode()}, "a.txt")
    yolo = {"y/00000.txt": b"0 " + b"0.5 0.5 " * 300_000}
    yield HostileCase("yolo-long", "yolo", yolo, "y")


def _changed(
    name: str, importer: str, good: tuple[Files, str], random_: random.Random
) -> HostileCase:
    files, place = good
    target = random_.choice(sorted(files))
    data = files[target]
    changes: list[Callable[[bytes, random.Random], bytes]] = [_cut, _flip, _repeat]
    if target.endswith(".json"):
        changes = [_json_value, _json_value, _json_value, _cut, _flip]
    elif target.endswith((".txt", ".xml", ".yaml")):
        changes = [_word, _word, _word, _cut, _flip, _repeat]
    change = random_.choice(changes)
    files[target] = change(data, random_)
    return HostileCase(f"{name}{change.__name__}", importer, files, place)


def _cut(data: bytes, random_: random.Random) -> bytes:
    return data[: random_.randrange(len(data) + 1)]


def _flip(data: bytes, random_: random.Random) -> bytes:
    """Change some bytes; text stays ASCII, so that more than its first check is tried."""
    changed = bytearray(data)
    values = range(32, 127) if data.isascii() else range(256)
    for _ in range(random_.choice((1, 3, 30)) if changed else 0):
        changed[random_.randrange(len(changed))] = random_.choice(values)
    return bytes(changed)


def _repeat(data: bytes, random_: random.Random) -> bytes:
    start = random_.randrange(len(data) + 1)
    return data[:start] + data[start : start + 40] * random_.choice((2, 50)) + data[start:]


def _word(data: bytes, random_: random.Random) -> bytes:
    """Put something else in place of a number."""
    text = data.decode("utf-8")
    places = [i for i, letter in enumerate(text) if letter.isdigit()]
    if not places:
        return data + b"x y z\n"
    start = random_.choice(places)
    stop = start
    while stop < len(text) and (text[stop].isdigit() or text[stop] == "."):
        stop += 1
    return (text[:start] + random_.choice(WORDS) + text[stop:]).encode("utf-8")


def _json_value(data: bytes, random_: random.Random) -> bytes:
    """Put something else in place of a value, or leave it out."""
    document = json.loads(data)
    places: list[tuple[dict | list, str | int]] = []

    def walk(node: object) -> None:
        pairs = node.items() if isinstance(node, dict) else ()
        pairs = enumerate(node) if isinstance(node, list) else pairs
        for key, value in pairs:
            places.append((node, key))
            walk(value)

    walk(document)
    parent, key = random_.choice(places)
    if isinstance(parent, dict) and random_.random() < 0.15:
        del parent[key]
    else:
        parent[key] = random_.choice(VALUES)
    return json.dumps(document).encode("utf-8")
