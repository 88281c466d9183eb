"""The first training stage learns correspondence from a film that only moves (systems' test)."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.data.pairs import PairBatch
from core.jobs import CancelToken
from core.ops.attention import windowed_readout
from core.ops.color import rgb_to_lab
from core.systems.self_supervised.config import PRESETS, STRIDE, EncoderConfig
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.train import (
    TRAIN_RADIUS,
    memory_step,
    pairwise_step,
)
from core.train.config import FitConfig
from core.train.loop import fit
from core.train.momentum import MomentumPair

SMALL = EncoderConfig((16, 32, 48, 48), (1, 1, 1, 1), 64)
"""The smallest that learns this reliably within seconds; eight key channels are too few."""
SHIFT = (2, -3)
"""Cells by which each frame of the film moves on from the one before: down 8 px, left 12 px."""


def texture(rng, size):
    """Colored blobs of 6 and 12 px: a quarter of the resolution can still tell them."""
    image = np.full((size, size, 3), 128, np.float32)
    for side, contrast in ((6, 60), (12, 40)):
        noise = rng.normal(size=(size // side + 2, size // side + 2, 3)).astype(np.float32)
        image += contrast * cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.clip(image, 0, 255).astype(np.uint8)


def panned_film(rng, *, size, count, shift):
    """T x 3 x S x S Lab frames of a texture that moves by `shift` cells a frame."""
    margin = STRIDE * max(map(abs, shift)) * count
    world = texture(rng, size + 2 * margin)
    down, right = (STRIDE * cells for cells in shift)
    tops = [margin - down * index for index in range(count)]
    lefts = [margin - right * index for index in range(count)]
    cuts = [world[y : y + size, x : x + size] for y, x in zip(tops, lefts, strict=True)]
    return np.stack([rgb_to_lab(cut).transpose(2, 0, 1) for cut in cuts])


def pair_batches(film, rng):
    """Two pairs of neighbors of the film a batch, one color channel hidden in each."""
    while True:
        firsts = rng.choice(len(film) - 1, 2, replace=False)
        inputs = np.stack([film[[i, i + 1]] for i in firsts])
        colors = inputs[:, :, 1:].copy()
        hidden = rng.integers(2, size=2)
        for pair, channel in zip(inputs, hidden, strict=True):
            pair[:, 1 + channel] = 0
            pair[:, 2 - channel] *= 1.5
        arrays = inputs, colors, np.eye(2, dtype=np.float32)[hidden]
        yield PairBatch(*map(torch.from_numpy, arrays))


def found_share(encoder, film, shift):
    """Share of cells of the second frame whose best match in the first one is the true one."""
    encoder.eval()
    with torch.inference_mode():
        first, second = encoder(torch.from_numpy(film[:2]))
    rows, columns = (torch.arange(n) for n in first.shape[1:])
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij")).flatten(1)
    offsets = grid[:, :, None] - grid[:, None]
    near = (offsets.abs() <= TRAIN_RADIUS).all(0)
    similarity = torch.einsum("cn,cm->nm", second.flatten(1), first.flatten(1))
    best = similarity.masked_fill(~near, -torch.inf).argmax(1)
    right = (grid - grid[:, best] == torch.tensor(shift)[:, None]).all(0)
    # Nearer to the border a match may lie outside, and the padding is part of the features.
    return right.view(first.shape[1:])[6:-6, 6:-6].float().mean().item()


def color_error(keys, film):
    """Mean error of the second frame's colors as read from the first, away from the border."""
    frames = torch.from_numpy(film[:2])
    small = frames[:1, 1:, ::STRIDE, ::STRIDE]
    read = windowed_readout(keys[1:], keys[:1, None], small[:, None], radius=TRAIN_RADIUS)
    error = (F.interpolate(read, scale_factor=STRIDE, mode="bilinear") - frames[1:, 1:]).abs()
    return float(error[..., 24:-24, 24:-24].mean())


def perfect_keys(film, shift):
    """Keys of the first two frames that tell every cell of the world apart."""
    cells, margin = film.shape[2] // STRIDE, max(map(abs, shift))
    code = 3 * torch.randn(64, *2 * [cells + 2 * margin], generator=torch.manual_seed(0))
    places = [[margin - moved for moved in way] for way in ((0, 0), shift)]
    return torch.stack([code[:, y : y + cells, x : x + cells] for y, x in places])


@pytest.mark.parametrize(
    ("config", "steps", "rate"),
    [
        pytest.param(SMALL, 100, 3e-3, id="small"),
        pytest.param(PRESETS["thin"], 70, 3e-3, id="thin", marks=pytest.mark.slow),
    ],
)
def test_finds_the_offset_of_a_moving_texture(tmp_path, config, steps, rate):
    rng = np.random.default_rng(1)
    torch.manual_seed(1)
    encoder = KeyEncoder(config).train()
    film = panned_film(rng, size=72, count=9, shift=SHIFT)
    unseen = [
        (panned_film(np.random.default_rng(seed), size=128, count=2, shift=shift), shift)
        for seed, shift in ((98, SHIFT), (99, (-5, 1)))
    ]
    assert max(found_share(encoder, frames, shift) for frames, shift in unseen) < 0.2
    progress = fit(
        pairwise_step(encoder.train()),
        lambda start: pair_batches(film, rng),
        encoder,
        torch.optim.AdamW(encoder.parameters()),
        FitConfig(steps=steps, learning_rate=rate, warmup=0.1),
        state_file=tmp_path / "state.pt",
        token=CancelToken(),
    )
    losses = [item.losses["color"] for item in progress]
    assert np.mean(losses[-10:]) < 0.4 * np.mean(losses[:5])
    for frames, shift in unseen:
        assert found_share(encoder, frames, shift) > 0.95
        with torch.inference_mode():
            found = color_error(encoder(torch.from_numpy(frames)), frames)
        floor = color_error(perfect_keys(frames, shift), frames)
        assert found < 1.1 * floor, "what reading and enlarging stride 4 costs, and no more"


def clip_batches(film, rng):
    """Two clips of a batch: two references, the frame before and the one before that, the query."""
    while True:
        lasts = rng.choice(np.arange(2, len(film)), 2, replace=False)
        inputs = np.stack([film[[i - 2, i - 1, i]] for i in lasts])
        colors = inputs[:, :, 1:].copy()
        hidden = rng.integers(2, size=2)
        for clip, channel in zip(inputs, hidden, strict=True):
            clip[:, 1 + channel] = 0
            clip[:, 2 - channel] *= 1.5
        counted = np.eye(2, dtype=np.float32)[hidden]
        yield PairBatch(*map(torch.from_numpy, (inputs, colors, counted)))


@pytest.mark.slow
def test_memory_stage_after_the_pairwise_one(tmp_path):
    """Both encoders find the offsets, the averaged one too, and the loss goes on falling."""
    rng = np.random.default_rng(1)
    torch.manual_seed(1)
    film = panned_film(rng, size=72, count=9, shift=SHIFT)
    encoder = KeyEncoder(SMALL).train()
    pair = MomentumPair(encoder, momentum=0.9).train()
    stages = (
        (pairwise_step(encoder), pair_batches(film, rng), (100, 3e-3)),
        (memory_step(pair.query, pair.memory), clip_batches(film, rng), (60, 1e-3)),
    )
    ends = []
    for index, (step, batches, (steps, rate)) in enumerate(stages):
        progress = fit(
            step,
            lambda start, batches=batches: batches,
            pair,
            torch.optim.AdamW(pair.query.parameters()),
            FitConfig(steps=steps, learning_rate=rate, warmup=0.1),
            state_file=tmp_path / f"{index}.pt",
            token=CancelToken(),
            after_step=pair.follow,
        )
        ends.append([item.losses["color"] for item in progress])
    assert np.mean(ends[1][-10:]) < np.mean(ends[0][-10:])
    unseen = panned_film(np.random.default_rng(98), size=128, count=2, shift=SHIFT)
    for network in (pair.query, pair.memory):
        assert found_share(network, unseen, SHIFT) > 0.95


def batch_of_twins(count=2, size=32):
    """Pairs of equal frames: the answer lies at the same cell."""
    rng = np.random.default_rng(0)
    film = np.stack([rgb_to_lab(texture(rng, size)).transpose(2, 0, 1) for _ in range(count)])
    inputs = torch.from_numpy(np.repeat(film[:, None], 2, axis=1))
    return PairBatch(inputs, inputs[:, :, 1:].clone(), torch.ones(count, 2))


class Constant(torch.nn.Module):
    """Keys that are the same everywhere."""

    def forward(self, image):
        return torch.zeros(image.shape[0], 4, image.shape[2] // 4, image.shape[3] // 4)


class Position(torch.nn.Module):
    """Keys that tell every cell from all others: each reads its own place."""

    def forward(self, image):
        height, width = image.shape[2] // 4, image.shape[3] // 4
        return 500 * torch.eye(height * width).view(1, -1, height, width).repeat(
            len(image), 1, 1, 1
        )


def test_loss_is_low_only_where_keys_tell_cells_apart():
    batch = batch_of_twins()
    losses = [float(pairwise_step(keys)(batch).total) for keys in (Constant(), Position())]
    assert losses[1] < 0.6 * losses[0]


def test_each_frame_is_rebuilt_from_the_other():
    """With place as key, swapping which frame is wrong costs the same; both wrong cost nothing."""
    batch = batch_of_twins()
    step = pairwise_step(Position())
    plain = float(step(batch).total)
    costs = []
    for index in (0, 1):
        colors = batch.colors.clone()
        colors[:, index] += 0.5
        costs.append(float(step(PairBatch(batch.inputs, colors, batch.hidden)).total))
    both = PairBatch(batch.inputs, batch.colors + 0.5, batch.hidden)
    assert costs[0] == pytest.approx(costs[1], rel=1e-4)
    assert costs[0] > 3 * plain
    assert float(step(both).total) == pytest.approx(plain, rel=1e-4)


def test_only_counted_channels_teach():
    batch = batch_of_twins()
    batch.colors[:, 0, 1] += 5
    counted = PairBatch(batch.inputs, batch.colors, torch.tensor([[1.0, 0.0]] * 2))
    step = pairwise_step(Position())
    assert float(step(batch).total) > 5 * float(step(counted).total)
