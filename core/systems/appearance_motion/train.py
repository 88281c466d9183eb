"""What is learned: frames are synthesized from their neighbors (equations 7 and 8 of the paper)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.data.frame_clips import ClipFrames
from core.losses.common_fate import common_fate, tiling
from core.losses.photometric import distance_map, seen, weighted_mean
from core.losses.photometric_kind import Photometric
from core.ops.segment_flow import composed_flow, polynomial_masks, segment_means
from core.ops.warping import outside, warp
from core.systems.appearance_motion.channel import segment_cues
from core.systems.appearance_motion.config import FLOW, Pairing
from core.systems.appearance_motion.model import AppearanceMotion, Explained, by_clip, neighbors
from core.train.terms import LossTerms

FLOW_STRIDE = 4
"""Pixels from one place to the next at which flows are explained."""
SCALES = 4
"""Sizes at which frames are compared, each half of the one before; see `scales_of`."""

STRAYED = 1.0
"""Weight of the distance from the picture, in sides of it. Pixels at which nothing arrives do not
count: without this a segment that moves all of its pixels away is never wrong."""


@dataclass(frozen=True, slots=True)
class LossConfig:
    """How synthesized frames are compared."""

    kind: Photometric = Photometric.CODE
    pairing: Pairing = Pairing.TARGET
    fate: bool = False
    """Segments explain the DIS flow in place of pictures (`core.losses.common_fate`)."""
    many: bool = True
    """A batch shows different places: segments may not have one of their own. Not so while one
    video is learned."""

    @property
    def name(self) -> str:
        """As `--loss` has it."""
        return FLOW if self.fate else self.kind.value


def loss_said(training: Mapping[str, object]) -> LossConfig:
    """The loss that weights were trained with, by what their header says of it."""
    name = training.get("photometric")
    pairing = Pairing.SOURCE if training.get("pairing") == "source" else Pairing.TARGET
    kinds = {kind.value: kind for kind in Photometric}
    if name == FLOW:
        return LossConfig(pairing=pairing, fate=True)
    return LossConfig(kinds.get(str(name), Photometric.CODE), pairing)


class Synthesis(NamedTuple):
    """A comparison.

    Attributes:
        loss: a scalar.
        error: (B P) x 1 x H-2 x W-2: by pixel at full size, of each directed pair.
        flow: (B P) x 2 x H x W pixels at full size.
    """

    loss: Tensor
    error: Tensor
    flow: Tensor


def synthesis(frames: Tensor, explained: Explained, config: LossConfig, order: int) -> Synthesis:
    """Synthesize each frame from its neighbors and compare.

    Args:
        frames: B x T x 3 x H x W, 0..1.
        explained: segments and flows of these frames.
        config: how they are compared.
        order: of the flows' polynomials.
    """
    targets, sources = zip(*neighbors(frames.shape[1]), strict=True)
    used = targets if config.pairing is Pairing.TARGET else sources
    levels = explained.flows[: scales_of(config.kind, len(explained.flows))]
    losses, error, whole = [], None, None
    for number, coefficients in enumerate(levels):
        small = _shrunk(frames, 2**number)
        masks = _shrunk(explained.masks, 2**number)[:, used].flatten(0, 1)
        flow = composed_flow(coefficients / 2**number, polynomial_masks(masks, order))
        made = warp(small[:, sources].flatten(0, 1), flow)
        distance = distance_map(config.kind, made, small[:, targets].flatten(0, 1))
        losses.append(weighted_mean(distance, _counted(flow, config.kind)))
        if config.kind is not Photometric.PAPER:
            losses.append(STRAYED * outside(flow).mean() / max(flow.shape[-2:]))
        if number == 0:
            error, whole = distance.detach(), flow
    assert error is not None and whole is not None
    # The paper sums both directions, the program takes their mean.
    times = 2 if config.kind is Photometric.PAPER else 1
    return Synthesis(times * torch.stack(losses).sum(), error, whole)


def scales_of(kind: Photometric, levels: int) -> int:
    """At how many sizes frames are compared: the coarsest flow never is."""
    return 1 if kind is Photometric.PAPER else max(1, min(SCALES, levels - 1))


def _counted(flow: Tensor, kind: Photometric) -> Tensor:
    """Pixels that count: all in the paper, else those that the other frame shows."""
    if kind is Photometric.PAPER:
        return torch.ones_like(flow[:, :1])
    # A pair and its reverse follow each other.
    reverse = torch.arange(len(flow), device=flow.device) ^ 1
    return seen(flow[reverse])


def _shrunk(x: Tensor, factor: int) -> Tensor:
    """B x T x C x H x W with sides divided by a factor: means of squares."""
    if factor == 1:
        return x
    return by_clip(F.avg_pool2d(x.flatten(0, 1), factor), len(x))


def synthesis_step(
    parallel: nn.Module, network: AppearanceMotion, config: LossConfig
) -> Callable[[ClipFrames], LossTerms]:
    """The training step.

    Args:
        parallel: the network as its team runs it.
        network: what is inside of it; remembers what was seen of its channels.
        config: how frames are compared.
    """
    if config.fate:
        return fate_step(parallel, network, many=config.many)

    def step(batch: ClipFrames) -> LossTerms:
        explained: Explained = parallel(batch.frames, batch.flows, config.pairing)
        with torch.autocast(batch.frames.device.type, enabled=False):
            found = synthesis(batch.frames, explained, config, network.config.order)
        network.remember(cues_of(explained, found, config.pairing))
        return LossTerms({"synthesis": (found.loss, 1.0)})

    return step


def cues_of(explained: Explained, found: Synthesis, pairing: Pairing) -> Tensor:
    """What a batch says of the channels (`core.systems.appearance_motion.channel`)."""
    targets, sources = zip(*neighbors(explained.masks.shape[1]), strict=True)
    masks = explained.masks[:, targets if pairing is Pairing.TARGET else sources].flatten(0, 1)
    inner = masks.detach()[..., 1:-1, 1:-1]
    return segment_cues(inner, found.error, explained.flows[0][:, :, 0].detach())


def fate_step(
    parallel: nn.Module, network: AppearanceMotion, *, many: bool
) -> Callable[[ClipFrames], LossTerms]:
    """The training step of `LossConfig.fate`; see `synthesis_step`.

    The flow comes with the batch: the motion network takes no part.
    """

    def step(batch: ClipFrames) -> LossTerms:
        assert batch.flows is not None
        # The last frame of a clip only says where those before it move to.
        explained: Explained = parallel(batch.frames[:, :-1], None, moving=False)
        with torch.autocast(batch.frames.device.type, enabled=False):
            masks = F.avg_pool2d(explained.masks.flatten(0, 1), FLOW_STRIDE)
            flow = F.avg_pool2d(batch.flows[:, ::2].flatten(0, 1), FLOW_STRIDE)
            loss, missed = common_fate(flow, masks, network.config.order)
            shown = masks.detach()
            network.remember(segment_cues(shown, missed, segment_means(flow, shown)))
        terms = {"fate": (loss, 1.0)}
        if many:
            terms["tiling"] = (tiling(masks), 1.0)
        return LossTerms(terms)

    return step
