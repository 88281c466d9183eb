"""Restricted attention against a loop over every query and every cell."""

from __future__ import annotations

import math

import pytest
import torch

from core.ops.attention import windowed_readout


def naive_readout(query, keys, values, radius):
    """The equation, one query at a time, for one sample: T x C x h x w -> V x h x w."""
    frames, channels, height, width = keys.shape
    rows = []
    for y in range(height):
        for x in range(width):
            near = [
                (t, v, u)
                for t in range(frames)
                for v in range(max(0, y - radius), min(height, y + radius + 1))
                for u in range(max(0, x - radius), min(width, x + radius + 1))
            ]
            logits = torch.stack([query[:, y, x] @ keys[t, :, v, u] for t, v, u in near])
            affinity = (logits / math.sqrt(channels)).softmax(0)
            read = torch.stack([values[t, :, v, u] for t, v, u in near], dim=1)
            rows.append(read @ affinity)
    return torch.stack(rows, dim=1).view(-1, height, width)


def draw(batch=2, frames=2, channels=3, *, height=9, width=11, dtype=torch.float32):
    generator = torch.Generator().manual_seed(height * width + frames)
    shapes = (
        (batch, channels, height, width),
        (batch, frames, channels, height, width),
        (batch, frames, 2, height, width),
    )
    query, keys, values = (torch.randn(s, generator=generator, dtype=dtype) for s in shapes)
    return 2 * query, 2 * keys, values


@pytest.mark.parametrize(
    ("height", "width", "frames", "radius"),
    [(8, 8, 1, 2), (9, 11, 2, 3), (5, 17, 3, 1), (3, 4, 2, 6), (7, 9, 1, 0), (1, 1, 1, 2)],
)
def test_equals_the_loop(height, width, frames, radius):
    query, keys, values = draw(frames=frames, height=height, width=width)
    got = windowed_readout(query, keys, values, radius=radius)
    wanted = torch.stack(
        [naive_readout(*sample, radius) for sample in zip(query, keys, values, strict=True)]
    )
    assert got.shape == wanted.shape
    torch.testing.assert_close(got, wanted, atol=1e-5, rtol=0)


def test_order_of_memory_frames_does_not_matter():
    query, keys, values = draw(frames=3)
    order = [2, 0, 1]
    first = windowed_readout(query, keys, values, radius=3)
    second = windowed_readout(query, keys[:, order], values[:, order], radius=3)
    torch.testing.assert_close(first, second, atol=1e-5, rtol=0)
    unpaired = windowed_readout(query, keys[:, order], values, radius=3)
    assert not torch.allclose(first, unpaired, atol=1e-2)


def test_equal_keys_read_the_mean_of_the_cells_inside():
    values = draw()[2]
    query, keys = torch.ones(2, 3, 9, 11), torch.ones(2, 2, 3, 9, 11)
    got = windowed_readout(query, keys, values, radius=2)
    corner = values[:, :, :, :3, :3].mean(dim=(1, 3, 4))
    middle = values[:, :, :, 2:7, 3:8].mean(dim=(1, 3, 4))
    torch.testing.assert_close(got[:, :, 0, 0], corner)
    torch.testing.assert_close(got[:, :, 4, 5], middle)


def test_affinity_sums_to_one():
    query, keys, _ = draw(frames=2)
    ones = torch.ones(2, 2, 1, 9, 11)
    got = windowed_readout(30 * query, keys, ones, radius=4)
    torch.testing.assert_close(got, torch.ones(2, 1, 9, 11))


def test_what_is_hidden_is_never_read():
    """Cells out of the window hold huge values: any leak would show."""
    query, keys, values = draw(batch=1, frames=1)
    poisoned = values.clone()
    poisoned[..., 4:, :] = 1e8
    clean = windowed_readout(query, keys, values, radius=2)
    got = windowed_readout(query, keys, poisoned, radius=2)
    assert torch.equal(got[..., :2, :], clean[..., :2, :])
    assert (got[..., 2:, :] > 1e3).any()


def test_gradients_are_those_of_the_loop():
    query, keys, values = (x.requires_grad_() for x in draw(1, 2, height=5, width=9))
    weight = torch.randn(2, 5, 9, generator=torch.Generator().manual_seed(1))
    fast = (windowed_readout(query, keys, values, radius=2)[0] * weight).sum()
    slow = (naive_readout(query[0], keys[0], values[0], 2) * weight).sum()
    for got, wanted in zip(
        torch.autograd.grad(fast, (query, keys, values)),
        torch.autograd.grad(slow, (query, keys, values)),
        strict=True,
    ):
        assert wanted.abs().max() > 1e-2
        torch.testing.assert_close(got, wanted, atol=1e-5, rtol=1e-4)


def test_gradients_are_the_slope_of_the_output():
    inputs = tuple(
        x.requires_grad_() for x in draw(1, 1, 2, height=3, width=3, dtype=torch.float64)
    )
    assert torch.autograd.gradcheck(
        lambda *given: windowed_readout(*given, radius=1), inputs, fast_mode=True
    )


def test_training_works_after_inference_has_filled_the_caches():
    query, keys, values = draw(height=6, width=7)
    with torch.inference_mode():
        windowed_readout(query, keys, values, radius=5)
    query.requires_grad_()
    windowed_readout(query, keys, values, radius=5).square().sum().backward()
    assert query.grad is not None and query.grad.abs().max() > 0


def test_autocast_does_not_round_similarities():
    tensors = draw()
    plain = windowed_readout(*tensors, radius=3)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(windowed_readout(*tensors, radius=3), plain)
