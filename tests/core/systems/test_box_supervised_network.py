"""The memory network: golden numbers from seeds, its blocks against loops, clips with gradients."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.data.synthetic import moving_shapes
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.nn.fusion import PreResidual, UpBlock, each
from core.nn.gates import GatedAttention
from core.nn.lite0_file import find_backbone
from core.nn.sensory import SensoryUpdate, renewed
from core.ops.aggregate import aggregate
from core.ops.anisotropic import similarity
from core.systems.box_supervised.build import for_tracking, new_network, read_network
from core.systems.box_supervised.clips import ClipNetwork, ClipPlan, draw_plan
from core.systems.box_supervised.config import PRESETS, NetworkConfig
from core.systems.box_supervised.encoders import KeyEncoder
from core.systems.box_supervised.model import MemoryNetwork

GOLDEN = {
    "key": [0.67331, 5.068, 4.1787, -0.95009, 5.6139],
    "shrinkage": [18.183, 21.751, 2.1372, 49.276, 42.43],
    "selection": [0.47419, 0.40718, 0.13876, 0.56559, 0.089402],
    "value": [-0.1256, 10.41, -2.9896, -4.9267, -0.85753],
    "renewed": [0.063481, 0.74699, 0.35757, 0.99156, 4.1213e-05],
    "logits": [7.996, 10.684, -4.1893, 22.009, 9.8598],
    "updated": [0.27707, 0.71015, 1.0, -0.78804, -0.25933],
}
"""Mean, standard deviation and three numbers of each output; made by this code from seeds."""


def numbers(rng, *shape):
    """Numbers that no release of torch draws otherwise."""
    return torch.from_numpy(2 * rng.random(shape) - 1).float()


def seeded(config):
    network, rng = MemoryNetwork(config), np.random.default_rng(19)
    for name, tensor in network.state_dict().items():
        if tensor.dtype == torch.int64:
            continue
        drawn = numbers(rng, *tensor.shape)
        if tensor.ndim > 1:
            drawn *= (6 / np.prod(tensor.shape[1:])) ** 0.5
        elif name.endswith("running_var"):
            drawn = 1.5 + drawn
        elif name.endswith("weight"):
            drawn = 1 + drawn / 4
        else:
            drawn /= 4
        tensor.copy_(drawn)
    return network.eval()


@pytest.fixture
def tiny():
    return seeded(PRESETS["tiny"])


def inputs(*, clips=1, objects=2, size=(32, 48)):
    rng = np.random.default_rng(3)
    image = 2 * numbers(rng, clips, 3, *size)
    masks = (numbers(rng, clips, objects, *size) > 0.3).float()
    return image, masks


def outputs(network):
    """All that the network computes of a frame."""
    image, masks = inputs()
    rng = np.random.default_rng(4)
    features = network.encode_frame(image)
    sensory = numbers(rng, *network.new_sensory(features, 2).shape)
    value, renewed_state = network.encode_masks(image, features, sensory, masks)
    logits, updated = network.decode(features, value, sensory, update=True)
    return {
        "key": features.key,
        "shrinkage": features.shrinkage,
        "selection": features.selection,
        "value": value,
        "renewed": renewed_state,
        "logits": logits,
        "updated": updated,
    }


def digest(x):
    flat = x.flatten()
    picked = [flat[len(flat) * n // 7] for n in (1, 3, 6)]
    return [float(n) for n in (flat.mean(), flat.std(), *picked)]


@torch.inference_mode()
def test_golden(tiny):
    for name, output in outputs(tiny).items():
        np.testing.assert_allclose(digest(output), GOLDEN[name], rtol=1e-3, atol=1e-4, err_msg=name)


@torch.inference_mode()
def test_ready_for_tracking_it_answers_the_same(tiny):
    wanted = outputs(tiny)
    got = outputs(for_tracking(tiny, torch.device("cpu")))
    for name, output in got.items():
        torch.testing.assert_close(output, wanted[name], rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_half_precision_keeps_what_cancels_in_float32(tiny):
    wanted = outputs(tiny)
    got = outputs(for_tracking(tiny, torch.device("cpu"), dtype=torch.float16))
    for name, output in got.items():
        assert output.dtype == torch.float32, name
        scale = float(wanted[name].abs().mean())
        assert float((output - wanted[name]).abs().mean()) < 0.02 * scale, name


@torch.inference_mode()
def test_shrinkage_and_selection_have_their_ranges(tiny):
    features = tiny.encode_frame(inputs()[0])
    assert features.shrinkage.min() >= 1
    assert features.selection.min() >= 0 and features.selection.max() <= 1
    assert [x.shape[2] for x in features.maps] == [8, 4, 2]
    assert features.nbytes == 4 * sum(
        x.numel() for x in (features.key, features.shrinkage, features.selection, *features.maps)
    )


@torch.inference_mode()
def test_objects_are_alike(tiny):
    """Another order of objects is another order of the results."""
    image, masks = inputs(objects=3)
    features = tiny.encode_frame(image)
    sensory = tiny.new_sensory(features, 3)
    value, state = tiny.encode_masks(image, features, sensory, masks)
    logits, _ = tiny.decode(features, value, state, update=True)
    order = [2, 0, 1]
    other, moved = tiny.encode_masks(image, features, sensory, masks[:, order])
    again, _ = tiny.decode(features, other, moved, update=True)
    torch.testing.assert_close(other, value[:, order], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(again, logits[:, order], rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_others_count(tiny):
    image, masks = inputs()
    features = tiny.encode_frame(image)
    alone, _ = tiny.encode_masks(image, features, tiny.new_sensory(features, 1), masks[:, :1])
    both, _ = tiny.encode_masks(image, features, tiny.new_sensory(features, 2), masks)
    assert float((both[:, :1] - alone).abs().max()) > 1e-3


@torch.inference_mode()
def test_without_sensory_memory():
    values = PRESETS["tiny"].to_dict() | {"sensory_channels": 0}
    network = seeded(NetworkConfig.from_dict(values))
    assert not any("hidden" in name for name in network.state_dict())
    assert outputs(network)["updated"].shape == (1, 2, 0, 2, 3)


class TestBlocks:
    """Each against its equation."""

    def test_the_gated_unit(self):
        rng = np.random.default_rng(0)
        state, values = numbers(rng, 1, 2, 3, 2, 2), numbers(rng, 1, 2, 9, 2, 2)
        got = renewed(state, values)
        for index in np.ndindex(*state.shape):
            b, k, c, y, x = index
            f, u, n = (float(values[b, k, c + 3 * part, y, x]) for part in range(3))
            f, u, n = 1 / (1 + np.exp(-f)), 1 / (1 + np.exp(-u)), np.tanh(n)
            wanted = f * float(state[index]) * (1 - u) + u * n
            assert float(got[index]) == pytest.approx(wanted, abs=1e-5)

    @torch.no_grad()
    def test_attention_gates(self):
        gate, x = GatedAttention(32), numbers(np.random.default_rng(1), 2, 32, 5, 6)
        first, second = gate.ChannelGate.mlp[1], gate.ChannelGate.mlp[3]
        score = 0
        for pooled in (x.mean((2, 3)), x.amax((2, 3))):
            inner = (pooled @ first.weight.T + first.bias).clamp(min=0)
            score = score + inner @ second.weight.T + second.bias
        weighed = x * torch.sigmoid(score)[:, :, None, None]
        pair = torch.stack([weighed.amax(1), weighed.mean(1)], 1)
        spatial = gate.SpatialGate.spatial.conv
        wanted = weighed * torch.sigmoid(F.conv2d(pair, spatial.weight, spatial.bias, padding=3))
        torch.testing.assert_close(gate(x), wanted)
        assert first.out_features == 2, "a sixteenth"

    @torch.no_grad()
    def test_residual_block_and_its_shortcut(self):
        x = numbers(np.random.default_rng(2), 1, 4, 5, 5)
        for channels in (4, 6):
            block = PreResidual(4, channels)
            y = block.conv2(block.conv1(x.clamp(min=0)).clamp(min=0))
            shortcut = x if channels == 4 else block.downsample(x)
            torch.testing.assert_close(block(x), y + shortcut)

    @torch.no_grad()
    def test_up_block_adds_the_skip(self):
        rng = np.random.default_rng(2)
        block = UpBlock(3, 4, 5)
        skip, x = numbers(rng, 2, 3, 8, 6), numbers(rng, 2, 3, 4, 4, 3)
        got = block(skip, x)
        assert got.shape == (2, 3, 5, 8, 6)
        larger = F.interpolate(x[:, 1], size=(8, 6), mode="bilinear", align_corners=False)
        torch.testing.assert_close(got[:, 1], block.out_conv(block.skip_conv(skip) + larger))

    @torch.no_grad()
    def test_sensory_update_sees_three_sizes(self):
        rng = np.random.default_rng(2)
        unit = SensoryUpdate((5, 4, 3), 6, 2)
        maps = tuple(numbers(rng, 1, 2, c, 2 * n, 3 * n) for c, n in ((5, 1), (4, 2), (3, 4)))
        state = numbers(rng, 1, 2, 2, 2, 3)
        seen = each(unit.g16_conv, maps[0])
        for conv, x, n in ((unit.g8_conv, maps[1], 2), (unit.g4_conv, maps[2], 4)):
            blocks = x.reshape(1, 2, x.shape[2], 2, n, 3, n).mean((4, 6))
            seen = seen + each(conv, blocks)
        wanted = renewed(state, each(unit.transform, torch.cat([seen, state], 2)))
        torch.testing.assert_close(unit(maps, state), wanted)


class TestClips:
    """What is trained."""

    def clip(self, frames=4, clips=2, objects=2):
        rng = np.random.default_rng(6)
        film = numbers(rng, clips, frames, 3, 32, 48)
        first = (numbers(rng, clips, objects, 32, 48) > 0.2).float()
        return film, first, torch.ones(clips, objects)

    def test_shapes_and_gradients(self, tiny):
        network = ClipNetwork(tiny.train())
        generator = torch.Generator().manual_seed(1)
        result = network(*self.clip(), draw_plan(4, generator, renew=0.5))
        assert result.soft.shape == (2, 3, 3, 32, 48)
        torch.testing.assert_close(result.soft.sum(2), torch.ones(2, 3, 32, 48))
        result.soft[:, :, 1:].square().mean().backward()
        without = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
        assert without == []

    def test_it_learns_one_clip(self):
        """The loss on the masks of a film falls to less than half."""
        torch.manual_seed(0)
        network = ClipNetwork(MemoryNetwork(PRESETS["tiny"])).train()
        frames, label_maps = moving_shapes(frame_count=3)
        film = torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2)[None].float() / 64 - 2
        labels = torch.from_numpy(np.stack(label_maps)).long()[None]
        first = torch.stack([labels[:, 0] == i for i in (1, 2)], 1).float()
        plan, losses = draw_plan(3, torch.Generator(), renew=1.0), []
        optimizer = torch.optim.Adam(network.parameters(), 3e-3)
        for _ in range(60):
            soft = network(film, first, torch.ones(1, 2), plan).soft
            loss = F.nll_loss(soft.clamp(min=1e-7).log().transpose(1, 2), labels[:, 1:])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < 0.5 * losses[0]

    @torch.no_grad()
    def test_objects_that_a_clip_lacks_are_empty(self, tiny):
        film, first, present = self.clip()
        present[1, 1] = 0
        soft = ClipNetwork(tiny)(film, first, present, draw_plan(4, torch.Generator())).soft
        assert float(soft[1, :, 2].max()) < 1e-5 < float(soft[0, :, 2].max())

    @torch.no_grad()
    def test_clips_of_a_batch_do_not_touch(self, tiny):
        film, first, present = self.clip()
        plan = draw_plan(4, torch.Generator().manual_seed(0))
        both = ClipNetwork(tiny)(film, first, present, plan).soft
        one = ClipNetwork(tiny)(film[1:], first[1:], present[1:], plan).soft
        torch.testing.assert_close(both[1:], one, rtol=1e-2, atol=1e-3)

    @torch.no_grad()
    def test_second_frame_is_read_from_the_first(self, tiny):
        film, first, present = self.clip(frames=2, clips=1)
        plan = ClipPlan(((0,),), (True, False))
        result = ClipNetwork(tiny)(film, first, present, plan)
        look, query = (tiny.encode_frame(film[:, t]) for t in (0, 1))
        value, state = tiny.encode_masks(film[:, 0], look, tiny.new_sensory(look, 2), first)
        rows = [x[0].flatten(1).T for x in (look.key, query.key, query.selection)]
        found = similarity(rows[0], look.shrinkage.flatten(), rows[1], rows[2]).softmax(1)
        read = torch.stack([(found @ v.flatten(1).T).T.reshape(v.shape) for v in value[0]])[None]
        logits, _ = tiny.decode(query, read, state, update=False)
        # Convolutions of one frame and of two differ by so much on processors without AVX-512.
        near = {"rtol": 1e-3, "atol": 1e-3}
        torch.testing.assert_close(result.soft[:, 0], aggregate(torch.sigmoid(logits)), **near)

    def test_plans_take_the_first_and_some_of_the_past(self):
        plan = draw_plan(8, torch.Generator().manual_seed(2))
        assert plan == draw_plan(8, torch.Generator().manual_seed(2))
        assert [len(row) for row in plan.references] == [1, 2, 3, 3, 3, 3, 3]
        for index, row in enumerate(plan.references, start=1):
            assert row[0] == 0 and list(row) == sorted(set(row)) and row[-1] < index
        assert len(plan.renewed) == 8 and plan.renewed[0]

    def test_batch_norm_keeps_its_statistics(self, tiny):
        before = {n: x.clone() for n, x in tiny.state_dict().items() if "running" in n}
        tiny.train()
        assert tiny.training and not tiny.key_encoder.bn1.training
        ClipNetwork(tiny).train()(*self.clip(), draw_plan(4, torch.Generator()))
        state = tiny.state_dict()
        assert all(torch.equal(state[n], x) for n, x in before.items())


needs_backbone = pytest.mark.skipif(
    find_backbone() is None, reason="the package of the ImageNet backbone is not installed"
)


class TestSmall:
    """The preset on EfficientNet-Lite0."""

    @needs_backbone
    @torch.inference_mode()
    def test_cells_lie_where_those_of_a_resnet_do(self):
        """What a dot changes of each map is centered on the cell that lies on it."""
        lite0 = new_network(PRESETS["small"]).eval().key_encoder
        resnet = KeyEncoder(PRESETS["tiny"]).eval()
        for encoder in (lite0, resnet):
            image = torch.zeros(1, 3, 96, 128)
            before = encoder(image)
            image[:, :, 48 - 3 : 48 + 4, 64 - 3 : 64 + 4] = 3
            moved = [(a - b).abs().sum(1)[0] for a, b in zip(encoder(image), before, strict=True)]
            for change, stride in zip(moved, (4, 8, 16), strict=True):
                assert change.shape == (96 // stride, 128 // stride)
                weights = change / change.sum()
                rows, columns = (torch.arange(n) for n in change.shape)
                row, column = (weights.sum(1) * rows).sum(), (weights.sum(0) * columns).sum()
                assert float(row) == pytest.approx(48 / stride, abs=0.6)
                assert float(column) == pytest.approx(64 / stride, abs=0.6)

    @needs_backbone
    @torch.inference_mode()
    def test_a_new_network_finds_cells_again(self):
        """It matches before it has learned anything, and no cell is read for its shrinkage."""
        torch.manual_seed(0)
        image = np.random.default_rng(1).normal(size=(12, 16, 3)).astype(np.float32)
        image = torch.from_numpy(cv2.resize(image, (256, 192), interpolation=cv2.INTER_CUBIC))
        image = image.permute(2, 0, 1)[None]
        network = new_network(PRESETS["small"]).eval()
        here, there = (network.encode_frame(x) for x in (image, image.roll((16, 32), (2, 3))))
        rows = [x[0].flatten(1).T for x in (here.key, there.key, there.selection)]
        found = similarity(rows[0], here.shrinkage.flatten(), rows[1], rows[2])
        inside = [(y, x) for y in range(4, 10) for x in range(5, 13)]
        told = [int(found[16 * y + x].argmax()) == 16 * (y - 1) + x - 2 for y, x in inside]
        assert np.mean(told) > 0.9
        assert float(here.shrinkage.max()) < 1.2
        assert 2 < float((1 / found.softmax(1).square().sum(1)).mean()) < 100, "cells that are read"

    @needs_backbone
    def test_its_checkpoint_holds_no_backbone(self, tmp_path):
        network = new_network(PRESETS["small"])
        assert not any(p.requires_grad for p in network.key_encoder.parameters())
        assert not any("key_encoder" in name for name in network.learned().state_dict())
        info = CheckpointInfo("box_supervised", "small", network.config.to_dict())
        save_weights(tmp_path / "w.safetensors", network.learned(), info)
        again = read_network(tmp_path / "w.safetensors")
        for name, tensor in again.state_dict().items():
            wanted = network.state_dict()[name]
            exact = name.startswith("key_encoder") or tensor.dtype == torch.int64
            torch.testing.assert_close(tensor, wanted if exact else wanted.half().float())

    def test_a_tuned_backbone_is_part_of_the_checkpoint(self):
        values = PRESETS["small"].to_dict() | {"backbone": "lite0-tuned"}
        with torch.device("meta"):
            network = MemoryNetwork(NetworkConfig.from_dict(values))
        assert any("key_encoder" in name for name in network.learned().state_dict())

    def test_it_is_small(self):
        with torch.device("meta"):
            network = MemoryNetwork(PRESETS["small"])
        count = sum(p.numel() for p in network.learned().parameters())
        assert 2_000_000 < count < 3_000_000
