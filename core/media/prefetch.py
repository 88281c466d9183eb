"""A thread that loads frames ahead of the reader."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from core.errors import VosError


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
