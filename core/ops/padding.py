"""Zeros around images, so that their sides are multiples of a stride."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Padding:
    """Rows and columns of zeros around an image."""

    top: int
    bottom: int
    left: int
    right: int

    def pad(self, image: Tensor) -> Tensor:
        """... x H x W with the zeros around."""
        return F.pad(image, (self.left, self.right, self.top, self.bottom))

    def crop(self, image: Tensor) -> Tensor:
        """... x H x W without what `pad` has put around."""
        rows, columns = image.shape[-2:]
        return image[..., self.top : rows - self.bottom, self.left : columns - self.right]


def around(height: int, width: int, stride: int) -> Padding:
    """The padding to the next multiples of a stride, the odd line behind."""
    rows, columns = -height % stride, -width % stride
    return Padding(rows // 2, rows - rows // 2, columns // 2, columns - columns // 2)
