"""A patch that is tracked forward and back has to arrive where it began (MuG, eq. 3 to 5).

Places are in cells of a feature map, x before y: a patch of h x w cells whose first cell is (x, y)
lies at (x + w // 2, y + h // 2). Response maps are of the size of the feature map.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

WIDTH = 0.1
"""Standard deviation of the wanted map, as a share of the patch's side (section 3.2)."""


def resemblance(patch: Tensor, frame: Tensor) -> Tensor:
    """How well a patch fits each place of a frame: a cross-correlation, eq. 3 before the sigmoid.

    Args:
        patch: B x C x h x w features.
        frame: B x C x H x W features; beyond the frame they are 0.

    Returns:
        B x H x W, the mean over the patch's cells of <p, x> / sqrt(C). The paper sums; a mean
        keeps the sigmoid from being 0 or 1 everywhere, whatever the patch's size.
    """
    batch, channels, height, width = patch.shape
    padded = F.pad(frame, (width // 2, (width - 1) // 2, height // 2, (height - 1) // 2))
    together = padded.reshape(1, batch * channels, *padded.shape[-2:])
    found = F.conv2d(together, patch, groups=batch)[0]
    return found / (math.sqrt(channels) * height * width)


def soft_peak(scores: Tensor, *, sharpness: float) -> Tensor:
    """Where a map is highest, with gradient: the mean place by softmax (eq. 3's peak).

    Args:
        scores: B x H x W.
        sharpness: multiplies the scores before the softmax.

    Returns:
        B x 2, x and y.
    """
    height, width = scores.shape[-2:]
    weights = (sharpness * scores.flatten(1)).softmax(1).view_as(scores)
    x, y = (torch.arange(n, device=scores.device, dtype=scores.dtype) for n in (width, height))
    return torch.stack([(weights.sum(1) * x).sum(1), (weights.sum(2) * y).sum(1)], dim=1)


def wanted_response(places: Tensor, size: tuple[int, int], side: float) -> Tensor:
    """G_p: a Gaussian around where the patch began, 1 at its middle.

    Args:
        places: B x 2, x and y.
        size: H and W.
        side: of the patch, in cells.

    Returns:
        B x H x W.
    """
    height, width = size
    x = torch.arange(width, device=places.device, dtype=places.dtype) - places[:, :1]
    y = torch.arange(height, device=places.device, dtype=places.dtype) - places[:, 1:]
    square = x.square()[:, None] + y.square()[:, :, None]
    return torch.exp(-square / (2 * (WIDTH * side) ** 2))


def tracking_consistency(response: Tensor, wanted: Tensor) -> Tensor:
    """The squared distance of the response on the way back to what is wanted (eq. 5).

    Args:
        response: B x H x W, 0..1, after the sigmoid.
        wanted: the same, from `wanted_response`.

    Returns:
        A scalar: the mean over the map and over patches. The paper sums over the map, as it does
        for the foreground (eq. 15): with means of both their weights are those of the paper. A sum
        beside a mean was seen to have thirteen times the gradient of all that is foreground.
    """
    return (response - wanted).square().mean()
