"""Weights of EfficientNet-Lite0 for tests: seeded numbers under our names or the public ones."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from core.nn.lite0 import Lite0Features, Lite0Head
from core.nn.lite0_weights import our_name

NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def seeded(name, shape, rng):
    """Numbers that keep activations in a sane range, whatever torch draws by itself."""
    if name.endswith("num_batches_tracked"):
        return torch.tensor(1)
    numbers = torch.from_numpy(rng.random(tuple(shape))).float()
    if len(shape) > 1:
        return (2 * numbers - 1) * (6 / np.prod(shape[1:])) ** 0.5
    if name.endswith("running_var"):
        return 0.5 + numbers
    return 0.75 + numbers / 2 if name.endswith("weight") else numbers / 2 - 0.25


def seeded_network():
    """Both parts, in eval mode, with the same numbers on every machine."""
    rng = np.random.default_rng(7)
    network = nn.ModuleDict({"features": Lite0Features(), "head": Lite0Head()})
    state = network.state_dict()
    network.load_state_dict({name: seeded(name, x.shape, rng) for name, x in state.items()})
    return network.eval()


def public_names():
    """The names of all tensors in the public file, from a look at it."""

    def conv(prefix, layer, norm):
        return [f"{prefix}{layer}.weight", *(f"{prefix}{norm}.{kind}" for kind in NORM)]

    names = conv("", "_conv_stem", "_bn0")
    for index in range(16):
        prefix = f"_blocks.{index}."
        names += conv(prefix, "_expand_conv", "_bn0") if index else []
        names += conv(prefix, "_depthwise_conv", "_bn1")
        names += conv(prefix, "_project_conv", "_bn2")
    return [*names, *conv("", "_conv_head", "_bn1"), "_fc.weight", "_fc.bias"]


def public_state(network):
    """The tensors of a network under the public names."""
    state = network.state_dict()
    return {name: state[our_name(name)].clone() for name in public_names()}


def picture(height, width):
    """A picture of smooth and of sharp things, H x W x 3 uint8, the same on every machine."""
    y, x = np.mgrid[:height, :width]
    planes = (x * 5 + y * 3) % 256, (x * y) % 251, 255 * ((x // 9 + y // 7) % 2)
    return np.stack(planes, axis=2).astype(np.uint8)


@pytest.fixture(scope="session")
def lite0():
    """`picture`, `network`, `public_names` and `public_state`; the network is not to be changed."""
    network = seeded_network()
    return SimpleNamespace(
        picture=picture,
        network=network,
        public_names=public_names,
        public_state=lambda: public_state(network),
    )
