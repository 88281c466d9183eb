"""The place of a scene, painted once: a far layer, the ground, and blades before the lens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.data.synthetic.noise import field, sample, spectral_noise
from core.data.synthetic.plants import blades

if TYPE_CHECKING:
    from core.data.synthetic.motion import Matrix
    from core.data.synthetic.noise import Floats
    from core.data.synthetic.scene import Backdrop, Color, Scene
    from core.types import Frame

FAR_PARALLAX = 0.4
NEAR_PARALLAX = 1.6
_MARGIN = 0.06


@dataclass(frozen=True, slots=True)
class Layer:
    """A painted plane.

    Attributes:
        image: h x w x 4 uint8, RGB multiplied by coverage, and coverage.
        origin: scene position of its upper left corner, frame heights.
        density: pixels per frame height.
        parallax: how much it follows the camera; 1 is the plane of the objects.
    """

    image: Frame
    origin: tuple[float, float]
    density: float
    parallax: float


@dataclass(frozen=True, slots=True)
class _Canvas:
    """Part of the scene that a layer must cover, in frame heights, and its resolution."""

    x0: float
    y0: float
    x1: float
    y1: float
    density: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return round((self.y1 - self.y0) * self.density), round((self.x1 - self.x0) * self.density)


def layers(scene: Scene, rng: np.random.Generator) -> tuple[Layer, ...]:
    """Paint all planes of a scene's place, the farthest first."""
    place = scene.backdrop
    ground = _canvas(scene, 1.0)
    if place.kind == "pond":
        return (_pond(place, ground, rng),)
    planes = [_far(place, _canvas(scene, FAR_PARALLAX), rng), _land(place, ground, rng)]
    if place.fringe:
        planes.append(_fringe(place, _canvas(scene, NEAR_PARALLAX), rng))
    return tuple(planes)


def placement(layer: Layer) -> Matrix:
    """Map from a layer's pixels to the scene."""
    step = 1 / layer.density
    return np.array([[step, 0.0, layer.origin[0]], [0.0, step, layer.origin[1]], [0.0, 0.0, 1.0]])


def _canvas(scene: Scene, parallax: float) -> _Canvas:
    """Part of a layer that the camera ever sees."""
    aspect, keys = scene.width / scene.height, scene.camera.path
    zooms = [1 + (key.zoom - 1) * parallax for key in keys]
    spread = 0.5 / min(zooms) + _MARGIN + 1.5 * scene.camera.shake * parallax
    xs, ys = [key.x * parallax for key in keys], [key.y * parallax for key in keys]
    return _Canvas(
        min(xs) + aspect * (0.5 - spread),
        min(ys) + 0.5 - spread,
        max(xs) + aspect * (0.5 + spread),
        max(ys) + 0.5 + spread,
        scene.height * max(1.0, *zooms),
    )


def _grid(canvas: _Canvas) -> tuple[Floats, Floats]:
    """Scene position of every pixel: a row of x and a column of y."""
    rows, columns = canvas.shape
    x = canvas.x0 + (np.arange(columns, dtype=np.float32)[None] + 0.5) / canvas.density
    y = canvas.y0 + (np.arange(rows, dtype=np.float32)[:, None] + 0.5) / canvas.density
    return x.astype(np.float32), y.astype(np.float32)


def _finish(colors: Floats, cover: Floats, canvas: _Canvas, parallax: float) -> Layer:
    """Pack colors and coverage into a layer."""
    image = np.concatenate([np.clip(colors, 0, 255) * cover, 255 * cover], axis=-1)
    return Layer(
        np.ascontiguousarray(np.round(image).astype(np.uint8)),
        (canvas.x0, canvas.y0),
        canvas.density,
        parallax,
    )


def _mix(pair: tuple[Color, Color], share: Floats) -> Floats:
    """Colors between two, h x w x 3, for a share 0..1 of the second."""
    first, second = np.array(pair[0], np.float32), np.array(pair[1], np.float32)
    return np.asarray(first + (second - first) * share[..., None], np.float32)


def _far(place: Backdrop, canvas: _Canvas, rng: np.random.Generator) -> Layer:
    """Sky with clouds and three ranges of hills, each less hazy than the one behind."""
    x, y = _grid(canvas)
    shape = canvas.shape
    height = np.clip((place.horizon - y) / max(place.horizon, 0.05), 0, 1)
    clouds = spectral_noise(rng, 512, falloff=1.7, stretch=4.0)
    drift = sample(clouds, x * 300 + 0 * y, y * 700 + 0 * x)
    colors = _mix(place.sky, np.clip(1.1 - height + 0 * x, 0, 1))
    share = np.clip(0.28 * drift + 0.05, 0, 0.7)[..., None]
    colors = colors * (1 - share) + np.array([236, 238, 240], np.float32) * share
    for index in range(3):
        nearness = index / 2
        texture = spectral_noise(rng, 512, falloff=0.9)
        ridge_noise = spectral_noise(rng, 512, falloff=1.1 + 0.5 * (1 - nearness))[0]
        ridge = np.interp(np.mod(x[0] * (60 + 70 * nearness), 512), np.arange(512), ridge_noise)
        top = place.horizon - 0.13 + 0.055 * index - (0.03 - 0.008 * index) * ridge
        soft = (y - top.astype(np.float32)[None]) * canvas.density
        trees = sample(texture, x * 380 + 0 * y, y * 380 + 0 * x)
        cover = np.clip(soft + 0.5 + (1 + 4 * nearness) * 0.5 * trees, 0, 1)[..., None]
        tone = 1 + (0.03 + 0.09 * nearness) * trees
        tint = _mix(place.hills, np.full(shape, nearness, np.float32)) * tone[..., None]
        haze = np.clip(1 - soft / (0.06 * canvas.density), 0, 1)[..., None] * 0.15
        colors = colors * (1 - cover) + tint * (1 - haze) * cover
    colors = cv2.GaussianBlur(colors, (0, 0), 0.0022 * canvas.density)
    return _finish(colors, np.ones((*shape, 1), np.float32), canvas, FAR_PARALLAX)


def _land(place: Backdrop, canvas: _Canvas, rng: np.random.Generator) -> Layer:
    """Ground in perspective with blades of grass and flowers, transparent above the horizon."""
    x, y = _grid(canvas)
    depth = np.maximum(y - place.horizon, np.float32(0.012))
    nearness = np.clip(depth / (1.05 - place.horizon), 0, 1) + 0 * x
    aspect_center = np.float32(0.5 * (canvas.x0 + canvas.x1))
    coarse, fine = (spectral_noise(rng, 1024, falloff=f) for f in (1.4, 0.8))
    across, along = (x - aspect_center) / depth * 110, 60 / depth + 0 * x
    patches = sample(coarse, across, along) + 0.4 * sample(coarse, 3 * across, 3 * along)
    crumbs = sample(fine, 4 * across, 4 * along) * np.sqrt(nearness)
    colors = _mix(place.ground, np.clip(nearness**0.7 + 0.22 * patches, 0, 1))
    colors *= (1 + 0.07 * patches + 0.06 * crumbs)[..., None]
    if place.kind == "road":
        colors = _road(colors, y + 0 * x, 0.05 * crumbs + 0.03 * patches)
    cover = np.clip((y - place.horizon) * canvas.density + 0.5, 0, 1) + 0 * x
    painted = np.dstack([np.clip(colors, 0, 255), 255 * cover]).round().astype(np.uint8)
    blades(painted, place, rng, origin=(canvas.x0, canvas.y0), density=canvas.density)
    alpha = painted[..., 3:].astype(np.float32) / 255
    return _finish(painted[..., :3].astype(np.float32), alpha, canvas, 1.0)


def _road(colors: Floats, y: Floats, grain: Floats) -> Floats:
    """A road across the picture with worn edges and a broken line of paint."""
    edge = np.float32(0.02) * grain * 8
    inside = np.clip((y + edge - 0.62) * 160, 0, 1) * np.clip((0.97 - y - edge) * 160, 0, 1)
    shade = 1 + 1.2 * grain + 0.08 * np.sin((y - 0.62) * 40)
    asphalt = np.array([104, 104, 106], np.float32) * shade[..., None]
    line = np.exp(-(((y - 0.785) / 0.004) ** 2)) * np.clip(0.6 + 5 * grain, 0, 0.8)
    asphalt = asphalt + (np.array([206, 204, 190], np.float32) - asphalt) * line[..., None]
    return np.asarray(colors * (1 - inside[..., None]) + asphalt * inside[..., None])


def _pond(place: Backdrop, canvas: _Canvas, rng: np.random.Generator) -> Layer:
    """The bed of a pond or a beach from above: stones, sand, shades and nets of light."""
    rows, columns = canvas.shape
    x, y = _grid(canvas)
    broad, sand = field(rng, rows, columns, 1.9), field(rng, rows, columns, 0.8)
    colors = _mix(place.ground, np.clip(0.5 + 0.3 * broad, 0, 1))
    colors *= (1 + 0.09 * sand)[..., None]
    painted = np.dstack([np.clip(colors, 0, 255), np.full((rows, columns), 255.0)])
    image = painted.round().astype(np.uint8)
    _stones(image, place, rng, canvas.density)
    swell = spectral_noise(rng, 512, falloff=1.8)
    net = 1 - np.abs(np.tanh(1.6 * sample(swell, x * 330 + 0 * y, y * 330 + 0 * x)))
    light = 1 + 0.2 * net**6 * float(bool(place.flowers)) + 0.07 * broad
    colors = image[..., :3].astype(np.float32) * light[..., None]
    return _finish(colors, np.ones((rows, columns, 1), np.float32), canvas, 1.0)


def _stones(image: Frame, place: Backdrop, rng: np.random.Generator, density: float) -> None:
    """Scatter pebbles with a lit and a dark side, in place."""
    rows, columns = image.shape[:2]
    count = int(place.plant_count * rows * columns / density**2 / 8)
    for _ in range(count):
        center = (rng.random(2) * (columns, rows) * 16).astype(int)
        radius = density * place.plant_size * rng.uniform(0.1, 0.45) * rng.random()
        color = np.asarray(place.plants[int(rng.integers(2))]) * rng.uniform(0.75, 1.2)
        turn, flat = float(rng.uniform(0, 180)), rng.uniform(0.6, 0.95)
        for shift, grow, tone in ((0.3, 1.1, 0.5), (0.0, 1.0, 0.85), (-0.22, 0.68, 1.1)):
            where = tuple(int(value + shift * radius * 16) for value in center)
            axes = (int(16 * radius * grow), int(16 * radius * grow * flat))
            paint = (*np.clip(color * tone, 0, 255).tolist(), 255.0)
            cv2.ellipse(image, where, axes, turn, 0, 360, paint, -1, cv2.LINE_AA, 4)


def _fringe(place: Backdrop, canvas: _Canvas, rng: np.random.Generator) -> Layer:
    """Blades out of focus right before the camera, at the foot of the frame."""
    rows, columns = canvas.shape
    image = np.zeros((rows, columns, 4), np.uint8)
    foot = canvas.y1 - canvas.y0 - _MARGIN
    for _ in range(int(columns / canvas.density * 90)):
        x, tall = rng.random() * columns, place.fringe * rng.uniform(0.35, 1.0)
        lean, color = rng.normal(0, 0.3), np.asarray(place.plants[1]) * rng.uniform(0.6, 1.25)
        points = [
            (x + lean * tall * s**2 * canvas.density, (foot - tall * s + 0.02) * canvas.density)
            for s in (0.0, 0.35, 0.7, 1.0)
        ]
        paint = (*np.clip(color, 0, 255).tolist(), 255.0)
        fixed = (np.array(points) * 16).astype(np.int32)
        thickness = max(1, round(0.007 * canvas.density))
        cv2.polylines(image, [fixed], False, paint, thickness, cv2.LINE_AA, 4)
    multiplied = image.astype(np.float32)
    multiplied[..., :3] *= (image[..., 3:] / 255.0).astype(np.float32)
    soft = cv2.GaussianBlur(multiplied, (0, 0), 0.006 * canvas.density)
    return Layer(soft.round().astype(np.uint8), (canvas.x0, canvas.y0), canvas.density,
                 NEAR_PARALLAX)  # fmt: skip
