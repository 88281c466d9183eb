"""Skin textures: color and relief of an object, painted once on its rest pose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.data.synthetic.noise import field, spectral_noise

if TYPE_CHECKING:
    from core.data.synthetic.noise import Floats
    from core.data.synthetic.scene import Point, Skin

RESOLUTION = 220
"""Texels per species unit."""
ORIGIN: Point = (1.15, 1.45)
"""Species units left of and above the rest pose's origin that the texture covers."""
SIZE: Point = (2.3, 2.1)
"""Width and height of the texture in species units."""


@dataclass(frozen=True, slots=True)
class Texture:
    """A painted skin.

    Attributes:
        texels: h x w x 4 float32, RGB 0..255 and relief (mean 0, deviation about 1).
    """

    texels: Floats


def texel(point: Point) -> tuple[float, float]:
    """Position in the texture of a point of the rest pose."""
    return (point[0] + ORIGIN[0]) * RESOLUTION, (point[1] + ORIGIN[1]) * RESOLUTION


def paint(skin: Skin, seed: int) -> Texture:
    """Paint a skin: pattern, countershading, fine hair and decals."""
    rng = np.random.default_rng(seed)
    width, height = (round(side * RESOLUTION) for side in SIZE)
    share = _pattern(rng, skin, height, width)[..., None]
    colors = np.asarray(skin.base) * (1 - share) + np.asarray(skin.second) * share
    if skin.pattern != "panels":
        colors = _countershade(colors, skin, height)
    hair = spectral_noise(rng, 512, falloff=0.7, stretch=4.0)
    relief = cv2.copyMakeBorder(hair, 0, max(0, height - 512), 0, max(0, width - 512),
                                cv2.BORDER_WRAP)[:height, :width]  # fmt: skip
    tone = 1 + skin.grain * (0.5 * relief + 0.6 * field(rng, height, width, 1.4))
    colors = colors * tone[..., None]
    for color, points in skin.decals:
        _decal(colors, color, points)
    texels = np.concatenate([np.clip(colors, 0, 255), relief[..., None]], axis=-1)
    return Texture(np.ascontiguousarray(texels.astype(np.float32)))


def _pattern(rng: np.random.Generator, skin: Skin, height: int, width: int) -> Floats:
    """Share of the second color, 0..1, height x width."""
    zero = np.zeros((height, width), np.float32)
    if skin.pattern in ("plain", "panels"):
        return np.asarray(np.clip(0.25 * field(rng, height, width, 1.8), 0, 0.4) + zero)
    if skin.pattern == "stripes":
        bend = cv2.GaussianBlur(field(rng, height, width, 1.6), (0, 0), 0.1 * RESOLUTION)
        x = np.arange(width, dtype=np.float32)[None] / (skin.scale * RESOLUTION)
        noise = np.sin(2 * np.pi * (x + 0.8 * bend))
    else:
        sigma = 0.22 * skin.scale * RESOLUTION
        noise = cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), sigma)
        noise = np.asarray(noise - cv2.GaussianBlur(noise, (0, 0), 2 * sigma))
    edge = float(np.quantile(noise, 1 - skin.amount))
    return np.asarray(np.clip((noise - edge) / (0.25 * noise.std()) + 0.5, 0, 1), np.float32)


def _countershade(colors: Floats, skin: Skin, height: int) -> Floats:
    """Blend towards the belly's color on the low parts of the body, as most animals have it."""
    y = np.arange(height, dtype=np.float32) / RESOLUTION - ORIGIN[1]
    share = np.clip((y - skin.belly_line) / 0.16, 0, 1) * np.clip((-0.06 - y) / 0.2 + 0.5, 0.2, 1)
    share = 0.75 * share[:, None, None]
    return np.asarray(colors * (1 - share) + np.asarray(skin.belly) * share)


def _decal(colors: Floats, color: tuple[float, ...], points: tuple[Point, ...]) -> None:
    """Paint a polygon in place, a little brighter at its top, with smooth edges."""
    corners = np.array([texel(point) for point in points])
    mask = np.zeros(colors.shape[:2], np.uint8)
    cv2.fillPoly(mask, [(corners * 16).round().astype(np.int32)], (255,), cv2.LINE_AA, 4)
    share = mask[..., None] / np.float32(255)
    top, bottom = corners[:, 1].min(), corners[:, 1].max()
    rows = (np.arange(colors.shape[0]) - top) / max(1.0, bottom - top)
    shade = 1.25 - 0.5 * np.clip(rows, 0, 1)
    painted = np.asarray(color) * shade[:, None, None]
    colors[:] = colors * (1 - share) + painted * share
