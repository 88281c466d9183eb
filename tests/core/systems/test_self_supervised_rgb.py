"""The lesson for RGB backbones, which supervised systems start from."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.data.pairs import PairBatch
from core.nn.backbone import BACKBONES, Backbone
from core.nn.checkpoints import CheckpointInfo, load_weights, read_info, save_weights
from core.ops.color import rgb_to_lab
from core.systems.self_supervised.method import kept_part, new_network, start_from
from core.systems.self_supervised.model import RgbKeys
from core.systems.self_supervised.train import pairwise_step
from core.train.terms import LossTerms


def tiny(seed=0):
    torch.manual_seed(seed)
    return RgbKeys(BACKBONES["tiny-rgb"]).train()


def shifted_pairs(rng, count=4, size=64):
    """Colored noise and the same moved by 8 px down and 4 px left; b is hidden."""
    pairs = []
    for _ in range(count):
        small = rng.integers(0, 255, (size // 4 + 4, size // 4 + 4, 3), np.uint8)
        world = small.repeat(4, axis=0).repeat(4, axis=1)
        cuts = world[8 : 8 + size, :size], world[:size, 4 : 4 + size]
        pairs.append(
            np.stack([rgb_to_lab(np.ascontiguousarray(c)).transpose(2, 0, 1) for c in cuts])
        )
    inputs = torch.from_numpy(np.stack(pairs))
    colors = inputs[:, :, 1:].clone()
    inputs[:, :, 2] = 0
    inputs[:, :, 1] *= 1.5
    return PairBatch(inputs, colors, torch.tensor([[0.0, 1.0]] * count))


def test_keys_at_a_quarter():
    assert tiny().eval()(torch.zeros(1, 3, 32, 48)).shape == (1, 64, 8, 12)


def test_the_loss_reaches_all_stages():
    network = tiny()
    terms = pairwise_step(network, radius=4)(shifted_pairs(np.random.default_rng(0)))
    assert isinstance(terms, LossTerms)
    terms.total.backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


def test_the_loss_falls():
    network, rng = tiny(), np.random.default_rng(0)
    optimizer, losses = torch.optim.AdamW(network.parameters(), lr=3e-3), []
    step = pairwise_step(network, radius=4)
    for _ in range(60):
        total = step(shifted_pairs(rng)).total
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        losses.append(total.item())
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


def test_a_hidden_channel_is_hidden_in_rgb_too():
    """Pictures that differ in b only look alike once b is zeroed."""
    generator = torch.Generator().manual_seed(0)
    lab = torch.rand(1, 3, 16, 16, generator=generator) - 0.5
    other = lab.clone()
    other[:, 2] += 0.2
    network = tiny().eval()
    with torch.inference_mode():
        assert not torch.allclose(network(lab), network(other))
        lab[:, 2] = other[:, 2] = 0
        assert torch.equal(network(lab), network(other))


def test_only_the_backbone_is_kept(tmp_path):
    network = tiny()
    system, part = kept_part(network)
    assert system == "backbone" and part is network.backbone
    info = CheckpointInfo(system, "tiny-rgb", network.config.to_dict())
    save_weights(tmp_path / "w.safetensors", part, info)
    load_weights(tmp_path / "w.safetensors", Backbone(BACKBONES["tiny-rgb"]))
    again = new_network("tiny-rgb")
    start_from(again, "tiny-rgb", tmp_path / "w.safetensors")
    wanted = network.backbone.layer3[0].conv1.weight
    torch.testing.assert_close(again.backbone.layer3[0].conv1.weight, wanted, atol=1e-3, rtol=1e-3)
    assert read_info(tmp_path / "w.safetensors").config["widths"] == [8, 8, 8]


@pytest.mark.parametrize("preset", ["resnet18-rgb", "resnet50-rgb"])
def test_full_size(preset):
    with torch.inference_mode():
        assert new_network(preset).eval()(torch.zeros(1, 3, 32, 32)).shape == (1, 64, 8, 8)
