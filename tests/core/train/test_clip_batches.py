"""Batches of clips: padding, mixture, and the same whoever makes them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from core.data.box_lists import ClipBoxes
from core.data.clips.films import boxed_films
from core.data.clips.sample import ClipConfig
from core.data.frame_pack import FramePack
from core.data.pack_origin import PackOrigin
from core.data.synthetic import moving_shapes
from core.errors import TrainingError
from core.train.clip_batches import ClipDataset

CONFIG = ClipConfig(batch=4, crop=32, frames=3, objects=3)


@pytest.fixture
def packs(tmp_path):
    """One film of ten frames."""
    offsets, path = [0], tmp_path / "film.frames"
    with path.open("wb") as file:
        for frame in moving_shapes(frame_count=10)[0]:
            file.write(cv2.imencode(".jpg", frame)[1].tobytes())
            offsets.append(file.tell())
    origin = PackOrigin("film.mp4", (96, 64), tuple(range(10)))
    times = tuple(index / 10 for index in range(10))
    return [FramePack(path, tuple(offsets), times, origin=origin)]


@pytest.fixture
def films(packs):
    places = {(frame, 7): (10.0, 10, 40, 30) for frame in (1, 8)}
    return boxed_films(packs, {"film": ClipBoxes(places, crowd=True)}, None)


def test_shapes_and_padding(packs, films):
    batch = ClipDataset(packs, CONFIG, films=films, seed=0)[0]
    assert batch.frames.shape == (4, 3, 3, 32, 32)
    assert batch.frames.min() >= 0 and batch.frames.max() <= 1
    known = batch.known
    assert known.boxes.shape[:2] == (4, 3) and known.boxes.shape[2] <= 3
    assert known.label_maps.shape == (4, 3, 32, 32)
    of_boxes = known.crowd
    assert torch.equal(known.masked.any(1), ~of_boxes)
    assert 0 < of_boxes.sum() < 4, "both kinds are in the batch"
    assert known.boxes[of_boxes][:, :, 1:].isnan().all()


@pytest.mark.parametrize(("mixture", "share"), [(0.0, 0.0), (1.0, 1.0)])
def test_mixture(packs, films, mixture, share):
    config = ClipConfig(batch=2, crop=32, frames=3, mixture=mixture)
    data = ClipDataset(packs, config, films=films, seed=0)
    masked = torch.cat([data[step].known.masked.any(1) for step in range(3)])
    assert masked.float().mean() == share


def test_without_films_all_are_composites(packs):
    batch = ClipDataset(packs, CONFIG, seed=0)[3]
    assert batch.known.masked.all() and not batch.known.crowd.any()


@pytest.mark.parametrize(("starts", "by_box"), [(0.0, False), (1.0, True)])
def test_share_that_begins_with_boxes(packs, starts, by_box):
    config = ClipConfig(batch=2, crop=32, frames=3, starts=starts)
    assert ClipDataset(packs, config, seed=0)[0].by_box.tolist() == [by_box] * 2


def test_a_batch_is_a_function_of_the_step(packs, films):
    whole = ClipDataset(packs, CONFIG, films=films, seed=1)
    again = ClipDataset(packs, CONFIG, films=films, seed=1)[5]
    assert torch.equal(whole[5].frames, again.frames)
    assert whole[5].seed == again.seed != whole[6].seed
    assert not torch.equal(whole[5].frames, whole[6].frames)
    parts = [ClipDataset(packs, CONFIG, films=films, seed=1, part=(k, 2))[5] for k in (0, 1)]
    for rank, part in enumerate(parts):
        assert torch.equal(part.frames, whole[5].frames[rank::2])
        assert part.seed == again.seed
    with pytest.raises(TrainingError, match="batch of 4"):
        ClipDataset(packs, CONFIG, seed=0, part=(0, 3))


def test_device(packs):
    batch = ClipDataset(packs, CONFIG, seed=0)[0].to(torch.device("meta"))
    assert batch.frames.is_meta and batch.known.boxes.is_meta and batch.by_box.is_meta
    assert isinstance(batch.seed, int)
    assert np.iinfo(np.int64).max > batch.seed >= 0
