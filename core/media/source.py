"""Frame access with a cache, over a reader that only knows how to decode a run of frames."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, Self

from core.cache import LruCache, bytes_of
from core.errors import VideoDecodeError
from core.media.apart import apart
from core.media.prefetch import Prefetcher
from core.types import VideoInfo

if TYPE_CHECKING:
    from core.media.frame_times import FrameIndex
    from core.types import Frame

PREFETCH_FRAMES = 8
"""Frames that are loaded ahead of the reader, where the cache has room for twice as many."""


class FrameReader(Protocol):
    """Decodes runs of frames. Used by one thread at a time."""

    @property
    def info(self) -> VideoInfo:
        """What is known of the video."""

    @property
    def index(self) -> FrameIndex | None:
        """Times and entry points of the frames; None for images."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was wrong with frames that were decoded so far; see `VideoSource.notes`."""

    def run_start(self, index: int) -> int:
        """First frame that must be decoded to get at `index`; `index` itself for single images."""

    def decode(self, first: int, last: int) -> Iterator[tuple[int, Frame]]:
        """Yield frames `first` to `last`, both included, ascending; damaged ones are left out.

        Raises:
            VideoDecodeError: nothing more can be read.
        """

    def close(self) -> None:
        """Let go of the file."""


class CachedSource:
    """A `VideoSource`: exact random access, cheap in both directions. Safe from several threads.

    Backward reading decodes the frames before the wanted one as well, as many as half the cache
    takes, because a decoder has to pass through them anyway.

    Args:
        reader: decodes the frames; closed with this source.
        cache_bytes: budget of the cache of decoded frames.
        prefetch: load the next frames in a background thread.
    """

    def __init__(self, reader: FrameReader, *, cache_bytes: int, prefetch: bool) -> None:
        self._reader = reader
        self._cache: LruCache[int, Frame] = LruCache(cache_bytes, bytes_of, apart)
        self._lock = threading.Lock()
        self._last = -1
        self._step = 1
        self._closed = False
        self._prefetcher = Prefetcher(self._load_ahead) if prefetch else None

    @property
    def info(self) -> VideoInfo:
        """What is known of the video."""
        return self._reader.info

    @property
    def index(self) -> FrameIndex | None:
        """Times and entry points of the frames of a file; None for a folder of images."""
        return self._reader.index

    @property
    def notes(self) -> tuple[str, ...]:
        """See `core.media.video.VideoSource`."""
        with self._lock:
            return self._reader.notes

    def frame(self, index: int) -> Frame:
        """Return frame `index` as H x W x 3 uint8 RGB, read-only.

        Raises:
            IndexError: there is no such frame; negative numbers do not count from the end.
            VideoDecodeError: the video is damaged there.
        """
        self._check(index)
        if self._last >= 0 and abs(index - self._last) == 1:
            self._step = index - self._last
        elif index != self._last:
            self._step = 1
        self._last = index
        found = self._load(index)
        self._ask_ahead(index)
        return found

    def frames(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        """Yield the frames of `range(start, stop, step)`; errors as for `frame`."""
        for index in range(start, stop, step):
            self._check(index)
            if step < 0:
                self._last = index + 1
            yield self.frame(index)

    def close(self) -> None:
        """Stop the prefetch thread and close the file. Closing twice does no harm."""
        prefetcher, self._prefetcher = self._prefetcher, None
        if prefetcher is not None:
            prefetcher.close()
        with self._lock:
            self._closed = True
            self._reader.close()
        self._cache.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _check(self, index: int) -> None:
        if self._closed:
            raise ValueError("this video source is closed")
        if not 0 <= index < self.info.frame_count:
            raise IndexError(f"frame {index} is outside 0..{self.info.frame_count - 1}")

    def _load(self, index: int) -> Frame:
        found = self._cache.get(index)
        if found is not None:
            return found
        with self._lock:
            self._check(index)
            found = self._cache.get(index)
            return self._decode(index) if found is None else found

    def _load_ahead(self, index: int) -> None:
        if index not in self._cache:
            self._load(index)

    def _decode(self, index: int) -> Frame:
        first = index
        if self._step < 0:
            first = max(self._reader.run_start(index), index - self._room() + 1)
        wanted: Frame | None = None
        for number, frame in self._reader.decode(first, index):
            frame.flags.writeable = False
            kept = self._cache.put(number, frame)
            if number == index:
                wanted = kept
        if wanted is None:
            raise VideoDecodeError(
                f"Frame {index} of {self.info.path} is damaged and cannot be decoded.",
                "Choose a range without this frame, or repair the file (for example by remuxing).",
            )
        return wanted

    def _room(self) -> int:
        frame_bytes = self.info.width * self.info.height * 3
        return max(1, self._cache.budget // (2 * frame_bytes))

    def _ask_ahead(self, index: int) -> None:
        prefetcher = self._prefetcher
        if prefetcher is None:
            return
        ahead = min(PREFETCH_FRAMES, self._room())
        wanted = (index + self._step * k for k in range(1, ahead + 1))
        prefetcher.want([i for i in wanted if 0 <= i < self.info.frame_count])
