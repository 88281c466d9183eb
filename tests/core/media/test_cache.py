from __future__ import annotations

import threading

import numpy as np
import pytest

from core.errors import VideoDecodeError
from core.media.cache import FrameCache, Prefetcher


def frame(size: int = 10) -> np.ndarray:
    return np.zeros((1, size // 2, 2), np.uint8)


def test_least_recently_used_goes_first():
    cache = FrameCache(30)
    for index in range(3):
        cache.put(index, frame())
    assert cache.get(0) is not None
    cache.put(3, frame())
    assert [i for i in range(4) if i in cache] == [0, 2, 3]
    assert cache.used == 30


def test_replacing_does_not_count_twice():
    cache = FrameCache(30)
    cache.put(1, frame())
    cache.put(1, frame(20))
    assert (cache.used, len(cache)) == (20, 1)


@pytest.mark.parametrize("budget", [-1, 0, 9])
def test_what_is_above_the_budget_is_not_kept(budget):
    cache = FrameCache(budget)
    cache.put(0, frame())
    assert cache.get(0) is None and cache.used == 0


def test_clear():
    cache = FrameCache(30)
    cache.put(0, frame())
    cache.clear()
    assert cache.used == 0 and len(cache) == 0


def test_prefetcher_loads_in_order_and_stops():
    loaded: list[int] = []
    done = threading.Event()

    def load(index: int) -> None:
        loaded.append(index)
        if index == 3:
            done.set()

    prefetcher = Prefetcher(load)
    prefetcher.want([1, 2, 3])
    assert done.wait(5)
    prefetcher.close()
    assert loaded == [1, 2, 3]
    assert not [t for t in threading.enumerate() if t.name == "frame-prefetch"]


def test_prefetcher_survives_a_damaged_frame():
    loaded: list[int] = []
    done = threading.Event()

    def load(index: int) -> None:
        if index == 1:
            done.set()
            raise VideoDecodeError("damaged")
        loaded.append(index)
        done.set()

    prefetcher = Prefetcher(load)
    prefetcher.want([1])
    assert done.wait(5)
    done.clear()
    # The thread may still be dropping its old wish when the new one comes: ask until it answers.
    while not done.is_set():
        prefetcher.want([7])
        done.wait(0.01)
    prefetcher.close()
    assert set(loaded) == {7}
