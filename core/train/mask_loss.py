"""The losses of a network that learns masks from boxes, masks, or both, as named terms.

A frame with a label map teaches by cross-entropy and Dice, one with boxes by projection, pairwise
and temporal color; a batch may have both (Skogh 2024, chapter 3, tables 4.5 and 4.6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.losses.box import (
    DiceForm,
    foreground_logits,
    merged_logits,
    pairwise_loss,
    projection_loss,
)
from core.losses.masks import bootstrapped_cross_entropy, dice_loss
from core.losses.temporal import temporal_loss
from core.ops.boxes import BoxPlanes, cell_means, counted_pixels, fill_boxes
from core.ops.color import cielab
from core.ops.color_matches import ALIKE, CYCLIC_TUBE, SAME, Search
from core.train.terms import LossTerms
from core.types import VOID

Terms = dict[str, tuple[Callable[[], Tensor], float]]


@dataclass(frozen=True, slots=True)
class MaskLossConfig:
    """Weights and constants. What the thesis leaves open is BoxInst's and MaskFreeVIS' (ADR 0036).

    Attributes:
        projection, pairwise, cross_entropy, dice: weights of the terms.
        temporal: weight for each two frames of the ring: a clip of 8 frames has 8 times it.
        stride: pixels to a cell of the color losses, to each side.
        merged: all objects of a clip are one for the box losses; crowds are left out then.
        large_picture, form: see `core.losses.box.projection_loss`.
        same, match: thresholds tau of the pairwise and the temporal loss.
        search: see `core.ops.color_matches.Search`.
        detach: eq. 3.22: the temporal loss as printed, with half the gradient.
        warm_up: share of the run over which the color losses come in (10,000 of 110,000 steps).
        all_pixels: share of the run in which cross-entropy counts all pixels (20,000 steps).
        worst_pixels: share at which it has come down to the worst ones (70,000 steps).
        worst: share of pixels that count from then on.
    """

    projection: float = 1.0
    pairwise: float = 1.0
    temporal: float = 0.1
    cross_entropy: float = 1.0
    dice: float = 1.0
    stride: int = 4
    merged: bool = False
    large_picture: bool = False
    form: DiceForm = DiceForm.BOXINST
    same: float = SAME
    match: float = ALIKE
    search: Search = CYCLIC_TUBE
    detach: bool = True
    warm_up: float = 1 / 11
    all_pixels: float = 2 / 11
    worst_pixels: float = 7 / 11
    worst: float = 0.15


@dataclass(frozen=True, slots=True)
class Supervision:
    """What is known of a batch of clips.

    Attributes:
        boxes: B x T x K x 4 float, x, y, width, height in pixels; 0 wide: absent; NaN: unknown.
            An object with NaN on all frames and no pixel in a label map is padding.
        label_maps: B x T x H x W uint8, 0 background, 1 to K the objects, 255 void.
        masked: B x T bool, frames whose label map counts; there boxes are not looked at.
        crowd: B bool, clips in which look-alikes have no box.
    """

    boxes: Tensor
    label_maps: Tensor
    masked: Tensor
    crowd: Tensor

    def after_first(self) -> Supervision:
        """What is known of all frames but the first, which is given."""
        return Supervision(
            self.boxes[:, 1:], self.label_maps[:, 1:], self.masked[:, 1:], self.crowd
        )

    def to(self, device: torch.device) -> Supervision:
        """The same on a device."""
        parts = (self.boxes, self.label_maps, self.masked, self.crowd)
        return Supervision(*(x.to(device, non_blocking=True) for x in parts))


def mask_loss(
    logits: Tensor, rgb: Tensor, known: Supervision, config: MaskLossConfig, *, done: float = 1.0
) -> LossTerms:
    """All terms of a batch. Frames are those that the network predicted, in order.

    Args:
        logits: B x T x (1 + K) x H x W, background first, before the softmax over classes.
        rgb: B x T x 3 x H x W, sRGB 0..1, what colors are compared by.
        known: of the same frames and objects.
        config: weights and constants.
        done: share of the run that is over, 0..1; see `warmed` and `top_share`.

    Returns:
        Terms `projection`, `pairwise`, `temporal`, `cross_entropy`, `dice`, without those that
        weigh nothing; a term about which the batch says nothing is 0.
    """
    boxes = fill_boxes(known.boxes, (logits.shape[-2], logits.shape[-1]))
    terms = _box_terms(logits, rgb, boxes.without(known.masked), known, config, done=done)
    terms |= _mask_terms(logits, boxes, known, config, done)
    return LossTerms({name: (loss(), weight) for name, (loss, weight) in terms.items() if weight})


def warmed(done: float, share: float) -> float:
    """Weight of a loss that comes in over the first `share` of a run: 0..1, linear in `done`."""
    return 1.0 if share <= 0 else min(1.0, max(0.0, done / share))


def top_share(done: float, config: MaskLossConfig) -> float:
    """Share of pixels that the cross-entropy counts at `done` 0..1 of a run: 1, then falling."""
    way = (done - config.all_pixels) / (config.worst_pixels - config.all_pixels)
    return 1 - (1 - config.worst) * min(1.0, max(0.0, way))


def first_masks(known: Supervision, by_box: Tensor) -> Tensor:
    """What a network is given on the first frame, boxes and masks alike: one model takes both.

    Args:
        known: of clips; first frames may have a label map, boxes, or both.
        by_box: B bool, clips that begin with filled boxes although there is a label map.

    Returns:
        B x K x H x W float32, 0 or 1. Filled boxes may overlap. Objects of which the frame says
        nothing are all 0, and so are voids.
    """
    height, width = known.label_maps.shape[-2:]
    filled = fill_boxes(known.boxes[:, :1], (height, width)).planes[:, 0]
    ids = torch.arange(1, filled.shape[1] + 1, device=filled.device).view(1, -1, 1, 1)
    masks = (known.label_maps[:, 0, None] == ids).float()
    from_mask = known.masked[:, 0] & ~by_box
    return torch.where(from_mask.view(-1, 1, 1, 1), masks, filled)


def _box_terms(
    logits: Tensor,
    rgb: Tensor,
    boxes: BoxPlanes,
    known: Supervision,
    config: MaskLossConfig,
    *,
    done: float,
) -> Terms:
    """None where none weighs anything: composites need no colors and no boxes."""
    if not (config.projection or config.pairwise or config.temporal):
        return {}
    found, seen = _foreground(logits, boxes, known, config)
    counted = counted_pixels(boxes, known.crowd)
    rising = warmed(done, config.warm_up)
    lab = cielab(cell_means(rgb, config.stride))
    color = (cell_means(found, config.stride), lab, seen.pooled(config.stride))
    layout, search = config.large_picture, config.search

    def projection() -> Tensor:
        return projection_loss(found, seen, counted=counted, form=config.form, large_picture=layout)

    def temporal() -> Tensor:
        return temporal_loss(*color, search=search, threshold=config.match, detach=config.detach)

    return {
        "projection": (projection, config.projection),
        "pairwise": (
            lambda: pairwise_loss(*color, threshold=config.same),
            config.pairwise * rising,
        ),
        "temporal": (temporal, config.temporal * rising * logits.shape[1]),
    }


def _mask_terms(
    logits: Tensor, boxes: BoxPlanes, known: Supervision, config: MaskLossConfig, done: float
) -> Terms:
    label_maps, top = _label_maps(boxes, known), top_share(done, config)
    objects = _objects(boxes, known)
    return {
        "cross_entropy": (
            lambda: bootstrapped_cross_entropy(logits, label_maps, known.masked, top=top),
            config.cross_entropy,
        ),
        "dice": (lambda: dice_loss(logits, label_maps, known.masked, objects), config.dice),
    }


def _foreground(
    logits: Tensor, boxes: BoxPlanes, known: Supervision, config: MaskLossConfig
) -> tuple[Tensor, BoxPlanes]:
    """Logits of the foreground, and boxes; of all objects together, or of each."""
    if not config.merged:
        return foreground_logits(logits), boxes
    crowded = known.crowd[:, None].expand_as(known.masked)
    return merged_logits(logits), boxes.merged().without(crowded)


def _objects(boxes: BoxPlanes, known: Supervision) -> Tensor:
    """B x K, which objects are no padding."""
    ids = torch.arange(1, boxes.known.shape[2] + 1, device=boxes.known.device).view(1, 1, -1, 1, 1)
    drawn = (known.label_maps[:, :, None] == ids).any(-1).any(-1) & known.masked[:, :, None]
    return boxes.known.any(1) | drawn.any(1)


def _label_maps(boxes: BoxPlanes, known: Supervision) -> Tensor:
    """In a crowd, what is outside all boxes is void."""
    inside = (boxes.planes.amax(2) > 0) | (known.label_maps > 0)
    void = known.crowd.view(-1, 1, 1, 1) & ~inside
    return known.label_maps.masked_fill(void, VOID)
