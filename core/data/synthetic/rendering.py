"""Compose the frames of a scene and their exact label maps.

A label map shows the sharp instant in the middle of the exposure: a pixel belongs to the front
thing that covers at least half of it there; props and blades before the lens are background.
The frame itself is what a sensor collects while the shutter is open, so a moving object's blur
reaches over its mask's edge by the same length on both sides of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.data.synthetic.backdrop import layers, placement
from core.data.synthetic.motion import ActorMotion, CameraMotion, placed, pose
from core.data.synthetic.plants import prop_image
from core.data.synthetic.skin import paint
from core.data.synthetic.sprite import Sprite, draw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.data.synthetic.backdrop import Layer
    from core.data.synthetic.motion import Matrix
    from core.data.synthetic.noise import Floats
    from core.data.synthetic.scene import Actor, Prop, Scene
    from core.data.synthetic.skin import Texture
    from core.types import Frame, LabelMap

_SHADOW_STRENGTH = 0.5
_MOST_EXPOSURES = 5


def render(scene: Scene) -> Iterator[tuple[Frame, LabelMap]]:
    """Render a scene frame by frame; memory does not grow with its length.

    Same scene, same bytes on one machine.

    Yields:
        H x W x 3 uint8 RGB and H x W uint8 with ids 1..N of the visible pixels, 0 elsewhere.
    """
    renderer = Renderer(scene)
    for frame_index in range(scene.frame_count):
        yield renderer.frame(frame_index)


@dataclass(frozen=True, slots=True)
class _Thing:
    """An object or a prop, ready to be drawn; `object_id` is 0 for a prop."""

    object_id: int
    depth: float
    actor: Actor | None = None
    prop: Prop | None = None


class Renderer:
    """Draws any frame of a scene; what does not change with time is painted once."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._camera = CameraMotion(scene)
        self._motions = [ActorMotion(actor, scene) for actor in scene.objects]
        self._textures: list[Texture] | None = None
        self._layers: tuple[Layer, ...] | None = None
        density = scene.height * max(1.0, *(key.zoom for key in scene.camera.path))
        self._density = density
        self._props = [prop_image(prop, density) for prop in scene.props]

    def frame(self, frame_index: int) -> tuple[Frame, LabelMap]:
        """One frame, H x W x 3 uint8 RGB, and its label map, H x W uint8."""
        scene, t = self._scene, self._time(frame_index)
        if self._layers is None:
            self._layers = layers(scene, np.random.default_rng([scene.seed, 0]))
        planes = [layer for layer in self._layers if layer.parallax <= 1]
        image = np.zeros((scene.height, scene.width, 3), np.float32)
        for layer in planes:
            _over(image, self._layer(layer, t))
        image = self._smear(image, t)
        label_map = np.zeros((scene.height, scene.width), np.uint8)
        for thing in self._things(t):
            self._paint(image, label_map, thing, t)
        for layer in self._layers:
            if layer.parallax > 1:
                near = self._layer(layer, t)
                _over(image, near)
                label_map[near[..., 3] >= 0.5] = 0
        return self._expose(image, frame_index), label_map

    def label_map(self, frame_index: int) -> LabelMap:
        """The label map alone, H x W uint8, at a fraction of a frame's cost.

        Blades right before the lens are left out: it may differ from `frame` at its foot.
        """
        scene, t = self._scene, self._time(frame_index)
        label_map = np.zeros((scene.height, scene.width), np.uint8)
        for thing in self._things(t):
            sprite = self._sprite(thing, t)
            if sprite is not None:
                _label(label_map, sprite, thing.object_id)
        return label_map

    def _time(self, frame_index: int) -> float:
        """Time of a frame as a fraction of the film."""
        return frame_index / max(1, self._scene.frame_count - 1)

    def _things(self, t: float) -> list[_Thing]:
        """Objects and props from rear to front."""
        scene = self._scene
        things = [_Thing(0, prop.y + index * 1e-6, prop=prop) for index, prop in
                  enumerate(scene.props)]  # fmt: skip
        for object_id, actor in enumerate(scene.objects, 1):
            state = self._motions[object_id - 1].at(t)
            things.append(_Thing(object_id, state.y + actor.depth, actor=actor))
        return sorted(things, key=lambda thing: thing.depth)

    def _sprite(self, thing: _Thing, t: float) -> Sprite | None:
        """Draw an object or a prop at an instant."""
        scene, view = self._scene, self._camera.at(t)
        if thing.actor is None:
            return self._prop_sprite(thing, view)
        if self._textures is None:
            self._textures = [
                paint(actor.skin, scene.seed * 1000 + index)
                for index, actor in enumerate(scene.objects)
            ]
        state = self._motions[thing.object_id - 1].at(t)
        return draw(
            thing.actor.species,
            thing.actor.skin,
            self._textures[thing.object_id - 1],
            view=view @ placed(state, thing.actor.species),
            matrices=pose(thing.actor.species, state),
            frame_box=(-40, -40, scene.width + 40, scene.height + 40),
            light=scene.light,
        )

    def _prop_sprite(self, thing: _Thing, view: Matrix) -> Sprite | None:
        """Place a painted prop."""
        scene, prop = self._scene, thing.prop
        if prop is None:
            return None
        image, foot = self._props[scene.props.index(prop)]
        scale = view[0, 0] / self._density
        x, y = view[:2] @ (prop.x, prop.y, 1.0)
        left, top = x - scale * foot[0], y - scale * foot[1]
        rows, columns = image.shape[:2]
        x0, y0 = max(-40, int(np.floor(left))), max(-40, int(np.floor(top)))
        x1 = min(scene.width + 40, int(np.ceil(left + scale * columns)))
        y1 = min(scene.height + 40, int(np.ceil(top + scale * rows)))
        if x1 - x0 < 2 or y1 - y0 < 2:
            return None
        matrix = np.array([[scale, 0.0, left - x0], [0.0, scale, top - y0]])
        patch = cv2.warpAffine(image, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
        return Sprite((x0, y0, x1, y1), patch[..., :3], patch[..., 3])

    def _paint(self, image: Floats, label_map: LabelMap, thing: _Thing, t: float) -> None:
        """Paint a thing with its shadow and blur, and label its sharp outline, in place."""
        sharp = self._sprite(thing, t)
        if sharp is None:
            return
        if thing.prop is None or thing.prop.kind != "tuft":
            self._shadow(image, sharp, thing, t)
        for exposed in self._exposures(sharp, thing, t):
            _blend(image, exposed)
        _label(label_map, sharp, thing.object_id)

    def _exposures(self, sharp: Sprite, thing: _Thing, t: float) -> list[Sprite]:
        """The mean of a thing's sprites over the exposure, as one sprite."""
        offsets = self._offsets(thing, t)
        if len(offsets) == 1:
            return [sharp]
        drawn = [self._sprite(thing, t + offset) if offset else sharp for offset in offsets]
        present = [sprite for sprite in drawn if sprite is not None]
        boxes = np.array([sprite.box for sprite in present])
        x0, y0 = boxes[:, :2].min(axis=0).tolist()
        x1, y1 = boxes[:, 2:].max(axis=0).tolist()
        colors = np.zeros((y1 - y0, x1 - x0, 3), np.float32)
        alpha = np.zeros((y1 - y0, x1 - x0), np.float32)
        for sprite in present:
            rows = slice(sprite.box[1] - y0, sprite.box[3] - y0)
            columns = slice(sprite.box[0] - x0, sprite.box[2] - x0)
            colors[rows, columns] += sprite.colors / np.float32(len(offsets))
            alpha[rows, columns] += sprite.alpha / np.float32(len(offsets))
        mean = Sprite((x0, y0, x1, y1), colors, alpha)
        return [_soften(mean, self._travel(thing, t) / len(offsets))]

    def _offsets(self, thing: _Thing, t: float) -> list[float]:
        """Times within the exposure at which to draw a thing: one, three or five."""
        pixels = self._travel(thing, t)
        number = 1 if pixels < 1 else 3 if pixels < 5 else _MOST_EXPOSURES
        half = self._open() / 2
        steps = (np.arange(number) + 0.5) / number * 2 - 1
        return [0.0 if number == 1 or abs(s) < 1e-9 else float(s * half) for s in steps]

    def _open(self) -> float:
        """Exposure as a fraction of the film's time."""
        return self._scene.camera.shutter / max(1, self._scene.frame_count - 1)

    def _travel(self, thing: _Thing, t: float) -> float:
        """Way of a thing through the picture within one exposure, pixels."""
        half = self._open() / 2
        ends = []
        for moment in (t - half, t + half):
            if thing.prop is not None:
                point = (thing.prop.x, thing.prop.y)
            else:
                state = self._motions[thing.object_id - 1].at(moment)
                point = (state.x, state.y)
            ends.append(self._camera.at(moment)[:2] @ (*point, 1.0))
        way = float(np.hypot(*(ends[1] - ends[0])))
        return way if thing.prop is not None else max(way, 1.0)

    def _shadow(self, image: Floats, sprite: Sprite, thing: _Thing, t: float) -> None:
        """Darken the ground where a thing keeps the light away, in place."""
        scene = self._scene
        if thing.actor is not None:
            state = self._motions[thing.object_id - 1].at(t)
            foot, size, flat = (state.x, state.y), state.size, thing.actor.species.flat
        elif thing.prop is not None:
            foot, size = (thing.prop.x, thing.prop.y), 0.5 * thing.prop.size
            flat = thing.prop.kind == "lily"
        view = self._camera.at(t)
        y = float(view[1] @ (*foot, 1.0))
        scale = float(view[0, 0] * size)
        lean, squash = -0.8 * scene.light[0] / scene.light[2], 0.16
        x0, y0 = sprite.box[:2]
        if flat:
            drop = 0.09 * scale
            matrix = np.array([[1.0, 0.0, x0 + 0.7 * drop], [0.0, 1.0, y0 + drop]])
        else:  # the upright outline is laid on the ground away from the light
            matrix = np.array(
                [
                    [1.0, -0.5 * lean, x0 + 0.5 * lean * (y - y0)],
                    [0.0, squash, y - squash * (y - y0) - 0.012 * scale],
                ]
            )
        self._darken(image, sprite, matrix, blur=max(0.8, 0.022 * scale))

    def _darken(self, image: Floats, sprite: Sprite, matrix: Matrix, *, blur: float) -> None:
        """Multiply the picture, in place, by a mapped and blurred outline."""
        rows, columns = sprite.alpha.shape
        corners = np.array([(0, 0, 1), (columns, 0, 1), (0, rows, 1), (columns, rows, 1)])
        mapped = corners @ matrix.T
        low = np.maximum(np.floor(mapped.min(axis=0) - 3 * blur), 0).astype(int)
        limit = (self._scene.width, self._scene.height)
        high = np.minimum(np.ceil(mapped.max(axis=0) + 3 * blur), limit).astype(int)
        if (high - low < 2).any():
            return
        moved = matrix.copy()
        moved[:, 2] -= low
        width, height = (high - low).tolist()
        shade = cv2.warpAffine(sprite.alpha, moved, (width, height), flags=cv2.INTER_LINEAR)
        shade = cv2.GaussianBlur(shade, (0, 0), blur)
        area = image[low[1] : high[1], low[0] : high[0]]
        area *= 1 - np.float32(_SHADOW_STRENGTH) * shade[..., None] * np.array(
            [1.0, 0.97, 0.88], np.float32
        )

    def _layer(self, layer: Layer, t: float) -> Floats:
        """A plane of the place as the camera sees it, H x W x 4, coverage 0..1."""
        matrix = self._camera.at(t, layer.parallax) @ placement(layer)
        size = (self._scene.width, self._scene.height)
        seen = cv2.warpAffine(
            layer.image, matrix[:2], size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ).astype(np.float32)
        seen[..., 3] /= 255
        return seen

    def _smear(self, image: Floats, t: float) -> Floats:
        """Blur of the place by the camera's own way within the exposure."""
        half = self._open() / 2
        way = (self._camera.at(t + half) - self._camera.at(t - half))[:2, 2]
        length = float(np.hypot(*way))
        if length < 1.0:
            return image
        return np.asarray(cv2.filter2D(image, -1, _line_kernel(way), borderType=cv2.BORDER_REFLECT))

    def _expose(self, image: Floats, frame_index: int) -> Frame:
        """Lens softness, vignette and sensor noise."""
        scene = self._scene
        rng = np.random.default_rng([scene.seed, 1, frame_index])
        sigma = scene.camera.blur * scene.height
        if sigma > 0.2:
            image = cv2.GaussianBlur(image, (0, 0), sigma)
        x = np.linspace(-1, 1, scene.width, dtype=np.float32)[None]
        y = np.linspace(-1, 1, scene.height, dtype=np.float32)[:, None]
        image = image * (1.03 - 0.13 * (x * x + y * y))[..., None]
        shape = (scene.height, scene.width)
        noise = rng.standard_normal(shape, np.float32)[..., None]
        tint = rng.standard_normal((shape[0] // 2 + 1, shape[1] // 2 + 1, 3), np.float32)
        noise = noise + 0.5 * cv2.resize(tint, shape[::-1], interpolation=cv2.INTER_LINEAR)
        strength = scene.camera.noise * np.sqrt(np.maximum(image, 0) / 128 + 0.25)
        return np.clip(image + strength * noise, 0, 255).round().astype(np.uint8)


def _line_kernel(way: Floats) -> Floats:
    """Averaging kernel along a short way in pixels."""
    radius = int(np.ceil(np.abs(way).max() / 2)) + 1
    kernel = np.zeros((2 * radius + 1, 2 * radius + 1), np.float32)
    ends = [((radius + s * way / 2) * 16).round().astype(int).tolist() for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], (1.0,), 1, cv2.LINE_8, 4)
    return np.asarray(kernel / kernel.sum())


def _soften(sprite: Sprite, gap: float) -> Sprite:
    """Close the gaps between the few drawn moments of a fast sprite."""
    if gap < 2:
        return sprite
    sigma = 0.4 * gap
    colors = cv2.GaussianBlur(sprite.colors, (0, 0), sigma)
    return Sprite(sprite.box, colors, cv2.GaussianBlur(sprite.alpha, (0, 0), sigma))


def _visible(sprite: Sprite, height: int, width: int) -> tuple[slice, slice, slice, slice] | None:
    """Rows and columns of the frame and of the sprite that lie in both."""
    x0, y0, x1, y1 = sprite.box
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if left >= right or top >= bottom:
        return None
    rows, columns = slice(top, bottom), slice(left, right)
    return rows, columns, slice(top - y0, bottom - y0), slice(left - x0, right - x0)


def _blend(image: Floats, sprite: Sprite) -> None:
    """Paint a sprite over a picture, in place."""
    seen = _visible(sprite, *image.shape[:2])
    if seen is None:
        return
    rows, columns, from_rows, from_columns = seen
    area = image[rows, columns]
    area *= 1 - sprite.alpha[from_rows, from_columns, None]
    area += sprite.colors[from_rows, from_columns]


def _label(label_map: LabelMap, sprite: Sprite, object_id: int) -> None:
    """Write an id, in place, where the sharp sprite covers at least half a pixel."""
    seen = _visible(sprite, *label_map.shape)
    if seen is not None:
        rows, columns, from_rows, from_columns = seen
        label_map[rows, columns][sprite.alpha[from_rows, from_columns] >= 0.5] = object_id


def _over(image: Floats, layer: Floats) -> None:
    """Paint a full-size plane, colors multiplied by coverage, over a picture, in place."""
    image *= 1 - layer[..., 3:]
    image += layer[..., :3]
