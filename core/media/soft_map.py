"""Soft maps as gray images: 0 is background, 255 is the object for sure. No torch."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import MaskReadError
from core.media.atomic import write_atomic
from core.media.image_file import IMAGE_ERRORS, read_rgb

Plane = NDArray[np.float32]


def write_soft_map(path: Path, plane: NDArray[np.floating]) -> None:
    """Write a map, H x W, 0..1, as an 8-bit gray PNG, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    levels = np.rint(np.clip(plane, 0, 1) * 255).astype(np.uint8)
    data = io.BytesIO()
    Image.fromarray(levels).save(data, "PNG")
    write_atomic(path, data.getvalue())


def read_soft_map(path: Path) -> Plane:
    """A map from a gray image: gray levels by 255; of a colored one, such as a label map, all
    that is not black is 1.

    Returns:
        H x W float32, 0..1.

    Raises:
        MaskReadError: no image, damaged, or too large.
    """
    try:
        rgb = read_rgb(path)
    except IMAGE_ERRORS as error:
        msg = f"{path} cannot be read as a map: {error}."
        raise MaskReadError(msg, "Give gray images, as vosapp discover --maps writes.") from error
    if (rgb[..., 0] == rgb[..., 1]).all() and (rgb[..., 1] == rgb[..., 2]).all():
        return np.asarray(rgb[..., 0] / np.float32(255), np.float32)
    return np.asarray((rgb > 0).any(2), np.float32)
