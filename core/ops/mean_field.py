"""A mean field that lets labels follow colors, over small windows.

Krähenbühl & Koltun 2011 with their two kernels, but between pixels of a window of 15 x 15 only,
as Teichmann & Cipolla 2018 do: nothing but shifts and sums, exact within the window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.types import Frame


@dataclass(frozen=True, slots=True)
class FieldConfig:
    """How strongly neighbors want one label."""

    radius: int = 7
    """Of the window: 7 is 15 x 15 pixels."""
    rounds: int = 5
    """Updates of all labels."""
    near: float = 3.0
    """Pixels over which the kernel that knows no colors falls by exp(-1/2)."""
    near_weight: float = 1.0
    far: float = 6.0
    """The same of the kernel of colors and places."""
    color: float = 10.0
    """Gray levels (0..255) over which it falls in color."""
    color_weight: float = 5.0


@torch.inference_mode()
def mean_field(probabilities: Tensor, image: Tensor, config: FieldConfig | None = None) -> Tensor:
    """Probabilities after some rounds of the mean field (Krähenbühl & Koltun 2011, algorithm 1).

    In each round Q_l(p) is made proportional to P_l(p) exp(sum over kernels of w sum_q k(p, q)
    Q_l(q) / sum_q k(p, q)), q in the window around p, less p itself.

    Args:
        probabilities: L x H x W, P, 0..1, sum 1.
        image: 3 x H x W, 0..255.
        config: windows and weights.

    Returns:
        L x H x W, sum 1.
    """
    config = config or FieldConfig()
    unary = probabilities.clamp(min=1e-6).log()
    kernels = _kernels(image, config)
    field = probabilities
    for _ in range(config.rounds):
        field = (unary + _messages(field, kernels, config)).softmax(0)
    return field


def refined_maps(
    maps: NDArray[np.float32], small: Frame, config: FieldConfig | None = None
) -> NDArray[np.float32]:
    """Maps of objects after the mean field, beside a background that is the rest.

    Args:
        maps: K x h x w, 0..1.
        small: h x w x 3 uint8.
        config: windows and weights.
    """
    soft = torch.from_numpy(np.ascontiguousarray(maps))
    rest = (1 - soft.sum(0, keepdim=True)).clamp(min=1e-3)
    together = torch.cat([rest, soft])
    image = torch.from_numpy(np.ascontiguousarray(small)).permute(2, 0, 1).float()
    found: NDArray[np.float32] = mean_field(together / together.sum(0), image, config)[1:].numpy()
    return found


def _kernels(image: Tensor, config: FieldConfig) -> list[tuple[int, int, Tensor]]:
    """For each displacement what both kernels together weigh, H x W, each normalized."""
    height, width = image.shape[-2:]
    size = (height, width)
    padded, inside = (
        _padded(image, config.radius),
        _padded(torch.ones_like(image[:1]), config.radius),
    )
    shifts, near, far = [], [], []
    reach = range(-config.radius, config.radius + 1)
    for y in reach:
        for x in reach:
            if (y, x) == (0, 0):
                continue
            there = _shifted(inside, y, x, size=size, radius=config.radius)[0]
            apart = (
                (_shifted(padded, y, x, size=size, radius=config.radius) - image).square().sum(0)
            )
            square = float(y * y + x * x)
            shifts.append((y, x))
            near.append(there * float(np.exp(-square / (2 * config.near**2))))
            place = torch.exp(-apart / (2 * config.color**2) - square / (2 * config.far**2))
            far.append(there * place)
    total_near, total_far = torch.stack(near).sum(0), torch.stack(far).sum(0)
    return [
        (y, x, config.near_weight * a / total_near + config.color_weight * b / (total_far + 1e-6))
        for (y, x), a, b in zip(shifts, near, far, strict=True)
    ]


def _messages(field: Tensor, kernels: list[tuple[int, int, Tensor]], config: FieldConfig) -> Tensor:
    padded, size = _padded(field, config.radius), (field.shape[-2], field.shape[-1])
    total = torch.zeros_like(field)
    for y, x, kernel in kernels:
        total += kernel * _shifted(padded, y, x, size=size, radius=config.radius)
    return total


def _padded(x: Tensor, radius: int) -> Tensor:
    return F.pad(x, (radius,) * 4)


def _shifted(padded: Tensor, y: int, x: int, *, size: tuple[int, int], radius: int) -> Tensor:
    """What lies (y, x) away from each pixel."""
    top, left = radius + y, radius + x
    return padded[..., top : top + size[0], left : left + size[1]]
