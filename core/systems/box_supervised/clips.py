"""The network over short clips, with gradients: what is trained.

As the public program trains (Cheng & Schwing 2022, section 4.1): the first frame's masks are given,
each later frame is read from a few earlier ones with a softmax over all of their cells, and what
was found on it is memorized in its turn.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.ops.aggregate import aggregate
from core.ops.anisotropic import read_all, similarity
from core.systems.box_supervised.model import FrameFeatures, MemoryNetwork
from core.train.clip_groups import ClipResult


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """What each frame of a clip does.

    Attributes:
        references: of each frame from the second on, the frames that it is read from.
        renewed: of each frame, whether its memorized value renews the sensory memory; it always
            does of the first.
    """

    references: tuple[tuple[int, ...], ...]
    renewed: tuple[bool, ...]


def draw_plan(
    frames: int, generator: torch.Generator, *, references: int = 3, renew: float = 0.2
) -> ClipPlan:
    """The first frame and a random choice of the others that have gone, for each frame.

    Args:
        frames: T of the clip.
        generator: of what is drawn.
        references: frames that each is read from.
        renew: share of frames whose value renews the sensory memory.
    """
    rows = list[tuple[int, ...]]()
    for index in range(1, frames):
        drawn = 1 + torch.randperm(index - 1, generator=generator)[: references - 1]
        rows.append((0, *sorted(drawn.tolist())))
    later = torch.rand(frames - 1, generator=generator) < renew
    return ClipPlan(tuple(rows), (True, *later.tolist()))


class ClipNetwork(nn.Module):
    """A network whose `forward` goes over clips, so that it can be given to several processes."""

    def __init__(self, network: MemoryNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, frames: Tensor, first: Tensor, present: Tensor, plan: ClipPlan) -> ClipResult:
        """Carry masks through clips.

        Args:
            frames: B x T x 3 x H x W, normalized RGB; H and W are multiples of 16.
            first: B x K x H x W masks on the first frames, 0..1.
            present: B x K, 1 for objects that the clip has, 0 for what fills the batch.
            plan: what is read and renewed; the same for all clips.
        """
        count = frames.shape[1]
        every = self.network.encode_frame(frames.flatten(0, 1))
        looks = [every[slice(index, None, count)] for index in range(count)]
        sensory = self.network.new_sensory(looks[0], first.shape[1])
        value, sensory = self.network.encode_masks(frames[:, 0], looks[0], sensory, first)
        values, softs = [value], list[Tensor]()
        selector = present[:, :, None, None]
        for index in range(1, count):
            chosen = plan.references[index - 1]
            read = read_clips(looks[index], [looks[i] for i in chosen], [values[i] for i in chosen])
            last = index == count - 1
            found, sensory = self.network.decode(looks[index], read, sensory, update=not last)
            soft = aggregate(torch.sigmoid(found) * selector)
            softs.append(soft)
            if not last:
                value, renewed = self.network.encode_masks(
                    frames[:, index], looks[index], sensory, soft[:, 1:]
                )
                sensory = renewed if plan.renewed[index] else sensory
                values.append(value)
        return ClipResult(torch.stack(softs, 1))


def read_clips(query: FrameFeatures, memory: list[FrameFeatures], values: list[Tensor]) -> Tensor:
    """What is remembered of each object, where the memory resembles the query.

    Args:
        query: of B frames.
        memory: of B frames each.
        values: B x K x C_v x h x w of each frame of the memory.

    Returns:
        B x K x C_v x h x w.
    """
    held = torch.cat([value.flatten(3) for value in values], 3)
    with torch.autocast(held.device.type, enabled=False):
        key = torch.cat([look.key.flatten(2) for look in memory], 2).mT
        shrinkage = torch.cat([look.shrinkage.flatten(1) for look in memory], 1)
        found = similarity(key, shrinkage, query.key.flatten(2).mT, query.selection.flatten(2).mT)
        read = read_all(found, held.flatten(1, 2).mT).mT
    return torch.reshape(read, values[0].shape)
