"""Appearance and motion networks: shapes, names, sizes, and what they may not do."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from core.errors import CheckpointMismatch
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.systems.appearance_motion.__main__ import main
from core.systems.appearance_motion.appearance import Lite0Segments, ResNetSegments
from core.systems.appearance_motion.config import PRESETS, NetworkConfig, Pairing
from core.systems.appearance_motion.export import encoder_tensors
from core.systems.appearance_motion.model import (
    AppearanceMotion,
    neighbors,
    new_network,
    read_network,
)
from core.systems.appearance_motion.motion import MotionNetwork, best_match

WITHOUT_BACKBONE = ("small", "tiny")


def test_the_paper_s_motion_network_has_the_size_of_the_public_one():
    with torch.device("meta"):
        network = MotionNetwork(PRESETS["paper"])
    assert sum(p.numel() for p in network.parameters()) == 1_721_714


@pytest.mark.parametrize("segments", [5, 6, 8])
@pytest.mark.parametrize("preset", WITHOUT_BACKBONE)
def test_segments_sum_to_one(preset, segments):
    torch.manual_seed(0)
    options = {"segments": segments, "order": 0, "dis": False}
    network = new_network(PRESETS[preset].shaped(options)).eval()
    masks = network.segments(torch.rand(2, 3, 64, 96))
    assert masks.shape == (2, segments, 64, 96)
    torch.testing.assert_close(masks.sum(1), torch.ones(2, 64, 96))
    assert masks.min() >= 0


def test_the_paper_s_appearance_network_is_a_dilated_resnet50():
    network = ResNetSegments(PRESETS["paper"]).eval()
    with torch.no_grad():
        assert network(torch.rand(1, 3, 64, 64)).shape == (1, 5, 8, 8)
        assert network.encoder(torch.rand(1, 3, 64, 64)).shape == (1, 2048, 8, 8)
    dilated = {m.dilation for m in network.encoder.layer4.modules() if hasattr(m, "dilation")}
    assert dilated == {(1, 1), (2, 2)}


def torchvision_resnet50():
    """Names and shapes of torchvision's ResNet-50 without its classifier, from its definition."""
    shapes = {"conv1.weight": (64, 3, 7, 7)} | norm_shapes("bn1", 64)
    inside, before = 64, 64
    for layer, blocks in enumerate((3, 4, 6, 3), start=1):
        for block in range(blocks):
            at = f"layer{layer}.{block}"
            sizes = {1: (inside, before, 1), 2: (inside, inside, 3), 3: (4 * inside, inside, 1)}
            for number, (out, into, side) in sizes.items():
                shapes[f"{at}.conv{number}.weight"] = (out, into, side, side)
                shapes |= norm_shapes(f"{at}.bn{number}", out)
            if block == 0:
                shapes[f"{at}.downsample.0.weight"] = (4 * inside, before, 1, 1)
                shapes |= norm_shapes(f"{at}.downsample.1", 4 * inside)
            before = 4 * inside
        inside *= 2
    return shapes


def norm_shapes(name, channels):
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{p}": (channels,) for p in parts} | {f"{name}.num_batches_tracked": ()}


def test_the_encoder_exports_with_the_names_of_torchvision():
    with torch.device("meta"):
        network = AppearanceMotion(PRESETS["paper"])
    found = {name: tuple(x.shape) for name, x in encoder_tensors(network).items()}
    assert found == torchvision_resnet50()
    assert len(found) == 318


def test_the_command_writes_the_encoder(tmp_path, capsys):
    torch.manual_seed(0)
    for preset in ("paper", "tiny"):
        network = AppearanceMotion(PRESETS[preset])
        info = CheckpointInfo("appearance_motion", preset, network.config.to_dict())
        save_weights(tmp_path / f"{preset}.safetensors", network, info)
    out = tmp_path / "resnet50.safetensors"
    assert main([str(tmp_path / "paper.safetensors"), str(out)]) == 0
    found = load_file(out)
    assert found.keys() == torchvision_resnet50().keys()
    assert main([str(tmp_path / "tiny.safetensors"), str(out)]) == 2
    assert "ResNet-50" in capsys.readouterr().err


def test_only_the_paper_s_encoder_is_exported():
    with pytest.raises(CheckpointMismatch, match="paper"):
        encoder_tensors(AppearanceMotion(PRESETS["tiny"]))


def test_the_backbone_of_lite_is_neither_trained_nor_stored():
    network = new_network(PRESETS["lite"]).train()
    appearance = network.appearance
    assert isinstance(appearance, Lite0Segments)
    assert not appearance._backbone[0].training
    assert not any("backbone" in name for name in network.state_dict())
    trained = {id(p) for p in network.parameters()}
    assert not any(id(p) in trained for p in appearance._backbone[0].parameters())
    masks = network.segments(torch.rand(1, 3, 64, 64))
    torch.testing.assert_close(masks.sum(1), torch.ones(1, 64, 64))
    network.to(torch.float64)
    assert next(appearance._backbone[0].parameters()).dtype == torch.float64


@pytest.mark.parametrize("order", [0, 1, 2])
def test_flows_of_all_levels_start_at_the_known_flow(order):
    torch.manual_seed(0)
    options = {"segments": 5, "order": order, "dis": True}
    network = new_network(replace(PRESETS["tiny"], matched=False).shaped(options)).eval()
    last = network.motion.head[-1]
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.zeros_(last.bias)
    known = torch.tensor([1.5, -0.5]).view(1, 1, 2, 1, 1).expand(1, 2, 2, 32, 32)
    with torch.no_grad():
        told = network(torch.rand(1, 2, 3, 32, 32), known)
    assert len(told.flows) == 2
    for level in told.flows:
        assert level.shape == (2, 5, (1, 3, 6)[order], 2)
        torch.testing.assert_close(level[:, :, 0], torch.tensor([1.5, -0.5]).expand(2, 5, 2))
        assert level[:, :, 1:].abs().max() == 0 if order else True


def test_a_match_is_the_mean_place_and_outside_says_nothing():
    cost = torch.zeros(1, 9, 4, 4)
    # One cell to the right fits, where there is one.
    cost[0, 5, :, :-1] = 1
    found = best_match(cost, torch.ones(1, 1, 4, 4), 1)
    torch.testing.assert_close(found, torch.tensor([[[1.0, 0.0]]]), atol=1e-5, rtol=0)


def test_neighbors_come_with_their_reverse():
    assert neighbors(3) == ((0, 1), (1, 0), (1, 2), (2, 1))


def test_the_pairing_says_whose_masks_are_pooled():
    torch.manual_seed(0)
    network = new_network(PRESETS["tiny"]).eval()
    frames = torch.rand(1, 2, 3, 32, 32)
    with torch.no_grad():
        by = {pairing: network(frames, None, pairing).flows[0] for pairing in Pairing}
    assert not torch.allclose(by[Pairing.TARGET], by[Pairing.SOURCE])


def test_weights_come_back_with_what_was_seen_of_the_channels(tmp_path):
    torch.manual_seed(0)
    network = new_network(PRESETS["tiny"])
    network.remember(torch.rand(5, 6) * 0.2)
    info = CheckpointInfo("appearance_motion", "tiny", network.config.to_dict())
    save_weights(tmp_path / "w.safetensors", network, info)
    again = read_network(tmp_path / "w.safetensors")
    assert again.config == network.config
    assert again.channel == network.channel
    torch.testing.assert_close(again.cues, network.cues, atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    "change",
    [
        {"appearance": "resnet18"},
        {"segments": 0},
        {"segments": 1000},
        {"order": 3},
        {"widths": 8},
        {"widths": [8]},
        {"widths": [12, 24]},
        {"estimator": [8, 8]},
        {"pyramid": [8]},
        {"cosine": 1},
        {"further": 1},
    ],
)
def test_a_header_of_another_network_is_refused(change):
    with pytest.raises(CheckpointMismatch):
        NetworkConfig.from_dict(PRESETS["tiny"].to_dict() | change)
