"""The network: features of frames, what a whole video adds to them, and what reads both."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.nn.checkpoints import checked_config, load_weights
from core.nn.lite0_file import find_backbone
from core.nn.lite0_weights import load_features
from core.ops.attention import dense_readout
from core.ops.otsu import otsu_threshold
from core.systems.multi_granularity.config import NetworkConfig
from core.systems.multi_granularity.encoder import Encoder, Lite0Body, pooled
from core.systems.multi_granularity.spec import SYSTEM

GAIN, OFFSET = 0.8, -3.0
"""A response map begins as sigmoid(0.8 s - 3): low where nothing fits, high where all does."""
LEAST_THRESHOLD = 0.1
"""Below it is no foreground, so that a video without an object has none. Otsu's threshold is .22 to
.5 on real footage with objects."""


class Matcher(nn.Module):
    """kappa: from affinities of two frames to six numbers of a transformation (section 3.1).

    Two convolutions and a linear layer, as in Rocco et al. 2018; it begins at the identity.
    """

    def __init__(self, lattice: int, widths: tuple[int, int]) -> None:
        super().__init__()
        first, second = widths
        self.lattice = lattice
        self.layers = nn.Sequential(
            nn.Conv2d(lattice * lattice, first, 7, 2, 3, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
            nn.Conv2d(first, second, 5, 2, 2, bias=False),
            nn.BatchNorm2d(second),
            nn.ReLU(inplace=True),
        )
        self.linear = nn.Linear(second * (lattice // 4) ** 2, 6)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, affinity: Tensor) -> Tensor:
        """tau: where cells of the other frame lie in this one.

        Args:
            affinity: B x (h w) x (h w): column o says where cell o of the other frame is.

        Returns:
            B x 2 x 3, see `core.losses.semantic_matching`.
        """
        cells = affinity.shape[1]
        # Columns sum to 1: without this all of them would be next to 0.
        maps = cells**0.5 * torch.unflatten(affinity, 2, (self.lattice, self.lattice))
        told: Tensor = self.linear(self.layers(maps).flatten(1))
        same = torch.eye(2, 3, device=told.device, dtype=told.dtype)
        return same + torch.unflatten(told, 1, (2, 3))


class MultiGranularity(nn.Module):
    """Features phi, read-outs rho and upsilon, transformation kappa, and the response's scale."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.single = nn.Conv2d(config.channels, 1, 1)
        # Where the loss of single frames is left out, it says 1/2 everywhere.
        nn.init.zeros_(self.single.weight)
        nn.init.zeros_(cast("Tensor", self.single.bias))
        self.whole = nn.Conv2d(2 * config.channels, 1, 1)
        self.matcher = Matcher(config.lattice, config.matcher)
        self.gain = nn.Parameter(torch.tensor(GAIN))
        self.offset = nn.Parameter(torch.tensor(OFFSET))

    def features(self, images: Tensor) -> Tensor:
        """x: B x 3 x H x W, 0..1, sides multiples of 16 -> B x C x H/4 x W/4."""
        found: Tensor = self.encoder(images)
        return found

    def gathered(self, features: Tensor, references: Tensor) -> Tensor:
        """r: features beside what the rest of the video knows of them (eq. 9 to 11).

        Args:
            features: B x C x h x w of a frame of each video.
            references: B x T x C x h' x w' of other frames of it, from `pooled_references`.

        Returns:
            B x 2C x h x w: x' before x.
        """
        read = dense_readout(features, references, references)
        return torch.cat([read.to(features), features], dim=1)

    def pooled_references(self, features: Tensor) -> Tensor:
        """What is kept of reference frames: ... x C x h x w -> ... x C x h/pool x w/pool."""
        return pooled(features, self.config.pool)

    def single_logits(self, features: Tensor) -> Tensor:
        """rho before its sigmoid: B x C x h x w -> B x h x w, by frames alone."""
        logits: Tensor = self.single(features)[:, 0]
        return logits

    def whole_logits(self, gathered: Tensor) -> Tensor:
        """upsilon before its sigmoid: B x 2C x h x w -> B x h x w, by the whole video."""
        logits: Tensor = self.whole(gathered)[:, 0]
        return logits

    def foreground(self, gathered: Tensor) -> Tensor:
        """P: B x 2C x h x w of `gathered` -> B x h x w, 0..1, by both read-outs (ADR 0062).

        The whole video is slow to be sure, a frame alone finds too much: their mean is better.
        """
        single = self.single_logits(gathered[:, self.config.channels :])
        return (self.whole_logits(gathered).sigmoid() + single.sigmoid()) / 2


def cautious_threshold(foreground: NDArray[np.float32]) -> float:
    """Where foreground begins: Otsu's threshold, but between `LEAST_THRESHOLD` and 1/2.

    A network that learned from a prior that is wrong in places is seldom sure of a whole object.

    Args:
        foreground: of a video, any shape, 0..1.
    """
    return min(0.5, max(LEAST_THRESHOLD, otsu_threshold(foreground)))


def new_network(config: NetworkConfig) -> MultiGranularity:
    """A network with random values; the ImageNet backbone has its own.

    Raises:
        CheckpointMissing, CheckpointMismatch: see `core.nn.lite0_weights.load_features`.
    """
    network = MultiGranularity(config)
    if isinstance(network.encoder.body, Lite0Body):
        network.encoder.body.attach(load_features(find_backbone()))
    return network


def read_network(weights: Path) -> MultiGranularity:
    """Build the network that a file describes, and fill it.

    Raises:
        CheckpointMissing: weights, or the ImageNet backbone that they need, are not there.
        CheckpointMismatch: damaged, or of another system.
    """
    read = NetworkConfig.from_dict
    network = new_network(checked_config(weights, SYSTEM, read=read, outline=MultiGranularity))
    load_weights(weights, network)
    return network
