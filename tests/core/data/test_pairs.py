"""Batches of frame pairs."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from core.data import pairs as pairs_module
from core.data.frame_pack import FramePack
from core.data.pairs import PairConfig, PairDataset, crop_frames, reference_distances
from core.errors import TrainingError
from core.ops.color import rgb_to_lab

CONFIG = PairConfig(batch=6, crop=32)


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    """Two packs whose frames show their own number as a gray level, at 10 frames a second."""
    folder = tmp_path_factory.mktemp("packs")
    return [make_pack(folder / "a.frames", 20, 40), make_pack(folder / "b.frames", 5, 60)]


def make_pack(path, count, height):
    offsets = [0]
    with path.open("wb") as file:
        for index in range(count):
            image = np.full((height, 64, 3), 10 * index, np.uint8)
            image[:, :32, 2], image[:, 32:, 0] = 250, 220
            file.write(cv2.imencode(".jpg", image)[1].tobytes())
            offsets.append(file.tell())
    return FramePack(path, tuple(offsets), tuple(i / 10 for i in range(count)))


def equal(first, second):
    names = ("inputs", "colors", "hidden")
    return all(torch.equal(getattr(first, name), getattr(second, name)) for name in names)


def test_item_is_a_function_of_seed_and_step(packs):
    first, again = (PairDataset(packs, CONFIG, seed=3) for _ in range(2))
    wanted = [first[step] for step in range(4)]
    for step in (2, 0, 3, 1):
        np.random.seed(step)
        torch.manual_seed(step)
        assert equal(again[step], wanted[step])
    assert not equal(wanted[0], wanted[1])
    assert not equal(PairDataset(packs, CONFIG, seed=4)[0], wanted[0])


def test_gaps_widen_with_the_steps(packs, monkeypatch):
    seen = []
    monkeypatch.setattr(
        pairs_module, "reference_distances",
        lambda config, rng: seen.append(config.gaps) or reference_distances(config, rng),
    )  # fmt: skip
    dataset = PairDataset(packs, replace(CONFIG, batch=1, gaps=(0.3, 0.1, 0.2), widen=2), seed=3)
    for step in range(7):
        dataset[step]
    assert seen == [(0.1,), (0.1,), (0.1, 0.2), (0.1, 0.2), *[(0.1, 0.2, 0.3)] * 3]


def test_all_gaps_from_the_first_step_on_unless_told(packs):
    """A run that was begun before gaps could widen goes on with the batches it would have had."""
    assert CONFIG.at(0) is CONFIG
    plain = PairDataset(packs, CONFIG, seed=3)
    wide = PairDataset(packs, replace(CONFIG, widen=1), seed=3)
    assert not equal(plain[0], wide[0])
    assert equal(plain[4], wide[4])


def test_shapes_and_ranges(packs):
    dataset = PairDataset(packs, CONFIG, seed=0)
    for step in range(8):
        batch = dataset[step]
        assert batch.inputs.shape == (6, 2, 3, 32, 32)
        assert batch.colors.shape == (6, 2, 2, 32, 32)
        assert batch.hidden.shape == (6, 2)
        for tensor in (batch.inputs, batch.colors, batch.hidden):
            assert tensor.dtype == torch.float32 and tensor.is_contiguous()
            assert tensor.isfinite().all() and tensor.abs().max() < 3
        assert batch.colors.abs().max() > 0.1


def test_one_color_channel_is_hidden_in_both_frames(packs):
    batch = PairDataset(packs, replace(CONFIG, batch=40, drop=1.0), seed=0)[0]
    assert torch.equal(batch.hidden.sum(1), torch.ones(40))
    assert 8 < batch.hidden[:, 0].sum() < 32
    for inputs, colors, hidden in zip(batch.inputs, batch.colors, batch.hidden, strict=True):
        gone, kept = int(hidden.argmax()), int(hidden.argmin())
        assert inputs[:, 1 + gone].abs().max() == 0
        torch.testing.assert_close(inputs[:, 1 + kept], 1.5 * colors[:, kept])
        assert colors[:, gone].abs().max() > 0.05


def test_nothing_hidden_counts_both(packs):
    batch = PairDataset(packs, replace(CONFIG, drop=0.0), seed=0)[0]
    assert torch.equal(batch.hidden, torch.ones(6, 2))
    assert torch.equal(batch.inputs[:, :, 1:], batch.colors)


def test_share_of_hidden_channels(packs):
    dataset = PairDataset(packs, replace(CONFIG, batch=100, drop=0.8), seed=0)
    shown = sum(int((dataset[step].hidden.sum(1) == 2).sum()) for step in range(3))
    assert 0.12 < shown / 300 < 0.28


def drawn_gaps(packs, monkeypatch, config, steps=6):
    """Seconds between the frames of many pairs."""
    gaps = []
    pick = pairs_module.pick_frames

    def watch(pack, away, rng):
        first, query = pick(pack, away, rng)
        gaps.append(pack.times[first] - pack.times[query])
        return [first, query]

    monkeypatch.setattr(pairs_module, "pick_frames", watch)
    dataset = PairDataset(packs, config, seed=0)
    for step in range(steps):
        dataset[step]
    return np.array(gaps)


def test_pairs_are_different_frames_at_the_gaps(packs, monkeypatch):
    config = replace(CONFIG, batch=40, gaps=(0.01, 0.3))
    gaps = drawn_gaps(packs[:1], monkeypatch, config)
    assert np.abs(gaps).min() > 0.05
    # At the ends of a film there may be nothing as far as 0.3 s.
    found = np.abs(gaps).round(1)
    assert (found == 0.1).mean() > 0.4 and (found == 0.3).mean() > 0.4
    assert (gaps > 0).any() and (gaps < 0).any()


def test_gap_longer_than_the_film_takes_what_there_is(packs, monkeypatch):
    gaps = drawn_gaps(packs[1:], monkeypatch, replace(CONFIG, gaps=(60.0,)))
    assert np.abs(gaps).min() > 0.05
    assert np.abs(gaps).max() == pytest.approx(0.4)


def test_longer_films_are_drawn_more_often_but_not_as_much_more(packs, monkeypatch):
    """20 against 5 frames: twice as often."""
    counts = {20: 0, 5: 0}
    pick = pairs_module.pick_frames

    def watch(pack, away, rng):
        counts[len(pack.times)] += 1
        return pick(pack, away, rng)

    monkeypatch.setattr(pairs_module, "pick_frames", watch)
    PairDataset(packs, replace(CONFIG, batch=300), seed=0)[0]
    assert 1.5 < counts[20] / counts[5] < 2.7


def gradient_frame(height, width):
    """Red grows to the right, green downward: every crop tells where it is from."""
    columns, rows = np.meshgrid(np.linspace(0, 250, width), np.linspace(0, 250, height))
    return np.stack([columns, rows, np.zeros_like(rows)], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("size", [(40, 64), (64, 40), (33, 200), (20, 20)])
def test_crop_is_the_same_square_of_both_frames(size):
    frame = gradient_frame(*size)
    flips = set()
    for seed in range(30):
        rng = np.random.default_rng(seed)
        first, second = crop_frames([frame, frame.copy()], CONFIG, rng)
        assert first.shape == (32, 32, 3)
        np.testing.assert_array_equal(first, second)
        rows, columns = (np.ptp(first[..., c].astype(float)) / 250 for c in (1, 0))
        height, width = rows * size[0], columns * size[1]
        assert height == pytest.approx(width, abs=3)
        assert 0.6 * min(size) - 3 < height <= min(size)
        flips.add(bool(first[0, 0, 0] > first[0, -1, 0]))
    assert flips == {True, False}


def test_crops_cover_the_frame():
    frame = gradient_frame(40, 64)
    crops = [crop_frames([frame], CONFIG, np.random.default_rng(s))[0] for s in range(60)]
    assert min(crop[..., 0].min() for crop in crops) < 5
    assert max(crop[..., 0].max() for crop in crops) > 245


def test_colors_are_those_of_the_frames(packs, monkeypatch):
    """Without jitter the colors are the Lab of the crop."""
    monkeypatch.setattr(pairs_module, "jitter", lambda lab, rng: lab)
    crops = []
    crop = pairs_module.crop_frames

    def watch(*given):
        crops.append(crop(*given))
        return crops[-1]

    monkeypatch.setattr(pairs_module, "crop_frames", watch)
    batch = PairDataset(packs, CONFIG, seed=0)[0]
    for frames, colors, inputs in zip(crops, batch.colors, batch.inputs, strict=True):
        for frame, color, seen in zip(frames, colors, inputs, strict=True):
            lab = rgb_to_lab(frame).transpose(2, 0, 1)
            np.testing.assert_array_equal(color.numpy(), lab[1:])
            np.testing.assert_array_equal(seen[0].numpy(), lab[0])


def test_jitter_keeps_hue_common_to_both_frames():
    """Color changes are those of the pair: else colors could not be read from the other frame."""
    lab = np.random.default_rng(0).normal(0, 0.3, (1, 3, 8, 8)).astype(np.float32)
    changed = 0
    for seed in range(40):
        pair = np.repeat(lab, 2, axis=0)
        out = pairs_module.jitter(pair.copy(), np.random.default_rng(seed))
        np.testing.assert_array_equal(out[0, 1:], out[1, 1:])
        changed += not np.array_equal(out[:, 1:], pair[:, 1:])
    assert 8 < changed < 32


def test_batch_moves_to_a_device(packs):
    batch = PairDataset(packs, CONFIG, seed=0)[0]
    assert equal(batch.to(torch.device("cpu")), batch)


@pytest.mark.parametrize(
    ("field", "value"),
    [("batch", 0), ("batch", -3), ("crop", 0), ("crop", 190), ("crop", -8), ("widen", -1)],
)
def test_impossible_sizes(field, value):
    with pytest.raises(TrainingError, match=str(value)):
        replace(CONFIG, **{field: value})


def test_references_are_the_first_and_the_previous_ones():
    config = replace(CONFIG, references=5, gaps=(0.1,), first_reach=1.0)
    drawn = [reference_distances(config, np.random.default_rng(seed)) for seed in range(200)]
    for away in drawn:
        np.testing.assert_allclose(away[1:], [0.4, 0.3, 0.2, 0.1])
        assert 0.5 <= away[0] <= 1.5
    firsts = np.array([away[0] for away in drawn])
    assert firsts.min() < 0.6 and firsts.max() > 1.4


def test_one_reference_is_a_gap_away():
    config = replace(CONFIG, gaps=(0.1, 0.3))
    drawn = {float(reference_distances(config, np.random.default_rng(s))[0]) for s in range(20)}
    assert drawn == {0.1, 0.3}


def test_clip_of_a_film(packs):
    """In order of time or against it, the query last; one of both ways has the room."""
    away, ways = np.array([0.8, 0.4, 0.3, 0.2, 0.1]), set()
    for seed in range(40):
        *references, query = pairs_module.pick_frames(packs[0], away, np.random.default_rng(seed))
        assert len(references) == 5 and query not in references
        way = 1 if references[0] > query else -1
        assert references == [query + way * k for k in (8, 4, 3, 2, 1)]
        ways.add(way)
    assert ways == {1, -1}


def test_batch_of_clips(packs):
    batch = PairDataset(packs, replace(CONFIG, references=5), seed=0)[0]
    assert batch.inputs.shape == (6, 6, 3, 32, 32)
    assert batch.colors.shape == (6, 6, 2, 32, 32)


@pytest.fixture(scope="module")
def stills(tmp_path_factory):
    """Three images of noise."""
    path, offsets = tmp_path_factory.mktemp("stills") / "s.frames", [0]
    with path.open("wb") as file:
        for seed in range(3):
            small = np.random.default_rng(seed).integers(0, 255, (8, 12, 3), np.uint8)
            image = cv2.resize(small, (96, 64), interpolation=cv2.INTER_CUBIC)
            file.write(cv2.imencode(".jpg", image)[1].tobytes())
            offsets.append(file.tell())
    return FramePack(path, tuple(offsets), (0.0, 1.0, 2.0), still=True)


def test_images_become_clips_that_move(stills):
    config = replace(CONFIG, references=5, batch=4, drop=0.0)
    batch = PairDataset([stills], config, seed=0)[0]
    assert batch.inputs.shape == (4, 6, 3, 32, 32)
    steps = (batch.colors[:, 1:] - batch.colors[:, :-1]).abs().mean(dim=(2, 3, 4))
    assert (steps > 1e-3).all()
    assert equal(PairDataset([stills], config, seed=0)[0], batch)


def test_films_and_images_are_mixed(packs, stills):
    assert stills.weight == pytest.approx(6) and packs[0].weight == pytest.approx(20**0.5)


def test_parts_of_a_batch_are_the_batch(packs):
    whole = PairDataset(packs, CONFIG, seed=0)[5]
    parts = [PairDataset(packs, CONFIG, seed=0, part=(rank, 3))[5] for rank in range(3)]
    for name in ("inputs", "colors", "hidden"):
        joined = torch.stack([getattr(part, name) for part in parts], dim=1).flatten(0, 1)
        assert torch.equal(joined, getattr(whole, name))


def test_batch_that_cannot_be_divided(packs):
    with pytest.raises(TrainingError, match="6 cannot be divided among 4"):
        PairDataset(packs, CONFIG, seed=0, part=(0, 4))
