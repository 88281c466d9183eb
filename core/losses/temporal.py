"""The loss that ties the masks of neighboring frames to each other by color.

MaskFreeVIS' temporal matching of patches (Ke et al. 2023) as Skogh 2024, section 3.3, has it.
"""

from __future__ import annotations

from functools import partial
from typing import cast

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from core.losses.box import disagreement
from core.losses.precision import full_precision
from core.ops.boxes import BoxPlanes
from core.ops.color_matches import (
    ALIKE,
    CYCLIC_TUBE,
    GAMMA,
    Offset,
    Search,
    patch_matches,
    shifted,
)


def temporal_loss(
    logits: Tensor,
    lab: Tensor,
    boxes: BoxPlanes,
    *,
    search: Search = CYCLIC_TUBE,
    threshold: float = ALIKE,
    gamma: float = GAMMA,
    detach: bool = False,
) -> Tensor:
    """What looks alike in two neighboring frames is in one mask (Skogh 2024, eq. 3.18 to 3.22).

    Frames make a ring: each is matched with the next one, and the last one with the first. For
    each pixel p inside the box and each pixel p' of each patch of the next frame that looks like
    p's patch, -log(m_p m_p' + (1 - m_p)(1 - m_p')).

    Eq. 3.18 prints a sum; the text below eq. 3.22 takes the mean over the pixels of matched
    patches. This is the mean, for each two frames over all clips and objects, then over the ring.

    Args:
        logits: B x T x K x h x w, foreground of each object.
        lab: B x T x 3 x h x w, Lab in its own scale.
        boxes: at the same size.
        search: patches and where they are looked for.
        threshold: tau of the similarity of patches.
        gamma: temperature of the similarity.
        detach: eq. 3.22 as it is printed; half the gradient, see `disagreement`.

    Returns:
        A scalar >= 0; 0 where nothing matches or clips have one frame.
    """
    z = full_precision(logits)
    if z.shape[1] < 2:
        return z.sum() * 0
    matched = ring_matches(lab, search, threshold=threshold, gamma=gamma)
    inside = _filter(boxes, search)
    following = z.roll(-1, 1)
    total, pairs = z.new_zeros(z.shape[1]), z.new_zeros(z.shape[1])
    for index, place in enumerate(search.places):
        weight = matched[:, :, index, None] * inside
        reached = [(place[0] + x[0], place[1] + x[1]) for x in search.tied]
        # Nothing of a place is kept for the way back: 225 planes of all objects would not fit.
        tie = partial(_tie, offsets=reached, detach=detach)
        sums = checkpoint(tie, z, following, weight, use_reentrant=False)
        total = total + cast(Tensor, sums)
        pairs = pairs + weight.sum((0, 2, 3, 4)) * len(reached)
    return (total / pairs.clamp(min=1)).mean()


def ring_matches(
    lab: Tensor, search: Search, *, threshold: float = ALIKE, gamma: float = GAMMA
) -> Tensor:
    """Matches of each frame with the next one, and of the last with the first.

    Args:
        lab: B x T x 3 x h x w, Lab in its own scale.
        search: patches and places.
        threshold: tau, see `core.ops.color_matches.patch_matches`.
        gamma: temperature of the similarity.

    Returns:
        B x T x places x h x w bool.
    """
    frames, following = lab.flatten(0, 1), lab.roll(-1, 1).flatten(0, 1)
    found = patch_matches(frames, following, search, threshold=threshold, gamma=gamma)
    return found.reshape(*lab.shape[:2], *found.shape[1:])


def _filter(boxes: BoxPlanes, search: Search) -> Tensor:
    inside = boxes.planes
    return inside.amax(1, keepdim=True).expand_as(inside) if search.any_box else inside


def _tie(
    z: Tensor, following: Tensor, weight: Tensor, offsets: list[Offset], *, detach: bool
) -> Tensor:
    """Sum of the loss over all pixels and offsets, by frame."""
    total = torch.zeros_like(weight)
    for offset in offsets:
        total = total + disagreement(z, shifted(following, offset), detach=detach)
    return (total * weight).sum((0, 2, 3, 4))
