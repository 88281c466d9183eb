"""Groups of clips with equally many objects teach a network what the whole batch does."""

from __future__ import annotations

import pytest
import torch

from core.ops.aggregate import LEAST
from core.systems.box_supervised import clips as memory
from core.systems.box_supervised.config import PRESETS as MEMORY_PRESETS
from core.systems.box_supervised.model import MemoryNetwork
from core.systems.global_instance import clips as overall
from core.train.clip_groups import ClipGroups, ClipResult, group_by_count, joined

COUNTS = (2, 1, 3, 1)
SIZE = (32, 48)


def build_memory(lively_global):
    del lively_global
    torch.manual_seed(0)
    return memory.ClipNetwork(MemoryNetwork(MEMORY_PRESETS["tiny"]).train()), memory.draw_plan


def build_overall(lively_global):
    return overall.ClipNetwork(lively_global().train()), overall.draw_plan


class Seen(torch.nn.Module):
    """Notes the shape of the masks that a network is given."""

    def __init__(self, network):
        super().__init__()
        self.network, self.shapes = network, []

    def forward(self, frames, first, present, plan):
        self.shapes.append(tuple(first.shape[:2]))
        return self.network(frames, first, present, plan)


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    frames = 2 * torch.rand(len(COUNTS), 3, 3, *SIZE, generator=generator) - 1
    present = torch.tensor([[float(k < count) for k in range(4)] for count in COUNTS])
    first = torch.zeros(*present.shape, *SIZE)
    for index in range(4):
        first[:, index, 8:24, 12 * index : 12 * index + 11] = 1
    return frames, first * present[:, :, None, None], present


@pytest.mark.parametrize("build", [build_memory, build_overall])
def test_groups_give_what_the_whole_batch_gives(build, lively_global, batch):
    network, draw_plan = build(lively_global)
    plan, seen = draw_plan(3, torch.Generator().manual_seed(0)), Seen(network)
    count = 1 + max(COUNTS)

    def learned(result):
        told = [one for one in (result.soft, result.coarse) if one is not None]
        loss = sum(one[:, :, 1:count].square().mean() for one in told)
        if result.union is not None:
            loss = loss + result.union.square().mean()
        return torch.autograd.grad(loss, list(network.parameters()))

    whole, grouped = network(*batch, plan), ClipGroups(seen)(*batch, plan)
    assert seen.shapes == [(2, 1), (1, 2), (1, 3)]
    near = {"rtol": 1e-2, "atol": 1e-3}  # one convolution of many clips, several of few
    torch.testing.assert_close(grouped.soft, whole.soft, **near)
    for name in ("union", "coarse"):
        if getattr(whole, name) is not None:
            torch.testing.assert_close(getattr(grouped, name), getattr(whole, name), **near)
    soft = whole.soft.detach()
    assert float((soft - soft.roll(1, 0)).abs().max()) > 0.01, "clips can be told apart"
    for got, wanted in zip(learned(grouped), learned(whole), strict=True):
        assert float((got - wanted).norm()) <= 0.02 * float(wanted.norm()) + 1e-6


def test_clips_are_grouped_by_their_last_object():
    present = torch.tensor([[1, 1, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0]])
    groups = {count: clips.tolist() for count, clips in group_by_count(present).items()}
    assert groups == {1: [1, 2], 2: [0, 3]}


def test_what_a_clip_lacks_has_the_least_probability():
    one, two = (ClipResult(torch.full((1, 2, 1 + k, 4, 4), 0.5)) for k in (1, 2))
    soft = joined([one, two], torch.tensor([1, 0]), classes=4).soft
    assert soft.shape == (2, 2, 4, 4, 4)
    assert (soft[0, :, :3] == 0.5).all() and (soft[1, :, :2] == 0.5).all()
    assert (soft[0, :, 3] == LEAST).all() and (soft[1, :, 2:] == LEAST).all()
