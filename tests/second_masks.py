"""Masks, object masks and MOTS: generated files, and a second reading of them."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask
from tests_second_base import (
    HEIGHT,
    WIDTH,
    Expected,
    blob,
    check_values,
    frames,
    packed,
    rectangle,
)


def make_mots_png(rng, folder):
    (folder / "mots").mkdir()
    for index in frames(rng):
        values = np.zeros((HEIGHT, WIDTH), np.uint16)
        for number in range(int(rng.integers(1, 5))):
            values[blob(rng)] = (10000, 1001, 2003, 2000)[number]
        Image.fromarray(values).save(folder / "mots" / f"{index:06d}.png")
    return folder / "mots"


def check_mots_png(path, found, _info):
    images = {int(f.stem): np.asarray(Image.open(f)) for f in sorted(path.iterdir())}
    values = sorted({int(v) for image in images.values() for v in np.unique(image)} - {0, 10000})
    check_values(images, found, dict.fromkeys(values), void=10000)


def make_mots_txt(rng, folder):
    lines = []
    for index in frames(rng):
        taken = np.zeros((HEIGHT, WIDTH), bool)
        for value in (2001, 1005, 10000)[: int(rng.integers(1, 4))]:
            mask = blob(rng) & ~taken
            taken |= mask
            lines.append(f"{index} {value} {value // 1000} {HEIGHT} {WIDTH} {packed(mask)}")
    path = folder / "mots.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def check_mots_txt(path, found, _info):
    images = defaultdict(lambda: np.zeros((HEIGHT, WIDTH), np.int64))
    for line in path.read_text().splitlines():
        index, value, _, high, wide, counts = line.split(" ", 5)
        mask = coco_mask.decode({"size": [int(high), int(wide)], "counts": counts.encode()})
        images[int(index)][mask.astype(bool)] = int(value)
    values = {int(v) for image in images.values() for v in np.unique(image)} - {0, 10000}
    check_values(images, found, dict.fromkeys(values), void=10000)


def make_masks(rng, folder):
    kind = ("ids", "levels", "deep", "color", "palette", "binary", "shuffled")[int(rng.integers(7))]
    (folder / kind).mkdir()
    colors = rng.permutation(np.array([50, 90, 130, 170, 210, 250]))
    picked = [int(v) for v in colors[:3]]
    if kind == "ids":
        picked = [1, 2, int(rng.integers(9, 120))]
    elif kind == "deep":
        picked = [1000 + value for value in picked]
    elif kind == "binary":
        picked = [(1, 255, 200)[int(rng.integers(3))]] * 3
    wheel = [(0, 0, 0), *(tuple(int(v) for v in rng.integers(60, 256, 3)) for _ in range(3))]
    for index in frames(rng):
        numbers = np.zeros((HEIGHT, WIDTH), np.uint8)
        for number in (1, 2, 3)[: int(rng.integers(1, 4))]:
            x0, y0, x1, y1 = rectangle(rng, 1)
            numbers[y0:y1, x0:x1] = number
        Image.fromarray(*mask_pixels(rng, kind, numbers, (picked, wheel))).save(
            folder / kind / f"{index:05d}.png"
        ) if kind not in ("palette", "shuffled") else palette_image(rng, kind, numbers, wheel).save(
            folder / kind / f"{index:05d}.png"
        )
    return folder / kind


def mask_pixels(_rng, kind, numbers, values):
    picked, wheel = values
    if kind == "color":
        return (np.array(wheel, np.uint8)[numbers],)
    table = np.array([0, *picked], np.uint16 if kind == "deep" else np.uint8)
    return (table[numbers],)


def palette_image(rng, kind, numbers, wheel):
    order = (
        [0, *(int(v) for v in rng.permutation([1, 2, 3]))] if kind == "shuffled" else [0, 1, 2, 3]
    )
    image = Image.fromarray(np.array([order.index(i) for i in range(4)], np.uint8)[numbers])
    image.putpalette([part for place in order for part in wheel[place]])
    return image


def check_masks(path, found, _info):
    images = {}
    for file in sorted(path.iterdir()):
        with Image.open(file) as image:
            rgb = path.name in ("color", "shuffled")
            pixels = np.asarray(image.convert("RGB") if rgb else image).astype(np.int64)
        images[int(file.stem)] = pixels @ np.array([1 << 16, 1 << 8, 1]) if rgb else pixels
    values = {int(v) for image in images.values() for v in np.unique(image)} - {0}
    own = path.name in ("ids", "palette")
    check_values(images, found, {value: value if own else None for value in values})


def make_object_masks(rng, folder):
    for name in ("001", "002 car", "9")[: int(rng.integers(1, 4))]:
        (folder / "objects" / name).mkdir(parents=True)
        for index in frames(rng):
            top = int(rng.choice([1, 2, 128, 255]))
            pixels = blob(rng).astype(np.uint8) * np.uint8(top)
            image = Image.fromarray(pixels)
            if rng.random() < 0.3:
                image = Image.fromarray((pixels > 0).astype(np.uint8))
                image.putpalette([0, 0, 0, 128, 0, 0])
            image.save(folder / "objects" / name / f"{index:05d}.png")
    return folder / "objects"


def check_object_masks(path, found, _info):
    expected = Expected()
    for folder in sorted(path.iterdir()):
        for file in sorted(folder.iterdir()):
            with Image.open(file) as image:
                expected.paint(int(file.stem), folder.name, np.asarray(image) > 0)
    assert all(found.mapping[f.name] == int(f.name.split()[0]) for f in path.iterdir())
    expected.compare(found)
