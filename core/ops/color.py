"""RGB to Lab: normalized, in which correspondence is learned, and in its own scale."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LAB_MEAN = (50.0, 0.0, 0.0)
LAB_STD = (50.0, 127.0, 127.0)
"""Channel-wise normalization of MAST: L 0..100 and a, b -127..127 become about -1..1."""
WHITE = (0.950456, 1.0, 1.088754)
XYZ_TO_RGB = (
    (3.240479, -1.537150, -0.498535),
    (-0.969256, 1.875991, 0.041556),
    (0.055648, -0.204043, 1.057311),
)
"""White point D65 and the primaries of sRGB (IEC 61966-2-1)."""
RGB_TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
"""The inverse of `XYZ_TO_RGB`."""


def rgb_to_lab(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Normalized CIE Lab (D65) of an sRGB image.

    Args:
        image: H x W x 3 uint8, RGB.

    Returns:
        H x W x 3 float32, about -1..1.
    """
    scaled = image.astype(np.float32)
    scaled *= np.float32(1 / 255)
    lab = np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB), np.float32)
    lab -= np.array(LAB_MEAN, np.float32)
    lab *= np.float32(1) / np.array(LAB_STD, np.float32)
    return lab


def lab_tensor(image: NDArray[np.uint8]) -> Tensor:
    """An RGB frame as the encoder takes it: 1 x 3 x H x W float32 normalized Lab."""
    return torch.from_numpy(rgb_to_lab(image)).permute(2, 0, 1)[None]


@torch.no_grad()
def cielab(rgb: Tensor) -> Tensor:
    """CIE Lab (D65) in its own scale, on the device that the frames are on.

    Distances in it are about what people see: 2.3 is just noticeable (Mahy et al. 1994).

    Args:
        rgb: ... x 3 x H x W float, sRGB 0..1.

    Returns:
        ... x 3 x H x W float32: L 0..100, a and b about -108..98. Without a gradient.
    """
    value = rgb.float()
    linear = torch.where(
        value <= 0.04045, value / 12.92, ((value.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    )
    red, green, blue = linear.unbind(-3)
    # No matrix product: under autocast it would be rounded to 16 bits.
    x, y, z = (
        _root((red * r + green * g + blue * b) / white)
        for (r, g, b), white in zip(RGB_TO_XYZ, WHITE, strict=True)
    )
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), dim=-3)


@torch.no_grad()
def lab_to_rgb(lab: Tensor) -> Tensor:
    """The inverse of `rgb_to_lab`; colors that no screen can show are cut to those it can.

    Args:
        lab: B x 3 x H x W float32, normalized.

    Returns:
        B x 3 x H x W float32 sRGB, 0..1.
    """
    lightness, a, b = (
        lab[:, channel].float() * LAB_STD[channel] + LAB_MEAN[channel] for channel in range(3)
    )
    middle = (lightness + 16) / 116
    x, y, z = (
        white * _cube(value)
        for white, value in zip(WHITE, (middle + a / 500, middle, middle - b / 200), strict=True)
    )
    # No matrix product: under autocast it would be rounded to 16 bits.
    linear = torch.stack([rx * x + ry * y + rz * z for rx, ry, rz in XYZ_TO_RGB], dim=1)
    linear = linear.clamp(0, 1)
    curved = 1.055 * linear.clamp(min=1e-8) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, 12.92 * linear, curved)


def _cube(value: Tensor) -> Tensor:
    """Lab's way back from its cube root, which is straight near black."""
    return torch.where(value > 6 / 29, value**3, 3 * (6 / 29) ** 2 * (value - 4 / 29))


def _root(value: Tensor) -> Tensor:
    """Lab's cube root, which is straight near black."""
    cut = (6 / 29) ** 3
    return torch.where(
        value > cut, value.clamp(min=cut) ** (1 / 3), value / (3 * (6 / 29) ** 2) + 4 / 29
    )
