"""Batches of composite clips."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.data.composites import batches as module
from core.data.composites.batches import LabelDataset, MixedDataset, pick_frames
from core.data.pairs import PairConfig, PairDataset
from core.errors import TrainingError

CONFIG = PairConfig(batch=4, crop=32)


def equal(first, second):
    return torch.equal(first.inputs, second.inputs) and torch.equal(
        first.label_maps, second.label_maps
    )


def test_item_is_a_function_of_seed_and_step(film, red):
    first, again = (LabelDataset([film, red], CONFIG, seed=3) for _ in range(2))
    wanted = [first[step] for step in range(3)]
    for step in (2, 0, 1):
        np.random.seed(step)
        torch.manual_seed(step)
        assert equal(again[step], wanted[step])
    assert not equal(wanted[0], wanted[1])
    assert not equal(LabelDataset([film, red], CONFIG, seed=4)[0], wanted[0])


def test_shapes_and_ranges(film, red, images):
    batch = LabelDataset([film, red, images], CONFIG, seed=0)[0]
    assert batch.inputs.shape == (4, 3, 3, 32, 32)
    assert batch.inputs.dtype == torch.float32
    assert batch.inputs.abs().max() < 2
    assert batch.label_maps.shape == (4, 3, 32, 32)
    assert batch.label_maps.dtype == torch.uint8
    assert batch.label_maps.max() <= 3
    assert batch.to(torch.device("cpu")).label_maps.shape == batch.label_maps.shape


def test_objects_are_seen_on_the_query_and_before_it(film, red):
    dataset = LabelDataset([film, red], CONFIG, seed=1)
    for step in range(5):
        shown = (dataset[step].label_maps[:, 1:] > 0).float().mean((2, 3))
        assert shown.min() > module.SHOWN


def test_search_for_a_clip_ends(film, monkeypatch):
    monkeypatch.setattr(module, "SHOWN", 2.0)
    monkeypatch.setattr(module, "TRIES", 3)
    assert LabelDataset([film], CONFIG, seed=1)[0].inputs.shape[0] == 4


def test_frames_that_are_picked():
    near = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        count = int(rng.integers(4, 9))
        first, second, query = pick_frames(count, rng)
        assert 0 <= first < second < query == count - 1
        assert query - second in (1, 2)
        near += query - second == 1
    assert 0.6 < near / 400 < 0.85


def test_parts_make_the_whole(film, red):
    packs = [film, red]
    whole = LabelDataset(packs, CONFIG, seed=3)[2]
    for rank in range(2):
        part = LabelDataset(packs, CONFIG, seed=3, part=(rank, 2))[2]
        assert torch.equal(part.inputs, whole.inputs[rank::2])
        assert torch.equal(part.label_maps, whole.label_maps[rank::2])
    with pytest.raises(TrainingError, match="4 cannot be divided among 3") as caught:
        LabelDataset(packs, CONFIG, seed=3, part=(0, 3))
    assert "multiple of 6" in caught.value.hint, "half of a batch of so many can be divided"


def test_mixed_batches_hold_both(film, red):
    packs = [film, red]
    mixed = MixedDataset(packs, CONFIG, seed=3)[1].to(torch.device("cpu"))
    assert torch.equal(mixed.pairs.inputs, PairDataset(packs, CONFIG, seed=3)[1].inputs)
    assert equal(mixed.labels, LabelDataset(packs, CONFIG, seed=3)[1])
