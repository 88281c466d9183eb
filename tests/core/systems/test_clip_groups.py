"""Groups of clips with equally many objects teach a network what the whole batch does."""

from __future__ import annotations

import pytest
import torch

from core.ops.aggregate import aggregate
from core.systems.box_supervised import clips as memory
from core.systems.box_supervised.config import PRESETS as MEMORY_PRESETS
from core.systems.box_supervised.model import MemoryNetwork
from core.systems.global_instance import clips as overall
from core.train.clip_groups import (
    ABSENT,
    ClipGroups,
    ClipResult,
    group_by_count,
    joined_results,
)
from core.train.mask_loss import MaskLossConfig, Supervision, mask_loss

OBJECTS = ((1, 1, 0, 0), (1, 0, 0, 0), (1, 0, 1, 0), (0, 0, 0, 0))
"""Which of four objects each clip has: of one the second is missing, the last has none."""
LAST = 3
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


class Called(torch.nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.forward = function


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    frames = 2 * torch.rand(len(OBJECTS), 3, 3, *SIZE, generator=generator) - 1
    present = torch.tensor(OBJECTS).float()
    first = torch.zeros(*present.shape, *SIZE)
    for index in range(4):
        first[:, index, 8:24, 12 * index : 12 * index + 11] = 1
    return frames, first * present[:, :, None, None], present


@pytest.mark.parametrize("build", [build_memory, build_overall])
def test_groups_give_what_the_whole_batch_gives(build, lively_global, batch):
    network, draw_plan = build(lively_global)
    plan, seen = draw_plan(3, torch.Generator().manual_seed(0)), Seen(network)

    def learned(result):
        told = [one for one in (result.soft, result.coarse) if one is not None]
        loss = sum(one[:, :, 1 : 1 + LAST].square().mean() for one in told)
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


def test_what_a_clip_lacks_has_next_to_no_probability():
    one, two = (ClipResult(torch.full((1, 2, 1 + k, 4, 4), 0.5)) for k in (1, 2))
    soft = joined_results([one, two], torch.tensor([1, 0]), classes=4).soft
    assert soft.shape == (2, 2, 4, 4, 4)
    assert (soft[0, :, :3] == 0.5).all() and (soft[1, :, :2] == 0.5).all()
    assert (soft[0, :, 3] == ABSENT).all() and (soft[1, :, 2:] == ABSENT).all()


@pytest.mark.parametrize("strength", [2.0, 8.0, 11.0])
@pytest.mark.parametrize("merged", [False, True])
def test_losses_of_boxes_teach_sure_networks_the_same(strength, merged):
    """Where an object's logit is 8, the background has a probability of 1e-7."""
    generator = torch.Generator().manual_seed(0)
    signs = torch.randn(2, 2, 3, 4, 4, generator=generator).sign()
    logits = strength * signs.repeat_interleave(8, 3).repeat_interleave(8, 4)
    logits = logits.requires_grad_()
    present = torch.tensor([[1.0, 0, 0], [1, 1, 1]])
    boxes = torch.where(present[:, None, :, None] > 0, 4.0, torch.nan).expand(2, 2, 3, 4).clone()
    boxes[..., 2:] *= 6
    maps, masked = torch.zeros(2, 2, 32, 32, dtype=torch.uint8), torch.zeros(2, 2, dtype=torch.bool)
    known = Supervision(boxes, maps, masked, masked[:, 0])
    gray, config = torch.full((2, 2, 3, 32, 32), 0.5), MaskLossConfig(merged=merged, warm_up=0)

    def carry(which, first, present, _plan):
        found = torch.sigmoid(logits[which, :, : first.shape[1]])
        return ClipResult(aggregate(found * present[:, None, :, None, None]))

    def learned(network):
        soft = network(torch.arange(2), present, present, None).soft
        return torch.autograd.grad(mask_loss(soft.log(), gray, known, config).total, logits)[0]

    whole = learned(carry)
    assert float(whole[0].norm()) > 1e-3
    close = float((learned(ClipGroups(Called(carry))) - whole).norm())
    assert close <= 0.01 * float(whole.norm())
