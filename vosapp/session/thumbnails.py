"""Small pictures of frames, made beside everything else and never in its way.

One thread with a reader of its own, apart from the one that shows the current frame. It starts
with the first wish, and holds back while the user moves through the video.
"""

from __future__ import annotations

import bisect
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QObject, Qt, Signal, Slot

from core.cache import LruCache, bytes_of
from core.errors import VosError
from core.media.video import VideoSource, open_video
from core.types import Frame

HEIGHT = 96
"""Pixels of a thumbnail: twice what is shown, for dense screens."""
CACHE_BYTES = 48 << 20
"""Thumbnails kept: some 1000 of a wide film."""
CALM_SECONDS = 0.25
"""So long after the last move nothing but a frame now and then is decoded."""
BUSY_PAUSE = 0.4
"""Seconds between two thumbnails while the user moves."""


class ThumbnailLoader(QObject):
    """Makes thumbnails of the frames that somebody shows.

    Signals:
        ready: the thumbnail of a frame can be had from `get` (int).
    """

    ready = Signal(int)
    _made = Signal(int, object)

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._cache: LruCache[int, Frame] = LruCache(CACHE_BYTES, bytes_of)
        self._sorted: list[int] = []
        self._wishes: dict[str, tuple[int, ...]] = {}
        self._broken: set[int] = set()
        self._under_way: set[int] = set()
        self._moved = self._last = 0.0
        self._closed = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._made.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def want(self, frame_indices: Sequence[int], who: str) -> None:
        """Ask for thumbnails, the most urgent first; replaces what `who` asked for before."""
        with self._changed:
            known = {*self._cache.keys, *self._under_way}
            self._wishes[who] = tuple(i for i in frame_indices if i not in known)
            self._changed.notify()
            if self._thread is None and not self._closed and self._wishes[who]:
                self._thread = threading.Thread(target=self._run, name="thumbnails", daemon=True)
                self._thread.start()

    def hold(self) -> None:
        """The user moves through the video now: leave the processor to what is shown."""
        self._moved = time.monotonic()

    def get(self, frame_index: int) -> Frame | None:
        """Return a thumbnail, h x w x 3 uint8 RGB, or None where it is not made yet."""
        return self._cache.get(frame_index)

    def nearest(self, frame_index: int, reach: int) -> int | None:
        """Return the frame closest to one that has a thumbnail, at most `reach` away."""
        place = bisect.bisect_left(self._sorted, frame_index)
        near = self._sorted[max(0, place - 1) : place + 1]
        found = min(near, key=lambda i: abs(i - frame_index), default=None)
        return found if found is not None and abs(found - frame_index) <= reach else None

    def close(self) -> None:
        """Stop and wait for the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    @Slot(int, object)
    def _take(self, frame_index: int, thumbnail: Frame) -> None:
        with self._changed:
            self._under_way.discard(frame_index)
        if self._closed or frame_index in self._cache:
            return
        self._cache.put(frame_index, thumbnail)
        self._sorted = sorted(self._cache.keys)
        self.ready.emit(frame_index)

    # In the thread

    def _run(self) -> None:
        try:
            video = open_video(self._path, cache_bytes=0)
        except (VosError, OSError):
            # The frame loader reports it.
            return
        with video:
            while (index := self._next()) is not None:
                self._make(video, index)

    def _next(self) -> int | None:
        with self._changed:
            while not self._closed:
                index = self._first_wish()
                if index is None:
                    self._changed.wait()
                elif (pause := self._pause()) > 0:
                    self._changed.wait(pause)
                else:
                    self._drop(index)
                    self._under_way.add(index)
                    self._last = time.monotonic()
                    return index
            return None

    def _first_wish(self) -> int | None:
        for wishes in self._wishes.values():
            for index in wishes:
                if index not in self._broken:
                    return index
        return None

    def _drop(self, index: int) -> None:
        for who, wishes in self._wishes.items():
            self._wishes[who] = tuple(i for i in wishes if i != index)

    def _pause(self) -> float:
        """Seconds to wait before the next one."""
        now = time.monotonic()
        return self._last + BUSY_PAUSE - now if now - self._moved < CALM_SECONDS else 0.0

    def _make(self, video: VideoSource, index: int) -> None:
        try:
            self._made.emit(index, shrunk(video.frame(index)))
        except (VosError, OSError, IndexError):
            self._broken.add(index)


def shrunk(frame: Frame, height: int = HEIGHT) -> Frame:
    """Return a frame at a height, h x w x 3 uint8, read-only; never enlarged."""
    rows, columns = frame.shape[:2]
    size = (max(1, round(columns * height / rows)), height)
    smaller = frame if rows <= height else cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    small = np.array(smaller, np.uint8, order="C")
    small.flags.writeable = False
    return small
