"""Losses that teach masks from boxes: projection and pairwise color (BoxInst: Tian et al. 2021).

As used on video by MaskFreeVIS (Ke et al. 2023) and by Skogh 2024 ("the thesis"). All take logits
of the foreground of single objects; probabilities m are their sigmoid.
"""

from __future__ import annotations

from enum import Enum

import torch
import torch.nn.functional as F
from torch import Tensor

from core.losses.precision import full_precision
from core.ops.boxes import BoxPlanes
from core.ops.color_matches import DILATION, GAMMA, SAME, Offset, same_color, shifted


class DiceForm(Enum):
    """How two projections p (predicted) and b (of the box) are compared.

    BOXINST: 1 - 2 sum(p b) / (sum p^2 + sum b^2 + 1e-5).
    THESIS: 1 - (1 + 2 sum p^2 b^2) / (1 + sum p^2 + sum b^2), as eq. 3.11 prints it, with epsilon 1
    as in XMem's dice.

    At b all 0 the first one is 1 whatever p is, and teaches nothing; there both are the second one.
    """

    BOXINST = "boxinst"
    THESIS = "thesis"


class Average(Enum):
    """What a sum over pairs of pixels is divided by.

    PAIRS: the pairs that count, of all objects and frames together, at least 1 (BoxInst).
    PIXELS: H W, then the mean over objects and frames (eq. 3.16 and 3.17).
    """

    PAIRS = "pairs"
    PIXELS = "pixels"


def foreground_logits(logits: Tensor) -> Tensor:
    """Logits of each object against all other classes.

    Args:
        logits: B x T x (1 + K) x H x W, background first, before the softmax over classes.

    Returns:
        B x T x K x H x W, log(m / (1 - m)) of the probability m after the softmax.
    """
    classes = logits.shape[2]
    others = [
        torch.cat((logits[:, :, :k], logits[:, :, k + 1 :]), 2).logsumexp(2)
        for k in range(1, classes)
    ]
    return logits[:, :, 1:] - torch.stack(others, 2)


def merged_logits(logits: Tensor) -> Tensor:
    """Logits of all objects together against the background; arguments as `foreground_logits`.

    Returns:
        B x T x 1 x H x W.
    """
    return logits[:, :, 1:].logsumexp(2, keepdim=True) - logits[:, :, :1]


def projection_loss(
    logits: Tensor,
    boxes: BoxPlanes,
    *,
    counted: Tensor | None = None,
    form: DiceForm = DiceForm.BOXINST,
    large_picture: bool = False,
) -> Tensor:
    """The mask touches all sides of its box and does not leave it (Skogh 2024, eq. 3.8 to 3.12).

    Args:
        logits: B x T x K x H x W, foreground of each object.
        boxes: at the same size.
        counted: B x T x H x W, 0 void; void pixels count as background of the prediction. See
            `core.ops.boxes.counted_pixels`.
        form: of the comparison.
        large_picture: lay all frames out as one picture of B H x K T W (figure 3.3, right; what the
            thesis used), so that maxima run across frames; else each frame is compared alone and
            the mean taken (eq. 3.12).

    Returns:
        A scalar 0..2, of x and y together, over what is known; 0 where nothing is.
    """
    known = boxes.known[..., None, None].to(boxes.planes)
    found, wanted = full_precision(logits).sigmoid() * known, boxes.planes
    if counted is not None:
        found = found * counted[:, :, None]
    weight = boxes.known.to(found)
    if large_picture:
        found, wanted = (x.permute(0, 3, 2, 1, 4).flatten(2).flatten(0, 1) for x in (found, wanted))
        weight = weight.any().to(found)
    sides = _dice(found.amax(-2), wanted.amax(-2), form) + _dice(
        found.amax(-1), wanted.amax(-1), form
    )
    return (sides * weight).sum() / weight.sum().clamp(min=1)


def pairwise_loss(
    logits: Tensor,
    lab: Tensor,
    boxes: BoxPlanes,
    *,
    threshold: float = SAME,
    dilation: int = DILATION,
    gamma: float = GAMMA,
    average: Average = Average.PAIRS,
) -> Tensor:
    """Neighbors of one color are in one mask (Skogh 2024, eq. 3.13 to 3.17).

    For each pixel p inside the box, the 8 neighbors p' of a 3 x 3 kernel, each with
    -log(m_p m_p' + (1 - m_p)(1 - m_p')) where its color is the same.

    Args:
        logits: B x T x K x h x w, foreground of each object.
        lab: B x T x 3 x h x w, Lab in its own scale; BoxInst takes a quarter of the frame's size.
        boxes: at the same size.
        threshold: tau, see `core.ops.color_matches.same_color`; 0.3 is BoxInst's setting.
        dilation: cells to the neighbors.
        gamma: temperature of the similarity.
        average: what the sum is divided by.

    Returns:
        A scalar >= 0; 0 where nothing is known.
    """
    z, inside = full_precision(logits), boxes.planes
    total, pairs = z.new_zeros(()), z.new_zeros(())
    for offset in _half_kernel(dilation):
        same = same_color(lab, offset, threshold=threshold, gamma=gamma)[:, :, None]
        # The pair counts once for each of its two pixels that is inside.
        weight = same * (inside + shifted(inside, offset))
        total = total + (weight * disagreement(z, shifted(z, offset))).sum()
        pairs = pairs + weight.sum()
    if average is Average.PIXELS:
        pairs = boxes.known.sum() * z.shape[-1] * z.shape[-2]
    return total / pairs.clamp(min=1)


def disagreement(first: Tensor, second: Tensor, *, detach: bool = False) -> Tensor:
    """-log of the probability that two pixels have one label (Skogh 2024, eq. 3.15 and 3.21).

    -log(m m' + (1 - m)(1 - m')) = s(z) + s(z') - s(z + z') with the softplus s and the logits z.

    Args:
        first: logits of pixels, any shape.
        second: of their partners, of the same shape.
        detach: the mean of the loss with the one held fast and with the other (eq. 3.22). The
            value is the same and the gradient exactly half: it is a weight of 1/2 and no more.

    Returns:
        Of the same shape, >= 0 up to rounding.
    """
    if detach:
        there = disagreement(first, second.detach())
        return (there + disagreement(first.detach(), second)) / 2
    return F.softplus(first) + F.softplus(second) - F.softplus(first + second)


def _half_kernel(dilation: int) -> tuple[Offset, ...]:
    """One of each two neighbors that face each other."""
    return ((0, dilation), (dilation, -dilation), (dilation, 0), (dilation, dilation))


def _dice(found: Tensor, wanted: Tensor, form: DiceForm) -> Tensor:
    squares = found.square().sum(-1) + wanted.square().sum(-1)
    printed = 1 - (1 + 2 * (found * wanted).square().sum(-1)) / (1 + squares)
    if form is DiceForm.THESIS:
        return printed
    released = 1 - 2 * (found * wanted).sum(-1) / (squares + 1e-5)
    return torch.where(wanted.sum(-1) > 0, released, printed)
