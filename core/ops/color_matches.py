"""Which pixels of a frame, or of two frames, have so much the same color that they are one thing.

S(p, p') = exp(-|p - p'| / gamma) >= tau in Lab (BoxInst: Tian et al. 2021; Skogh 2024, eq. 3.13 and
3.14); between frames for patches instead of pixels (MaskFreeVIS: Ke et al. 2023; Skogh, 3.3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

GAMMA = 2.0
"""Temperature of the similarity (BoxInst's and MaskFreeVIS' code; the thesis states none)."""

SAME, ALIKE = 0.3, 0.05
"""Thresholds tau of pixels (BoxInst) and of patches (MaskFreeVIS)."""
DILATION = 2
"""Cells from a pixel to the neighbors that it is compared with (BoxInst)."""

Offset = tuple[int, int]
"""Rows down and columns right."""


@dataclass(frozen=True, slots=True)
class Search:
    """Where the patch of a pixel is looked for in another frame.

    Attributes:
        patch: side N of a patch in cells, odd.
        size: M: M x M patches are looked at, odd, the middle one at the same place.
        step: cells between the middles of these; N where they do not overlap.
        kept: at most so many of the most similar; None for all that are similar enough.
        whole: a pixel is tied to every pixel of a patch (eq. 3.18), or to its middle only.
        any_box: pixels in the object's box on any frame of the clip count, not only on this one.
    """

    patch: int = 3
    size: int = 5
    step: int = 3
    kept: int | None = None
    whole: bool = True
    any_box: bool = False

    @property
    def places(self) -> tuple[Offset, ...]:
        """Where the middles of the patches are, seen from the pixel; row by row."""
        return _grid(self.size, self.step)

    @property
    def tied(self) -> tuple[Offset, ...]:
        """Pixels of a matched patch that are tied to the pixel, seen from the patch's middle."""
        return _grid(self.patch, 1) if self.whole else ((0, 0),)


CYCLIC_TUBE = Search()
"""The thesis' figure 3.6: N = 3, M = 5, disjoint."""
MASKFREEVIS = Search(size=3, kept=5, whole=False, any_box=True)
"""MaskFreeVIS as released: 3 x 3 patches at dilation 3, the best 5, middle to middle."""


def shifted(planes: Tensor, offset: Offset, *, fill: float = 0.0) -> Tensor:
    """Planes of which cell p holds what was in cell p + offset.

    Args:
        planes: ... x H x W, of at least 3 dimensions.
        offset: rows down, columns right.
        fill: what cells from outside the picture hold.
    """
    down, right = offset
    height, width = planes.shape[-2:]
    pad = (max(-right, 0), max(right, 0), max(-down, 0), max(down, 0))
    padded = F.pad(planes, pad, value=fill)
    top, left = max(down, 0), max(right, 0)
    return padded[..., top : top + height, left : left + width]


def same_color(
    lab: Tensor, offset: Offset, *, threshold: float = SAME, gamma: float = GAMMA
) -> Tensor:
    """Where a cell has the color of its neighbor at an offset in the same frame.

    Args:
        lab: ... x 3 x H x W, Lab in its own scale (`core.ops.color.cielab`).
        offset: of the neighbor.
        threshold: tau, 0..1; 0 lets every pair pass.
        gamma: of the similarity, in units of Lab.

    Returns:
        ... x H x W bool; False where the neighbor is outside the picture.
    """
    squared = (lab - shifted(lab, offset, fill=math.inf)).square().sum(-3)
    return _near(squared, threshold, gamma)


@torch.no_grad()
def patch_matches(
    lab: Tensor,
    other: Tensor,
    search: Search,
    *,
    threshold: float = ALIKE,
    gamma: float = GAMMA,
) -> Tensor:
    """Which patches of another frame look like the patch around each cell.

    Args:
        lab: B x 3 x H x W, Lab in its own scale.
        other: B x 3 x H x W, the other frames.
        search: patches and places.
        threshold: tau, 0..1; 0.05 at gamma 2 lets distances up to 5.99 of the N x N x 3 values
            pass; 0 lets every patch pass.
        gamma: of the similarity, in units of Lab.

    Returns:
        B x places x H x W bool. Patches that are not wholly in the picture match nothing.
    """
    found = [_distance(lab, shifted(other, x, fill=math.inf), search.patch) for x in search.places]
    squared = torch.stack(found, dim=1)
    near = _near(squared, threshold, gamma)
    if search.kept is None or search.kept >= near.shape[1]:
        return near
    best = squared.topk(search.kept, dim=1, largest=False).indices
    return near & torch.zeros_like(near).scatter(1, best, value=True)


def _distance(lab: Tensor, other: Tensor, patch: int) -> Tensor:
    """Squared distance of the patches around each cell, B x H x W; infinite at the border."""
    squared = (lab - other).square().sum(1, keepdim=True)
    reach = patch // 2
    framed = F.pad(squared, (reach,) * 4, value=math.inf)
    return F.avg_pool2d(framed, patch, stride=1)[:, 0] * patch**2


def _near(squared: Tensor, threshold: float, gamma: float) -> Tensor:
    limit = math.inf if threshold <= 0 else -gamma * math.log(threshold)
    return (squared <= limit**2) & squared.isfinite()


def _grid(size: int, step: int) -> tuple[Offset, ...]:
    line = [step * x for x in range(-(size // 2), size // 2 + 1)]
    return tuple((down, right) for down in line for right in line)
