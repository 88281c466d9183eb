"""Short and long granularity: tracking against a loop over its equations, matching that is learned.

Losses of a whole batch are in `test_multi_granularity_network.py`.
"""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from core.losses.semantic_matching import transformed_grid
from core.ops.attention import dense_affinity
from core.systems.multi_granularity.config import PRESETS
from core.systems.multi_granularity.granularities import matched, tracked
from core.systems.multi_granularity.model import new_network

LATTICE = PRESETS["tiny"].lattice
CELL = 2 / (LATTICE - 1)
"""The lattice runs from -1 to 1."""


class ByColor(torch.nn.Module):
    """Stands in for an encoder: a cell is what its pixels show, so that patches are found.

    Of pictures of normal noise its channels have a variance of 1, as those of the encoder have.
    """

    def forward(self, images):
        return F.pixel_unshuffle(images, 4)


@pytest.fixture
def network():
    torch.manual_seed(2)
    network = new_network(PRESETS["tiny"])
    network.encoder = ByColor()
    return network


def moving(picture, *, cells=1):
    """1 x 3 x ...: a picture that moves by some cells a frame."""
    return torch.stack([picture.roll(4 * cells * k, dims=-1) for k in range(3)], dim=1)


def features_of(network, frames):
    return torch.unflatten(network.features(frames.flatten(0, 1)), 0, frames.shape[:2])


def hats(first, count, side):
    """side x count: bilinear weights of the whole places 0..count for places from `first` on,
    which stay within them."""
    places = (first + torch.arange(side)).clamp(0, count - 1)
    return (1 - (places[:, None] - torch.arange(count)).abs()).clamp(min=0)


def response_by_hand(network, patch, frame):
    """S of equation 3 before the sigmoid, by place: column, row."""
    channels, height, width = frame.shape
    found = {}
    for row in range(height):
        for column in range(width):
            total = 0.0
            for v in range(4):
                for u in range(4):
                    y, x = row - 2 + v, column - 2 + u
                    if 0 <= y < height and 0 <= x < width:
                        total += float(patch[:, v, u] @ frame[:, y, x])
            fit = total / (16 * math.sqrt(channels))
            found[column, row] = float(network.gain) * fit + float(network.offset)
    return found


def tracked_by_hand(network, frames, features, corner):
    """Equations 3 to 5 of one video of 32 pixels, whose patches have 16: 4 cells of the 8."""
    start = here = [c / 4 + 2 for c in corner]
    for before, after in ((0, 1), (1, 2), (2, 1), (1, 0)):
        x, y = (4 * min(max(place - 2, 0.0), 4.0) for place in here)
        pixels = hats(y, 32, 16) @ frames[before] @ hats(x, 32, 16).T
        scores = response_by_hand(network, network.features(pixels[None])[0], features[after])
        odds = {place: math.exp(5 * score) for place, score in scores.items()}
        here = [sum(odds[p] * p[axis] for p in odds) / sum(odds.values()) for axis in (0, 1)]
    total = 0.0
    for place, score in scores.items():
        wanted = math.exp(-(math.dist(place, start) ** 2) / (2 * (0.1 * 4) ** 2))
        total += (1 / (1 + math.exp(-score)) - wanted) ** 2
    return total / len(scores)


class TestShort:
    """Equations 3 to 5, there and back."""

    def test_is_the_equation(self, network):
        # Two leave the picture on either side, and one is nowhere: it has no clear peak.
        picture = torch.randn(1, 3, 32, 32)
        ways = [moving(picture), moving(picture, cells=-2), torch.randn(1, 3, 3, 32, 32)]
        frames, corners = torch.cat(ways), torch.tensor([[16, 4], [4, 12], [5, 10]])
        features = features_of(network, frames)
        with torch.no_grad():
            network.gain.fill_(1.8)
            network.offset.fill_(-0.7)
            losses = []
            for k in range(3):
                shown = frames[k : k + 1], features[k : k + 1], corners[k : k + 1]
                losses.append(float(tracked(network, *shown)))
                wanted = tracked_by_hand(network, frames[k], features[k], corners[k].tolist())
                assert math.isclose(losses[k], wanted, rel_tol=1e-4)
            together = float(tracked(network, frames, features, corners))
        assert math.isclose(together, sum(losses) / 3, rel_tol=1e-4)

    def test_is_least_where_the_patch_comes_back_to_its_place(self, network):
        frames, corners = moving(torch.randn(1, 3, 64, 64)), torch.tensor([[16, 24]])
        features, losses = features_of(network, frames), {}
        for down in range(-2, 3):
            for across in range(-2, 3):
                # What the last hop looks at lies beside where the patch was cut.
                back = features[:, :1].roll((down, across), dims=(-2, -1))
                seen = torch.cat([back, features[:, 1:]], dim=1)
                losses[across, down] = tracked(network, frames, seen, corners).item()
        least = losses.pop((0, 0))
        assert 2 * least < min(losses.values())

    def test_a_patch_that_comes_back_costs_less_than_one_that_does_not(self, network):
        # A picture that moves by a cell a frame, and one of which the middle frame is another one.
        frames = moving(torch.randn(1, 3, 64, 64))
        cut = torch.cat([frames[:, :1], torch.randn(1, 1, 3, 64, 64), frames[:, 2:]], dim=1)
        corners = torch.tensor([[16, 24]])
        with torch.no_grad():
            found = [tracked(network, x, features_of(network, x), corners) for x in (frames, cut)]
        assert found[0] < found[1]


class TestLong:
    """kappa learns from affinities alone (equations 6 to 8)."""

    def test_stays_at_the_identity_where_nothing_has_moved(self, network):
        there, back = learned(network, 0)
        assert max(there.abs().max(), back.abs().max()) < 0.3

    def test_learns_by_how_much_pictures_have_moved(self, network):
        there, back = learned(network, 1)
        # The last cells of one frame are not in the other: for them nothing is wanted. Those
        # beside them stay behind, as what is led beyond the picture never counts (eq. 8).
        for found, across in ((there[..., :-1, :], 1), (back[..., 1:, :], -1)):
            missed = found.mean((0, 1, 2)) - torch.tensor([across, 0])
            assert missed.abs().max() < 0.5


def learned(network, shift):
    """By how many cells, x and y, kappa leads each cell away after 100 steps, both ways."""
    optimizer = torch.optim.Adam(network.matcher.parameters(), 3e-3)
    for _ in range(100):
        loss = matched(network, *smooth_pair(shift))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    first, second = smooth_pair(shift)
    return led_away(network, first, second), led_away(network, second, first)


def smooth_pair(shift, *, count=8):
    """Features of two frames, N x 16 x lattice x lattice; cell x of the second is x + shift of
    the first. They are smooth as those of pictures are: a match that is missed by a cell counts as
    much as one that is hit, and only what lies around it tells the two apart."""
    wide = F.avg_pool2d(torch.randn(count, 16, LATTICE + 2, LATTICE + 2 + shift), 3, 1)
    wide = wide / wide.std()
    return wide[..., :LATTICE], wide[..., shift:]


@torch.no_grad()
def led_away(network, first, second):
    """By how many cells, x and y, each cell of the second frame is led away: N x h x w x 2."""
    affines = network.matcher.eval()(dense_affinity(second, first.flatten(2)))
    own = torch.eye(2, 3).expand_as(affines)
    size = (LATTICE, LATTICE)
    return (transformed_grid(affines, size) - transformed_grid(own, size)) / CELL
