"""Clips of a batch go through a network in groups with equally many objects: padding costs nothing.

Clips have one object or several, and most of a step is spent on objects. A clip does not depend on
the other clips of its batch, so groups give the same as the whole batch. A network whose batch norm
learns, or is shared by several processes, must not be put into groups.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.ops.aggregate import LEAST

ABSENT = LEAST * LEAST
"""Probability of an object that a clip lacks: about the least that `aggregate` gives one.

Losses take logarithms: a larger value would hide the background's probability where the network is
sure of an object, and with it the gradient of the color losses.
"""


@dataclass(frozen=True, slots=True)
class ClipResult:
    """What was found on all frames of clips but the first.

    Attributes:
        soft: B x T-1 x (1 + K) x H x W probabilities of background and objects.
        union: B x T-1 x H x W logits of all objects together; None where a network has none.
        coarse: as `soft`, by a faster form of the network; None where it has none.
    """

    soft: Tensor
    union: Tensor | None = None
    coarse: Tensor | None = None


class ClipGroups(nn.Module):
    """A network over clips that sees them in groups."""

    def __init__(self, network: nn.Module) -> None:
        """Take a network.

        Args:
            network: its `forward` has the arguments of this one, and returns a `ClipResult`.
        """
        super().__init__()
        self.network = network

    def forward(self, frames: Tensor, first: Tensor, present: Tensor, plan: object) -> ClipResult:
        """Carry masks through clips.

        Args:
            frames: B x T x 3 x H x W.
            first: B x K x H x W masks on the first frames.
            present: B x K, 1 for objects that the clip has on its first frame, 0 for padding. Later
                frames have labels of these alone.
            plan: what each frame is read from; the same for all clips.

        Returns:
            The same as for the whole batch; objects that a clip lacks have probability `ABSENT`.
        """
        groups = group_by_count(present)
        found = [
            self.network(frames[clips], first[clips, :count], present[clips, :count], plan)
            for count, clips in groups.items()
        ]
        back = torch.cat(list(groups.values())).argsort()
        return joined_results(found, back, classes=1 + present.shape[1])


def group_by_count(present: Tensor) -> dict[int, Tensor]:
    """Indices of the clips, by the place of their last object, which is at least 1.

    Args:
        present: B x K, not 0 for objects that a clip has. What lies behind the last is left out.
    """
    numbers = torch.arange(1, present.shape[1] + 1, device=present.device)
    counts = ((present != 0) * numbers).amax(1).clamp(min=1)
    return {count: (counts == count).nonzero()[:, 0] for count in sorted(set(counts.tolist()))}


def joined_results(found: list[ClipResult], back: Tensor, *, classes: int) -> ClipResult:
    """The results of groups as that of one batch.

    Args:
        found: of each group.
        back: B, where each clip of the batch lies in the groups, one behind the other.
        classes: 1 + K of the batch.
    """

    def filled(one: Tensor) -> Tensor:
        lacking = one.new_full((*one.shape[:2], classes - one.shape[2], *one.shape[3:]), ABSENT)
        return torch.cat([one, lacking], 2)

    def all_of(part: Callable[[ClipResult], Tensor | None]) -> Tensor | None:
        parts = [one for result in found if (one := part(result)) is not None]
        return torch.cat(parts)[back] if parts else None

    soft = torch.cat([filled(result.soft) for result in found])[back]
    coarse = all_of(lambda result: None if result.coarse is None else filled(result.coarse))
    return ClipResult(soft, all_of(lambda result: result.union), coarse)
