from __future__ import annotations

import mmap

import numpy as np
import psutil

from core.cache import LruCache, bytes_of
from core.media.apart import SMALLEST, apart

FRAME = (270, 480, 3)


def resident():
    return psutil.Process().memory_info().rss


def test_what_is_kept_is_equal_and_read_only():
    frame = np.random.default_rng(0).integers(0, 255, FRAME, np.uint8)
    kept = apart(frame[:, ::2])
    assert np.array_equal(kept, frame[:, ::2])
    assert kept is not frame and not kept.flags.writeable


def test_what_is_apart_is_not_copied_again():
    kept = apart(np.zeros(FRAME, np.uint8))
    assert apart(kept) is kept


def test_a_small_array_is_kept_itself():
    small = np.zeros(SMALLEST - 1, np.uint8)
    assert apart(small) is small and not small.flags.writeable


def test_without_memory_apart_it_is_kept_where_it_is(monkeypatch):
    def refuse(*_args, **_options):
        raise OSError("no room for a mapping")

    monkeypatch.setattr(mmap, "mmap", refuse)
    frame = np.zeros(FRAME, np.uint8)
    assert apart(frame) is frame


def test_a_frame_outlives_its_cache():
    cache = LruCache(10 * int(np.prod(FRAME)), bytes_of, apart)
    kept = cache.put(0, np.full(FRAME, 7, np.uint8))
    cache.clear()
    assert (kept == 7).all()


def use_heap():
    """Once a large array was freed, the C library takes others of its size from its heap."""
    large = np.ones((1000, 1000), np.uint8)
    del large


def test_memory_of_a_cache_goes_back_whatever_lies_between():
    """Frames and small things by turns; all frames go, the small things stay."""
    use_heap()
    count, between = 150, []
    cache, before = LruCache(count * int(np.prod(FRAME)), bytes_of, apart), resident()
    for index in range(count):
        cache.put(index, np.full(FRAME, index, np.uint8))
        between.append(np.ones(40_000, np.uint8))
    assert cache.used > 50e6
    cache.clear()
    assert resident() - before < 25e6 + sum(one.nbytes for one in between)
