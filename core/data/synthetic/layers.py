"""A textured disk that moves over a textured ground that rests, for tests of what finds motion."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

TEXTURE = ((4, 0.3), (8, 0.4), (16, 0.4))
"""Pixels from one random color to the next, and what such a layer counts."""
DISK_TINT, GROUND_TINT = (1.0, 0.6, 0.4), (0.4, 0.7, 1.0)


def two_layers(
    *, side: int = 128, frames: int = 24, speed: float = 2.0, radius: float = 0.2, seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Render the clip of two layers.

    Args:
        side: of the square picture in pixels.
        frames: so many; on the middle one the disk is in the middle.
        speed: pixels to the right from frame to frame.
        radius: of the disk, as a share of the side.
        seed: same seed, same bytes.

    Returns:
        frames T x side x side x 3 uint8 RGB, and masks of the disk T x side x side.
    """
    rng = np.random.default_rng(seed)
    ground, disk = _texture(side, rng) * GROUND_TINT, _texture(side, rng) * DISK_TINT
    y, x = np.mgrid[:side, :side]
    shown, masks = [], []
    for index in range(frames):
        away = (index - frames / 2) * speed
        mask = (x - side / 2 - away) ** 2 + (y - side / 2) ** 2 < (radius * side) ** 2
        moved = cv2.warpAffine(
            disk,
            np.array([[1, 0, away], [0, 1, 0]], np.float32),
            (side, side),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_WRAP,
        )
        picture = np.where(mask[..., None], moved, ground)
        shown.append((255 * picture.clip(0, 1)).astype(np.uint8))
        masks.append(mask)
    return np.stack(shown), np.stack(masks)


def _texture(side: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """side x side x 3, 0..1."""
    total = np.zeros((side, side, 3))
    for cell, share in TEXTURE:
        coarse = rng.random((side // cell + 2, side // cell + 2, 3))
        total += share * cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    scaled: NDArray[np.float64] = (total - total.min()) / (total.max() - total.min())
    return scaled
