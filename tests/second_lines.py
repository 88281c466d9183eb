"""CVAT, boxes in text and YOLO: generated files, and a second reading of them."""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from tests_second_base import (
    FRAMES,
    HEIGHT,
    NAMES,
    WIDTH,
    Expected,
    frames,
    inside,
    outline,
    rectangle,
    runs,
    turned_ellipse,
)


def make_cvat(rng, folder):
    root = ElementTree.Element("annotations")
    ElementTree.SubElement(root, "version").text = "1.1"
    task = ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "task")
    size = ElementTree.SubElement(task, "original_size")
    for name, value in (("width", WIDTH), ("height", HEIGHT)):
        ElementTree.SubElement(size, name).text = str(value)
    as_images = rng.random() < 0.5
    if as_images:
        for index in frames(rng):
            image = ElementTree.SubElement(root, "image", id=str(index), name=f"{index:06d}.png")
            for number in range(int(rng.integers(1, 4))):
                cvat_shape(rng, image, {"label": NAMES[number]})
    else:
        for number in range(int(rng.integers(1, 4))):
            track = ElementTree.SubElement(root, "track", id=str(number), label=NAMES[number])
            for index in frames(rng):
                cvat_shape(rng, track, {"frame": str(index), "outside": "0"}, polygons=number % 2)
    if rng.random() < 0.3:
        wrong = {"frame": "0", "outside": "0", "label": NAMES[0], "points": "1,2;3"}
        ElementTree.SubElement(root[-1], "polygon", wrong)
    place = folder / ("annotations.xml" if rng.random() < 0.5 else "set/annotations.xml")
    place.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(root).write(place, encoding="utf-8", xml_declaration=True)
    return place if place.parent == folder else place.parent


def cvat_shape(rng, parent, attributes, *, polygons=None):
    kind = int(rng.integers(4)) if polygons is None else int(rng.integers(2)) + 2 * polygons
    z = attributes | {"z_order": str(int(rng.integers(3)))}
    angle = f"{rng.choice([0, 90, 30, 271.5, 180, 45]):.2f}"
    if kind == 0:
        x0, y0, x1, y1 = rectangle(rng, 3)
        if rng.random() < 0.3:
            x0, x1 = x1, x0
        place = {"xtl": x0, "ytl": y0 + 0.25, "xbr": x1, "ybr": y1, "rotation": angle}
        ElementTree.SubElement(parent, "box", z | {k: str(v) for k, v in place.items()})
    elif kind == 1:
        place = {"cx": 15.3, "cy": 9.7, "rx": rng.uniform(3, 9), "ry": 2.2, "rotation": angle}
        place = {k: f"{v}" for k, v in place.items()}
        ElementTree.SubElement(parent, "ellipse", z | place)
    elif kind == 2:
        points = ";".join(f"{x},{y}" for x, y in outline(rng))
        ElementTree.SubElement(parent, "polygon", z | {"points": points})
    else:
        x0, y0, x1, y1 = rectangle(rng)
        mask = rng.random((y1 - y0, x1 - x0)) < 0.6
        place = {"left": x0, "top": y0, "width": x1 - x0, "height": y1 - y0}
        place["rle"] = ", ".join(str(n) for n in runs(mask.ravel()))
        ElementTree.SubElement(parent, "mask", z | {k: str(v) for k, v in place.items()})


def check_cvat(path, found, _info):
    root = ElementTree.parse(path / "annotations.xml" if path.is_dir() else path).getroot()
    expected, shapes = Expected(), []
    for image in root.iter("image"):
        seen = defaultdict(int)
        for shape in image:
            name = shape.get("label")
            seen[name] += 1
            label = name if seen[name] == 1 else f"{name} #{seen[name]}"
            shapes.append((int(Path(image.get("name")).stem), label, shape))
    for track in root.iter("track"):
        only_mask = len(track) == 1 and track[0].tag == "mask"
        label = track.get("label") if only_mask else f"track {track.get('id')}"
        between = [s for s in track if s.tag == "box"]
        expected.boxes += cvat_between(between, label)
        shapes += [(int(s.get("frame")), label, s) for s in track]
    shapes.sort(key=lambda entry: int(entry[2].get("z_order", 0)))
    for index, label, shape in shapes:
        number = {k: float(v) for k, v in shape.attrib.items() if k in CVAT_NUMBERS}
        if shape.tag == "polygon":
            parts = [part.split(",") for part in shape.get("points").split(";")]
            if any(len(part) != 2 for part in parts):
                expected.left_out += 1
                continue
            expected.paint(index, label, inside([[float(x), float(y)] for x, y in parts]))
        elif shape.tag == "ellipse":
            values = (number[k] for k in ("cx", "cy", "rx", "ry", "rotation"))
            expected.paint(index, label, turned_ellipse(*values))
        elif shape.tag == "mask":
            expected.paint(index, label, cvat_mask(shape))
        elif shape.get("frame") is None:
            expected.box(index, label, cvat_box(shape))
    expected.compare(found)


CVAT_NUMBERS = {"cx", "cy", "rx", "ry", "rotation"}


def cvat_mask(shape):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    left, top, wide, _ = (int(shape.get(k)) for k in ("left", "top", "width", "height"))
    place, value = 0, False
    for count in shape.get("rle").split(","):
        for position in range(place, place + int(count)):
            mask[top + position // wide, left + position % wide] = value
        place, value = place + int(count), not value
    return mask


def cvat_box(shape, numbers=None):
    """The box around the turned box, by the sizes of its sides."""
    names = ("xtl", "ytl", "xbr", "ybr", "rotation")
    x0, y0, x1, y1, angle = numbers or [float(shape.get(name)) for name in names]
    turn = math.radians(angle)
    wide, high = abs(x1 - x0), abs(y1 - y0)
    half = (wide * abs(math.cos(turn)) + high * abs(math.sin(turn))) / 2
    tall = (wide * abs(math.sin(turn)) + high * abs(math.cos(turn))) / 2
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return x - half, y - tall, x + half, y + tall


def cvat_between(shapes, label):
    """The boxes of a track on all frames from the first to the last."""
    names = ("xtl", "ytl", "xbr", "ybr", "rotation")
    known = sorted((int(s.get("frame")), [float(s.get(n)) for n in names]) for s in shapes)
    boxes = Expected()
    for index in range(FRAMES):
        if not known or not known[0][0] <= index <= known[-1][0]:
            continue
        low = max(k for k in known if k[0] <= index)
        high = min(k for k in known if k[0] >= index)
        share = 0 if low == high else (index - low[0]) / (high[0] - low[0])
        mixed = [a + (b - a) * share for a, b in zip(low[1][:4], high[1][:4], strict=False)]
        turn = min(
            (high[1][4] + whole - low[1][4] for whole in (-360, 0, 360)),
            key=lambda t: (abs(t), t),
        )
        boxes.box(index, label, cvat_box(None, [*mixed, low[1][4] + turn * share]))
    return boxes.boxes


def make_boxes(rng, folder):
    delimiter = ",;"[int(rng.integers(2))]
    by_corners = rng.random() < 0.5
    head = [
        "frame",
        "track_id",
        "xmin",
        "ymin",
        *(("xmax", "ymax") if by_corners else "wh"),
        "label",
    ]
    rows = []
    for index in frames(rng):
        for number in range(int(rng.integers(1, 4))):
            x0, y0, x1, y1 = (v + round(rng.uniform(0, 0.9), 2) for v in rectangle(rng))
            if by_corners and rng.random() < 0.3:
                x0, x1 = x1, x0
            ends = (x1, y1) if by_corners else (abs(x1 - x0), abs(y1 - y0))
            rows.append([index, number + 2, x0, y0, *ends, NAMES[number]])
    if rng.random() < 0.3:
        rows.insert(1, [1, 2, "nan", 3, 4, 5, "car"])
    order = rng.permutation(len(head)) if rng.random() < 0.5 else np.arange(len(head))
    path = folder / "boxes.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        for row in [head, *rows]:
            writer.writerow([row[i] for i in order])
    return path


def check_boxes(path, found, _info):
    text = path.read_text()
    expected = Expected()
    for row in csv.DictReader(text.splitlines(), delimiter=";" if ";" in text else ","):
        x, y = float(row["xmin"]), float(row["ymin"])
        if math.isnan(x):
            expected.left_out += 1
            continue
        right = float(row["xmax"]) if "xmax" in row else x + float(row["w"])
        bottom = float(row["ymax"]) if "ymax" in row else y + float(row["h"])
        expected.box(int(row["frame"]), f"track {row['track_id']}", (x, y, right, bottom))
    expected.compare(found)


def make_yolo(rng, folder):
    extra, kind = int(rng.integers(4)), int(rng.integers(3))
    root = ("labels", "labels/train", "obj_train_data", "train/labels", "")[int(rng.integers(5))]
    path = folder / "yolo" / root
    path.mkdir(parents=True)
    names = [f"  {i}: {name} # {i}" for i, name in enumerate(NAMES)]
    (folder / "yolo" / "data.yaml").write_text("\n".join(["# x", "names:", *names, "nc: 4"]))
    wrong = rng.random() < 0.3
    for index in frames(rng):
        lines = []
        for number in range(int(rng.integers(1, 4))):
            if kind == 0 or (kind == 2 and rng.random() < 0.5 and extra != 2):
                x0, y0, x1, y1 = rectangle(rng)
                values = [(x0 + x1) / 2 / WIDTH, (y0 + y1) / 2 / HEIGHT]
                values += [(x1 - x0) / WIDTH, (y1 - y0) / HEIGHT]
            else:
                values = [
                    v / size
                    for point in outline(rng)
                    for v, size in zip(point, (WIDTH, HEIGHT), strict=False)
                ]
            cells = [str(number), *(f"{v:.6f}" for v in values)]
            cells += [f"{rng.uniform(0.1, 0.99):.4f}"] if extra in (1, 3) else []
            cells += [str(number + 5)] if extra in (2, 3) else []
            lines.append(" ".join(cells))
        if wrong:
            lines.append(" ".join(["0", *["9.5"] * (len(cells) - 3), "0.5", *cells[-1:]]))
        (path / f"{index:05d}.txt").write_text("\n".join(lines) + "\n")
    (folder / "yolo" / "extra.json").write_text(json.dumps(extra))
    return folder / "yolo"


def check_yolo(path, found, _info):
    extra = json.loads((path / "extra.json").read_text())
    expected = Expected()
    for file in sorted(f for f in path.rglob("*.txt")):
        index, seen = int(file.stem), defaultdict(int)
        for line in file.read_text().splitlines():
            cells = line.split()
            track = cells.pop() if extra in (2, 3) else None
            values = [float(cell) for cell in cells[1 : len(cells) - (extra in (1, 3))]]
            name = NAMES[int(cells[0])]
            if 9.5 in values:
                expected.left_out += 1
                continue
            seen[name] += 1
            label = name if seen[name] == 1 else f"{name} #{seen[name]}"
            label = label if track is None else f"track {track}"
            if len(values) == 4:
                x, y, wide, high = (
                    v * s for v, s in zip(values, (WIDTH, HEIGHT) * 2, strict=False)
                )
                expected.box(index, label, (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2))
            else:
                points = [
                    (x * WIDTH, y * HEIGHT) for x, y in zip(values[::2], values[1::2], strict=False)
                ]
                expected.paint(index, label, inside(points))
    expected.compare(found)
