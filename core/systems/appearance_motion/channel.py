"""Which of the segments is the object: it is another one in each training.

The paper (section 3, 5 and figure 3) finds that the object's channel is surest, hardest to
synthesize, central and compact. It names no rule; ours adds up these four, each in standard
deviations among the channels, and how far a channel moves apart from the rest of the picture.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.ops.segment_flow import TINY, segment_means
from core.ops.warping import pixel_grid

CUES = ("mass", "entropy", "error", "aside", "spread", "apart")
"""Columns of `segment_cues`."""
SIGNS = (0.0, -1.0, 1.0, -1.0, -1.0, 1.0)
"""What each cue speaks for; the mass alone says nothing."""
LEAST_MASS = 0.005
"""Share of the pictures below which a channel shows nothing."""
MOST_MASS = 0.6
"""Share from which it is what is behind objects."""


@torch.no_grad()
def segment_cues(masks: Tensor, error: Tensor, flows: Tensor) -> Tensor:
    """What a batch says of each channel.

    Args:
        masks: N x M x H x W, segments.
        error: N x 1 x H x W, how badly each pixel is synthesized.
        flows: N x M x 2, pixels: mean flow of each segment.

    Returns:
        M x 6, the columns of `CUES`: share of the picture; entropy and error, means over the
        segment; mean distance of its pixels from the picture's middle, and their spread around
        their own, in halves of the picture's longer side; pixels between its flow and that of all.
    """
    masks, error, flows = masks.float(), error.float(), flows.float()
    scale = max(masks.shape[-2:]) / 2
    size = masks.new_tensor([masks.shape[-1] - 1, masks.shape[-2] - 1]).view(2, 1, 1)
    place = ((pixel_grid(masks) - size / 2) / scale).expand(len(masks), -1, -1, -1)
    mass = masks.mean((2, 3))
    entropy = -(masks * masks.clamp(min=TINY).log()).mean((2, 3)) / mass.clamp(min=TINY)
    middle = segment_means(place, masks)
    square = segment_means(place.square().sum(1, keepdim=True), masks)[..., 0]
    spread = (square - middle.square().sum(-1)).clamp(min=0).sqrt()
    whole = (flows * mass[..., None]).sum(1, keepdim=True) / mass.sum(1)[:, None, None]
    found = [
        mass,
        entropy,
        segment_means(error, masks)[..., 0],
        # Of its pixels: the middle of what lies all around is in the middle, too.
        segment_means(place.norm(dim=1, keepdim=True), masks)[..., 0],
        spread,
        (flows - whole).norm(dim=-1),
    ]
    return torch.stack([x.mean(0) for x in found], dim=1)


def choose_channel(cues: Tensor) -> int:
    """The object's channel.

    Args:
        cues: M x 6, from `segment_cues`, averaged over what was seen.
    """
    return int(channel_scores(cues).argmax())


def channel_scores(cues: Tensor) -> Tensor:
    """How much speaks for each channel, M numbers; -inf for those that no object can be."""
    mass = cues[:, 0].float()
    possible = (mass >= LEAST_MASS) & (mass <= MOST_MASS)
    if not possible.any():
        possible = mass >= LEAST_MASS
    if not possible.any():
        return torch.zeros_like(mass)
    chosen = cues.float()[possible]
    apart = (chosen - chosen.mean(0)) / chosen.std(0, unbiased=False).clamp(min=TINY)
    scores = torch.full_like(mass, -torch.inf)
    scores[possible] = (apart * apart.new_tensor(SIGNS)).sum(1)
    return scores
