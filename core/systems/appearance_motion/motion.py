"""The motion network: from two frames and the segments of one to a flow for each segment.

The pyramid, warping and correlation of PWC-Net (Sun et al. 2018) in the light form that the
authors of AMD use: features of few channels, and an estimator whose layers see the last two.
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.ops.correlation import correlation
from core.ops.segment_flow import ORDERS, TINY, composed_flow, polynomial_masks, segment_means
from core.ops.warping import warp
from core.systems.appearance_motion.config import NetworkConfig

SHARPNESS = 20.0
"""Of the choice among displacements: one that fits better by 0.05 counts e times as much."""
SLOPE = 0.1
"""Of the leaky ReLUs."""


def _conv(in_channels: int, out_channels: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride, 1), nn.LeakyReLU(SLOPE, inplace=True)
    )


class Pyramid(nn.Module):
    """Features at stride 2, 4 and so on: two convolutions a level."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.levels = nn.ModuleList(
            nn.Sequential(_conv(a, b, stride=2), _conv(b, b)) for a, b in pairwise((3, *widths))
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """B x 3 x H x W, 0..1 -> maps from stride 4 on, the finest first."""
        maps = []
        for level in self.levels:
            image = level(image)
            maps.append(image)
        return maps[1:]


class Estimator(nn.Module):
    """Motion features V from correlations (the paper's equation 3), d_v = the last two widths."""

    def __init__(self, in_channels: int, widths: tuple[int, int, int, int, int]) -> None:
        super().__init__()
        a, b, c, d, e = widths
        self.conv1 = _conv(in_channels, a)
        self.conv2 = _conv(a, b)
        self.conv3 = _conv(a + b, c)
        self.conv4 = _conv(b + c, d)
        self.conv5 = _conv(c + d, e)

    def forward(self, x: Tensor) -> Tensor:
        """B x C x h x w -> B x d_v x h x w."""
        one = self.conv1(x)
        two = self.conv2(one)
        three = self.conv3(torch.cat([one, two], 1))
        four = self.conv4(torch.cat([two, three], 1))
        return torch.cat([four, self.conv5(torch.cat([three, four], 1))], 1)


class MotionNetwork(nn.Module):
    """Flows of segments, from coarse to fine."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.pyramid = Pyramid(config.pyramid)
        self.squeeze = nn.ModuleList(nn.Conv2d(n, config.squeezed, 1) for n in config.pyramid[1:])
        cost = (2 * config.reach + 1) ** 2
        self.estimator = Estimator(cost + config.squeezed + 2, config.estimator)
        channels = sum(config.estimator[-2:])
        self.head = nn.Sequential(
            nn.Linear(channels, config.hidden),
            nn.LeakyReLU(SLOPE, inplace=True),
            nn.Linear(config.hidden, 2),
        )
        if config.matched:
            # What fits best is where a flow begins: little is added before that is learned.
            with torch.no_grad():
                for values in self.head[-1].parameters():
                    values.mul_(0.01)
        self.bend: nn.Linear | None = None
        if config.order:
            # Zero: a relaxed flow begins as the constant one.
            self.bend = nn.Linear(channels, 2, bias=False)
            nn.init.zeros_(self.bend.weight)

    def forward(
        self,
        target: list[Tensor],
        source: list[Tensor],
        masks: Tensor,
        start: Tensor | None = None,
    ) -> list[Tensor]:
        """Flows that say where in the source each segment of the target is (equations 4 and 5).

        Args:
            target: maps of the frame that is synthesized, from `pyramid`.
            source: of the frame that is sampled.
            masks: B x M x H x W, segments.
            start: B x 2 x H x W in pixels, a flow that is known; its mean on each segment is where
                the search begins. None begins at rest.

        Returns:
            For each level, the finest first, B x M x T x 2: pixels of the full size by segment
            and term (`core.ops.segment_flow.polynomial_masks`).
        """
        found = list[Tensor]()
        flows = self._start(masks, start)
        for level in reversed(range(len(target))):
            flows = flows + self._residual(target[level], source[level], masks, flows, level=level)
            found.append(flows)
        return found[::-1]

    def _start(self, masks: Tensor, start: Tensor | None) -> Tensor:
        batch, segments = masks.shape[:2]
        flows = masks.new_zeros(batch, segments, ORDERS[self.config.order], 2)
        if start is not None:
            flows[:, :, 0] = segment_means(start.to(masks), masks)
        return flows

    def _residual(
        self, target: Tensor, source: Tensor, masks: Tensor, flows: Tensor, *, level: int
    ) -> Tensor:
        """What a level adds to the flows, in pixels of the full size."""
        small = F.adaptive_avg_pool2d(masks, cast("tuple[int, int]", target.shape[-2:]))
        terms = polynomial_masks(small, self.config.order)
        stride = masks.shape[-1] / small.shape[-1]
        flow = composed_flow(flows / stride, terms)
        cost = self._cost(target, warp(source, flow))
        told = torch.cat([cost, self.squeeze[level](target), flow.to(cost)], 1)
        means = segment_means(self.estimator(told), terms)
        reach = self.config.reach
        # No level sees farther than it searches.
        step = reach * F.softsign(self.head(means[:, :, :1]) / reach)
        if self.config.matched:
            step = step + best_match(cost, small, reach)[:, :, None]
        if self.bend is not None:
            step = torch.cat([step, self.bend(means[:, :, 1:])], dim=2)
        added: Tensor = stride * step
        return added

    def _cost(self, target: Tensor, warped: Tensor) -> Tensor:
        """B x (2R + 1)^2 x h x w: how well cells fit those around their places."""
        if self.config.cosine:
            # A mean of products is all but 0 while features are random, and says nothing.
            channels = target.shape[1]
            return channels * correlation(_direction(target), _direction(warped), self.config.reach)
        return F.leaky_relu(correlation(target, warped, self.config.reach), SLOPE)


def best_match(cost: Tensor, masks: Tensor, reach: int) -> Tensor:
    """The displacement at which all cells of a segment together fit best.

    Args:
        cost: B x (2R + 1)^2 x h x w, how well cells fit (`MotionNetwork._cost`).
        masks: B x M x h x w, segments.
        reach: R.

    Returns:
        B x M x 2 cells, x before y: the mean of displacements, those that fit best by far the
        most; places outside the map say nothing.
    """
    ones = torch.ones_like(cost[:1, :1])
    inside = correlation(ones, ones, reach)
    area = torch.einsum("bmhw,zdhw->bmd", masks, inside)
    fit = torch.einsum("bmhw,bdhw->bmd", masks, cost.to(masks)) / area.clamp(min=TINY)
    side = torch.arange(-reach, reach + 1, device=cost.device, dtype=masks.dtype)
    y, x = torch.meshgrid(side, side, indexing="ij")
    places = torch.stack([x, y], -1).flatten(0, 1)
    return (fit * SHARPNESS).softmax(-1) @ places


def _direction(x: Tensor) -> Tensor:
    """Features less their mean over the picture, of length 1 in each cell."""
    return F.normalize(x - x.mean((2, 3), keepdim=True), dim=1)
