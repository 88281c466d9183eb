"""Draw one posed object: parts melt into a rounded body that is textured and lit.

Every part is a distance function in its own rest pose (capsule or polygon). Within a layer
they are joined by a smooth minimum, -k log sum exp(-d / k); the joint distance gives the
outline, its depth below the outline a rounded relief whose slope is lit. The same weights blend
the positions in the rest pose, where the skin is painted, so that patterns move with the limbs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.data.synthetic.skin import RESOLUTION, SIZE, texel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.data.synthetic.motion import Matrix
    from core.data.synthetic.noise import Floats
    from core.data.synthetic.scene import Bone, Point, Skin, Species
    from core.data.synthetic.skin import Texture

    Box = tuple[int, int, int, int]
    """x0, y0, x1, y1 in pixels, the ends excluded."""

_FAR_SHADE = 0.62


@dataclass(frozen=True, slots=True)
class Sprite:
    """A drawn object.

    Attributes:
        box: where it lies in the frame.
        colors: h x w x 3 float32 RGB 0..255, multiplied by `alpha`.
        alpha: h x w float32 coverage, 0..1.
    """

    box: Box
    colors: Floats
    alpha: Floats


@dataclass(slots=True)
class _Layer:
    """Weighted sums over the parts of one layer, each h x w."""

    weight: Floats
    u: Floats
    v: Floats
    radius: Floats
    tint: Floats
    tint_weight: Floats


def draw(
    species: Species,
    skin: Skin,
    texture: Texture,
    *,
    view: Matrix,
    matrices: Mapping[str, Matrix],
    frame_box: Box,
    light: tuple[float, float, float],
) -> Sprite | None:
    """Draw an object where it falls into a box of pixels.

    Args:
        species: its parts.
        skin: roughness and gloss.
        texture: the painted skin.
        view: map from species units to pixels.
        matrices: map from the rest pose to the present one, by bone.
        frame_box: pixels worth drawing.
        light: direction towards the light.

    Returns:
        The sprite, or None where nothing of it can lie in the box.
    """
    scale = float(np.sqrt(abs(np.linalg.det(view[:2, :2]))))
    maps = {bone.name: view @ matrices[bone.name] for bone in species.bones}
    box = _clip(_bounds(species, maps, scale), frame_box)
    if box is None:
        return None
    height, width = box[3] - box[1], box[2] - box[0]
    colors = np.zeros((height, width, 3), np.float32)
    alpha = np.zeros((height, width), np.float32)
    for layer in sorted({bone.layer for bone in species.bones}):
        bones = [bone for bone in species.bones if bone.layer == layer]
        sums = _join(bones, maps, box=box, scale=scale, melt=species.melt)
        shaded, cover = _shade(sums, skin, texture, scale=scale, melt=species.melt, light=light)
        dim = _FAR_SHADE if layer == 0 and not species.flat else 1.0
        colors = colors * (1 - cover[..., None]) + shaded * (dim * cover[..., None])
        alpha = alpha * (1 - cover) + cover
    return Sprite(box, colors, alpha)


def _bounds(species: Species, maps: Mapping[str, Matrix], scale: float) -> Box:
    """Box around all parts, with room for smooth joints and fur."""
    corners = []
    for bone in species.bones:
        points = np.array([(*point, 1.0) for point in (bone.start, bone.end, *bone.polygon)])
        pixels = points @ maps[bone.name][:2].T
        reach = max(bone.radius, bone.radius_end) * scale + 0.06 * scale + 3
        corners += [pixels.min(axis=0) - reach, pixels.max(axis=0) + reach]
    low, high = np.floor(np.min(corners, axis=0)), np.ceil(np.max(corners, axis=0))
    return int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1


def _clip(box: Box, frame_box: Box) -> Box | None:
    """Common part of two boxes, None where there is none."""
    x0, y0 = max(box[0], frame_box[0]), max(box[1], frame_box[1])
    x1, y1 = min(box[2], frame_box[2]), min(box[3], frame_box[3])
    return (x0, y0, x1, y1) if x1 - x0 >= 2 and y1 - y0 >= 2 else None


def _join(
    bones: list[Bone], maps: Mapping[str, Matrix], *, box: Box, scale: float, melt: float
) -> _Layer:
    """Accumulate the parts of a layer, each within its own neighborhood."""
    shape = (box[3] - box[1], box[2] - box[0])
    planes = [np.zeros(shape, np.float32) for _ in range(4)]
    sums = _Layer(
        planes[0],
        planes[1],
        planes[2],
        planes[3],
        np.zeros((*shape, 3), np.float32),
        np.zeros(shape, np.float32),
    )
    for bone in bones:
        matrix = maps[bone.name]
        part = _part_box(bone, matrix, scale=scale, melt=melt, box=box)
        if part is None:
            continue
        rows = slice(part[1] - box[1], part[3] - box[1])
        columns = slice(part[0] - box[0], part[2] - box[0])
        u, v = _rest_positions(matrix, part)
        distance, radius = _distance(bone, u, v)
        weight = np.exp(np.clip(-distance / melt, -30, 30)).astype(np.float32)
        sums.weight[rows, columns] += weight
        sums.u[rows, columns] += weight * u
        sums.v[rows, columns] += weight * v
        sums.radius[rows, columns] += weight * radius
        if bone.tint is not None:
            sums.tint[rows, columns] += weight[..., None] * np.asarray(bone.tint, np.float32)
            sums.tint_weight[rows, columns] += weight
    return sums


def _part_box(bone: Bone, matrix: Matrix, *, scale: float, melt: float, box: Box) -> Box | None:
    """Pixels near enough to a part to matter."""
    points = np.array([(*point, 1.0) for point in (bone.start, bone.end, *bone.polygon)])
    pixels = points @ matrix[:2].T
    reach = (max(bone.radius, bone.radius_end) + 4 * melt + 0.01) * scale + 2
    low, high = np.floor(pixels.min(axis=0) - reach), np.ceil(pixels.max(axis=0) + reach)
    return _clip((int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1), box)


def _rest_positions(matrix: Matrix, box: Box) -> tuple[Floats, Floats]:
    """Position in the rest pose of every pixel center of a box."""
    inverse = np.linalg.inv(matrix).astype(np.float32)
    x = np.arange(box[0], box[2], dtype=np.float32)[None] + np.float32(0.5)
    y = np.arange(box[1], box[3], dtype=np.float32)[:, None] + np.float32(0.5)
    u = inverse[0, 0] * x + (inverse[0, 1] * y + inverse[0, 2])
    v = inverse[1, 0] * x + (inverse[1, 1] * y + inverse[1, 2])
    return u, v


def _distance(bone: Bone, u: Floats, v: Floats) -> tuple[Floats, Floats | float]:
    """Signed distance to a part (negative inside) and its local half width, species units."""
    if bone.polygon:
        field, (x0, y0) = _polygon_field(bone.polygon)
        x, y = (u - np.float32(x0)) * RESOLUTION, (v - np.float32(y0)) * RESOLUTION
        sampled = cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(sampled), bone.radius
    (ax, ay), (bx, by) = bone.start, bone.end
    dx, dy = np.float32(bx - ax), np.float32(by - ay)
    along_x, along_y = u - np.float32(ax), v - np.float32(ay)
    length = max(float(dx * dx + dy * dy), 1e-9)
    share = np.clip((along_x * dx + along_y * dy) / np.float32(length), 0, 1)
    radius = np.float32(bone.radius) + share * np.float32(bone.radius_end - bone.radius)
    return np.hypot(along_x - share * dx, along_y - share * dy) - radius, radius


@lru_cache(maxsize=64)
def _polygon_field(polygon: tuple[Point, ...]) -> tuple[Floats, Point]:
    """Signed distance to a polygon on a grid of `RESOLUTION`, and the grid's origin."""
    points = np.array(polygon)
    low = points.min(axis=0) - 0.15
    size = np.ceil((points.max(axis=0) + 0.15 - low) * RESOLUTION * 2).astype(int)
    mask = np.zeros((size[1], size[0]), np.uint8)
    corners = (points - low) * RESOLUTION * 2
    cv2.fillPoly(mask, [(corners * 16).round().astype(np.int32)], (1,), shift=4)
    outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    field = cv2.resize((outside - inside) / (2 * RESOLUTION), None, fx=0.5, fy=0.5,
                       interpolation=cv2.INTER_AREA)  # fmt: skip
    return np.asarray(field, np.float32), (float(low[0]), float(low[1]))


def _shade(
    sums: _Layer,
    skin: Skin,
    texture: Texture,
    *,
    scale: float,
    melt: float,
    light: tuple[float, float, float],
) -> tuple[Floats, Floats]:
    """Color (not multiplied) and coverage of a layer."""
    weight = np.maximum(sums.weight, np.float32(1e-12))
    tint_share = (sums.tint_weight / weight)[..., None]
    u, v = sums.u / weight, sums.v / weight
    tx, ty = texel((0.0, 0.0))
    texels = cv2.remap(
        texture.texels,
        np.clip(u * RESOLUTION + tx, 0, SIZE[0] * RESOLUTION - 2).astype(np.float32),
        np.clip(v * RESOLUTION + ty, 0, SIZE[1] * RESOLUTION - 2).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    relief = texels[..., 3] * (1 - tint_share[..., 0])
    depth = (-melt * np.log(weight) + skin.fur * relief) * scale
    alpha = np.clip(0.5 - depth, 0, 1)
    radius = np.maximum(sums.radius / weight * scale, np.float32(1.0))
    rim = np.clip(1 + depth / radius, 0, 1)
    dome = cv2.GaussianBlur(radius * np.sqrt(1 - rim * rim), (0, 0), max(0.5, 0.3 * melt * scale))
    bump = dome + 0.4 * skin.fur * scale * relief
    tint = sums.tint / np.maximum(sums.tint_weight, np.float32(1e-12))[..., None]
    albedo = texels[..., :3] * (1 - tint_share) + tint * tint_share
    return _lit(albedo, bump.astype(np.float32), skin.gloss, light), alpha.astype(np.float32)


def _lit(albedo: Floats, height: Floats, gloss: float, light: tuple[float, float, float]) -> Floats:
    """Sun, sky from above, light thrown back by the ground, and a highlight."""
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=1 / 8)
    slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=1 / 8)
    norm = 1 / np.sqrt(1 + slope_x * slope_x + slope_y * slope_y)
    lx, ly, lz = np.asarray(light) / np.linalg.norm(light)
    sun = np.clip((-slope_x * lx - slope_y * ly + lz) * norm, 0, 1)
    up = 0.5 + 0.5 * slope_y * norm
    tone = (0.4 + 0.26 * up)[..., None] * np.array([0.94, 1.0, 1.1], np.float32)
    tone = tone + (0.72 * sun)[..., None] * np.array([1.06, 1.0, 0.9], np.float32)
    shine = gloss * 255 * sun**24
    return np.asarray(np.clip(albedo * tone + shine[..., None], 0, 255), np.float32)
