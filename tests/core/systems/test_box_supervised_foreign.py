"""Public weights of XMem, STCN and ResNet-50 in our network, on files of random numbers.

Names and shapes are written down from a look at the public file of XMem: 412 tensors.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from core.engine.registry import build_tracker
from core.errors import CheckpointMismatch, CheckpointMissing, UsageError
from core.nn.backbone import BACKBONES, Backbone
from core.nn.checkpoints import read_info
from core.systems.box_supervised.build import read_network
from core.systems.box_supervised.config import PRESETS, NetworkConfig
from core.systems.box_supervised.foreign import import_weights, is_foreign, read_public
from core.systems.box_supervised.model import MemoryNetwork
from core.tracking.contract import TrackerRequest
from core.types import Direction, Keyframe, Quality
from vosapp.cli.main import main

SYSTEM = "box_supervised"

NORM = ("weight", "bias", "running_mean", "running_var")


def norm(name, channels):
    shapes = {f"{name}.{part}": (channels,) for part in NORM}
    return shapes | {f"{name}.num_batches_tracked": ()}


def bottlenecks(name, before, width, count):
    shapes, inner = {}, width // 4
    for block in range(count):
        at, first = f"{name}.{block}", before if block == 0 else width
        kernels = [(inner, first, 1), (inner, inner, 3), (width, inner, 1)]
        for number, (c_out, c_in, side) in enumerate(kernels, start=1):
            shapes[f"{at}.conv{number}.weight"] = (c_out, c_in, side, side)
            shapes |= norm(f"{at}.bn{number}", c_out)
        if block == 0:
            shapes |= {f"{at}.downsample.0.weight": (width, first, 1, 1)}
            shapes |= norm(f"{at}.downsample.1", width)
    return shapes


def basics(name, before, width):
    shapes = {}
    for block in range(2):
        at, first = f"{name}.{block}", before if block == 0 else width
        for number, c_in in ((1, first), (2, width)):
            shapes[f"{at}.conv{number}.weight"] = (width, c_in, 3, 3)
            shapes |= norm(f"{at}.bn{number}", width)
        if first != width:
            shapes |= {f"{at}.downsample.0.weight": (width, first, 1, 1)}
            shapes |= norm(f"{at}.downsample.1", width)
    return shapes


def conv(name, c_out, c_in, side):
    return {f"{name}.weight": (c_out, c_in, side, side), f"{name}.bias": (c_out,)}


def fuser(name, c_in):
    gate = f"{name}.attention"
    return {
        **conv(f"{name}.block1.downsample", 512, c_in, 3),
        **conv(f"{name}.block1.conv1", 512, c_in, 3),
        **conv(f"{name}.block1.conv2", 512, 512, 3),
        **{f"{gate}.ChannelGate.mlp.1.{p}": s for p, s in (("weight", (32, 512)), ("bias", (32,)))},
        **{
            f"{gate}.ChannelGate.mlp.3.{p}": s for p, s in (("weight", (512, 32)), ("bias", (512,)))
        },
        **conv(f"{gate}.SpatialGate.spatial.conv", 1, 2, 7),
        **conv(f"{name}.block2.conv1", 512, 512, 3),
        **conv(f"{name}.block2.conv2", 512, 512, 3),
    }


def public_shapes():
    """Shape by name of all tensors."""
    decoder, up = "decoder.hidden_update", "decoder.up_"
    return {
        "key_encoder.conv1.weight": (64, 3, 7, 7),
        **norm("key_encoder.bn1", 64),
        **bottlenecks("key_encoder.res2", 64, 256, 3),
        **bottlenecks("key_encoder.layer2", 256, 512, 4),
        **bottlenecks("key_encoder.layer3", 512, 1024, 6),
        "value_encoder.conv1.weight": (64, 5, 7, 7),
        **norm("value_encoder.bn1", 64),
        **basics("value_encoder.layer1", 64, 64),
        **basics("value_encoder.layer2", 64, 128),
        **basics("value_encoder.layer3", 128, 256),
        **fuser("value_encoder.fuser", 1280),
        **conv("value_encoder.hidden_reinforce.transform", 192, 576, 3),
        **conv("key_proj.key_proj", 64, 1024, 3),
        **conv("key_proj.d_proj", 1, 1024, 3),
        **conv("key_proj.e_proj", 64, 1024, 3),
        **fuser("decoder.fuser", 1600),
        **conv(f"{decoder}.g16_conv", 256, 512, 1),
        **conv(f"{decoder}.g8_conv", 256, 256, 1),
        **conv(f"{decoder}.g4_conv", 256, 257, 1),
        **conv(f"{decoder}.transform", 192, 320, 3),
        **conv(f"{up}16_8.skip_conv", 512, 512, 3),
        **conv(f"{up}16_8.out_conv.downsample", 256, 512, 3),
        **conv(f"{up}16_8.out_conv.conv1", 256, 512, 3),
        **conv(f"{up}16_8.out_conv.conv2", 256, 256, 3),
        **conv(f"{up}8_4.skip_conv", 256, 256, 3),
        **conv(f"{up}8_4.out_conv.conv1", 256, 256, 3),
        **conv(f"{up}8_4.out_conv.conv2", 256, 256, 3),
        **conv("decoder.pred", 1, 256, 3),
    }


def seeded(shapes):
    """Numbers that keep activations in a sane range, in half precision so that files are small."""
    generator, tensors = torch.Generator().manual_seed(11), {}
    for name, shape in shapes.items():
        if name.endswith("num_batches_tracked"):
            tensors[name] = torch.tensor(7)
            continue
        numbers = torch.rand(shape, generator=generator)
        if len(shape) > 1:
            numbers = (2 * numbers - 1) * (3 / np.prod(shape[1:])) ** 0.5
        elif name.endswith("running_var"):
            numbers = 0.5 + numbers
        else:
            numbers = numbers / 4 + (0.75 if "bn" in name and name.endswith("weight") else -0.125)
        tensors[name] = numbers.half()
    return tensors


@pytest.fixture(scope="module")
def tensors():
    return seeded(public_shapes())


@pytest.fixture(scope="module")
def public(tensors, tmp_path_factory):
    """A file such as XMem.pth."""
    path = tmp_path_factory.mktemp("public") / "XMem.pth"
    torch.save(tensors, path)
    return path


def request(weights):
    return TrackerRequest(SYSTEM, Quality.FAST, device="cpu", weights=weights)


def run(tracker, count=2):
    """Steps through a film of noise."""
    frames = np.random.default_rng(0).integers(0, 255, (count, 32, 48, 3)).astype(np.uint8)
    labels = np.zeros((32, 48), np.uint8)
    labels[8:20, 10:30] = 3
    tracker.add_keyframe(Keyframe(0, (3,), labels), frames[0])
    tracker.start(Direction.FORWARD)
    return [tracker.step(index, frame, (3,)).probabilities for index, frame in enumerate(frames)]


def same(network, tensors):
    state = network.state_dict()
    return all(torch.equal(state[name], tensor.to(state[name])) for name, tensor in tensors.items())


def test_the_network_has_the_public_names_and_shapes():
    with torch.device("meta"):
        network = MemoryNetwork(PRESETS["resnet50"])
    assert {n: tuple(x.shape) for n, x in network.state_dict().items()} == public_shapes()
    assert len(public_shapes()) == 412
    assert sum(p.numel() for p in network.parameters()) == 62_185_224


def test_a_public_file_is_tracked_with_as_it_is(public, tensors, monkeypatch):
    from core.systems.box_supervised import config

    small = {Quality.FAST: config.MemoryTrackingConfig(48)}
    monkeypatch.setattr("core.systems.box_supervised.build.TRACKING", small)
    assert is_foreign(public) and same(read_public(public), tensors)
    for probabilities in run(build_tracker(request(public))):
        assert probabilities.shape == (2, 48, 72)
        assert np.isfinite(probabilities).all()


def test_a_training_state_of_one_object_is_understood(tensors, tmp_path):
    """Nested, from several processes, and with no channel for the masks of others."""
    first = "value_encoder.conv1.weight"
    single = {**tensors, first: tensors[first][:, :4].contiguous()}
    network = {f"module.{name}": tensor for name, tensor in single.items()}
    torch.save({"it": 5, "network": network, "optimizer": {}}, tmp_path / "x_checkpoint_5.pth")
    found = read_public(tmp_path / "x_checkpoint_5.pth").state_dict()
    assert torch.equal(found[first][:, :4], tensors[first][:, :4].float())
    assert not found[first][:, 4].any()


@pytest.mark.slow
def test_weights_without_sensory_memory(tensors, tmp_path):
    gone = ("decoder.hidden_update", "value_encoder.hidden_reinforce")
    kept = {n: x for n, x in tensors.items() if not n.startswith(gone)}
    for part in ("conv1", "downsample"):
        name = f"decoder.fuser.block1.{part}.weight"
        kept[name] = kept[name][:, :1536].contiguous()
    torch.save(kept, tmp_path / "XMem-no-sensory.pth")
    network = read_public(tmp_path / "XMem-no-sensory.pth")
    assert network.config.sensory_channels == 0
    features = network.encode_frame(torch.randn(1, 3, 32, 48))
    nothing = network.new_sensory(features, 1)
    value, _ = network.encode_masks(
        torch.randn(1, 3, 32, 48), features, nothing, torch.ones(1, 1, 32, 48)
    )
    logits, _ = network.decode(features, value, nothing, update=True)
    assert torch.isfinite(logits).all()


def test_imported_it_is_the_same_network(public, tensors, tmp_path):
    out = tmp_path / "o.safetensors"
    assert main(["import-weights", str(public), "-o", str(out)]) == 0
    info = read_info(out)
    assert (info.system, info.preset) == (SYSTEM, "resnet50")
    assert NetworkConfig.from_dict(info.config) == PRESETS["resnet50"]
    assert not is_foreign(out) and same(read_network(out), tensors)


def test_a_missing_or_odd_tensor_is_named(tensors, tmp_path):
    path = tmp_path / "x.safetensors"
    save_file({n: x for n, x in tensors.items() if n != "decoder.pred.bias"}, path)
    assert is_foreign(path)
    with pytest.raises(CheckpointMismatch, match=r"decoder\.pred\.bias is missing"):
        build_tracker(request(path))


def test_stcn_is_a_start(tensors, tmp_path):
    """What it shares is taken, its joined features in our order; the rest stays random."""
    lacks = ("d_proj", "e_proj", "hidden", "attention", "decoder.fuser")
    theirs = {n: x for n, x in tensors.items() if not any(part in n for part in lacks)}
    theirs |= {"key_comp.weight": torch.ones(512, 1024, 3, 3), "key_comp.bias": torch.ones(512)}
    torch.save(theirs, tmp_path / "stcn.pth")
    report = import_weights(tmp_path / "stcn.pth", tmp_path / "o.safetensors")
    assert report.kind == "stcn" and set(report.left) == {"key_comp.weight", "key_comp.bias"}
    assert "key_proj.d_proj.weight" in report.unfilled
    assert any("train before use" in note for note in report.notes)
    joined = "value_encoder.fuser.block1.conv1.weight"
    found = read_network(tmp_path / "o.safetensors").state_dict()[joined]
    assert torch.equal(found[:, 1024:], theirs[joined][:, :256].float())
    assert torch.equal(found[:, :1024], theirs[joined][:, 256:].float())
    with pytest.raises(CheckpointMismatch, match="no weights of XMem"):
        build_tracker(request(tmp_path / "stcn.pth"))


def test_resnet50_fills_the_encoder_of_frames(tmp_path):
    theirs = Backbone(BACKBONES["resnet50-rgb"]).state_dict()
    torch.save(theirs, tmp_path / "r.pth")
    report = import_weights(tmp_path / "r.pth", tmp_path / "o.safetensors")
    assert report.kind == "resnet" and not report.left
    assert not any(name.startswith("key_encoder") for name in report.unfilled)
    found = read_network(tmp_path / "o.safetensors").state_dict()
    name = "layer1.0.conv3.weight"
    assert torch.equal(found["key_encoder.res2.0.conv3.weight"], theirs[name].half().float())


class Attack:
    """Makes a folder when unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_hostile_and_strange_files_are_refused(tmp_path):
    torch.save({"weights": Attack(tmp_path / "made")}, tmp_path / "hostile.pth")
    torch.save({"some.weight": torch.ones(2)}, tmp_path / "other.pth")
    Path(tmp_path / "text.pth").write_text("no weights")
    for name, words in (
        ("hostile", "asks for"),
        ("other", "no known program"),
        ("text", "damaged"),
    ):
        with pytest.raises(CheckpointMismatch, match=words):
            build_tracker(request(tmp_path / f"{name}.pth"))
    assert not (tmp_path / "made").exists()
    with pytest.raises(CheckpointMissing):
        build_tracker(request(tmp_path / "none.pth"))


def test_options_of_imports(public, tmp_path):
    out = tmp_path / "o.safetensors"
    with pytest.raises(UsageError, match="no kind 'mast'"):
        import_weights(public, out, kind="mast")
    with pytest.raises(UsageError, match="'small'"):
        import_weights(public, out, preset="small")
    with pytest.raises(UsageError, match="would be overwritten"):
        import_weights(public, public)


def test_the_header_of_ours_is_checked():
    values = PRESETS["small"].to_dict()
    assert NetworkConfig.from_dict(values) == PRESETS["small"]
    changes = [
        {"widths": [1, 2]},
        {"widths": [1, 2, 3]},
        {"widths": 5},
        {"blocks": [1, 1, 99]},
        {"stem": 0},
        {"stem": True},
        {"key_channels": 10**9},
        {"backbone": "huge"},
        {"backbone": None},
    ]
    for change in changes:
        with pytest.raises(CheckpointMismatch):
            NetworkConfig.from_dict(values | change)
    with pytest.raises(CheckpointMismatch):
        NetworkConfig.from_dict({**values, "more": 1})
