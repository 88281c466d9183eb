"""RGB to normalized Lab, the color space of the `self_supervised` system."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LAB_MEAN = (50.0, 0.0, 0.0)
LAB_STD = (50.0, 127.0, 127.0)
"""Channel-wise normalization of MAST: L 0..100 and a, b -127..127 become about -1..1."""


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
