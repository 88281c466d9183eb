"""How true it is that what looks alike is one object: the check of data for box losses.

Skogh 2024, table 3.1: for each threshold the share of pairs of pixels that a color loss would tie
to each other, and, where there are masks, the share of these that are of one label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.ops.color_matches import (
    CYCLIC_TUBE,
    DILATION,
    Offset,
    Search,
    patch_matches,
    same_color,
    shifted,
)
from core.types import VOID

THRESHOLDS = (0.0, 0.005, 0.01, 0.05, 0.1, 0.2, 0.3)
"""Of table 3.1."""


@dataclass(frozen=True, slots=True)
class ColorCheck:
    """Counts of one clip at one threshold.

    Attributes:
        pairs: that could have been tied.
        tied: whose colors are similar enough.
        pixels: that have at least one partner in the picture.
        reached: that are tied to at least one.
        labeled: tied, with a known label on both sides.
        right: of these, with the same label.
    """

    pairs: int
    tied: int
    pixels: int
    reached: int
    labeled: int
    right: int

    @property
    def share(self) -> float | None:
        """Share 0..1 of pairs that are tied; table 3.1's supervision proportion. None: no pair."""
        return self.tied / self.pairs if self.pairs else None

    @property
    def coverage(self) -> float | None:
        """Share 0..1 of pixels that are tied to any other. None: no pixel."""
        return self.reached / self.pixels if self.pixels else None

    @property
    def precision(self) -> float | None:
        """TP / (TP + FP) of table 3.1, 0..1. None: no pair with labels."""
        return self.right / self.labeled if self.labeled else None


@torch.no_grad()
def check_frames(
    lab: Tensor,
    label_maps: Tensor,
    *,
    search: Search = CYCLIC_TUBE,
    thresholds: Sequence[float] = THRESHOLDS,
) -> tuple[ColorCheck, ...]:
    """What the temporal loss would tie between each frame and the next one.

    The last frame is tied to the first as in training, so a clip should be as long as there.

    Args:
        lab: T x 3 x h x w, Lab in its own scale (`core.ops.color.cielab`).
        label_maps: T x h x w uint8 at the same size, 255 void.
        search: patches and where they are looked for.
        thresholds: tau, each 0..1.

    Returns:
        One for each threshold. Pairs are (p, p') of eq. 3.18, all over the picture, in no box.
    """
    following = lab.roll(-1, 0)
    tied = [_comparable(label_maps, x, search.tied, ahead=1) for x in search.places]
    pairs = _Pairs.of(tied, len(search.tied))
    possible = patch_matches(lab, following, search, threshold=0)
    return tuple(
        pairs.count(patch_matches(lab, following, search, threshold=x), possible)
        for x in thresholds
    )


@torch.no_grad()
def check_neighbors(
    lab: Tensor, label_maps: Tensor, *, thresholds: Sequence[float] = THRESHOLDS
) -> tuple[ColorCheck, ...]:
    """What the pairwise loss would tie within each frame: 8 neighbors at its dilation.

    Arguments and result as of `check_frames`.
    """
    line = (-DILATION, 0, DILATION)
    offsets = [(down, right) for down in line for right in line if down or right]
    tied = [_comparable(label_maps, x, ((0, 0),), ahead=0) for x in offsets]
    pairs = _Pairs.of(tied, 1)

    def same(threshold: float) -> Tensor:
        return torch.stack([same_color(lab, x, threshold=threshold) for x in offsets], 1)

    return tuple(pairs.count(same(x), same(0)) for x in thresholds)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """For each pixel and place, T x places x h x w: how many pairs have labels, and agree."""

    labeled: Tensor
    right: Tensor
    tied: int

    @classmethod
    def of(cls, places: list[tuple[Tensor, Tensor]], tied: int) -> _Pairs:
        """Labeled and right pairs of all places."""
        return cls(
            torch.stack([labeled for labeled, _ in places], 1),
            torch.stack([right for _, right in places], 1),
            tied,
        )

    def count(self, matched: Tensor, possible: Tensor) -> ColorCheck:
        return ColorCheck(
            int(possible.sum()) * self.tied,
            int(matched.sum()) * self.tied,
            int(possible.any(1).sum()),
            int(matched.any(1).sum()),
            int((matched * self.labeled).sum()),
            int((matched * self.right).sum()),
        )


def _comparable(
    label_maps: Tensor, place: Offset, tied: tuple[Offset, ...], *, ahead: int
) -> tuple[Tensor, Tensor]:
    """Of the pairs with a patch at a place `ahead` frames on: how many have labels, and agree."""
    labels = label_maps.float()
    other = labels.roll(-ahead, 0)
    labeled = right = torch.zeros_like(labels)
    for down, aside in tied:
        partner = shifted(other, (place[0] + down, place[1] + aside), fill=VOID)
        both = (labels != VOID) & (partner != VOID)
        labeled = labeled + both
        right = right + (both & (labels == partner))
    return labeled, right
