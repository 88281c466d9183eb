"""Both networks together: clips to segments and to flows of segments (section 3 of the paper)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.nn.checkpoints import checked_config, load_weights
from core.nn.lite0_file import find_backbone
from core.nn.lite0_weights import load_features
from core.systems.appearance_motion.appearance import Lite0Segments, new_appearance
from core.systems.appearance_motion.channel import CUES, choose_channel
from core.systems.appearance_motion.config import NetworkConfig, Pairing
from core.systems.appearance_motion.motion import MotionNetwork
from core.systems.appearance_motion.spec import SYSTEM

MEMORY = 0.98
"""How much of what was seen of the channels stays from one step to the next."""


class Explained(NamedTuple):
    """What the networks say of clips of T frames.

    Attributes:
        masks: B x T x M x H x W, sum 1.
        flows: by level, the finest first, (B P) x M x terms x 2: for each of the P directed pairs
            of neighbors (`neighbors`), in pixels.
    """

    masks: Tensor
    flows: list[Tensor]


def by_clip(x: Tensor, batch: int) -> Tensor:
    """(B T) x ... -> B x T x ..."""
    return x.view(batch, -1, *x.shape[1:])


def neighbors(frames: int) -> tuple[tuple[int, int], ...]:
    """(target, source) of all pairs of neighbors, each followed by its reverse."""
    return tuple(
        pair for first in range(frames - 1) for pair in ((first, first + 1), (first + 1, first))
    )


class AppearanceMotion(nn.Module):
    """Appearance network, motion network, and what was seen of the channels."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.appearance = new_appearance(config)
        self.motion = MotionNetwork(config)
        self.register_buffer("cues", torch.zeros(config.segments, len(CUES)))
        self.cues: Tensor

    def segments(self, images: Tensor) -> Tensor:
        """Soft segments (equations 1 and 2).

        Args:
            images: B x 3 x H x W, 0..1; sides multiples of `config.stride`.

        Returns:
            B x M x H x W, sum 1.
        """
        logits: Tensor = self.appearance(images).float()
        size = (images.shape[-2], images.shape[-1])
        if logits.shape[-2:] != size:
            logits = F.interpolate(logits, size=size, mode="bilinear", align_corners=False)
        masks: Tensor = logits.softmax(1)
        return masks

    def forward(
        self,
        frames: Tensor,
        starts: Tensor | None,
        pairing: Pairing = Pairing.TARGET,
        *,
        moving: bool = True,
    ) -> Explained:
        """Segments of all frames, and flows between neighbors.

        Args:
            frames: B x T x 3 x H x W, 0..1; sides multiples of `config.stride`.
            starts: B x P x 2 x H x W, flows that are known (see `MotionNetwork`); or None.
            pairing: whose segments count.
            moving: look at motion, too; else there are segments and no flows.
        """
        batch, length = frames.shape[:2]
        flat = frames.flatten(0, 1)
        masks = by_clip(self.segments(flat), batch)
        if not moving:
            return Explained(masks, [])
        targets, sources = zip(*neighbors(length), strict=True)
        maps = [by_clip(m, batch) for m in self.motion.pyramid(flat)]
        used = masks[:, targets if pairing is Pairing.TARGET else sources].flatten(0, 1)
        flows = self.motion(
            [m[:, targets].flatten(0, 1) for m in maps],
            [m[:, sources].flatten(0, 1) for m in maps],
            used,
            None if starts is None else starts.flatten(0, 1),
        )
        return Explained(masks, flows)

    @torch.no_grad()
    def remember(self, cues: Tensor) -> None:
        """Take in what a batch said of the channels (`segment_cues`)."""
        old = self.cues if bool(self.cues.any()) else cues
        self.cues.copy_(MEMORY * old + (1 - MEMORY) * cues.to(old))

    @property
    def channel(self) -> int:
        """The channel that objects are in, by what was seen so far."""
        return choose_channel(self.cues)


def new_network(config: NetworkConfig) -> AppearanceMotion:
    """Networks with random values; the ImageNet backbone has its own.

    Raises:
        CheckpointMissing, CheckpointMismatch: see `core.nn.lite0_weights.load_features`.
    """
    network = AppearanceMotion(config)
    if isinstance(network.appearance, Lite0Segments):
        network.appearance.attach(load_features(find_backbone()))
    return network


def read_network(weights: Path) -> AppearanceMotion:
    """Build the networks that a file describes, and fill them.

    Raises:
        CheckpointMissing: weights, or the ImageNet backbone that they need, are not there.
        CheckpointMismatch: damaged, or of another system.
    """
    read = NetworkConfig.from_dict
    network = new_network(checked_config(weights, SYSTEM, read=read, outline=AppearanceMotion))
    load_weights(weights, network)
    return network
