"""Frames of one video for tuning: all of them, or stretches that are spread over it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image

from core.data.frame_pack import PackConfig
from core.data.video_pack import StretchConfig, frame_step, pack_stretches, stretches
from core.errors import TrainingError
from core.jobs import Cancelled, CancelToken, Progress

FPS = 24.0


@pytest.fixture
def folder(tmp_path):
    """Forty images whose gray tells their number."""
    path = tmp_path / "film"
    path.mkdir()
    for index in range(40):
        pixels = np.full((24, 32, 3), 6 * index, np.uint8)
        Image.fromarray(pixels).save(path / f"{index:05d}.png")
    return path


def pack(folder, file, *, frames=None, spread=None, token=None, config=None):
    work = pack_stretches(
        folder,
        frames,
        file,
        token or CancelToken(),
        config=config or PackConfig(),
        spread=spread or StretchConfig(),
    )
    progress = []
    while True:
        try:
            progress.append(next(work))
        except StopIteration as end:
            assert all(isinstance(item, Progress) for item in progress)
            return end.value, progress


def numbers(packs):
    return [[round(p.frame(i).mean() / 6) for i in range(len(p.times))] for p in packs]


def test_a_short_video_is_one_stretch():
    assert stretches(range(3, 30), step=2, fps=FPS, config=StretchConfig()) == (range(3, 30, 2),)


@pytest.mark.parametrize("count", [1_000, 7_777, 200_000])
def test_a_long_video_is_looked_at_in_stretches(count):
    config = StretchConfig(max_frames=100, seconds=1.0)
    parts = stretches(range(10, count), step=2, fps=FPS, config=config)
    assert 80 < sum(map(len, parts)) <= 100
    assert parts[0].start == 10 and parts[-1][-1] >= count - 3
    assert all(len(part) == 12 and part.step == 2 for part in parts)
    assert all(a[-1] < b[0] for a, b in itertools.pairwise(parts))


def test_rates_are_thinned():
    assert [frame_step(fps, 16) for fps in (10, 16, 24, 30, 60)] == [1, 1, 2, 2, 4]


def test_frames_are_packed_and_found(folder, tmp_path):
    packs, progress = pack(folder, tmp_path / "p.frames")
    assert numbers(packs) == [list(range(0, 40, 2))]
    assert packs[0].times[3] == pytest.approx(6 / FPS)
    assert (progress[-1].done, progress[-1].total) == (20, 20)
    again, progress = pack(folder, tmp_path / "p.frames")
    assert again == packs and not progress


def test_only_frames_of_the_range(folder, tmp_path):
    packs, _ = pack(folder, tmp_path / "p.frames", frames=range(5, 11))
    assert numbers(packs) == [[5, 7, 9]]
    packs, _ = pack(folder, tmp_path / "end.frames", frames=range(36, 90))
    assert numbers(packs) == [[36, 38]]
    with pytest.raises(TrainingError):
        pack(folder, tmp_path / "none.frames", frames=range(60, 90))


def test_each_stretch_is_a_pack_of_its_own(folder, tmp_path):
    spread = StretchConfig(max_frames=9, seconds=0.25)
    packs, _ = pack(folder, tmp_path / "p.frames", spread=spread)
    assert numbers(packs) == [[0, 2, 4], [16, 18, 20], [34, 36, 38]]


def test_frames_that_do_not_differ_are_skipped(folder, tmp_path):
    config = PackConfig(min_change=20)
    packs, _ = pack(folder, tmp_path / "p.frames", config=config)
    assert numbers(packs) == [list(range(0, 40, 4))]


def test_a_still_video_teaches_nothing(tmp_path):
    still = tmp_path / "still"
    still.mkdir()
    for index in range(4):
        Image.fromarray(np.zeros((24, 32, 3), np.uint8)).save(still / f"{index}.png")
    with pytest.raises(TrainingError, match="no two different frames"):
        pack(still, tmp_path / "p.frames")


def test_a_cancel_leaves_nothing(folder, tmp_path):
    token = CancelToken()
    work = pack_stretches(
        folder,
        None,
        tmp_path / "packs" / "p.frames",
        token,
        config=PackConfig(),
        spread=StretchConfig(),
    )
    next(work)
    token.cancel()
    with pytest.raises(Cancelled):
        next(work)
    assert list((tmp_path / "packs").iterdir()) == []
