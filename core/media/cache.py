"""A byte-budgeted store of decoded frames, and a thread that fills it ahead of the reader."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from core.errors import VosError
from core.media.apart import apart

if TYPE_CHECKING:
    from core.types import Frame


class FrameCache:
    """Least-recently-used frames within a budget of bytes. Safe to use from several threads.

    Args:
        budget: bytes that the frames may take together; 0 keeps nothing.
    """

    def __init__(self, budget: int) -> None:
        self._budget = max(0, budget)
        self._used = 0
        self._frames: OrderedDict[int, Frame] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Bytes held now, never above the budget."""
        return self._used

    @property
    def budget(self) -> int:
        """Bytes that may be held."""
        return self._budget

    def __contains__(self, index: int) -> bool:
        with self._lock:
            return index in self._frames

    def __len__(self) -> int:
        with self._lock:
            return len(self._frames)

    def get(self, index: int) -> Frame | None:
        """Return the frame and mark it as just used, or None where it is not held."""
        with self._lock:
            frame = self._frames.get(index)
            if frame is not None:
                self._frames.move_to_end(index)
            return frame

    def put(self, index: int, frame: Frame) -> Frame:
        """Keep a frame; those unused for longest make room. One above the budget is not kept.

        Returns:
            The frame as it is kept, read-only: an equal one in memory of its own.
        """
        if frame.nbytes > self._budget:
            with self._lock:
                self._drop(index)
            return frame
        kept = apart(frame)
        with self._lock:
            self._drop(index)
            self._frames[index] = kept
            self._used += kept.nbytes
            while self._used > self._budget:
                self._drop(next(iter(self._frames)))
        return kept

    def clear(self) -> None:
        """Forget all frames."""
        with self._lock:
            self._frames.clear()
            self._used = 0

    def _drop(self, index: int) -> None:
        old = self._frames.pop(index, None)
        if old is not None:
            self._used -= old.nbytes


class Prefetcher:
    """One background thread that loads the frames that will be wanted next.

    Only the latest wish counts: a new one replaces what was still open of the old.

    Args:
        load: loads one frame into the cache; a `VosError` of it is left for the reader to meet.
    """

    def __init__(self, load: Callable[[int], object]) -> None:
        self._load = load
        self._wanted: list[int] = []
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="frame-prefetch", daemon=True)
        self._thread.start()

    def want(self, indices: Sequence[int]) -> None:
        """Ask for frames, the most urgent first. Returns at once."""
        with self._changed:
            self._wanted = list(indices)
            self._changed.notify()

    def close(self) -> None:
        """Stop and wait for the thread; a frame that is being loaded is finished first."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while (index := self._next()) is not None:
            try:
                self._load(index)
            except VosError:
                with self._changed:
                    self._wanted.clear()

    def _next(self) -> int | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._wanted))
            return None if self._closed else self._wanted.pop(0)
