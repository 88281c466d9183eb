"""Batches of whole videos: what is drawn, how it is cut, and that it is always the same."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from core.data.frame_pack import PackConfig, pack_folder, stored_pack
from core.data.still_pack import pack_images
from core.data.synthetic import two_layers
from core.data.video_abstracts import (
    AbstractConfig,
    AbstractDataset,
    abstract_places,
    clip_places,
    distant_pair,
)
from core.errors import TrainingError
from core.jobs import CancelToken, result_of

CONFIG = AbstractConfig(batch=2, crop=32, frames=4, patch=16)


def bright(frame):
    """A prior that can be told from the picture: what is brighter than most."""
    gray = frame.mean(2)
    return (gray > gray.mean()).astype(np.float32)


@pytest.fixture(scope="module")
def packs(tmp_path_factory, write_mpeg4):
    folder = tmp_path_factory.mktemp("videos")
    for seed in (0, 1):
        frames = two_layers(side=48, frames=20, seed=seed)[0]
        write_mpeg4(folder / f"{seed}.mp4", frames, rate=10, fine=True)
    return result_of(pack_folder(folder, folder / "cache", PackConfig(), CancelToken()))


def test_an_abstract_has_a_frame_of_each_part():
    rng = np.random.default_rng(0)
    for count in (4, 7, 100):
        for _ in range(20):
            found = abstract_places(count, 4, rng)
            for part, place in enumerate(found):
                assert int(part * count / 4) - 6 < place <= int((part + 1) * count / 4)
            assert max(found) < count
    assert abstract_places(2, 4, rng) == [0, 0, 1, 1]


def test_of_a_long_film_every_sixth_frame_is_one_of_an_abstract():
    rng = np.random.default_rng(0)
    drawn = {place for _ in range(200) for place in abstract_places(100, 4, rng)}
    assert drawn == set(range(0, 100, 6))
    short = {place for _ in range(200) for place in abstract_places(16, 4, rng)}
    assert short == set(range(0, 16, 2))


def test_a_clip_is_three_of_six_frames_in_order():
    rng = np.random.default_rng(0)
    for count in (2, 3, 6, 50):
        for _ in range(20):
            found = clip_places(count, rng)
            assert len(found) == 3 and found == sorted(found)
            assert found[-1] - found[0] < 6 and found[-1] < count
            assert count < 3 or len(set(found)) == 3


def test_distant_frames_are_six_apart_where_there_are_such():
    rng = np.random.default_rng(0)
    for _ in range(20):
        a, b = distant_pair([0, 4, 8, 30], rng)
        assert abs([0, 4, 8, 30][a] - [0, 4, 8, 30][b]) >= 6
        assert set(distant_pair([0, 1, 3, 5], rng)) == {0, 3}
    assert len({distant_pair([0, 9, 20], rng) for _ in range(99)}) == 6


def test_batches_have_what_the_losses_need(packs):
    batch = AbstractDataset(packs, CONFIG, prior=bright, seed=3)[0]
    assert batch.frames.shape == (2, 7, 3, 32, 32)
    assert batch.prior.shape == (2, 4, 8, 8)
    assert set(batch.prior.unique().tolist()) == {0.0, 1.0}
    assert batch.roles.shape == (2, 4) and batch.corners.shape == (2, 2)
    assert batch.roles.min() >= 0 and batch.roles.max() < 4
    for first in (0, 2):
        assert (batch.roles[:, first] != batch.roles[:, first + 1]).all()
    assert batch.corners.min() >= 0 and batch.corners.max() <= 16
    assert batch.to(torch.device("cpu")).frames.max() <= 1


def test_a_prior_is_cut_as_its_frame(packs):
    """Where the picture is brighter than most of the whole frame is where the prior is 1."""
    dataset = AbstractDataset(packs, CONFIG, prior=bright, seed=0)
    right = []
    for step in range(4):
        batch = dataset[step]
        gray = torch.nn.functional.avg_pool2d(batch.frames[:, :4].mean(2), 4)
        for frame, prior in zip(gray.flatten(0, 1), batch.prior.flatten(0, 1), strict=True):
            if 0 < prior.mean() < 1:
                right.append(frame[prior > 0].mean() > frame[prior == 0].mean())
    assert len(right) > 10 and all(right)


def test_a_batch_is_a_function_of_seed_step_and_place(packs):
    whole = AbstractDataset(packs, CONFIG, prior=bright, seed=3)
    parts = [AbstractDataset(packs, CONFIG, prior=bright, seed=3, part=(r, 2)) for r in (0, 1)]
    pickled = pickle.loads(pickle.dumps(whole))
    for step in (0, 5):
        batch = whole[step]
        for found in (whole[step], pickled[step]):
            assert torch.equal(found.frames, batch.frames)
            assert torch.equal(found.prior, batch.prior)
            assert torch.equal(found.roles, batch.roles)
        together = torch.cat([part[step].frames for part in parts])
        assert torch.equal(together, batch.frames)
    other = AbstractDataset(packs, CONFIG, prior=bright, seed=4)[0]
    assert not torch.equal(other.frames, whole[0].frames)


def test_each_frame_is_asked_for_its_prior_once(packs):
    asked = []

    def prior(frame):
        asked.append(frame.tobytes())
        return bright(frame)

    dataset = AbstractDataset(packs, CONFIG, prior=prior, seed=0)
    for _ in range(2):
        for step in range(3):
            _ = dataset[step]
    assert len(asked) == len(set(asked))


def test_priors_are_kept_beside_the_packs(packs, tmp_path):
    def never(_frame):
        raise AssertionError("it was kept")

    first = AbstractDataset(packs, CONFIG, prior=bright, kept_as="bright-1", seed=0)
    batches = [first[step] for step in range(3)]
    again = AbstractDataset(packs, CONFIG, prior=never, kept_as="bright-1", seed=0)
    for step, batch in enumerate(batches):
        assert torch.equal(again[step].prior, batch.prior)
    with pytest.raises(AssertionError, match="kept"):
        _ = AbstractDataset(packs, CONFIG, prior=never, kept_as="other-1", seed=0)[0]
    assert list(packs[0].path.parent.glob("*.bright-1.prior"))


def test_images_move(tmp_path):
    import cv2

    picture = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "one.png"), cv2.GaussianBlur(picture, (0, 0), 3))
    packs = result_of(pack_images(tmp_path, tmp_path / "cache", PackConfig(), CancelToken()))
    batch = AbstractDataset(packs, CONFIG, prior=bright, seed=0)[0]
    assert batch.frames.shape == (2, 7, 3, 32, 32)
    assert not torch.equal(batch.frames[0, 0], batch.frames[0, 3])
    assert stored_pack(packs[0].path, still=True).still


def test_impossible_batches_are_refused(packs):
    with pytest.raises(TrainingError, match="batch"):
        AbstractConfig(batch=0)
    with pytest.raises(TrainingError, match="px"):
        AbstractConfig(crop=33)
    with pytest.raises(TrainingError, match="divided"):
        AbstractDataset(packs, CONFIG, prior=bright, seed=0, part=(0, 3))
