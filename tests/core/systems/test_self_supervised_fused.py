"""Keys with a frozen ImageNet backbone in them: what they are, how they learn, what is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.data.pairs import PairBatch
from core.errors import CheckpointMismatch, CheckpointMissing, UsageError
from core.eval.card_facts import LABELS
from core.nn import lite0_file
from core.nn.checkpoints import CheckpointInfo, load_tensors, save_weights
from core.nn.inference import for_inference
from core.nn.lite0 import CHANNELS, Lite0Features, frame_tensor
from core.systems.self_supervised import build, fused
from core.systems.self_supervised.config import PRESETS, EncoderConfig
from core.systems.self_supervised.fused import (
    WEIGHTS,
    Autoencoder,
    FusedEncoder,
    directions,
    enlarged,
    fusion_step,
    keys_of,
    scales,
)
from core.systems.self_supervised.method import SelfSupervised, kept_part, start_from
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.spec import FUSION_STAGE, RECIPE
from core.train.team import Team

TINY = PRESETS["tiny-imagenet"]
WHOLE = replace(TINY, fused_channels=TINY.key_channels + sum(CHANNELS[1:]))
"""So wide that nothing of the features is lost."""


def encoder(config=TINY):
    torch.manual_seed(0)
    return FusedEncoder(config, Lite0Features())


@pytest.fixture
def backbone(monkeypatch):
    """Random weights in place of the package's, the same for every encoder."""

    def features(path):
        torch.manual_seed(1)
        return Lite0Features()

    monkeypatch.setattr(fused, "load_features", features)


def images(count=2, side=64):
    return torch.randn(count, 3, side, side, generator=torch.manual_seed(2)) * 0.3


def batch():
    inputs = images(4).view(2, 2, 3, 64, 64)
    return PairBatch(inputs, inputs[:, :, 1:].clone(), torch.ones(2, 2))


def test_similarity_is_that_of_the_network_plus_weighted_cosines():
    network = encoder(WHOLE).eval()
    image = images(1)
    keys = network(image)[0].flatten(1)
    near = network.keys.near(image)
    found = keys.T @ keys / WHOLE.fused_channels**0.5
    wanted = WEIGHTS[0] * near[0].flatten(1).T @ near[0].flatten(1) / WHOLE.key_channels**0.5
    for weight, features in zip(WEIGHTS[1:], network.maps(image), strict=True):
        cells = enlarged(directions(features), near)[0].flatten(1)
        wanted = wanted + weight * cells.T @ cells
    assert torch.allclose(found, wanted, atol=1e-4)


def test_directions_have_no_mean_and_length_one():
    features = torch.randn(2, 5, 4, 6, generator=torch.manual_seed(0)) + 3
    found = directions(features)
    centered = features - features.mean((2, 3), keepdim=True)
    assert torch.allclose(found.norm(dim=1), torch.ones(2, 4, 6), atol=1e-5)
    assert torch.allclose(F.cosine_similarity(found, centered, dim=1), torch.ones(2, 4, 6))
    assert torch.equal(directions(torch.ones(1, 5, 2, 2)), torch.zeros(1, 5, 2, 2))


def test_rgb_that_is_given_and_that_is_painted_agree():
    frame = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    network = encoder().eval()
    lab = fused.lab_tensor(frame)
    assert torch.allclose(network(lab), network(lab, frame_tensor(frame)), atol=2e-2)


def test_keys_of_both_kinds_of_encoders():
    frame = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    for network in (encoder(), KeyEncoder(PRESETS["tiny"])):
        keys = keys_of(for_inference(network, torch.device("cpu")), frame)
        assert keys.shape == (8, 12, 16) and keys.isfinite().all()


def test_the_backbone_never_learns():
    network = encoder().train()
    assert network.keys.training and not network.backbone.training
    before = {name: x.clone() for name, x in network.backbone.state_dict().items()}
    optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], 0.1)
    network(images()).square().mean().backward()
    optimizer.step()
    after = network.backbone.state_dict()
    assert all(torch.equal(after[name], x) for name, x in before.items())


def test_nothing_is_lost_where_there_is_room():
    lost, energy = Autoencoder(encoder(WHOLE).train())(images())
    assert float((lost / energy).detach()) < 1e-6


def test_fusion_finds_the_principal_components():
    network = encoder().train()
    step = fusion_step(network, team=Team())
    learning = [p for p in network.parameters() if p.requires_grad]
    assert len(learning) == 3, "the projections alone"
    optimizer = torch.optim.Adam(learning, 0.05)
    sample = batch()
    for index in range(400):
        loss = step(sample).total
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = 0.05 * 0.985**index
        optimizer.step()
    with torch.no_grad():
        features = Autoencoder(network)._features(sample.inputs.flatten(0, 1))
    cells = features.permute(1, 0, 2, 3).flatten(1)
    values = torch.linalg.eigvalsh(cells @ cells.T)
    best = float(1 - values[-TINY.fused_channels :].sum() / values.sum())
    assert best < float(loss.detach()) + 1e-6 < 1.1 * best + 1e-3


def test_scales_turn_rows_into_projections():
    quarter, eighth, sixteenth = scales(EncoderConfig((8,) * 4, (1,) * 4, 16, 16))
    assert quarter == pytest.approx(WEIGHTS[0] ** 0.5)
    assert eighth == pytest.approx(2 * WEIGHTS[1] ** 0.5)
    assert sixteenth == pytest.approx(2 * WEIGHTS[2] ** 0.5)


def saved(path, network, preset):
    system, part = kept_part(network)
    save_weights(path, part, CheckpointInfo(system, preset, network.config.to_dict()))
    return path


def test_files_hold_no_backbone_and_give_the_same_keys(tmp_path, backbone):
    torch.manual_seed(3)
    network = fused.new_encoder(TINY)
    path = saved(tmp_path / "w.safetensors", network, "tiny-imagenet")
    assert not any(name.startswith("backbone") for name in load_tensors(path))
    again = build.read_encoder(path).eval()
    assert torch.allclose(again(images()), network.eval()(images()), atol=1e-2)


def test_weights_need_the_backbone(tmp_path, monkeypatch):
    path = saved(tmp_path / "w.safetensors", encoder(), "tiny-imagenet")
    monkeypatch.setattr(fused, "find_backbone", lambda: None)
    with pytest.raises(CheckpointMissing) as caught:
        build.read_encoder(path)
    assert lite0_file.install_command() in caught.value.hint


def test_a_start_may_be_the_network_without_the_backbone(tmp_path):
    torch.manual_seed(4)
    near = KeyEncoder(PRESETS["tiny"])
    path = saved(tmp_path / "near.safetensors", near, "tiny")
    network = encoder()
    start_from(network, "tiny-imagenet", path)
    assert torch.allclose(network.keys.near.head.weight, near.head.weight, atol=1e-3)
    other = saved(tmp_path / "other.safetensors", encoder(WHOLE), "other")
    with pytest.raises(CheckpointMismatch, match="holds the preset other"):
        start_from(network, "tiny-imagenet", other)


def test_headers_without_backbone_are_what_they_were():
    assert "fused_channels" not in PRESETS["thin"].to_dict()
    for name in ("thin", "thin-imagenet"):
        assert EncoderConfig.from_dict(PRESETS[name].to_dict()) == PRESETS[name]
    with pytest.raises(CheckpointMismatch):
        EncoderConfig.from_dict({**PRESETS["thin"].to_dict(), "fused_channels": 0})


def test_the_stage_is_refused_without_backbone():
    method = SelfSupervised()
    options = {o.name: o.usual(FUSION_STAGE, refines=True) for o in RECIPE.options}
    with pytest.raises(UsageError, match="no ImageNet backbone") as caught:
        method.require_possible(FUSION_STAGE, "tiny", options)
    assert "thin-imagenet" in caught.value.hint
    method.require_possible(FUSION_STAGE, "tiny-imagenet", options)


@pytest.mark.parametrize("name", [FUSION_STAGE, "pairwise", "memory", "labels"])
def test_every_stage_trains_it(name, backbone):
    method = SelfSupervised()
    torch.manual_seed(0)
    network = method.network("tiny-imagenet").train()
    options = {o.name: o.usual(name, refines=True) for o in RECIPE.options}
    stage = method.stage(name, network, options, Team())
    assert all("backbone" not in name for w in stage.weights() for name in w.module.state_dict())
    assert stage.weights()[0].config == TINY.to_dict()
    assert all(w.training["labels"] in LABELS for w in stage.weights())
