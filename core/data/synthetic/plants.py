"""Vegetation: blades and flowers on the ground, and the props that objects pass behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.data.synthetic.noise import field

if TYPE_CHECKING:
    from core.data.synthetic.noise import Floats
    from core.data.synthetic.scene import Backdrop, Prop
    from core.types import Frame

_FIXED = 16  # OpenCV draws with 4 fractional bits


def blades(
    image: Frame,
    place: Backdrop,
    rng: np.random.Generator,
    *,
    origin: tuple[float, float],
    density: float,
) -> None:
    """Grow grass and flowers on the ground, the far ones first, in place.

    Args:
        image: h x w x 4 uint8, RGB and coverage.
        place: colors, number and size.
        rng: source of the randomness.
        origin: scene position of the image's corner.
        density: pixels per frame height.
    """
    rows, columns = image.shape[:2]
    count = int(place.plant_count * columns / density)
    bottom = origin[1] + rows / density
    nearness = np.sort(rng.random(count) ** 0.75)
    ys = place.horizon + nearness * (bottom + 0.03 - place.horizon)
    xs = rng.random(count) * columns
    clumps = field(rng, 256, 256, 1.3)
    for near, x, y in zip(nearness, xs, ys, strict=True):
        clump = float(clumps[int(255 * near), int(255 * x / columns)])
        if place.kind == "road" and 0.615 < y < 0.99:
            continue
        if clump < -0.9:
            continue
        tall = place.plant_size * (0.12 + 0.88 * near) * rng.uniform(0.4, 1.0) * (1 + 0.25 * clump)
        _blade(image, place, rng, foot=(float(x), float((y - origin[1]) * density)),
               tall=tall * density, near=float(near), tone=1 + 0.08 * clump)  # fmt: skip


def _blade(
    image: Frame,
    place: Backdrop,
    rng: np.random.Generator,
    *,
    foot: tuple[float, float],
    tall: float,
    near: float,
    tone: float,
) -> None:
    """One blade, or a flower on its stalk."""
    first, second = np.asarray(place.plants[0]), np.asarray(place.plants[1])
    color = (first + (second - first) * min(1.0, near + rng.normal(0, 0.25))) * tone
    color = np.clip(color * rng.uniform(0.72, 1.22), 0, 255)
    lean = rng.normal(0.05, 0.28)
    tip = (foot[0] + lean * tall, foot[1] - tall)
    middle = (foot[0] + 0.25 * lean * tall, foot[1] - 0.55 * tall)
    points = (np.array([foot, middle, tip]) * _FIXED).astype(np.int32)
    paint = (*color.tolist(), 255.0)
    thickness = 2 if tall > 14 and rng.random() < 0.4 else 1
    cv2.polylines(image, [points], False, paint, thickness, cv2.LINE_AA, 4)
    if place.flowers and rng.random() < 0.02:
        petal = np.asarray(place.flowers[int(rng.integers(len(place.flowers)))])
        center = (int(tip[0] * _FIXED), int(tip[1] * _FIXED))
        radius = max(10, int(0.1 * tall * _FIXED))
        paint = (*(petal * rng.uniform(0.8, 1.0)).tolist(), 255.0)
        cv2.circle(image, center, radius, paint, -1, cv2.LINE_AA, 4)


def prop_image(prop: Prop, density: float) -> tuple[Floats, tuple[float, float]]:
    """Paint a prop.

    Args:
        prop: what to paint.
        density: pixels per frame height.

    Returns:
        h x w x 4 float32, RGB 0..255 multiplied by coverage and coverage 0..1, and the pixel
        of the image that stands on the prop's position.
    """
    rng = np.random.default_rng(prop.seed + 7919)
    size = max(8, round(prop.size * density))
    painters = {
        "bush": _bush,
        "tree": _tree,
        "rock": _rock,
        "wall": _wall,
        "lily": _lily,
        "tuft": _tuft,
    }
    image = painters[prop.kind](prop, size, rng)
    multiplied = image.astype(np.float32)
    multiplied[..., 3] /= 255
    multiplied[..., :3] *= multiplied[..., 3:]
    rows, columns = image.shape[:2]
    foot = rows / 2 if prop.kind == "lily" else rows - 0.03 * size
    return multiplied, (columns / 2, foot)


def _leaves(
    image: Frame,
    prop: Prop,
    rng: np.random.Generator,
    *,
    center: tuple[float, float],
    radii: tuple[float, float],
    leaf: float,
) -> None:
    """A lump of leaves, dark inside and below, bright at the top left."""
    count = int(4.5 * radii[0] * radii[1] / leaf**2)
    for step in range(count):
        angle, way = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random())
        dx, dy = way * np.cos(angle), way * np.sin(angle)
        lit = 0.62 - 0.28 * dy - 0.14 * dx + 0.22 * step / count + rng.normal(0, 0.09)
        color = np.clip(np.asarray(prop.color) * max(0.3, lit) * (1.25, 1.2, 1.0), 0, 255)
        where = (
            int(_FIXED * (center[0] + radii[0] * dx)),
            int(_FIXED * (center[1] + radii[1] * dy)),
        )
        long = leaf * rng.uniform(0.6, 1.3)
        axes = (max(8, int(_FIXED * long)), max(6, int(_FIXED * 0.45 * long)))
        turn = float(rng.uniform(0, 180))
        paint = (*color.tolist(), 255.0)
        cv2.ellipse(image, where, axes, turn, 0, 360, paint, -1, cv2.LINE_AA, 4)


def _bush(prop: Prop, size: int, rng: np.random.Generator) -> Frame:
    """A round bush of several lumps, about 1.3 times as wide as high."""
    image = np.zeros((int(1.06 * size), int(1.5 * size), 4), np.uint8)
    lumps = ((0.42, 0.62, 0.34), (1.06, 0.64, 0.34), (0.74, 0.5, 0.42), (0.74, 0.74, 0.5))
    for x, y, radius in lumps:
        _leaves(image, prop, rng, center=(x * size, y * size),
                radii=(radius * size, 0.8 * radius * size), leaf=max(1.2, 0.03 * size))  # fmt: skip
    return image


def _tree(prop: Prop, size: int, rng: np.random.Generator) -> Frame:
    """A tree: a barky trunk of a quarter of its height's width, and a crown."""
    image = np.zeros((int(1.03 * size), int(0.9 * size), 4), np.uint8)
    rows, columns = image.shape[:2]
    y = np.arange(rows)[:, None] / size
    x = (np.arange(columns)[None] - columns / 2) / size
    half = 0.055 + 0.05 * np.clip(y - 0.86, 0, 1) * 6 + 0.004 * np.sin(y * 40)
    foot = 1.0 - 0.9 * np.abs(x) + 0.012 * np.sin(90 * x)  # round, as grass hides the roots
    cover = np.clip((half - np.abs(x)) * size + 0.5, 0, 1) * (y > 0.25) * (y < foot)
    bark = field(rng, rows, 4 * columns, 0.9)[:, ::4]
    tone = 0.75 - 3.2 * x / (half / 0.055) + 0.16 * bark
    trunk = np.array([104, 84, 64], np.float32) * np.clip(tone, 0.2, 1.4)[..., None]
    image[..., :3] = np.clip(trunk, 0, 255).astype(np.uint8)
    image[..., 3] = (255 * cover).astype(np.uint8)
    for _ in range(9):
        center = (size * rng.uniform(0.24, 0.66), size * rng.uniform(0.14, 0.36))
        _leaves(image, prop, rng, center=center, radii=(0.2 * size, 0.13 * size),
                leaf=max(1.2, 0.014 * size))  # fmt: skip
    return image


def _tuft(prop: Prop, size: int, rng: np.random.Generator) -> Frame:
    """A broad tuft of long grass, three times as wide as high, that hides feet."""
    image = np.zeros((int(1.06 * size), 3 * size, 4), np.uint8)
    for _ in range(70):
        x = size * (1.5 + 0.45 * float(rng.normal()))
        tall = size * rng.uniform(0.35, 1.0) * np.exp(-(((x / size - 1.5) / 1.1) ** 2))
        lean = float(rng.normal(0, 0.3)) + 0.2 * (x / size - 1.5)
        points = [(x + lean * tall * s * s, 1.04 * size - tall * s) for s in (0, 0.4, 0.7, 1.0)]
        color = np.clip(np.asarray(prop.color) * rng.uniform(0.65, 1.3), 0, 255)
        fixed = (np.array(points) * _FIXED).astype(np.int32)
        cv2.polylines(image, [fixed], False, (*color.tolist(), 255.0), 1, cv2.LINE_AA, 4)
    return image


def _rock(prop: Prop, size: int, rng: np.random.Generator) -> Frame:
    """A weathered rock, about 1.4 times as wide as high, lit from the upper left."""
    rows, columns = int(1.06 * size), int(1.5 * size)
    y = (np.arange(rows, dtype=np.float32)[:, None] - 0.62 * size) / (0.55 * size)
    x = (np.arange(columns, dtype=np.float32)[None] - columns / 2) / (0.68 * size)
    rough, lumps = field(rng, rows, columns, 1.1), field(rng, rows, columns, 1.9)
    radius = np.hypot(np.abs(x) ** 1.3, np.abs(np.where(y > 0, 1.15 * y, y)) ** 1.3) + 0.07 * lumps
    relief = np.sqrt(np.clip(1 - radius, 0, 1)) * 0.55 * size + 0.006 * size * rough
    slope_x = cv2.Sobel(relief.astype(np.float32), cv2.CV_32F, 1, 0, scale=1 / 8)
    slope_y = cv2.Sobel(relief.astype(np.float32), cv2.CV_32F, 0, 1, scale=1 / 8)
    light = (0.45 * slope_x + 0.75 * slope_y + 0.5) / np.sqrt(1 + slope_x**2 + slope_y**2)
    tone = 0.55 + 0.6 * np.clip(light, -0.1, 1.2) + 0.05 * rough
    colors = np.asarray(prop.color) * tone[..., None]
    cover = np.clip((1 - radius) * 0.5 * size, 0, 1)
    return np.dstack([np.clip(colors, 0, 255), 255 * cover]).astype(np.uint8)


def _wall(prop: Prop, size: int, rng: np.random.Generator) -> Frame:
    """A stone wall, as wide as high, with dark joints."""
    rows, columns = int(1.03 * size), size
    noise = field(rng, rows, columns, 1.2)
    colors = np.asarray(prop.color) * (1 + 0.1 * noise)[..., None]
    image = np.dstack([np.clip(colors, 0, 255), np.full((rows, columns), 255)]).astype(np.uint8)
    course = max(4, size // 9)
    for row, y in enumerate(range(0, rows, course)):
        cv2.line(image, (0, y), (columns, y), (66, 60, 54, 255), max(1, size // 120))
        for x in range((row % 2) * course, columns + course, 2 * course):
            foot = x + int(rng.integers(-course // 4, course // 4 + 1))
            cv2.line(image, (foot, y), (foot, y + course), (66, 60, 54, 255), max(1, size // 120))
    return cv2.GaussianBlur(image, (0, 0), 0.7).astype(np.uint8)


def _lily(prop: Prop, size: int, rng: np.random.Generator) -> Frame:
    """A lily pad from above: a notched disc with veins."""
    image = np.zeros((size + 4, size + 4, 4), np.uint8)
    center, turn = (size + 4) / 2, float(rng.uniform(0, 360))
    where = (int(center * _FIXED), int(center * _FIXED))
    axes = (int(size / 2 * _FIXED), int(size / 2 * _FIXED))
    paint = (*np.asarray(prop.color).tolist(), 255.0)
    cv2.ellipse(image, where, axes, turn, 12, 348, paint, -1, cv2.LINE_AA, 4)
    for angle in np.radians(turn + np.linspace(20, 340, 13)):
        tip = (int(_FIXED * (center + 0.47 * size * np.cos(angle))),
               int(_FIXED * (center + 0.47 * size * np.sin(angle))))  # fmt: skip
        vein = (*np.clip(np.asarray(prop.color) * 1.22, 0, 255).tolist(), 255.0)
        cv2.line(image, where, tip, vein, max(1, size // 110), cv2.LINE_AA, 4)
    rows = image.shape[0]
    slope = np.linspace(1.12, 0.86, rows)[:, None] + 0.05 * field(rng, rows, rows, 1.6)
    shaded = image[..., :3] * slope[..., None]
    return np.dstack([np.clip(shaded, 0, 255), image[..., 3]]).astype(np.uint8)
