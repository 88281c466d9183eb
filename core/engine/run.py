"""What surrounds a run of a system on this machine: threads, memory, the device's name."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import cv2
import psutil

from core.device import choose_device, memory_errors
from core.engine.registry import system_spec

SAMPLING_SECONDS = 0.01


def use_threads(count: int, *, system: str) -> None:
    """Let OpenCV, and torch where the system uses it, compute on so many threads."""
    cv2.setNumThreads(count)
    if system_spec(system).uses_torch:
        import torch

        torch.set_num_threads(count)


def threads_in_use(*, system: str) -> int:
    """How many threads a run of a system computes with, as `use_threads` or the system has it."""
    if system_spec(system).needs_weights:
        import torch

        return torch.get_num_threads()
    return cv2.getNumThreads()


def device_name(device: str, *, system: str) -> str:
    """Name of the device that a run takes; the baselines know only the processor.

    Raises:
        UsageError: no such name.
        DeviceUnavailable: this machine or this build of torch has no such device.
    """
    return choose_device(device).type if system_spec(system).uses_torch else "cpu"


@contextmanager
def memory_guard(system: str) -> Iterator[None]:
    """Turn running out of memory into `DeviceOutOfMemory`; torch stays unloaded for baselines."""
    if system_spec(system).uses_torch:
        with memory_errors("propagating"):
            yield
    else:
        yield


class PeakMemory:
    """Highest resident memory of this process while the context is open.

    The system's own high-water mark counts from the start of the process, so a thread looks at
    the memory every few milliseconds instead; shorter peaks are missed.
    """

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._peak = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory", daemon=True)

    @property
    def bytes(self) -> int:
        """Highest resident memory so far."""
        self._look()
        return self._peak

    @property
    def megabytes(self) -> float:
        """The same in units of 1,000,000 bytes."""
        return self.bytes / 1e6

    def __enter__(self) -> Self:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._closed.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closed.wait(SAMPLING_SECONDS):
            self._look()

    def _look(self) -> None:
        self._peak = max(self._peak, int(self._process.memory_info().rss))
