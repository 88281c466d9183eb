"""Segments as soft masks, and flows that are constant, or polynomials, on each of them."""

from __future__ import annotations

import torch
from torch import Tensor

from core.ops.warping import pixel_grid

ORDERS = {0: 1, 1: 3, 2: 6}
"""Terms of a polynomial of x and y by its order: constant, affine, quadratic."""
TINY = 1e-6
RIDGE = 1e-4
"""Share of a picture that pulls the polynomial of a segment to rest."""


def segment_means(features: Tensor, masks: Tensor) -> Tensor:
    """The mean feature of each segment (AMD, equation 4).

    Args:
        features: B x C x h x w.
        masks: B x M x h x w, 0..1; or B x M x T x h x w, the same times T functions of place.

    Returns:
        B x M x C, or B x M x T x C: sums of features times mask, by the mask's own sum; for T
        functions by the sum of the first, which is the mask itself.
    """
    area = masks if masks.ndim == 4 else masks[:, :, 0]
    total = area.sum((-2, -1)).clamp(min=TINY)
    if masks.ndim == 4:
        return torch.einsum("bchw,bmhw->bmc", features, masks) / total[..., None]
    return torch.einsum("bchw,bmthw->bmtc", features, masks) / total[..., None, None]


def polynomial_masks(masks: Tensor, order: int) -> Tensor:
    """Each mask times the terms of a polynomial around the segment's middle.

    Args:
        masks: B x M x h x w, 0..1.
        order: 0, 1 or 2.

    Returns:
        B x M x T x h x w: mask times 1; x, y; x^2 - v, x y, y^2 - v, where x and y are measured
        from the segment's middle in halves of the map's longer side, and v is the mean square, so
        that the first coefficient stays the segment's mean flow.
    """
    if order == 0:
        return masks[:, :, None]
    height, width = masks.shape[-2:]
    scale = max(height, width) / 2
    place = pixel_grid(masks) / scale
    middle = segment_means(place.expand(len(masks), -1, -1, -1), masks)
    x, y = (place[:, None, None] - middle.permute(2, 0, 1)[..., None, None]).unbind(0)
    terms = [torch.ones_like(x), x, y]
    if order == 2:
        area = masks.sum((-2, -1), keepdim=True).clamp(min=TINY)
        mean = [(z * masks).sum((-2, -1), keepdim=True) / area for z in (x * x, x * y, y * y)]
        terms += [x * x - mean[0], x * y - mean[1], y * y - mean[2]]
    return torch.stack(terms, dim=2) * masks[:, :, None]


def polynomial_terms(like: Tensor, order: int) -> Tensor:
    """T x h x w: 1; x, y; x^2, x y, y^2 from -1 to 1 over a map ... x h x w."""
    height, width = like.shape[-2:]
    half = like.new_tensor([max(width - 1, 1), max(height - 1, 1)]).view(2, 1, 1) / 2
    x, y = pixel_grid(like) / half - 1
    return torch.stack([torch.ones_like(x), x, y, x * x, x * y, y * y][: ORDERS[order]])


def fitted_flows(flow: Tensor, masks: Tensor, order: int) -> Tensor:
    """For each segment the polynomial that comes nearest to a flow there (least squares).

    Args:
        flow: B x 2 x h x w.
        masks: B x M x h x w, 0..1: how much each place of a segment counts.
        order: of the polynomials: 0, 1 or 2.

    Returns:
        B x M x 2 x h x w: what it says of the whole map, in the unit of the flow.
    """
    terms = polynomial_terms(masks, order)
    # An empty segment has no flow of its own: this keeps it from being singular.
    least = RIDGE * masks[0, 0].numel() * torch.eye(len(terms), device=masks.device)
    square = torch.einsum("bmhw,thw,uhw->bmtu", masks, terms, terms) + least.to(masks)
    wanted = torch.einsum("bmhw,thw,bkhw->bmtk", masks, terms, flow)
    found = torch.linalg.solve(square, wanted)
    return torch.einsum("bmtk,thw->bmkhw", found, terms)


def composed_flow(coefficients: Tensor, masks: Tensor) -> Tensor:
    """The flow of the whole picture from those of its segments (AMD, equation 6).

    Args:
        coefficients: B x M x T x 2, of each segment and term.
        masks: B x M x T x h x w, from `polynomial_masks`.

    Returns:
        B x 2 x h x w, in the unit of the coefficients.
    """
    return torch.einsum("bmtk,bmthw->bkhw", coefficients, masks)
