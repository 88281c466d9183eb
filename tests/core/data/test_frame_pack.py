"""Raw videos become packs of frames."""

from __future__ import annotations

import os
import tracemalloc
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from core.data import frame_pack
from core.data.frame_pack import FramePack, PackConfig, pack_folder
from core.data.pack_origin import PackOrigin, Wanted
from core.data.synthetic import moving_shapes
from core.errors import OutputError, TrainingError
from core.jobs import Cancelled, CancelToken, Progress

CONFIG = PackConfig(short_side=48, max_fps=100, min_change=0.0)


def collected(job):
    """All that a job yields, and what it returns."""
    items = []
    while True:
        try:
            items.append(next(job))
        except StopIteration as end:
            return items, end.value


@pytest.fixture
def write_video(write_mpeg4):
    return partial(write_mpeg4, rate=24, fine=True)


@pytest.fixture
def videos(tmp_path, write_video):
    """Two videos of twelve frames."""
    folder = tmp_path / "videos"
    for name, seed in (("a.mp4", 0), ("deep/b.mp4", 1)):
        write_video(folder / name, moving_shapes(seed=seed, frame_count=12)[0])
    return folder


def pack(videos, cache, config=CONFIG):
    progress, packs = collected(pack_folder(videos, cache, config, CancelToken()))
    return progress, packs


def files(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_frames_come_back(videos, tmp_path):
    progress, packs = pack(videos, tmp_path / "cache")
    assert progress == [Progress(1, 2, "a.mp4"), Progress(2, 2, "b.mp4")]
    wanted = [moving_shapes(seed=seed, frame_count=12)[0] for seed in (0, 1)]
    for found, frames in zip(packs, wanted, strict=True):
        assert len(found.times) == 12
        assert len(found.offsets) == 13
        np.testing.assert_allclose(found.times, np.arange(12) / 24, atol=1e-6)
        for index in (0, 5, 11, 3):
            got = found.frame(index)
            assert got.shape == (48, 72, 3) and got.dtype == np.uint8
            small = frames[index].reshape(-1, 3).mean(0)
            assert np.abs(got.reshape(-1, 3).mean(0) - small).max() < 5


def test_small_frames_are_not_enlarged(videos, tmp_path):
    _, packs = pack(videos, tmp_path / "cache", replace(CONFIG, short_side=288))
    assert packs[0].frame(0).shape == (64, 96, 3)
    wanted = moving_shapes(frame_count=12)[0][4]
    assert np.abs(packs[0].frame(4).astype(int) - wanted).mean() < 12


@pytest.mark.parametrize(("max_fps", "count"), [(24, 12), (12, 6), (8, 4), (10, 4), (1, 1)])
def test_thinned_to_the_rate(videos, tmp_path, max_fps, count):
    if count < 2:
        with pytest.raises(TrainingError, match="None of the 2 videos"):
            pack(videos, tmp_path / "cache", replace(CONFIG, max_fps=max_fps))
        return
    _, packs = pack(videos, tmp_path / "cache", replace(CONFIG, max_fps=max_fps))
    times = packs[0].times
    assert len(times) == count
    assert np.diff(times).min() > 0.99 / max_fps


def test_still_frames_are_skipped(tmp_path, write_video):
    """Four pictures, each shown three times; codec noise alone is no change."""
    moving = moving_shapes(frame_count=24, width=128, height=96)[0][::6]
    write_video(tmp_path / "videos/a.mp4", np.repeat(moving, 3, axis=0))
    _, packs = pack(tmp_path / "videos", tmp_path / "cache", replace(CONFIG, min_change=0.8))
    assert packs[0].times == pytest.approx([0, 3 / 24, 6 / 24, 9 / 24])


def test_slow_change_adds_up(tmp_path, write_video):
    """Each frame differs a little from the one before: compared is the last that was kept."""
    frames = [np.full((64, 96, 3), 100 + 0.5 * i, np.uint8) for i in range(20)]
    write_video(tmp_path / "videos/a.mp4", frames)
    _, packs = pack(tmp_path / "videos", tmp_path / "cache", replace(CONFIG, min_change=3))
    assert 3 <= len(packs[0].times) <= 5


def test_existing_packs_are_taken_as_they_are(videos, tmp_path, monkeypatch):
    _, first = pack(videos, tmp_path / "cache")
    before = files(tmp_path / "cache")
    monkeypatch.setattr(frame_pack, "sequential_frames", lambda path: pytest.fail("decoded again"))
    _, second = pack(videos, tmp_path / "cache")
    assert second == first
    assert files(tmp_path / "cache") == before


def test_other_settings_or_another_film_make_another_pack(videos, tmp_path):
    cache = tmp_path / "cache"
    pack(videos, cache)
    pack(videos, cache, replace(CONFIG, short_side=32))
    assert len(files(cache)) == 8
    os.utime(videos / "a.mp4", (1, 1))
    pack(videos, cache)
    assert len(files(cache)) == 10


def test_films_of_the_same_name_do_not_mix(tmp_path, write_video):
    for folder, seed in (("one", 0), ("two", 5)):
        frames = moving_shapes(seed=seed, frame_count=4)[0]
        write_video(tmp_path / "videos" / folder / "a.mp4", frames)
    _, packs = pack(tmp_path / "videos", tmp_path / "cache")
    assert packs[0].path != packs[1].path
    assert not np.array_equal(packs[0].frame(0), packs[1].frame(0))


def test_pack_without_its_frames_is_made_again(videos, tmp_path):
    _, packs = pack(videos, tmp_path / "cache")
    packs[0].path.unlink()
    _, again = pack(videos, tmp_path / "cache")
    assert again == packs
    assert again[0].frame(3).shape == (48, 72, 3)


@pytest.mark.parametrize("damage", ["frames cut", "index cut", "no index", "other index"])
def test_damaged_packs_are_made_again(videos, tmp_path, damage):
    """As a power cut may leave them."""
    _, packs = pack(videos, tmp_path / "cache")
    frames = packs[0].path
    index = frames.with_suffix(".json")
    if damage == "frames cut":
        frames.write_bytes(frames.read_bytes()[:-7])
    else:
        text = {"index cut": index.read_text()[:-9], "no index": "", "other index": "[1, 2]"}
        index.write_text(text[damage])
    _, again = pack(videos, tmp_path / "cache")
    assert again == packs
    assert again[0].frame(11).shape == (48, 72, 3)


def test_a_pack_that_is_damaged_later_says_so(videos, tmp_path):
    _, packs = pack(videos, tmp_path / "cache")
    size = packs[0].path.stat().st_size
    for content in (b"", b"?" * size):
        packs[0].path.write_bytes(content)
        with pytest.raises(TrainingError, match="is damaged: its frame 3"):
            packs[0].frame(3)


def test_broken_video_is_left_out_with_a_message(videos, tmp_path):
    (videos / "broken.mp4").write_bytes(b"no video" * 100)
    (videos / "empty.mov").touch()
    progress, packs = pack(videos, tmp_path / "cache")
    assert len(packs) == 2
    texts = [item.text for item in progress]
    assert [text.split(":")[0] for text in texts] == [
        "a.mp4", "left out broken.mp4", "b.mp4", "left out empty.mov",
    ]  # fmt: skip
    assert "broken.mp4" in texts[1].split(":", 1)[1]
    assert len(files(tmp_path / "cache")) == 4, "nothing is left of the broken ones"


def test_video_of_one_frame_is_left_out(videos, tmp_path, write_video):
    write_video(videos / "still.mp4", moving_shapes(frame_count=1)[0])
    _, packs = pack(videos, tmp_path / "cache")
    assert len(packs) == 2


def test_no_video(tmp_path):
    (tmp_path / "notes.txt").touch()
    for folder, words in ((tmp_path, "holds no video"), (tmp_path / "missing", "does not exist")):
        with pytest.raises(TrainingError, match=words):
            pack(folder, tmp_path / "cache")


def test_nothing_moves(tmp_path, write_video):
    write_video(tmp_path / "videos/a.mp4", [np.full((64, 96, 3), 90, np.uint8)] * 5)
    with pytest.raises(TrainingError, match="None of the 1 videos"):
        pack(tmp_path / "videos", tmp_path / "cache", PackConfig())


def test_one_file_instead_of_a_folder(videos, tmp_path):
    _, packs = pack(videos / "a.mp4", tmp_path / "cache")
    assert len(packs) == 1


def test_cache_that_cannot_be_written(videos, tmp_path):
    (tmp_path / "cache").touch()
    with pytest.raises(OutputError, match="cache"):
        pack(videos, tmp_path / "cache")


def test_cancel_between_videos_keeps_finished_packs(videos, tmp_path):
    token = CancelToken()
    job = pack_folder(videos, tmp_path / "cache", CONFIG, token)
    assert next(job).done == 1
    token.cancel()
    with pytest.raises(Cancelled):
        next(job)
    assert len(files(tmp_path / "cache")) == 2
    assert len(pack(videos, tmp_path / "cache")[1]) == 2


def test_cancel_within_a_video_leaves_nothing_half_done(videos, tmp_path, monkeypatch):
    token = CancelToken()
    read = frame_pack.sequential_frames

    def cancelling(path):
        for index, item in enumerate(read(path)):
            if index == 5:
                token.cancel()
            yield item

    monkeypatch.setattr(frame_pack, "sequential_frames", cancelling)
    with pytest.raises(Cancelled):
        list(pack_folder(videos, tmp_path / "cache", CONFIG, token))
    assert files(tmp_path / "cache") == {}


def test_a_pack_may_be_larger_than_the_memory(videos, tmp_path):
    """A hole of a terabyte before the frames: only what is asked for is read."""
    _, packs = pack(videos, tmp_path / "cache")
    small, hole = packs[0], 1 << 40
    large = tmp_path / "large.frames"
    with large.open("wb") as file:
        try:
            file.truncate(hole)
        except OSError:
            pytest.skip("this file system has no files of a terabyte")
        file.seek(hole)
        file.write(small.path.read_bytes())
    shifted = FramePack(large, tuple(hole + offset for offset in small.offsets), small.times)
    tracemalloc.start()
    for index in (11, 0, 5):
        np.testing.assert_array_equal(shifted.frame(index), small.frame(index))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_nobody_knows_the_name_that_a_pack_has_while_it_is_written(tmp_path):
    precious, target = tmp_path / "precious", tmp_path / "cache" / "a.frames"
    precious.write_bytes(b"mine")
    target.parent.mkdir()
    target.with_suffix(".partial").symlink_to(precious)
    with frame_pack.writing_pack(target, CONFIG) as writer:
        writer.add(np.zeros((8, 8, 3), np.uint8), 0.0)
    assert precious.read_bytes() == b"mine" and frame_pack.is_packed(target)


class TestAskedFor:
    """Frames that somebody drew on are packed however little changes; held-out videos are not."""

    @pytest.fixture
    def folder(self, tmp_path, write_video):
        frames = moving_shapes(seed=0, frame_count=3)[0]
        still = [frames[0]] * 9 + [frames[2]] * 3
        write_video(tmp_path / "v/still.mp4", still)
        write_video(tmp_path / "v/other.mp4", list(moving_shapes(seed=1, frame_count=6)[0]))
        return tmp_path / "v"

    @pytest.mark.parametrize("name", ["still", "still.mp4"])
    def test_exact_frames_are_in_the_pack(self, folder, tmp_path, name):
        config = replace(CONFIG, min_change=2.0)
        wanted = Wanted({name: frozenset({4, 5, 11})})
        job = pack_folder(folder, tmp_path / "cache", config, CancelToken(), wanted=wanted)
        other, still = collected(job)[1]
        assert other.origin is None
        assert still.origin == PackOrigin("still.mp4", (96, 64), (0, 4, 5, 9, 11))
        np.testing.assert_allclose(still.times, np.array(still.origin.indices) / 24, atol=1e-6)
        assert len(still.offsets) == 6
        again = pack_folder(folder, tmp_path / "cache", config, CancelToken(), wanted=wanted)
        assert collected(again)[1] == [other, still]
        plain = pack(folder, tmp_path / "cache", config)[1]
        assert len(plain[1].times) == 2, "a pack without them is another one"

    def test_left_out(self, folder, tmp_path):
        wanted = Wanted(leaves_out=lambda name: name == "still.mp4")
        job = pack_folder(folder, tmp_path / "cache", CONFIG, CancelToken(), wanted=wanted)
        progress, packs = collected(job)
        assert [item.text for item in progress] == ["other.mp4"]
        assert len(packs) == 1
        nothing = Wanted(leaves_out=lambda _: True)
        with pytest.raises(TrainingError, match="held out"):
            collected(pack_folder(folder, tmp_path, CONFIG, CancelToken(), wanted=nothing))

    def test_an_origin_that_is_damaged_is_packed_anew(self, folder, tmp_path):
        wanted = Wanted({"still": frozenset({4})})
        for _ in range(2):
            job = pack_folder(folder, tmp_path / "cache", CONFIG, CancelToken(), wanted=wanted)
            still = collected(job)[1][1]
            assert 4 in still.origin.indices
            index = still.path.with_suffix(".json")
            index.write_text(index.read_text().replace('"size"', '"sise"'))
