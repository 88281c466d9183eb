"""Decoders have threads of their own; closing a video ends them, whoever still holds it."""

from __future__ import annotations

import gc

import psutil
import pytest

from core.errors import VideoOpenError, VosError
from core.media.video import open_video

ROUNDS = 8
KINDS = {
    "a.mp4": {},
    "a.avi": {"codec": "mpeg4", "max_b": 2},
    "a.mpg": {"codec": "mpeg2video", "max_b": 2},
    "a.h264": {"container": "h264"},
}


def native_threads():
    return psutil.Process().num_threads()


@pytest.fixture
def no_collection():
    """What only the collector would find does not count as given back: it comes when it likes."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("prefetch", [False, True])
@pytest.mark.parametrize("name", KINDS)
def test_closing_ends_the_decoder_though_the_source_is_held(name, prefetch, make, no_collection):
    path, held = make(name, **KINDS[name]), []
    before = native_threads()
    for _ in range(ROUNDS):
        with open_video(path, cache_bytes=1 << 20, prefetch=prefetch) as video:
            for index in (0, 30, 3, 31, 30, 29):
                video.frame(index)
        held.append((video, video.frame, video.info, video.index))
    assert native_threads() <= before + 1


def test_seeking_to_and_fro_takes_no_more_threads(make, no_collection):
    before = native_threads()
    with open_video(make("a.h264", container="h264"), cache_bytes=0) as video:
        video.frame(20)
        once = native_threads()
        for index in (5, 30, 2, 25, 1, 39, 0) * 3:
            video.frame(index)
        assert native_threads() <= once
    assert native_threads() <= before + 1


def spoiled(path):
    """Make all pictures of a file undecodable; what its header says stays."""
    data = bytearray(path.read_bytes())
    start = data.find(b"mdat") + 8
    end = data.find(b"moov", start) - 8
    data[start:end] = b"\x55" * (end - start)
    path.write_bytes(data)
    return path


def test_a_video_that_cannot_be_opened_leaves_no_thread(make, no_collection):
    path, errors = spoiled(make("a.mp4")), []
    before = native_threads()
    for _ in range(ROUNDS):
        with pytest.raises(VideoOpenError) as caught:
            open_video(path)
        errors.append(caught.value)
    assert native_threads() <= before + 1


def test_an_error_while_reading_leaves_no_thread(make, no_collection):
    path, errors = make("a.mkv"), []
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle:] = b"\x55" * (len(data) - middle)
    path.write_bytes(data)
    before = native_threads()
    for _ in range(ROUNDS):
        try:
            with open_video(path) as video:
                for index in range(40):
                    video.frame(index)
        except (VosError, IndexError) as error:
            errors.append(error)
    assert errors and native_threads() <= before + 1


def test_who_waited_for_its_turn_is_told_that_the_source_is_closed(make):
    """Another thread may have closed it after the first check of `frame`."""
    video = open_video(make("a.mp4"), cache_bytes=0)
    video.frame(0)
    video.close()
    with pytest.raises(ValueError, match="closed"):
        video._load(5)
