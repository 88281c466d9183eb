"""Losses that teach correspondence from raw video."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

HUBER_SCALE = 20.0
"""Colors are scaled so that errors below 1/20 are quadratic (MAST's released training)."""


def color_reconstruction(
    readout: Tensor, colors: Tensor, counted: Tensor, *, total: Tensor | None = None
) -> Tensor:
    """Huber distance of a reconstructed color to the true one (Lai et al. 2020, MAST, eq. 4).

    Args:
        readout: B x V x h x w, colors read from another frame at the stride of the features.
        colors: B x V x H x W, the frame's own colors.
        counted: B x V, 1 where the channel of the sample counts, else 0.
        total: what the sum is divided by; None takes the sum of `counted`. Processes that share a
            batch give the mean of theirs, so that the mean of their losses is that of the batch.

    Returns:
        A scalar; 0 for equal colors.
    """
    full = F.interpolate(readout, size=colors.shape[-2:], mode="bilinear", align_corners=False)
    error = F.smooth_l1_loss(full * HUBER_SCALE, colors * HUBER_SCALE, reduction="none")
    by_channel = error.mean(dim=(2, 3))
    divisor = counted.sum().clamp(min=1) if total is None else total
    return (by_channel * counted).sum() / divisor
