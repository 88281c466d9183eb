"""Painting an actor into a frame: texture, shading, shadow, motion blur and soft edge."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.composites.actors import Actor
from core.data.composites.silhouettes import Coverage
from core.media.image_file import decode_jpeg
from core.types import Frame, LabelMap

Image = NDArray[np.float32]

TIME = 0.25
"""Of a silhouette's motion from frame to frame."""
SHARP = 0.4
"""Edges are blurred from this softness on, in pixels."""
DARKEST = 0.6
"""Light at the edge of a rounded thing; 1 in its middle."""
SHADOW_BLUR = 4.0
"""Standard deviation in pixels."""
SHUTTER, SLOW = 0.4, 4.0
"""Share of a frame's time that the shutter is open; ways in pixels that leave no streak."""


def paint(
    image: Image, label_map: LabelMap, actor: Actor, *, index: int, shown: int
) -> tuple[Image, LabelMap]:
    """A frame and its label map with one more actor in front.

    Args:
        image: h x w x 3 float32, 0..255.
        label_map: h x w uint8.
        actor: who is added.
        index: number of the frame in the clip.
        shown: number of the frame among those that are made.

    Returns:
        New ones of the same kind. A pixel is the actor's where its silhouette covers more than
        half of it, whatever is blurred later.
    """
    size = (image.shape[0], image.shape[1])
    coverage = actor.silhouette.coverage(size, actor.path[index], index * TIME)
    texture = textured(actor, index=index, shown=shown)
    if actor.rounded:
        texture = texture * shading(coverage)[..., None]
    if actor.shadow:
        image = image * (1 - np.float32(actor.shadow) * cast_shadow(coverage))[..., None]
    alpha = coverage
    if actor.softness > SHARP:
        alpha = _blurred(coverage, actor.softness)
    alpha, texture = streaked(alpha, texture, actor, index)
    mixed: Image = image + (texture - image) * alpha[..., None]
    labeled = np.where(coverage > 0.5, np.uint8(actor.object_id), label_map)
    return mixed, labeled


def textured(actor: Actor, *, index: int, shown: int) -> Image:
    """h x w x 3: the actor's texture, which goes with it from where it was on frame 0."""
    first, now = actor.path[0], actor.path[index]
    turn = now[:, :2] @ np.linalg.inv(first[:, :2])
    moved = np.concatenate([turn, (now[:, 2] - turn @ first[:, 2])[:, None]], axis=1)
    texture = _warped(actor.textures[shown], moved, cv2.BORDER_REFLECT_101)
    return texture.astype(np.float32) * actor.tint.astype(np.float32)


def shading(coverage: Coverage) -> Coverage:
    """h x w, `DARKEST` at the edge to 1 in the middle, as of something round."""
    inside = (coverage > 0.5).astype(np.uint8)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    share = np.sqrt(np.clip(distance / (distance.max() + 1e-6), 0, 1))
    light: Coverage = (DARKEST + (1 - DARKEST) * share).astype(np.float32)
    return light


def cast_shadow(coverage: Coverage) -> Coverage:
    """h x w, 0..1: the silhouette blurred, flattened and put lower."""
    lower = 8 + 0.1 * coverage.shape[0]
    matrix = np.array([[1.1, 0, 2], [0, 0.8, lower]])
    return _warped(_blurred(coverage, SHADOW_BLUR), matrix, cv2.BORDER_CONSTANT)  # type: ignore[return-value]


def streaked(alpha: Coverage, texture: Image, actor: Actor, index: int) -> tuple[Coverage, Image]:
    """Both with the motion blur of a fast actor."""
    way = way_of(actor, index)
    length = int(np.hypot(*way) * SHUTTER) | 1
    if np.hypot(*way) <= SLOW or length < 3:
        return alpha, texture
    kernel = streak(way, length)
    return cv2.filter2D(alpha, -1, kernel), cv2.filter2D(texture, -1, kernel)  # type: ignore[return-value]


def way_of(actor: Actor, index: int) -> NDArray[np.float64]:
    """Where an actor moves (x, y) from one frame to the next; on the last one, where it came from.

    Paths are smooth, so the last step tells nearly as well where the next would lead.
    """
    start = max(0, min(index, len(actor.path) - 2))
    end = min(start + 1, len(actor.path) - 1)
    way: NDArray[np.float64] = actor.path[end][:, 2] - actor.path[start][:, 2]
    return way


def streak(way: NDArray[np.float64], length: int) -> Coverage:
    """Kernel of `length` (odd) squared pixels along a way (x, y); its sum is 1."""
    kernel: Coverage = np.zeros((length, length), np.float32)
    center = length // 2
    x, y = way / np.hypot(*way) * center
    start, end = ((round(center + s * x), round(center + s * y)) for s in (-1, 1))
    cv2.line(kernel, start, end, 1.0)
    kernel /= kernel.sum()
    return kernel


def finished(
    image: Image, *, blur: float, noise: float, quality: int, rng: np.random.Generator
) -> Frame:
    """What a camera makes of a frame: a blur, noise of its brightness, JPEG.

    Args:
        image: h x w x 3 float32, 0..255.
        blur: standard deviation in pixels; up to 0.35 there is none.
        noise: standard deviation in gray levels.
        quality: of the JPEG, 1 to 100.
        rng: draws the noise.

    Returns:
        h x w x 3 uint8.
    """
    if blur > 0.35:
        image = _blurred(image, blur)
    grain = rng.standard_normal((*image.shape[:2], 1), np.float32) * np.float32(noise)
    levels = np.clip(image + grain, 0, 255).astype(np.uint8)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    data = cv2.imencode(".jpg", cv2.cvtColor(levels, cv2.COLOR_RGB2BGR), options)[1]
    return decode_jpeg(data.tobytes())


def _blurred(image: Image, deviation: float) -> Image:
    return cv2.GaussianBlur(image, (0, 0), deviation)  # type: ignore[return-value]


def _warped(image: Image | Frame, matrix: NDArray[np.float64], border: int) -> Image | Frame:
    size = (image.shape[1], image.shape[0])
    moved = matrix.astype(np.float32)
    return cv2.warpAffine(image, moved, size, flags=cv2.INTER_LINEAR, borderMode=border)  # type: ignore[return-value]
