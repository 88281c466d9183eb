from __future__ import annotations

import threading

from core.errors import VideoDecodeError
from core.media.prefetch import Prefetcher


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
