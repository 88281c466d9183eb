"""A tiny, very fast clip of textured shapes with exact masks, for unit tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.data.synthetic.noise import field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.types import Frame, LabelMap

_SIDES = (0, 4, 3, 6)  # corners by object in turn; 0 is an ellipse


def moving_shapes(
    *, seed: int = 0, width: int = 96, height: int = 64, frame_count: int = 8, objects: int = 2
) -> tuple[Frame, LabelMap]:
    """Render textured shapes that drift, turn and overlap a little before a textured ground.

    Every object is visible on every frame. A higher id lies in front of a lower one. The
    frames are sharp and free of noise, so that equal pixels of an object stay equal up to
    resampling.

    Args:
        seed: same seed, same bytes.
        width: in pixels.
        height: in pixels.
        frame_count: number of frames.
        objects: number of objects, ids 1..objects.

    Returns:
        frames T x H x W x 3 uint8 RGB and label maps T x H x W uint8.
    """
    rng = np.random.default_rng(seed)
    ground = _texture(rng, height, width, contrast=22)
    lane = height / objects
    side = max(8, int(1.15 * lane))
    patches = [_texture(rng, side, side, contrast=30) for _ in range(objects)]
    starts, turns = rng.random(objects), rng.uniform(-0.06, 0.06, objects)
    frames = np.repeat(ground[None], frame_count, axis=0)
    label_maps = np.zeros((frame_count, height, width), np.uint8)
    for frame_index in range(frame_count):
        for index in range(objects):
            sway = np.sin(2 * np.pi * (starts[index] + frame_index / 24))
            center = (width / 2 + sway * (width - side) / 2, (index + 0.5) * lane)
            _stamp(
                frames[frame_index],
                label_maps[frame_index],
                patches[index],
                center=center,
                angle=turns[index] * frame_index,
                object_id=index + 1,
            )
    return frames, label_maps


def _texture(rng: np.random.Generator, height: int, width: int, *, contrast: float) -> Frame:
    """A colored noise texture, H x W x 3 uint8."""
    base = rng.uniform(60, 195, 3)
    layers = [field(rng, height, width, 1.1) for _ in range(3)]
    shared = field(rng, height, width, 0.8)
    texture = np.stack([0.6 * layer + shared for layer in layers], axis=-1)
    return np.clip(base + contrast * texture, 0, 255).astype(np.uint8)


def _outline(object_id: int, side: int) -> NDArray[np.uint8]:
    """The 0/1 shape of an object within its square patch."""
    shape = np.zeros((side, side), np.uint8)
    corners = _SIDES[(object_id - 1) % len(_SIDES)]
    center, radius = (side - 1) / 2, side / 2 - 1
    if corners == 0:
        axes = (round(radius), round(0.75 * radius))
        cv2.ellipse(shape, (side // 2, side // 2), axes, 0.0, 0.0, 360.0, (1,), -1)
        return shape
    angles = 2 * np.pi * (np.arange(corners) + 0.5) / corners
    points = center + radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    cv2.fillPoly(shape, [points.round().astype(np.int32)], (1,))
    return shape


def _stamp(
    frame: Frame,
    label_map: LabelMap,
    patch: Frame,
    *,
    center: tuple[float, float],
    angle: float,
    object_id: int,
) -> None:
    """Paint one object, in place, over what lies behind it."""
    side, (height, width) = patch.shape[0], label_map.shape
    matrix = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), np.degrees(angle), 1.0)
    matrix[:, 2] += np.array(center) - (side - 1) / 2
    shape = cv2.warpAffine(
        _outline(object_id, side), matrix, (width, height), flags=cv2.INTER_NEAREST
    )
    colors = cv2.warpAffine(patch, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    inside = shape > 0
    frame[inside] = colors[inside]
    label_map[inside] = object_id
