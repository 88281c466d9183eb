"""What the second reading of imports is made of: drawing pixel by pixel, and comparing."""

from __future__ import annotations

import json
import math
from collections import defaultdict

import numpy as np
from pycocotools import mask as coco_mask

WIDTH, HEIGHT, FRAMES = 32, 20, 12
FORMATS = (
    *("masks", "object-masks", "coco", "ytvis", "cvat", "labelme", "boxes"),
    *("mots-png", "mots-txt", "yolo"),
)
NAMES = ("car", "dog", "a man", "Hund")


def frames(rng):
    """Some frames, always with the first, so that the counting is plain."""
    more = rng.choice(np.arange(1, FRAMES - 1), rng.integers(1, 5), replace=False)
    return [0, *sorted(int(i) for i in more)]


def rectangle(rng, least=2):
    wide, high = rng.integers(least, 12), rng.integers(least, 9)
    left, top = rng.integers(0, WIDTH - wide), rng.integers(0, HEIGHT - high)
    return int(left), int(top), int(left + wide), int(top + high)


def outline(rng):
    """Corners of a star about a point; no corner on a pixel's center."""
    count = int(rng.integers(3, 9))
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    radii = rng.uniform(2, 9, count)
    x = rng.uniform(4, WIDTH - 4) + radii * np.cos(angles)
    y = rng.uniform(4, HEIGHT - 4) + radii * np.sin(angles)
    return [
        [round(float(a), 3) + 1e-4, round(float(b), 3) + 1e-4] for a, b in zip(x, y, strict=False)
    ]


def blob(rng):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    left, top, right, bottom = rectangle(rng)
    mask[top:bottom, left:right] = rng.random((bottom - top, right - left)) < 0.8
    mask[top, left] = True
    return mask


def inside(points, height=HEIGHT, width=WIDTH):
    """Pixels whose center is inside by the even-odd rule, one pixel after the other."""
    mask = np.zeros((height, width), bool)
    ends = list(zip(points, [*points[1:], points[0]], strict=False))
    for row in range(height):
        y = row + 0.5
        cuts = [
            x0 + (y - y0) / (y1 - y0) * (x1 - x0)
            for (x0, y0), (x1, y1) in ends
            if (y0 <= y) != (y1 <= y)
        ]
        for column in range(width):
            mask[row, column] = sum(cut > column + 0.5 for cut in cuts) % 2
    return mask


def turned_ellipse(cx, cy, rx, ry, angle):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    turn = math.radians(angle)
    for row in range(HEIGHT):
        for column in range(WIDTH):
            x, y = column + 0.5 - cx, row + 0.5 - cy
            along = x * math.cos(turn) + y * math.sin(turn)
            across = y * math.cos(turn) - x * math.sin(turn)
            mask[row, column] = (along / rx) ** 2 + (across / ry) ** 2 <= 1
    return mask


def runs(flat):
    """Lengths of alternating runs, the first of background."""
    counts, current, length = [], False, 0
    for value in flat:
        if bool(value) != current:
            counts.append(length)
            current, length = bool(value), 0
        length += 1
    return [*counts, length]


def packed(mask):
    return coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def stem(index, style):
    return (f"{index:05d}", f"frame_{index:06d}", f"film_{index}")[style]


class Expected:
    """Painted masks and boxes by label."""

    def __init__(self):
        self.painted = defaultdict(list)
        self.boxes = []
        self.left_out = 0

    def paint(self, index, label, mask):
        self.painted[index].append((label, mask))

    def box(self, index, label, corners):
        x0, y0, x1, y1 = corners
        left, right = sorted((x0, x1))
        top, bottom = sorted((y0, y1))
        left, right = max(0.0, left), min(float(WIDTH), right)
        top, bottom = max(0.0, top), min(float(HEIGHT), bottom)
        if left < right and top < bottom:
            self.boxes.append((index, label, left, top, right, bottom))

    def compare(self, found, loose=None):
        """Fail where something differs; `loose` says which pixels may, by frame."""
        keyframes = {k.frame_index: k for k in found.keyframes()}
        for index, shapes in self.painted.items():
            expected = np.zeros((HEIGHT, WIDTH), np.uint8)
            for label, mask in shapes:
                expected[mask] = found.mapping[label]
            differs = keyframes[index].label_map != expected
            if loose is not None:
                differs &= ~loose[index]
            assert not differs.any(), (index, np.argwhere(differs)[:5].tolist())
            assert set(np.unique(expected).tolist()) - {0} <= set(keyframes[index].object_ids)
        for index, keyframe in keyframes.items():
            assert self.painted.get(index) or not keyframe.label_map.any()
        wanted = sorted((i, found.mapping[label], *rest) for i, label, *rest in self.boxes)
        given = sorted(
            (b.frame_index, b.object_id, b.left, b.top, b.right, b.bottom) for b in found.boxes
        )
        assert len(given) == len(wanted)
        np.testing.assert_allclose(np.array(given), np.array(wanted), atol=1e-6)
        told = [n for n in found.notes if "not understood" in n]
        assert len(told) == bool(self.left_out), told
        assert not told or f"left out: {self.left_out}." in told[0]


def check_values(images, found, values, void=None):
    """One value is one object in all images, and its number where it is an id."""
    ids = {}
    for keyframe in found.keyframes():
        image = images[keyframe.frame_index]
        for value in np.unique(image).tolist():
            given = np.unique(keyframe.label_map[image == value]).tolist()
            if value in (0, void):
                assert given == [255 if value == void else 0]
                continue
            assert len(given) == 1 and given[0] not in (0, 255)
            assert ids.setdefault(value, given[0]) == given[0]
            assert values[value] in (None, given[0])
    assert set(ids) == set(values) and len(set(ids.values())) == len(ids)
