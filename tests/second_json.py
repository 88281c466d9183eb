"""COCO, YouTube-VIS and LabelMe: generated files, and a second reading of them."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from pathlib import Path

from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from tests_second_base import (
    HEIGHT,
    NAMES,
    WIDTH,
    Expected,
    blob,
    frames,
    inside,
    outline,
    packed,
    rectangle,
    runs,
    stem,
    turned_ellipse,
    write_json,
)


def make_coco(rng, folder):
    style, kind = int(rng.integers(3)), int(rng.integers(4))
    tracked, key = rng.random() < 0.5, (lambda i: i, str)[int(rng.integers(2))]
    images, entries = [], []
    for index in frames(rng):
        image = {"id": 100 + index, "file_name": f"{stem(index, style)}.jpg"}
        images.append(image | {"width": WIDTH, "height": HEIGHT})
        for number in range(int(rng.integers(1, 4))):
            entry = {"id": len(entries) + 1, "image_id": key(100 + index), "iscrowd": 0}
            entry |= {"category_id": key(number), "area": 1, "bbox": [0, 0, 1, 1]}
            if tracked:
                entry["track_id"] = number + 3
            entries.append(entry | coco_shape(rng, kind))
    if rng.random() < 0.3:
        wrong = {"bbox": [1, 2, 3]} if kind == 3 else {"segmentation": [[1, 2, "x", 4, 5, 6]]}
        if kind in (1, 2):
            wrong = {"segmentation": {"size": [HEIGHT, WIDTH], "counts": [3, 4]}}
        entries.append(dict(entries[-1]) | {"id": len(entries) + 1} | wrong)
    names = [{"id": key(i), "name": name} for i, name in enumerate(NAMES)]
    document = {"images": images, "annotations": entries, "categories": names}
    return write_json(folder / "instances.json", document)


def coco_shape(rng, kind):
    if kind == 0:
        x0, y0, x1, y1 = rectangle(rng)
        parts = [[x0, y0, x1, y0, x1, y1, x0, y1]]
        return {"segmentation": parts}
    if kind in (1, 2):
        mask = blob(rng)
        counts = packed(mask) if kind == 1 else runs(mask.ravel(order="F"))
        return {"segmentation": {"size": [HEIGHT, WIDTH], "counts": counts}}
    x, y, wide, high = rng.uniform(-3, 25), rng.uniform(-3, 15), rng.uniform(4, 9), 6.5
    return {"segmentation": [], "bbox": [float(x), float(y), float(wide), high]}


def check_coco(path, found, _info):
    document = json.loads(path.read_text())
    good = [e for e in document["annotations"] if not is_wrong(e)]
    expected = Expected()
    expected.left_out = len(document["annotations"]) - len(good)
    names = {str(c["id"]): c["name"] for c in document["categories"]}
    stems = {str(i["id"]): int(i["file_name"][:-4].split("_")[-1]) for i in document["images"]}
    plain = [e | {"image_id": int(e["image_id"]), "category_id": 1} for e in good]
    other = write_json(
        path.parent / "other" / "plain.json",
        document
        | {"images": [i | {"id": int(i["id"])} for i in document["images"]]}
        | {"annotations": plain, "categories": [{"id": 1, "name": "x"}]},
    )
    api = COCO(str(other))
    seen = defaultdict(int)
    for entry in good:
        index = stems[str(entry["image_id"])]
        name = names[str(entry["category_id"])]
        seen[index, name] += 1
        count = seen[index, name]
        label = name if count == 1 else f"{name} #{count}"
        label = f"track {entry['track_id']}" if "track_id" in entry else label
        if entry["segmentation"]:
            mask = api.annToMask(api.loadAnns(entry["id"])[0]).astype(bool)
            expected.paint(index, label, mask)
        else:
            x, y, wide, high = entry["bbox"]
            expected.box(index, label, (x, y, x + wide, y + high))
    expected.compare(found)


def is_wrong(entry):
    drawn = entry["segmentation"]
    if isinstance(drawn, dict) and drawn["counts"] == [3, 4]:
        return True
    return len(entry["bbox"]) != 4 or (
        isinstance(drawn, list) and any("x" in part for part in drawn)
    )


def make_ytvis(rng, folder):
    index = sorted(frames(rng))
    style = int(rng.integers(3))
    video = {"id": 7, "name": "film", "width": WIDTH, "height": HEIGHT, "length": len(index)}
    video["file_names"] = [f"film/{stem(i, style)}.jpg" for i in index]
    entries = []
    for number in range(int(rng.integers(1, 4))):
        masks = [blob(rng) if rng.random() < 0.7 else None for _ in index]
        drawn = [
            None
            if mask is None
            else {
                "size": [HEIGHT, WIDTH],
                "counts": packed(mask) if rng.random() < 0.5 else runs(mask.ravel(order="F")),
            }
            for mask in masks
        ]
        entries.append({"id": 5 + number, "video_id": 7, "category_id": 1, "segmentations": drawn})
    names = [{"id": 1, "name": "car"}]
    document = {"videos": [video], "annotations": entries, "categories": names}
    return write_json(folder / "ytvis.json", document)


def check_ytvis(path, found, _info):
    document = json.loads(path.read_text())
    expected = Expected()
    names = document["videos"][0]["file_names"]
    places = [int(Path(name).stem.split("_")[-1]) for name in names]
    for entry in document["annotations"]:
        for index, drawn in zip(places, entry["segmentations"], strict=False):
            if drawn is not None:
                expected.paint(index, f"track {entry['id']}", decoded(drawn))
    expected.compare(found)


def decoded(drawn):
    if isinstance(drawn["counts"], list):
        drawn = coco_mask.frPyObjects(drawn, *drawn["size"])
    return coco_mask.decode(drawn).astype(bool)


def make_labelme(rng, folder):
    style, wrong = int(rng.integers(3)), rng.random() < 0.3
    for index in frames(rng):
        shapes = []
        for number in range(int(rng.integers(1, 4))):
            kind = ("polygon", "circle", "rectangle", "rotation")[int(rng.integers(4))]
            shape = {"label": NAMES[number], "shape_type": kind, "flags": {}}
            shape["group_id"] = number if rng.random() < 0.5 else None
            x0, y0, x1, y1 = rectangle(rng)
            points = outline(rng)
            if kind == "circle":
                points = [[x0 + 0.2, y0 + 0.1], [x1, y0]]
            elif kind == "rectangle":
                points = [[x1, y0], [x0, y1]]
                if rng.random() < 0.5:
                    points = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
            elif kind == "rotation":
                points = [[x0, (y0 + y1) / 2], [(x0 + x1) / 2, y0], [x1, y0 + 1], [x0 + 2, y1]]
            shapes.append(shape | {"points": points})
        if wrong:
            shapes.append({"label": "x", "shape_type": "blob", "points": [[1, 2], [3, 4]]})
        document = {"shapes": shapes, "imageWidth": WIDTH, "imageHeight": HEIGHT}
        write_json(folder / "labelme" / f"{stem(index, style)}.json", document)
    return folder / "labelme"


def check_labelme(path, found, _info):
    expected = Expected()
    for file in sorted(path.iterdir()):
        index = int(file.stem.split("_")[-1])
        seen = defaultdict(int)
        for shape in json.loads(file.read_text())["shapes"]:
            points, kind, label = shape["points"], shape["shape_type"], shape["label"]
            if shape.get("group_id") is not None:
                label = f"{label} group {shape['group_id']}"
            else:
                seen[label] += 1
                label = label if seen[label] == 1 else f"{label} #{seen[label]}"
            if kind == "polygon":
                expected.paint(index, label, inside(points))
            elif kind == "circle":
                radius = math.dist(*points)
                expected.paint(index, label, turned_ellipse(*points[0], radius, radius, 0))
            elif kind == "blob":
                expected.left_out += 1
            else:
                across, down = zip(*points, strict=False)
                expected.box(index, label, (min(across), min(down), max(across), max(down)))
    expected.compare(found)
