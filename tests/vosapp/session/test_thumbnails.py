from __future__ import annotations

import threading
import time
from contextlib import closing

import numpy as np
import pytest
from vosapp_fakes import FRAMES, label_map_of

from core.errors import VideoDecodeError
from vosapp.session import thumbnails
from vosapp.session.thumbnails import ThumbnailLoader, shrunk


@pytest.fixture
def loader(qtbot, film):
    made = ThumbnailLoader(film)
    yield made
    made.close()


def collect(loader):
    order = []
    loader.ready.connect(order.append)
    return order


def test_thumbnails_come_in_the_order_of_the_wishes(qtbot, loader):
    order = collect(loader)
    assert loader.get(7) is None
    loader.want((7, 3, 11), "strip")
    qtbot.waitUntil(lambda: len(order) == 3)
    assert order == [7, 3, 11]
    assert loader.get(7).shape == (48, 64, 3)
    assert not loader.get(7).flags.writeable
    assert (loader.get(7)[label_map_of(7) == 1] == (220, 60, 40)).all()


def test_a_new_wish_replaces_the_old_one_but_not_that_of_others(qtbot, loader):
    loader.hold()  # nothing is decoded while the wishes are made
    loader._last = time.monotonic()
    loader.want(tuple(range(10)), "strip")
    loader.want((20,), "references")
    loader.want((15, 16), "strip")
    order = collect(loader)
    qtbot.waitUntil(lambda: len(order) == 3)
    assert order == [15, 16, 20]


def test_nothing_is_made_twice(qtbot, loader):
    order = collect(loader)
    for _ in range(5):
        loader.want((1, 2), "strip")
    qtbot.waitUntil(lambda: len(order) == 2)
    loader.want((1, 2, 3), "strip")
    qtbot.waitUntil(lambda: len(order) == 3)
    assert order == [1, 2, 3]


def test_the_nearest_thumbnail_stands_in(qtbot, loader):
    order = collect(loader)
    loader.want((2, 10, 20), "strip")
    qtbot.waitUntil(lambda: len(order) == 3)
    assert loader.nearest(12, 5) == 10
    assert loader.nearest(17, 5) == 20
    assert loader.nearest(15, 2) is None
    assert loader.nearest(0, 2) == 2


def test_the_cache_keeps_to_its_budget(qtbot, film, monkeypatch):
    monkeypatch.setattr(thumbnails, "CACHE_BYTES", 3 * 48 * 64 * 3)
    with closing(ThumbnailLoader(film)) as loader:
        order = collect(loader)
        loader.want(tuple(range(6)), "strip")
        qtbot.waitUntil(lambda: len(order) == 6)
        assert [i for i in range(6) if loader.get(i) is not None] == [3, 4, 5]
        assert loader.nearest(0, 3) == 3


def test_no_thread_before_the_first_wish_and_none_after_closing(qtbot, film):
    def threads():
        return [t for t in threading.enumerate() if t.name == "thumbnails"]

    loader = ThumbnailLoader(film)
    assert not threads()
    loader.want((), "strip")
    assert not threads()
    loader.want(range(FRAMES), "strip")
    assert len(threads()) == 1
    loader.close()
    loader.close()
    assert not threads()
    loader.want((1,), "strip")
    assert not threads()


def test_a_frame_that_cannot_be_decoded_is_left_out(qtbot, loader, monkeypatch):
    real = ThumbnailLoader._make

    class Broken:
        def frame(self, index):
            raise VideoDecodeError("damaged")

    def make(self, video, index):
        real(self, Broken() if index == 5 else video, index)

    monkeypatch.setattr(ThumbnailLoader, "_make", make)
    order = collect(loader)
    loader.want((4, 5, 6), "strip")
    qtbot.waitUntil(lambda: len(order) == 2)
    assert order == [4, 6]


def test_large_frames_are_made_small():
    frame = np.full((1080, 1920, 3), 77, np.uint8)
    small = shrunk(frame)
    assert small.shape == (96, 171, 3)
    assert (small == 77).all()
