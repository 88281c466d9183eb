"""The network of global and instance embeddings: its formulas against loops, and what must hold."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.data.synthetic import moving_shapes
from core.errors import CheckpointMismatch
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.nn.lite0_file import find_backbone
from core.ops.aggregate import aggregate
from core.systems.global_instance.attention import TemporalAttention, cell_scales, similarity
from core.systems.global_instance.build import for_tracking, new_network, read_network
from core.systems.global_instance.clips import ClipNetwork, draw_plan
from core.systems.global_instance.config import PARTS, PRESETS, NetworkConfig
from core.systems.global_instance.encoders import three_channels
from core.systems.global_instance.model import Drawing, GlobalInstanceNetwork

TINY = PRESETS["tiny"]
SIZE = (32, 48)


def numbers(rng, *shape):
    return torch.from_numpy(2 * rng.random(shape) - 1).float()


@pytest.fixture(scope="module")
def tiny(lively_global):
    return lively_global()


def clip(frames=3, clips=1, objects=2, seed=6):
    """Random frames, and boxes of objects that do not meet."""
    rng = np.random.default_rng(seed)
    film = numbers(rng, clips, frames, 3, *SIZE)
    first = torch.zeros(clips, objects, *SIZE)
    for index in range(objects):
        top, left = 10 * (index // 4), 12 * (index % 4)
        first[:, index, top : top + 9, left : left + 11] = 1
    return film, first, torch.ones(clips, objects)


def plan(frames):
    return draw_plan(frames, torch.Generator().manual_seed(0))


class TestFormulas:
    """Each against its equation."""

    def test_three_channels(self):
        masks = torch.tensor([0.5, 0.25, 0.0]).view(1, 3, 1, 1)
        got = three_channels(masks)[0, :, :, 0, 0]
        wanted = [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0, 0.75, 0.25]]
        torch.testing.assert_close(got, torch.tensor(wanted))

    def test_similarity_of_each_pair(self):
        rng = np.random.default_rng(0)
        query, key, weights = numbers(rng, 3, 4), numbers(rng, 5, 4), torch.tensor([0.2, 0.8])
        scale = cell_scales(weights, [2, 3])
        got = similarity(query, key, scale)
        for n, m in np.ndindex(3, 5):
            share = 2 * (0.2 if m < 2 else 0.8)
            wanted = share * sum(float(query[n, c] * key[m, c]) for c in range(4)) / math.sqrt(4)
            assert float(got[n, m]) == pytest.approx(wanted, abs=1e-6)

    @torch.no_grad()
    def test_temporal_attention(self):
        attention = TemporalAttention(4, 5)
        torch.nn.init.normal_(attention.weigh.weight)
        rng = np.random.default_rng(1)
        first, query = numbers(rng, 6, 4), numbers(rng, 6, 4)
        support = [first, numbers(rng, 3, 4), numbers(rng, 6, 4)]
        scores = []
        for key in support:
            parts = []
            for layer, x in (
                (attention.first, first), (attention.chosen, key), (attention.query, query),
            ):  # fmt: skip
                parts.append(sum(layer(cell).clamp(min=0) for cell in x) / len(x))
            x = attention.inner1(torch.cat(parts)).clamp(min=0)
            scores.append(attention.weigh(attention.inner2(x).clamp(min=0)).exp())
        wanted = torch.cat(scores) / sum(scores)
        torch.testing.assert_close(attention(first, support, query), wanted)

    def test_a_map_of_all_objects_cuts_coarse_maps_out(self):
        rng = np.random.default_rng(2)
        drawing = Drawing(numbers(rng, 1, 1, 8, 12), numbers(rng, 1, 2, 2, 3), None)
        got = drawing.masks((32, 48))
        for index in range(2):
            large, union = (
                F.interpolate(x, SIZE, mode="bilinear").sigmoid()
                for x in (drawing.coarse[:, index : index + 1], drawing.union)
            )
            torch.testing.assert_close(got[:, index], (large * union)[:, 0])

    @torch.no_grad()
    def test_second_frame_is_read_from_the_first(self, tiny):
        film, first, present = clip(frames=2)
        result = ClipNetwork(tiny)(film, first, present, ((0,),))
        look, asked = (tiny.encode_frame(film[:, t]) for t in (0, 1))
        known = tiny.encode_support(film[:, 0], look, first)
        keys, query = known.key[0].flatten(1).T, asked.key[0].flatten(1).T
        affinity = (query @ keys.T / math.sqrt(keys.shape[1])).softmax(1)

        def read(values):
            cells = [
                sum(w * values.flatten(1)[:, m] for m, w in enumerate(row)) for row in affinity
            ]
            return torch.stack(cells, 1).reshape(values.shape)

        own = torch.stack([read(known.objects[0, k]) for k in range(2)])[None]
        drawing = tiny.draw(asked, read(known.value[0])[None], own, refine=True)
        for refined, got in ((True, result.soft), (False, result.coarse)):
            wanted = aggregate(drawing.masks(SIZE, refined=refined))
            torch.testing.assert_close(got[:, 0], wanted, rtol=1e-4, atol=1e-5)

    def test_plans_take_the_first_and_the_one_before(self):
        assert plan(4) == ((0,), (0, 1), (0, 1, 2))
        rows = draw_plan(9, torch.Generator().manual_seed(2))
        assert rows == draw_plan(9, torch.Generator().manual_seed(2))
        for index, row in enumerate(rows, 1):
            assert row[0] == 0 and row[-1] == index - 1 and len(row) == min(4, index)
            assert list(row) == sorted(set(row))


class TestInvariants:
    """What holds for any values."""

    @torch.no_grad()
    def test_another_order_of_objects_is_another_order_of_results(self, tiny):
        """Also beyond one group of six."""
        film, first, present = clip(objects=8)
        soft = ClipNetwork(tiny)(film, first, present, plan(3)).soft
        order = [7, 2, 0, 5, 1, 6, 3, 4]
        other = ClipNetwork(tiny)(film, first[:, order], present, plan(3)).soft
        torch.testing.assert_close(other[:, :, 0], soft[:, :, 0], rtol=1e-4, atol=1e-6)
        moved = soft[:, :, [1 + i for i in order]]
        torch.testing.assert_close(other[:, :, 1:], moved, rtol=1e-4, atol=1e-6)
        assert float((soft[:, :, 1:] - moved).abs().max()) > 1e-3, "the comparison means something"

    @torch.no_grad()
    def test_an_object_with_an_empty_label_changes_no_other(self, tiny):
        film, first, present = clip(objects=3)
        soft = ClipNetwork(tiny)(film, first, present, plan(3)).soft
        more = torch.cat([first, torch.zeros(1, 1, *SIZE)], 1)
        asked = torch.cat([present, torch.zeros(1, 1)], 1)
        other = ClipNetwork(tiny)(film, more, asked, plan(3)).soft
        assert float((other[:, :, :4] - soft).abs().max()) < 1e-6
        assert float(other[:, :, 4].max()) < 1e-5

    @torch.no_grad()
    def test_temporal_weights_sum_to_one(self, tiny, lively_global):
        rng = np.random.default_rng(0)
        query = numbers(rng, 2, 6, 8)
        for count in (1, 3, 7):
            keys = [numbers(rng, 2, 6 - n % 2, 8) for n in range(count)]
            for made in (tiny, lively_global(TINY.without("temporal"))):
                weights = made.weigh(keys[0], keys, query)
                assert weights.shape == (2, count)
                torch.testing.assert_close(weights.sum(1), torch.ones(2))
        keys = [10 * key for key in keys]
        assert float(tiny.weigh(keys[0], keys, query).std()) > 1e-3, "they are told apart"

    @torch.no_grad()
    def test_others_and_the_background_count(self, tiny):
        film, first, _ = clip(frames=1)
        look = tiny.encode_frame(film[:, 0])
        both = tiny.encode_support(film[:, 0], look, first).objects
        # The same mask of all objects together, and so the same values.
        alone = tiny.encode_support(film[:, 0], look, first.sum(1, keepdim=True)).objects
        assert float((both[:, :1] - alone).abs().max()) > 1e-3

    @torch.no_grad()
    def test_ready_for_tracking_it_answers_the_same(self, lively_global):
        film, first, present = clip()
        wanted = ClipNetwork(lively_global())(film, first, present, plan(3)).soft
        ready = for_tracking(lively_global(), torch.device("cpu"))
        got = ClipNetwork(ready)(film, first, present, plan(3)).soft
        torch.testing.assert_close(got, wanted, rtol=1e-3, atol=1e-4)

    @torch.no_grad()
    def test_half_precision_keeps_keys_and_probabilities_in_float32(self, lively_global):
        film, first, present = clip()
        wanted = ClipNetwork(lively_global())(film, first, present, plan(3)).soft
        ready = for_tracking(lively_global(), torch.device("cpu"), dtype=torch.float16)
        assert ready.encode_frame(film[:, 0]).key.dtype == torch.float32
        got = ClipNetwork(ready)(film, first, present, plan(3)).soft
        assert got.dtype == torch.float32
        assert float((got - wanted).abs().mean()) < 0.02


class TestVariants:
    """What is left out is left out, and the rest trains."""

    @pytest.mark.parametrize("part", ["", *PARTS])
    def test_every_value_of_a_variant_learns(self, part, lively_global):
        made = lively_global(TINY.without(part)).train()
        result = ClipNetwork(made)(*clip(frames=5, clips=2), plan(5))
        assert (result.union is None) == (part == "overall")
        assert (result.coarse is None) == (part == "refine")
        torch.testing.assert_close(result.soft.sum(2), torch.ones(2, 4, *SIZE))
        loss = result.soft[:, :, 1:].square().mean()
        for other in (result.union, None if result.coarse is None else result.coarse[:, :, 1:]):
            loss = loss + (0 if other is None else other.square().mean())
        loss.backward()
        without = [n for n, p in made.named_parameters() if p.grad is None or not p.grad.any()]
        assert without == []

    def test_there_are_four_parts(self, lively_global):
        with pytest.raises(ValueError, match="no part 'else'"):
            TINY.without("else")
        assert TINY.without("") == TINY
        names = [n for n, _ in lively_global(TINY.without("refine")).named_children()]
        assert "refine" not in names and "global_decoder" in names

    def test_headers(self):
        for config in PRESETS.values():
            assert NetworkConfig.from_dict(config.to_dict()) == config
        assert NetworkConfig.from_dict(TINY.without("overall").to_dict()).overall is False
        for change in ({"refine": 1}, {"key_channels": 0}, {"widths": 8}, {"backbone": "vgg"}):
            with pytest.raises(CheckpointMismatch):
                NetworkConfig.from_dict(TINY.to_dict() | change)

    def test_batch_norm_keeps_its_statistics(self, lively_global):
        made = lively_global().train()
        before = {n: x.clone() for n, x in made.state_dict().items() if "running" in n}
        ClipNetwork(made).train()(*clip(), plan(3))
        state = made.state_dict()
        assert all(torch.equal(state[n], x) for n, x in before.items())


def test_it_learns_one_clip():
    """The loss on the masks of a film falls to less than half."""
    torch.manual_seed(0)
    made = ClipNetwork(GlobalInstanceNetwork(TINY)).train()
    frames, label_maps = moving_shapes(frame_count=3)
    film = torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2)[None, ..., ::2, ::2] / 64 - 2
    labels = torch.from_numpy(np.stack(label_maps)).long()[None, :, ::2, ::2]
    first = torch.stack([labels[:, 0] == i for i in (1, 2)], 1).float()
    optimizer, losses = torch.optim.Adam(made.parameters(), 3e-3), []
    for _ in range(40):
        soft = made(film, first, torch.ones(1, 2), plan(3)).soft
        loss = F.nll_loss(soft.log().transpose(1, 2), labels[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


class TestSmall:
    """The preset on EfficientNet-Lite0."""

    @pytest.mark.skipif(find_backbone() is None, reason="the ImageNet backbone is not installed")
    def test_its_checkpoint_holds_no_backbone(self, tmp_path):
        made = new_network(PRESETS["small"])
        assert not any(p.requires_grad for p in made.query_encoder.parameters())
        assert not any("query_encoder" in name for name in made.learned().state_dict())
        info = CheckpointInfo("global_instance", "small", made.config.to_dict())
        save_weights(tmp_path / "w.safetensors", made.learned(), info)
        again = read_network(tmp_path / "w.safetensors")
        for name, tensor in again.state_dict().items():
            wanted = made.state_dict()[name]
            exact = name.startswith("query_encoder") or tensor.dtype == torch.int64
            torch.testing.assert_close(tensor, wanted if exact else wanted.half().float())

    @pytest.mark.skipif(find_backbone() is None, reason="the ImageNet backbone is not installed")
    @torch.inference_mode()
    def test_a_new_network_finds_cells_again(self):
        """Every cell of a frame is most like itself in the support set, whatever was drawn."""
        torch.manual_seed(0)
        image = torch.nn.functional.interpolate(torch.randn(1, 3, 12, 16), scale_factor=8)
        made = new_network(PRESETS["small"]).eval()
        look = made.encode_frame(image)
        support = made.encode_support(image, look, (torch.rand(1, 2, 96, 128) > 0.8).float() / 2)
        rows = [x[0].flatten(1).T for x in (look.key, support.key)]
        found = similarity(*rows, torch.ones(48))
        assert float((found.argmax(1) == torch.arange(48)).float().mean()) > 0.9

    def test_sizes(self):
        for preset, least, most in (("small", 1.5e6, 2.5e6), ("paper", 30e6, 40e6)):
            with torch.device("meta"):
                made = GlobalInstanceNetwork(PRESETS[preset])
            assert least < sum(p.numel() for p in made.learned().parameters()) < most

    def test_a_tuned_backbone_is_part_of_the_checkpoint(self):
        with torch.device("meta"):
            made = GlobalInstanceNetwork(replace(PRESETS["small"], backbone="lite0-tuned"))
        assert any("query_encoder" in name for name in made.learned().state_dict())
