"""Losses where there are masks: XMem's (Skogh 2024, eq. 3.2 to 3.7), and one of the union."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from core.losses.precision import full_precision
from core.types import VOID


def bootstrapped_cross_entropy(
    logits: Tensor, label_maps: Tensor, masked: Tensor, *, top: float = 1.0
) -> Tensor:
    """Cross-entropy of those pixels of each frame that are worst (Skogh 2024, eq. 3.2 to 3.4).

    Args:
        logits: B x T x (1 + K) x H x W, background first, before the softmax over classes.
        label_maps: B x T x H x W uint8: 0 background, 1 to K the objects in the order of the
            logits, 255 void.
        masked: B x T bool, which frames have a label map at all.
        top: p, share 0..1 of the pixels that are not void; at least one pixel counts.

    Returns:
        A scalar, the mean over frames that say something; 0 where none does.
    """
    z = full_precision(logits)
    wanted = label_maps.long().masked_fill(label_maps == VOID, -1).flatten(0, 1)
    losses = F.cross_entropy(z.flatten(0, 1), wanted, ignore_index=-1, reduction="none")
    counted = (wanted >= 0) & masked.flatten()[:, None, None]
    # Voids go to the end of the row.
    worst = losses.masked_fill(~counted, -1).flatten(1).sort(1, descending=True).values
    pixels = counted.flatten(1).sum(1)
    taken = (pixels * top).floor().clamp(min=1).minimum(pixels)
    rank = torch.arange(worst.shape[1], device=z.device)
    by_frame = (worst * (rank < taken[:, None])).sum(1) / taken.clamp(min=1)
    return by_frame.sum() / (pixels > 0).sum().clamp(min=1)


def union_cross_entropy(logits: Tensor, label_maps: Tensor, masked: Tensor) -> Tensor:
    """Binary cross-entropy of all objects together (Ge et al. 2021, eq. 13, first term).

    Args:
        logits: B x T x H x W, of any object being there.
        label_maps: B x T x H x W uint8, see `bootstrapped_cross_entropy`.
        masked: B x T bool, which frames have a label map at all.

    Returns:
        A scalar, the mean over frames that say something; 0 where none does.
    """
    z = full_precision(logits)
    counted = (label_maps != VOID) & masked[:, :, None, None]
    losses = F.binary_cross_entropy_with_logits(z, (label_maps > 0).to(z), reduction="none")
    pixels = counted.sum((2, 3))
    by_frame = (losses * counted).sum((2, 3)) / pixels.clamp(min=1)
    return by_frame.sum() / (pixels > 0).sum().clamp(min=1)


def dice_loss(
    logits: Tensor, label_maps: Tensor, masked: Tensor, objects: Tensor, *, smooth: float = 1.0
) -> Tensor:
    """One minus Dice of each object on each frame, without squares (Skogh 2024, eq. 3.5, 3.6).

    Args:
        logits: B x T x (1 + K) x H x W, see `bootstrapped_cross_entropy`.
        label_maps: B x T x H x W uint8, 255 void: left out of all sums.
        masked: B x T bool, which frames have a label map.
        objects: B x K bool, False for padding; an object that is absent from a frame counts.
        smooth: epsilon; XMem's is 1.

    Returns:
        A scalar 0..1, the mean over objects and frames; 0 where there is none.
    """
    z = full_precision(logits)
    counted = (label_maps != VOID)[:, :, None]
    ids = torch.arange(1, z.shape[2], device=z.device).view(1, 1, -1, 1, 1)
    wanted = (label_maps[:, :, None] == ids).to(z)
    found = z.softmax(2)[:, :, 1:] * counted
    overlap, total = (x.sum((-2, -1)) for x in (found * wanted, found + wanted))
    loss = 1 - (smooth + 2 * overlap) / (smooth + total)
    weight = (masked[:, :, None] & objects[:, None]).to(z)
    return (loss * weight).sum() / weight.sum().clamp(min=1)
