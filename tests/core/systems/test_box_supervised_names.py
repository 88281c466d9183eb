"""What each named tensor of the public layout does, in a program that knows names alone.

`MemoryNetwork` is compared with functions that look tensors up by their public names, so that a
file with these names means the same in both.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.systems.box_supervised.config import PRESETS, NetworkConfig
from core.systems.box_supervised.model import MemoryNetwork

BOTTLENECKS = PRESETS["tiny"].to_dict() | {
    "backbone": "resnet50",
    "widths": [16, 16, 32],
    "blocks": [2, 1, 2],
    "value_blocks": [2, 2, 2],
}


@pytest.fixture(params=["tiny", "bottlenecks"])
def network(request):
    config = PRESETS["tiny"] if request.param == "tiny" else NetworkConfig.from_dict(BOTTLENECKS)
    torch.manual_seed(2)
    made = MemoryNetwork(config)
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.2, 0.6)
            torch.nn.init.uniform_(module.weight, 0.7, 1.3)
            torch.nn.init.uniform_(module.bias, -0.2, 0.2)
    return made.eval()


class Named:
    """Layers by the names of their tensors."""

    def __init__(self, state):
        self.state = state

    def has(self, name):
        return any(key.startswith(name + ".") for key in self.state)

    def conv(self, name, x, stride=1):
        weight = self.state[f"{name}.weight"]
        return F.conv2d(x, weight, self.state.get(f"{name}.bias"), stride, weight.shape[-1] // 2)

    def norm(self, name, x):
        mean, var, weight, bias = (
            self.state[f"{name}.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (var + 1e-5).sqrt() * weight + bias

    def residual(self, name, x, stride):
        """A block of ResNet: the second of two, or of three, convolutions is the wide one."""
        count = 3 if self.has(f"{name}.conv3") else 2
        y = x
        for number in range(1, count + 1):
            step = stride if number == count - 1 else 1
            y = self.norm(f"{name}.bn{number}", self.conv(f"{name}.conv{number}", y, step))
            y = y if number == count else y.relu()
        if self.has(f"{name}.downsample"):
            x = self.norm(f"{name}.downsample.1", self.conv(f"{name}.downsample.0", x, stride))
        return (x + y).relu()

    def stage(self, name, x, stride):
        block = 0
        while self.has(f"{name}.{block}"):
            x = self.residual(f"{name}.{block}", x, stride if block == 0 else 1)
            block += 1
        return x

    def keys(self, image):
        name = "key_encoder"
        x = self.norm(f"{name}.bn1", self.conv(f"{name}.conv1", image, 2)).relu()
        quarter = self.stage(f"{name}.res2", F.max_pool2d(x, 3, 2, 1), 1)
        eighth = self.stage(f"{name}.layer2", quarter, 2)
        sixteenth = self.stage(f"{name}.layer3", eighth, 2)
        key = self.conv("key_proj.key_proj", sixteenth)
        shrinkage = self.conv("key_proj.d_proj", sixteenth) ** 2 + 1
        return key, shrinkage, self.conv("key_proj.e_proj", sixteenth).sigmoid(), (
            quarter, eighth, sixteenth
        )  # fmt: skip

    def block(self, name, x):
        y = self.conv(f"{name}.conv2", self.conv(f"{name}.conv1", x.relu()).relu())
        return y + (self.conv(f"{name}.downsample", x) if self.has(f"{name}.downsample") else x)

    def dense(self, name, x):
        return x @ self.state[f"{name}.weight"].T + self.state[f"{name}.bias"]

    def gates(self, name, x):
        score = 0
        first, second = (f"{name}.ChannelGate.mlp.{layer}" for layer in (1, 3))
        for pooled in (x.flatten(2).mean(2), x.flatten(2).max(2).values):
            score = score + self.dense(second, self.dense(first, pooled).relu())
        x = x * score.sigmoid()[:, :, None, None]
        seen = torch.stack([x.max(1).values, x.mean(1)], 1)
        return x * self.conv(f"{name}.SpatialGate.spatial.conv", seen).sigmoid()

    def fuse(self, name, image, objects):
        x = self.block(f"{name}.block1", torch.cat([image, objects], 1))
        return self.block(f"{name}.block2", x + self.gates(f"{name}.attention", x))

    def gated(self, name, seen, state):
        forget, update, new = self.conv(f"{name}.transform", torch.cat([seen, state], 1)).chunk(
            3, 1
        )
        return forget.sigmoid() * state * (1 - update.sigmoid()) + update.sigmoid() * new.tanh()

    def value(self, image, sixteenth, mask, others, state):
        """One object: its value, and its sensory memory renewed by it."""
        name = "value_encoder"
        x = self.conv(f"{name}.conv1", torch.cat([image, mask, others], 1), 2)
        x = F.max_pool2d(self.norm(f"{name}.bn1", x), 3, 2, 1).relu()
        for number, stride in ((1, 1), (2, 2), (3, 2)):
            x = self.stage(f"{name}.layer{number}", x, stride)
        value = self.fuse(f"{name}.fuser", sixteenth, x)
        return value, self.gated(f"{name}.hidden_reinforce", value, state)

    def up(self, name, skip, x):
        larger = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return self.block(f"{name}.out_conv", self.conv(f"{name}.skip_conv", skip) + larger)

    def decode(self, maps, read, state):
        """One object: its logits at full size, and its sensory memory renewed by the decoder."""
        quarter, eighth, sixteenth = maps
        g16 = self.fuse("decoder.fuser", sixteenth, torch.cat([read, state], 1))
        g8 = self.up("decoder.up_16_8", eighth, g16)
        g4 = self.up("decoder.up_8_4", quarter, g8)
        logits = self.conv("decoder.pred", g4.relu())
        unit = "decoder.hidden_update"
        seen = self.conv(f"{unit}.g16_conv", g16)
        seen = seen + self.conv(
            f"{unit}.g8_conv", F.interpolate(g8, scale_factor=1 / 2, mode="area")
        )
        joined = F.interpolate(torch.cat([g4, logits], 1), scale_factor=1 / 4, mode="area")
        seen = seen + self.conv(f"{unit}.g4_conv", joined)
        finer = F.interpolate(logits, scale_factor=4, mode="bilinear", align_corners=False)
        return finer, self.gated(unit, seen, state)


@torch.inference_mode()
def test_every_name_means_the_same(network):
    rng = np.random.default_rng(8)

    def draw(*shape):
        return torch.from_numpy(rng.normal(size=shape)).float()

    named = Named(network.state_dict())
    image, masks = draw(1, 3, 48, 64), (draw(1, 3, 48, 64) > 0).float()
    features = network.encode_frame(image)
    key, shrinkage, selection, maps = named.keys(image)
    close = {"rtol": 1e-4, "atol": 1e-5}
    torch.testing.assert_close(features.key, key, **close)
    torch.testing.assert_close(features.shrinkage, shrinkage, **close)
    torch.testing.assert_close(features.selection, selection, **close)
    for one, other in zip(features.maps, maps, strict=True):
        torch.testing.assert_close(one, other, **close)
    state = draw(*network.new_sensory(features, 3).shape)
    value, renewed = network.encode_masks(image, features, state, masks)
    logits, updated = network.decode(features, value, state, update=True)
    for row in range(3):
        others = masks[:, [n for n in range(3) if n != row]].sum(1, keepdim=True)
        mask = masks[:, row : row + 1]
        one, reinforced = named.value(image, maps[2], mask, others, state[:, row])
        torch.testing.assert_close(value[:, row], one, **close)
        torch.testing.assert_close(renewed[:, row], reinforced, **close)
        finer, following = named.decode(maps, one, state[:, row])
        torch.testing.assert_close(logits[:, row : row + 1], finer, **close)
        torch.testing.assert_close(updated[:, row], following, **close)
