"""The network over short clips, with gradients: what is trained.

The first frame's masks are given; each later frame is read from a few earlier ones, and what was
found on it is in the support set in its turn (Ge et al. 2021, section 3.4).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.ops.aggregate import aggregate
from core.systems.global_instance.attention import cell_scales, similarity
from core.systems.global_instance.model import (
    Drawing,
    FrameFeatures,
    GlobalInstanceNetwork,
    SupportFeatures,
)
from core.train.clip_groups import ClipResult

Plan = tuple[tuple[int, ...], ...]
"""Of each frame from the second on, the earlier frames it is read from, the first one first."""


def draw_plan(frames: int, generator: torch.Generator, *, support: int = 4) -> Plan:
    """The first frame, the one before, and a random choice of those between, for each frame.

    Args:
        frames: T of the clip.
        generator: of what is drawn.
        support: frames that each is read from at most.
    """
    rows = list[tuple[int, ...]]()
    for index in range(1, frames):
        between = 1 + torch.randperm(max(0, index - 2), generator=generator)
        chosen = {0, index - 1, *between[: max(0, support - 2)].tolist()}
        rows.append(tuple(sorted(chosen)))
    return tuple(rows)


class ClipNetwork(nn.Module):
    """A network whose `forward` goes over clips, so that it can be given to several processes."""

    def __init__(self, network: GlobalInstanceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, frames: Tensor, first: Tensor, present: Tensor, plan: Plan) -> ClipResult:
        """Carry masks through clips.

        Args:
            frames: B x T x 3 x H x W, normalized RGB; H and W are multiples of 16.
            first: B x K x H x W masks on the first frames, 0..1, their sum at most 1.
            present: B x K, 1 for objects that the clip has, 0 for what fills the batch.
            plan: what is read; the same for all clips.
        """
        network, count = self.network, frames.shape[1]
        size = (frames.shape[3], frames.shape[4])
        every = network.encode_frame(frames.flatten(0, 1))
        looks = [every[slice(index, None, count)] for index in range(count)]
        support = [network.encode_support(frames[:, 0], looks[0], first)]
        drawings, softs = list[Drawing](), list[Tensor]()
        for index in range(1, count):
            chosen = [support[place] for place in plan[index - 1]]
            shared, own = read_clips(network, looks[index], chosen)
            drawings.append(network.draw(looks[index], shared, own, refine=True))
            softs.append(self._soft(drawings[-1], present, size, refined=True))
            if index < count - 1:
                masks = softs[-1][:, 1:]
                support.append(network.encode_support(frames[:, index], looks[index], masks))
        coarse = None
        if network.refine is not None:
            coarse = torch.stack(
                [self._soft(one, present, size, refined=False) for one in drawings], 1
            )
        unions = [u[:, 0] for one in drawings if (u := one.large_union(size)) is not None]
        union = torch.stack(unions, 1) if unions else None
        return ClipResult(torch.stack(softs, 1), union, coarse)

    def _soft(
        self, drawing: Drawing, present: Tensor, size: tuple[int, int], *, refined: bool
    ) -> Tensor:
        """B x (1 + K) x H x W; what fills the batch has no share."""
        with torch.autocast(present.device.type, enabled=False):
            return aggregate(drawing.masks(size, refined=refined) * present[:, :, None, None])


def read_clips(
    network: GlobalInstanceNetwork, query: FrameFeatures, support: list[SupportFeatures]
) -> tuple[Tensor, Tensor]:
    """What is remembered of all objects together and of each, where the memory resembles the query.

    Args:
        network: weighs the support frames.
        query: of B frames.
        support: of B frames each, the first one first.

    Returns:
        B x C_v x h x w, and B x K x C_v x h x w.
    """
    values = [torch.cat([one.value[:, None], one.objects], 1).flatten(3) for one in support]
    held = torch.cat(values, 3)
    with torch.autocast(held.device.type, enabled=False):
        keys = [one.key.flatten(2).mT for one in support]
        asked = query.key.flatten(2).mT
        weights = network.weigh(keys[0], keys, asked)
        scale = cell_scales(weights, [key.shape[-2] for key in keys])
        affinity = similarity(asked, torch.cat(keys, -2), scale).softmax(-1)
        read = (affinity @ held.flatten(1, 2).mT).mT
    planes = torch.reshape(read, (*held.shape[:3], *query.key.shape[-2:]))
    return planes[:, 0], planes[:, 1:]
