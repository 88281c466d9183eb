"""The memory stage: two encoders of which one follows the other, and references read jointly."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.data.pairs import PairBatch
from core.errors import UsageError
from core.systems.self_supervised.config import PRESETS
from core.systems.self_supervised.method import SelfSupervised
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.spec import RECIPE
from core.systems.self_supervised.train import memory_step
from core.train.momentum import MOMENTUM, MomentumPair
from core.train.team import Team

BATCH, REFERENCES, SIDE = 2, 5, 32


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.rand(BATCH, REFERENCES + 1, 3, SIDE, SIDE, generator=generator) - 0.5
    hidden = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    return PairBatch(inputs, inputs[:, :, 1:].clone(), hidden)


def make_stage(encoder, **options):
    usual = {o.name: o.usual("memory", refines=True) for o in RECIPE.options}
    return SelfSupervised().stage("memory", encoder, usual | options, Team())


def tiny(seed=0):
    torch.manual_seed(seed)
    return KeyEncoder(PRESETS["tiny"]).train()


def test_the_paper_s_momentum():
    assert MOMENTUM == 0.999


@pytest.mark.parametrize("momentum", [0.999, 0.9, 0.0])
def test_weights_equal_the_closed_form(batch, momentum):
    """theta_r(n) = m^n theta_r(0) + (1 - m) sum_i m^(n - i) theta_q(i)."""
    pair = MomentumPair(tiny().double(), momentum=momentum)
    optimizer = torch.optim.SGD(pair.query.parameters(), lr=0.1)
    wanted = [momentum**6 * p.detach().clone() for p in pair.query.parameters()]
    for n in range(1, 7):
        optimizer.zero_grad()
        pair.query(batch.inputs[:, n - 1].double()).square().mean().backward()
        optimizer.step()
        pair.follow()
        share = (1 - momentum) * momentum ** (6 - n)
        learned = pair.query.parameters()
        wanted = [sum_ + share * p.detach() for sum_, p in zip(wanted, learned, strict=True)]
    moved = 0.0
    for got, now, total in zip(
        pair.memory.parameters(), pair.query.parameters(), wanted, strict=True
    ):
        torch.testing.assert_close(got.detach(), total, atol=1e-12, rtol=1e-10)
        moved += float((now - got).detach().abs().max())
    assert (moved > 1e-6) == (momentum > 0)


def test_statistics_are_those_of_the_query_encoder(batch):
    pair = MomentumPair(tiny())
    pair.query(batch.inputs[:, 0])
    assert not torch.equal(pair.memory.bn1.running_mean, pair.query.bn1.running_mean)
    pair.follow()
    for kept, new in zip(pair.memory.buffers(), pair.query.buffers(), strict=True):
        assert torch.equal(kept, new)


def test_both_start_alike_and_apart():
    pair = MomentumPair(tiny())
    with torch.no_grad():
        pair.query.head.bias += 1
    assert torch.equal(pair.memory.head.weight, pair.query.head.weight)
    assert not torch.equal(pair.memory.head.bias, pair.query.head.bias)


def test_no_gradient_reaches_the_memory_encoder(batch):
    stage = make_stage(tiny())
    stage.step(batch).total.backward()
    pair = stage.module
    assert all(p.grad is None for p in pair.memory.parameters())
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in pair.query.parameters())


def naive_loss(query, memory, batch, radius):
    """Cell by cell from the paper's equations 5 to 7, and the Huber distance of MAST."""
    small = F.avg_pool2d(batch.colors.flatten(0, 1), 4).unflatten(0, batch.colors.shape[:2])
    total, counted = 0.0, 0.0
    for b in range(BATCH):
        q, k = query[b].numpy(), memory[b].numpy()
        channels, height, width = q.shape
        read = np.zeros((2, height, width), np.float32)
        for y in range(height):
            for x in range(width):
                logits, colors = [], []
                for n in range(REFERENCES):
                    for v in range(max(0, y - radius), min(height, y + radius + 1)):
                        for u in range(max(0, x - radius), min(width, x + radius + 1)):
                            logits.append(q[:, y, x] @ k[n, :, v, u] / np.sqrt(channels))
                            colors.append(small[b, n, :, v, u].numpy())
                share = np.exp(np.array(logits) - max(logits))
                read[:, y, x] = (share / share.sum()) @ np.array(colors)
        full = F.interpolate(torch.from_numpy(read)[None], size=(SIDE, SIDE), mode="bilinear")[0]
        error = (20 * (full - batch.colors[b, -1])).abs().numpy()
        huber = np.where(error < 1, 0.5 * error**2, error - 0.5).mean(axis=(1, 2))
        total += float(huber @ batch.hidden[b].numpy())
        counted += float(batch.hidden[b].sum())
    return total / counted


def test_loss_equals_the_loop(batch):
    generator = torch.Generator().manual_seed(1)
    query = torch.randn(BATCH, 8, 8, 8, generator=generator)
    memory = torch.randn(BATCH, REFERENCES, 8, 8, 8, generator=generator)
    step = memory_step(lambda x: query, lambda x: memory.flatten(0, 1), radius=2)
    assert float(step(batch).total) == pytest.approx(naive_loss(query, memory, batch, 2), rel=1e-4)


def test_query_and_references_go_to_their_encoders(batch):
    seen = {}

    def watch(name, count):
        def encode(images):
            seen[name] = images
            return torch.zeros(count, 4, 8, 8)

        return encode

    memory_step(watch("query", BATCH), watch("memory", BATCH * REFERENCES), radius=2)(batch)
    assert torch.equal(seen["query"], batch.inputs[:, -1])
    assert torch.equal(seen["memory"], batch.inputs[:, :-1].flatten(0, 1))


def test_any_reference_that_has_the_color_is_found():
    """Plain pictures; the query's stands among the references once, at any place."""

    def encode(images):
        return 30 * F.avg_pool2d(images, 4)

    losses = []
    for place in (*range(REFERENCES), None):
        inputs = torch.linspace(-0.8, 0.8, REFERENCES + 1)[:, None].repeat(1, 3)
        inputs[:, 1:] *= torch.tensor([1.0, -1.0])
        if place is not None:
            inputs[place] = inputs[-1]
        inputs = inputs[None, :, :, None, None].expand(BATCH, -1, -1, SIDE, SIDE).clone()
        batch = PairBatch(inputs, inputs[:, :, 1:].clone(), torch.ones(BATCH, 2))
        losses.append(float(memory_step(encode, encode, radius=1)(batch).total))
    assert max(losses[:-1]) < 0.1 * losses[-1]


def test_unknown_stage():
    with pytest.raises(UsageError, match="'third'"):
        RECIPE.stage("third")
