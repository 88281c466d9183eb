"""A textured disk that moves over a textured ground that rests: the clip of two layers."""

from __future__ import annotations

import cv2
import numpy as np


def two_layers(*, side=128, frames=24, speed=2.0, radius=0.2, seed=0):
    """Frames T x side x side x 3 uint8 and the disk's masks; it moves by `speed` px a frame."""
    rng = np.random.default_rng(seed)
    ground, disk = _texture(side, rng), _texture(side, rng)
    y, x = np.mgrid[:side, :side]
    shown, masks = [], []
    for index in range(frames):
        away = (index - frames / 2) * speed
        mask = (x - side / 2 - away) ** 2 + (y - side / 2) ** 2 < (radius * side) ** 2
        moved = cv2.warpAffine(
            disk,
            np.float32([[1, 0, away], [0, 1, 0]]),
            (side, side),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_WRAP,
        )
        tinted = np.where(mask[..., None], moved * (1.0, 0.6, 0.4), ground * (0.4, 0.7, 1.0))
        shown.append((255 * tinted.clip(0, 1)).astype(np.uint8))
        masks.append(mask)
    return np.stack(shown), np.stack(masks)


def _texture(side, rng):
    layers = [(4, 0.3), (8, 0.4), (16, 0.4)]
    total = sum(
        share
        * cv2.resize(
            rng.random((side // cell + 2, side // cell + 2, 3)),
            (side, side),
            interpolation=cv2.INTER_CUBIC,
        )
        for cell, share in layers
    )
    return (total - total.min()) / (total.max() - total.min())
